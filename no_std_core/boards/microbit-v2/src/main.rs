//! The BBC micro:bit v2: a Cortex-M4 with 512 KB of flash and 128 KB of memory.
#![no_std]
#![no_main]
#![allow(unsafe_code, reason = "a board is what its firmware says")]

use firmware::flash::{self, Nvmc};
use firmware::microbit::{self, Version};
use firmware::{Name, stack};

struct V2;

impl Name for V2 {
    const NAME: &'static str = "microbit-v2";
}

impl Version for V2 {
    const SEND_PIN: u32 = 6;
    const RECEIVE_PIN: u32 = 32 + 8;
    const ROW: u32 = 21;
    const COLUMN: u32 = 28;
    const CYCLES_PER_TICK: u32 = 4;
}

#[cortex_m_rt::entry]
fn main() -> ! {
    // SAFETY: this is built for a micro:bit v2 and linked with slots.x, and nothing else runs.
    let (mut board, mut slots, arena) = unsafe {
        let flash = Nvmc::new();
        let slots = flash::slots([flash, flash]);
        (microbit::start(V2), slots, stack::arena())
    };
    firmware::serve_slots(&mut board, &mut slots, arena)
}
