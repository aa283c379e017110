//! The machine "virt" with a RISC-V processor without anything that a small one lacks.
#![no_std]
#![no_main]
#![allow(unsafe_code, reason = "a device is reached through its address")]

use firmware::uart::Ns16550;
use firmware::{CycleCounter, Name, Parts, stack};
// The panic handler.
use qemu as _;

struct Virt;

impl Name for Virt {
    const NAME: &'static str = "riscv-virt";
}

#[riscv_rt::entry]
fn main() -> ! {
    stack::paint();
    let mut cycles = CycleCounter::start();
    let mut board = Parts {
        name: Virt,
        // SAFETY: so the documentation of the machine says of its first serial line.
        uart: unsafe { Ns16550::new(0x1000_0000) },
        // It has no light.
        light: |_| {},
        cycles: move || cycles.now(),
    };
    // SAFETY: this is called once.
    firmware::serve(&mut board, unsafe { stack::arena() })
}
