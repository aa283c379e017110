//! The Raspberry Pi Pico: two Cortex-M0+, of which one is used, with 2 MB of flash and 264 KB of memory.
#![no_std]
#![no_main]
#![allow(unsafe_code, reason = "a board is what its firmware says")]

use core::ptr;

use firmware::Name;
use firmware::flash::Rom;
use firmware::pico::{self, Chip, Devices};

/// Lets the processor see the flash; the chip's ROM starts it.
// SAFETY: where the ROM looks for it, and with the checksum that the ROM wants.
#[unsafe(link_section = ".boot2")]
#[used]
static SECOND_STAGE: [u8; 256] = rp2040_boot2::BOOT_LOADER_W25Q080;

struct Rp2040;

impl Rom for Rp2040 {
    /// The second stage does it.
    const RESUME: usize = 0x1000_0000;

    unsafe fn find(code: [u8; 2]) -> usize {
        type Lookup = extern "C" fn(table: *const u16, code: u32) -> usize;
        // SAFETY: by the datasheet, section 2.8.3, the ROM has the addresses of a table and of a function to look in it.
        unsafe {
            let half_word = |at| ptr::read_volatile(ptr::with_exposed_provenance::<u16>(at));
            let lookup = core::mem::transmute::<usize, Lookup>(half_word(0x18).into());
            lookup(
                ptr::with_exposed_provenance(half_word(0x14).into()),
                u16::from_le_bytes(code).into(),
            )
        }
    }
}

impl Name for Rp2040 {
    const NAME: &'static str = "pico";
}

impl Chip for Rp2040 {
    const DIVIDERS: [u32; 2] = [6, 2];
    const DEVICES: Devices = Devices {
        clocks: 0x4000_8000,
        resets: 0x4000_C000,
        pins: 0x4001_4000,
        pads: 0x4001_C000,
        crystal: 0x4002_4000,
        pll: 0x4002_8000,
        uart: 0x4003_4000,
        outputs: [0xD000_0014, 0xD000_0018, 0xD000_0024],
    };
    const RESETS: u32 = 1 << 5 | 1 << 8 | 1 << 12 | 1 << 22;
}

#[cortex_m_rt::entry]
fn main() -> ! {
    // SAFETY: this is built for a Pico and linked with slots.x, and nothing else runs.
    unsafe { pico::serve(Rp2040) }
}
