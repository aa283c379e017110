//! The BBC micro:bit, whose two versions have chips of one family and their devices at the same addresses (nRF51 Series
//! Reference Manual 3.0, chapters 13, 14 and 18; nRF52833 Product Specification 1.6, sections 5.4, 6.8 and 6.30).

#![allow(unsafe_code, reason = "a device is reached through its address")]

use crate::board::Board;
use crate::nrf::Nrf;
use crate::panic::darken_on_panic;
use crate::parts::{Name, Parts};
use crate::register::Register;
use crate::stack;

/// A version of the micro:bit.
pub trait Version: Name {
    /// The pin of the serial line to the chip that carries it over USB.
    const SEND_PIN: u32;
    /// The pin of the line back: those of port 1 follow the 32 of port 0.
    const RECEIVE_PIN: u32;
    /// The pin of the row of the light at the top left, which is on while this one is high ...
    const ROW: u32;
    /// ... and that of its column low.
    const COLUMN: u32;
    /// Processor cycles in one of the timer, which counts 16 million a second.
    const CYCLES_PER_TICK: u32;
}

/// A micro:bit, its stack painted.
///
/// # Safety
///
/// It must be a micro:bit of this version, and this all that runs on it.
pub unsafe fn start<V: Version>(name: V) -> impl Board {
    stack::paint();
    // SAFETY: by the manuals, the devices have these registers, and the caller has promised that they are there.
    let register = |address| unsafe { Register::<u32>::new(address) };
    // The crystal: the other clock is too far off for the serial line.
    register(0x4000_0000).write(1);
    let clock_runs = register(0x4000_0100);
    while clock_runs.read() == 0 {}
    let (set_pins, clear_pins) = (register(0x5000_0508), register(0x5000_050C));
    // Output pins, once the serial line is as it is between bytes: high.
    set_pins.write(1 << V::SEND_PIN);
    register(0x5000_0518).write(1 << V::ROW | 1 << V::COLUMN | 1 << V::SEND_PIN);
    darken_on_panic(clear_pins, 1 << V::ROW);
    // The timer: 32 bits, not divided. The nRF51 has no other that counts cycles.
    register(0x4000_8508).write(3);
    register(0x4000_8510).write(0);
    register(0x4000_8000).write(1);
    let (capture, ticks) = (register(0x4000_8040), register(0x4000_8540));
    Parts {
        name,
        // SAFETY: as above.
        uart: unsafe { Nrf::new(V::SEND_PIN, V::RECEIVE_PIN) },
        light: move |on| {
            clear_pins.write(1 << V::COLUMN);
            if on { set_pins } else { clear_pins }.write(1 << V::ROW);
        },
        cycles: move || {
            capture.write(1);
            ticks.read().wrapping_mul(V::CYCLES_PER_TICK)
        },
    }
}
