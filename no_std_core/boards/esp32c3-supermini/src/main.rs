//! A small board with the ESP32-C3, the `SuperMini`: a RISC-V processor with 4 MB of flash and 400 KB of memory. Its serial line is its USB.
#![no_std]
#![no_main]
#![allow(unsafe_code, reason = "the chip's counters have no other interface")]

use core::arch::asm;

use esp_hal::Blocking;
use esp_hal::clock::CpuClock;
use esp_hal::gpio::{Level, Output, OutputConfig};
use esp_hal::usb::usb_serial_jtag::UsbSerialJtag;
use firmware::{Board, Closed, stack};

esp_bootloader_esp_idf::esp_app_desc!();

struct SuperMini {
    usb: UsbSerialJtag<'static, Blocking>,
    /// On while the pin is low.
    light: Output<'static>,
}

impl SuperMini {
    fn new() -> Self {
        stack::paint();
        let devices = esp_hal::init(esp_hal::Config::default().with_cpu_clock(CpuClock::max()));
        // SAFETY: by the chip's Technical Reference Manual, section 1.4.3, this lets its counter count cycles.
        unsafe { asm!("csrwi 0x7E0, 1", "csrwi 0x7E1, 1") };
        Self {
            usb: UsbSerialJtag::new(devices.USB_DEVICE),
            light: Output::new(devices.GPIO8, Level::High, OutputConfig::default()),
        }
    }
}

impl Board for SuperMini {
    const NAME: &'static str = "esp32c3-supermini";

    fn read(&mut self) -> Result<u8, Closed> {
        nb::block!(self.usb.read_byte()).map_err(|_| Closed)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Closed> {
        self.usb.write(bytes).map_err(|_| Closed)
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
    firmware::serve(&mut SuperMini::new())
}
