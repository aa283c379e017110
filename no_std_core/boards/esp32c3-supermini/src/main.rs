//! A small board with the ESP32-C3, the `SuperMini`: a RISC-V processor with 4 MB of flash and 400 KB of memory. Its serial line is its USB.
#![no_std]
#![no_main]
#![allow(
    unsafe_code,
    reason = "the chip's counters and its mapped flash have no other interface"
)]

mod models;

use core::arch::asm;
use core::cell::RefCell;

use esp_bootloader_esp_idf::partitions::FlashStorage;
use esp_hal::Blocking;
use esp_hal::clock::CpuClock;
use esp_hal::gpio::{Level, Output, OutputConfig};
use esp_hal::usb::usb_serial_jtag::UsbSerialJtag;
use firmware::{Board, Closed, Register, darken_on_panic, flash, stack};
use models::Models;

esp_bootloader_esp_idf::esp_app_desc!();

/// Cycles that a byte waits for a host to take it, 50 ms: without a host, what is said is lost.
const PATIENCE: u32 = 8_000_000;

struct SuperMini {
    usb: UsbSerialJtag<'static, Blocking>,
    /// On while the pin is low.
    light: Output<'static>,
}

impl SuperMini {
    /// The board and its flash.
    fn new() -> (Self, FlashStorage<'static>) {
        stack::paint();
        let devices = esp_hal::init(esp_hal::Config::default().with_cpu_clock(CpuClock::max()));
        // SAFETY: by the chip's Technical Reference Manual, section 1.4.3, this lets its counter count cycles.
        unsafe { asm!("csrwi 0x7E0, 1", "csrwi 0x7E1, 1") };
        // SAFETY: by the same manual, section 5, pins 0 to 31 go high where a bit is written to this register.
        darken_on_panic(unsafe { Register::new(0x6000_4008) }, 1 << 8);
        let board = Self {
            usb: UsbSerialJtag::new(devices.USB_DEVICE),
            light: Output::new(devices.GPIO8, Level::High, OutputConfig::default()),
        };
        (board, FlashStorage::new(devices.FLASH))
    }
}

impl Board for SuperMini {
    const NAME: &'static str = "esp32c3-supermini";

    fn read(&mut self) -> Result<Option<u8>, Closed> {
        Ok(self.usb.read_byte().ok())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Closed> {
        for &byte in bytes {
            let begin = self.cycles();
            while self.usb.write_byte_nb(byte).is_err() {
                if self.cycles().wrapping_sub(begin) > PATIENCE {
                    return Ok(());
                }
            }
        }
        // Whether it has arrived, the next bytes will see.
        self.usb.flush_tx_nb().or(Ok(()))
    }

    fn light(&mut self, on: bool) {
        self.light
            .set_level(if on { Level::Low } else { Level::High });
    }

    /// The chip has not the counter of other RISC-V processors.
    fn cycles(&mut self) -> u32 {
        let cycles;
        // SAFETY: it reads the counter.
        unsafe { asm!("csrr {}, 0x7E2", out(reg) cycles, options(nomem, nostack)) };
        cycles
    }

    fn stack_used(&self) -> u32 {
        stack::used()
    }
}

#[esp_hal::main]
fn main() -> ! {
    let (mut board, flash) = SuperMini::new();
    let flash = RefCell::new(flash);
    // SAFETY: `main` calls this, once.
    let arena = unsafe { stack::arena() };
    let Some(models) = Models::map(&flash) else {
        firmware::serve(&mut board, arena)
    };
    // SAFETY: `main` calls this, once. The partition is mapped there, and nothing else writes it. Each half is of whole
    // pages, which are multiples of `ERASE_SIZE`.
    let mut slots = unsafe { flash::slots_at(models.slots(), [models; 2]) };
    firmware::serve_slots_or_built_in(&mut board, &mut slots, arena)
}
