//! The machine "virt" with a RISC-V processor without anything that a small one lacks.
#![no_std]
#![no_main]
#![allow(unsafe_code, reason = "a device is reached through its address")]

use firmware::uart::Ns16550;
use firmware::{Board, Closed, CycleCounter, stack};
// The panic handler.
use qemu as _;

/// The first serial line.
const UART: usize = 0x1000_0000;

struct Virt {
    uart: Ns16550,
    cycles: CycleCounter,
}

impl Board for Virt {
    const NAME: &'static str = "riscv-virt";

    fn read(&mut self) -> Result<Option<u8>, Closed> {
        Ok(self.uart.read())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Closed> {
        self.uart.write(bytes);
        Ok(())
    }

    /// The machine has no light.
    fn light(&mut self, _: bool) {}

    fn cycles(&mut self) -> u32 {
        self.cycles.now()
    }

    fn stack_used(&self) -> u32 {
        stack::used()
    }
}

#[riscv_rt::entry]
fn main() -> ! {
    stack::paint();
    let mut board = Virt {
        // SAFETY: so the documentation of the machine says.
        uart: unsafe { Ns16550::new(UART) },
        cycles: CycleCounter,
    };
    firmware::serve(&mut board)
}
