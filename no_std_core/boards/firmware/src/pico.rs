//! The Raspberry Pi Pico and Pico 2, whose chips have the same devices at other addresses (RP2040 Datasheet and RP2350
//! Datasheet, the sections on clocks, resets, GPIO and the UART).

#![allow(unsafe_code, reason = "a device is reached through its address")]

use crate::board::Board;
use crate::cycles::CycleCounter;
use crate::flash::{self, Rom, Rp};
use crate::panic::darken_on_panic;
use crate::parts::{Name, Parts};
use crate::register::Register;
use crate::server::serve_slots;
use crate::stack;
use crate::uart::Pl011;

/// The serial line's two pins.
const SEND_PIN: usize = 0;
const RECEIVE_PIN: usize = 1;

/// The light's.
const LIGHT_PIN: usize = 25;

/// What pins are for.
const UART: u32 = 2;
const GPIO: u32 = 5;

/// How a pin is driven: it is read, too, and pulled up where nobody drives it.
const PAD: u32 = 1 << 6 | 1 << 4 | 1 << 3 | 1 << 1;

/// The crystal of both boards swings 12 million times a second; this many times as often, the oscillator of the PLL.
const CRYSTAL: u32 = 12_000_000;
const FEEDBACK: u32 = 125;

/// What the crystal takes to be steady, in 256 of its cycles: a millisecond, and 64 times that for slow ones, as the
/// vendor's own programs wait on such boards.
const CRYSTAL_DELAY: u32 = 47 * 64;

/// The bit of a PLL or the crystal that says that it is steady.
const STEADY: u32 = 1 << 31;

/// Where writing clears the bits of a register.
const CLEAR: usize = 0x3000;

/// One of the chips.
pub trait Chip: Rom + Name {
    /// What the oscillator's frequency is divided by, twice.
    const DIVIDERS: [u32; 2];
    /// Where its devices are.
    const DEVICES: Devices;
    /// The bits of the devices in the registers of resets: both of the pins, the PLL and the UART.
    const RESETS: u32;
}

/// Where devices are.
pub struct Devices {
    /// The clocks.
    pub clocks: usize,
    /// The resets.
    pub resets: usize,
    /// What pins are for.
    pub pins: usize,
    /// How pins are driven.
    pub pads: usize,
    /// The crystal.
    pub crystal: usize,
    /// The PLL of the processor.
    pub pll: usize,
    /// The first UART.
    pub uart: usize,
    /// Registers that set, clear and enable the outputs of pins.
    pub outputs: [usize; 3],
}

/// Serves the newer of the models in the slots.
///
/// # Safety
///
/// This must be a Pico with this chip, linked with slots.x, and nothing else run on it.
pub unsafe fn serve<C: Chip>(chip: C) -> ! {
    // SAFETY: as the caller has promised.
    let (mut board, mut slots, arena) = unsafe {
        let slots = flash::slots([Rp::<C>::new(), Rp::<C>::new()]);
        (start(chip), slots, stack::arena())
    };
    serve_slots(&mut board, &mut slots, arena)
}

/// The board, its stack painted.
///
/// # Safety
///
/// See [`serve`].
unsafe fn start<C: Chip>(name: C) -> impl Board {
    stack::paint();
    let [set_pins, clear_pins, enable_outputs] = C::DEVICES.outputs.map(register);
    start_clocks::<C>();
    connect::<C>(SEND_PIN, UART);
    connect::<C>(RECEIVE_PIN, UART);
    connect::<C>(LIGHT_PIN, GPIO);
    enable_outputs.write(1 << LIGHT_PIN);
    darken_on_panic(clear_pins, 1 << LIGHT_PIN);
    let clock = CRYSTAL * FEEDBACK / (C::DIVIDERS[0] * C::DIVIDERS[1]);
    // SAFETY: the device is there, and used by nobody else.
    let uart = unsafe { Pl011::new(C::DEVICES.uart, clock) };
    let mut cycles = CycleCounter::start();
    Parts {
        name,
        uart,
        light: move |on| if on { set_pins } else { clear_pins }.write(1 << LIGHT_PIN),
        cycles: move || cycles.now(),
    }
}

/// A register of the chip's.
fn register(address: usize) -> Register {
    // SAFETY: the datasheets give all addresses that are used here, and who makes a board promises that it has the chip.
    unsafe { Register::new(address) }
}

/// Lets the crystal drive the PLL, and the PLL the processor and its devices.
fn start_clocks<C: Chip>() {
    let Devices {
        clocks,
        resets,
        crystal,
        pll,
        ..
    } = C::DEVICES;
    // The delay after which the crystal is taken for steady, then its range and that it is on.
    register(crystal + 0x0C).write(CRYSTAL_DELAY);
    register(crystal).write(0x00FA_BAA0);
    while register(crystal + 0x04).read() & STEADY == 0 {}
    register(clocks + 0x30).write(2);
    while register(clocks + 0x38).read() & 1 << 2 == 0 {}

    register(resets + CLEAR).write(C::RESETS);
    // The UART is ready when it has a clock, after this.
    register(clocks + 0x48).write(1 << 11);
    while !register(resets + 0x08).read() & C::RESETS != 0 {}

    register(pll).write(1);
    register(pll + 0x08).write(FEEDBACK);
    // Power for all of it but the dividers, then for these.
    register(pll + 0x04 + CLEAR).write(1 | 1 << 5);
    while register(pll).read() & STEADY == 0 {}
    let [first, second] = C::DIVIDERS;
    register(pll + 0x0C).write(first << 16 | second << 12);
    register(pll + 0x04 + CLEAR).write(1 << 3);
    register(clocks + 0x3C).write(1);
    while register(clocks + 0x44).read() & 1 << 1 == 0 {}
}

/// Says what a pin is for.
fn connect<C: Chip>(pin: usize, function: u32) {
    register(C::DEVICES.pads + 4 + 4 * pin).write(PAD);
    register(C::DEVICES.pins + 4 + 8 * pin).write(function);
}
