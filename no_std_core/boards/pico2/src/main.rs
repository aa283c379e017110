//! The Raspberry Pi Pico 2: two Cortex-M33, of which one is used, with 4 MB of flash and 520 KB of memory.
#![no_std]
#![no_main]
#![allow(unsafe_code, reason = "a board is what its firmware says")]

use core::ptr;

use firmware::Name;
use firmware::flash::Rom;
use firmware::pico::{self, Chip, Devices};

/// Tells the chip's ROM that this is a program for the Arm processors in secure state (RP2350 Datasheet, section 5.9.5).
// SAFETY: where the ROM looks for it.
#[unsafe(link_section = ".start_block")]
#[used]
static IMAGE_DEFINITION: [u32; 5] = [0xFFFF_DED3, 0x1021_0142, 0x0000_01FF, 0, 0xAB12_3579];

struct Rp2350;

impl Rom for Rp2350 {
    /// The ROM leaves there how it found the flash.
    const RESUME: usize = 0x400E_0000;

    unsafe fn find(code: [u8; 2]) -> usize {
        type Lookup = extern "C" fn(code: u32, mask: u32) -> usize;
        /// Functions for Arm processors in secure state.
        const SECURE: u32 = 1 << 2;
        // SAFETY: by the datasheet, section 5.4.1, the ROM has the address of a function that looks for others.
        unsafe {
            let lookup = ptr::read_volatile(ptr::with_exposed_provenance::<u16>(0x16));
            let lookup = core::mem::transmute::<usize, Lookup>(lookup.into());
            lookup(u16::from_le_bytes(code).into(), SECURE)
        }
    }
}

impl Name for Rp2350 {
    const NAME: &'static str = "pico2";
}

impl Chip for Rp2350 {
    const DIVIDERS: [u32; 2] = [5, 2];
    const DEVICES: Devices = Devices {
        clocks: 0x4001_0000,
        resets: 0x4002_0000,
        pins: 0x4002_8000,
        pads: 0x4003_8000,
        crystal: 0x4004_8000,
        pll: 0x4005_0000,
        uart: 0x4007_0000,
        outputs: [0xD000_0018, 0xD000_0020, 0xD000_0038],
    };
    const RESETS: u32 = 1 << 6 | 1 << 9 | 1 << 14 | 1 << 26;
}

#[cortex_m_rt::entry]
fn main() -> ! {
    // SAFETY: this is built for a Pico 2 and linked with slots.x, and nothing else runs.
    unsafe { pico::serve(Rp2350) }
}
