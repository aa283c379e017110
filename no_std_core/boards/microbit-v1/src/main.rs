//! The BBC micro:bit v1: a Cortex-M0 with 256 KB of flash and 16 KB of memory. QEMU emulates it, too.
#![no_std]
#![no_main]
#![allow(unsafe_code, reason = "a board is what its firmware says")]

use firmware::microbit::{self, Version};
use firmware::{Name, stack};

struct V1;

impl Name for V1 {
    const NAME: &'static str = "microbit-v1";
}

impl Version for V1 {
    const SEND_PIN: u32 = 24;
    const RECEIVE_PIN: u32 = 25;
    const ROW: u32 = 13;
    const COLUMN: u32 = 4;
    const CYCLES_PER_TICK: u32 = 1;
}

#[cortex_m_rt::entry]
fn main() -> ! {
    // SAFETY: this is built for a micro:bit v1, and nothing else runs.
    let (mut board, arena) = unsafe { (microbit::start(V1), stack::arena()) };
    firmware::serve(&mut board, arena)
}
