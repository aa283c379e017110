//! The BBC micro:bit v1: a Cortex-M0 with 256 KB of flash and 16 KB of memory.
#![no_std]
#![no_main]
#![allow(unsafe_code, reason = "a device is reached through its address")]

use cortex_m::Peripherals;
use firmware::uart::Nrf;
use firmware::{Board, Closed, CycleCounter, Register, stack};
// The panic handler.
use qemu as _;

/// The pins of the serial line, which the chip beside the processor carries over USB.
const SEND_PIN: u32 = 24;
const RECEIVE_PIN: u32 = 25;

/// The pins of the light at the top left: its row, and its column, which is on while low.
const ROW: u32 = 1 << 13;
const COLUMN: u32 = 1 << 4;

struct Microbit {
    uart: Nrf,
    set_pins: Register,
    clear_pins: Register,
    cycles: CycleCounter,
}

impl Microbit {
    /// # Safety
    ///
    /// This must be a micro:bit, and all that runs on it.
    unsafe fn new() -> Self {
        // SAFETY: so nRF51 Series Reference Manual 3.0 describes the chip, chapters 13 and 14.
        unsafe {
            // The crystal: the other clock is too far off for the serial line.
            Register::<u32>::new(0x4000_0000).write(1);
            let clock_runs = Register::<u32>::new(0x4000_0100);
            while clock_runs.read() == 0 {}
            Register::new(0x5000_0518).write(ROW | COLUMN | 1 << SEND_PIN);
            Self {
                uart: Nrf::new(SEND_PIN, RECEIVE_PIN),
                set_pins: Register::new(0x5000_0508),
                clear_pins: Register::new(0x5000_050C),
                cycles: CycleCounter::new(Peripherals::steal().SYST),
            }
        }
    }
}

impl Board for Microbit {
    const NAME: &'static str = "microbit";

    fn read(&mut self) -> Result<u8, Closed> {
        Ok(self.uart.read())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Closed> {
        self.uart.write(bytes);
        Ok(())
    }

    fn light(&mut self, on: bool) {
        self.clear_pins.write(COLUMN);
        if on {
            self.set_pins.write(ROW);
        } else {
            self.clear_pins.write(ROW);
        }
    }

    fn cycles(&mut self) -> u32 {
        self.cycles.now()
    }

    fn stack_used(&self) -> u32 {
        stack::used()
    }
}

#[cortex_m_rt::entry]
fn main() -> ! {
    stack::paint();
    // SAFETY: nothing else runs, and this is built for a micro:bit.
    firmware::serve(&mut unsafe { Microbit::new() })
}
