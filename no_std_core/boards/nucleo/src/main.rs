//! ST's Nucleo-F429ZI: a Cortex-M4 with 2 MB of flash and 256 KB of memory. QEMU emulates a chip of the same family.
#![no_std]
#![no_main]
#![allow(unsafe_code, reason = "a device is reached through its address")]

mod clocks;

use firmware::flash::{self, Stm32f4};
use firmware::uart::Stm32;
use firmware::{Board, CycleCounter, Name, Parts, Register, darken_on_panic, stack};

/// Ports of pins, and the third USART.
const PORT_B: usize = 0x4002_0400;
const PORT_D: usize = 0x4002_0C00;
const USART3: usize = 0x4000_4800;

/// The lower half of the register sets pins, the upper one clears them.
const LIGHT_ON: u32 = 1;
const LIGHT_OFF: u32 = 1 << 16;

struct Nucleo;

impl Name for Nucleo {
    const NAME: &'static str = "nucleo";
}

/// The board, its stack painted.
///
/// # Safety
///
/// This must be a chip of the family STM32F4, and all that runs on it.
unsafe fn start() -> impl Board {
    stack::paint();
    let usart_clock = clocks::start();
    // SAFETY: so reference manual RM0090 describes the chip, section 8.
    let (uart, set_pins) = unsafe {
        // Pins D8 and D9 belong to the USART, B0 to the light.
        change(PORT_D, 0b1111 << 16, 0b1010 << 16);
        change(PORT_D + 0x24, 0xFF, 0x77);
        change(PORT_B, 0b11, 0b01);
        (
            Stm32::new(USART3, usart_clock),
            Register::new(PORT_B + 0x18),
        )
    };
    darken_on_panic(set_pins, LIGHT_OFF);
    let mut cycles = CycleCounter::start();
    Parts {
        name: Nucleo,
        uart,
        light: move |on| set_pins.write(if on { LIGHT_ON } else { LIGHT_OFF }),
        cycles: move || cycles.now(),
    }
}

/// Puts `value` in the place of the bits in `mask` of a register.
///
/// # Safety
///
/// See [`Register::new`].
unsafe fn change(address: usize, mask: u32, value: u32) {
    // SAFETY: as the caller has promised.
    let register = unsafe { Register::<u32>::new(address) };
    register.write(register.read() & !mask | value);
}

#[cortex_m_rt::entry]
fn main() -> ! {
    // SAFETY: this is built for a chip of the family and linked with slots.x, and nothing else runs.
    let (mut board, mut slots, arena) = unsafe {
        let flash = Stm32f4::new();
        (start(), flash::slots([flash, flash]), stack::arena())
    };
    firmware::serve_slots(&mut board, &mut slots, arena)
}
