//! The MPS2 board with image AN386: a Cortex-M4.
#![no_std]
#![no_main]
#![allow(unsafe_code, reason = "a device is reached through its address")]

use qemu::mps2::{Image, Mps2};

struct An386;

impl Image for An386 {
    const NAME: &'static str = "mps2-an386";
    const CLOCK: u32 = 25_000_000;
    const UART: usize = 0x4000_4000;
    const LIGHTS: usize = 0x4002_8000;
}

#[cortex_m_rt::entry]
fn main() -> ! {
    // SAFETY: so Arm describes the image in application note 386, and this is all that runs on it.
    unsafe { Mps2::<An386>::run_slots() }
}
