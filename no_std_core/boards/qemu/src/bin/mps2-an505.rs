//! The MPS2 board with image AN505: a Cortex-M33.
#![no_std]
#![no_main]
#![allow(unsafe_code, reason = "a device is reached through its address")]

use qemu::mps2::{Image, Mps2};

struct An505;

impl Image for An505 {
    const NAME: &'static str = "mps2-an505";
    const CLOCK: u32 = 20_000_000;
    const UART: usize = 0x5020_0000;
    const LIGHTS: usize = 0x5030_2000;
}

#[cortex_m_rt::entry]
fn main() -> ! {
    // SAFETY: so Arm describes the image in application note 505, and this is all that runs on it.
    unsafe { Mps2::<An505>::run() }
}
