//! The clocks of ST's STM32F4 (reference manual RM0090, sections 3.5 and 7).

#![allow(unsafe_code, reason = "a device is reached through its address")]

use firmware::Register;

const CLOCKS: usize = 0x4002_3800;
const FLASH_ACCESS: usize = 0x4002_3C00;

/// The oscillator inside the chip, which it starts with, in hertz.
const INTERNAL: u32 = 16_000_000;

/// Of [`INTERNAL`]: 1 MHz, times 336, halved; a seventh for USB, which must be some part though nobody uses it. The last
/// bit is reserved and set from the start.
const PLL: u32 = 16 | 336 << 6 | 7 << 24 | 1 << 29;
const PLL_CLOCK: u32 = 168_000_000;

const PLL_ON: u32 = 1 << 24;
const PLL_READY: u32 = 1 << 25;

/// A PLL is ready within 0.3 ms, far fewer reads than this.
const PATIENCE: u32 = 100_000;

/// The processor from the PLL, the slow devices at a quarter of its clock, the fast ones at half.
const FROM_PLL: u32 = 0b10 | 0b101 << 10 | 0b100 << 13;
const IS_FROM_PLL: u32 = 0b10 << 2;

/// Caches and reading ahead, with as many waits as the flash needs at [`PLL_CLOCK`].
const FAST_FLASH: u32 = 5 | 0b111 << 8;

/// Starts the clocks of the processor and the devices, and returns that of the third USART in hertz.
///
/// Where the PLL does not become ready, the chip goes on with the oscillator that it has started with: slower, but with
/// a serial line.
pub fn start() -> u32 {
    // SAFETY: all of the family have these registers.
    let register = |address| unsafe { Register::<u32>::new(address) };
    // The ports B and D, and the third USART.
    let switch_on = |register: Register, devices| register.write(register.read() | devices);
    switch_on(register(CLOCKS + 0x30), 1 << 1 | 1 << 3);
    switch_on(register(CLOCKS + 0x40), 1 << 18);

    let control = register(CLOCKS);
    register(CLOCKS + 0x04).write(PLL);
    control.write(control.read() | PLL_ON);
    if !(0..PATIENCE).any(|_| control.read() & PLL_READY != 0) {
        return INTERNAL;
    }
    register(FLASH_ACCESS).write(FAST_FLASH);
    let source = register(CLOCKS + 0x08);
    source.write(FROM_PLL);
    while source.read() & IS_FROM_PLL == 0 {}
    PLL_CLOCK / 4
}
