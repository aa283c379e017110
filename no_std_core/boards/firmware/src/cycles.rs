//! Counting the processor's cycles.

#[cfg(target_arch = "arm")]
use cortex_m::{Peripherals, peripheral::SYST, peripheral::syst::SystClkSource};

/// Counts the processor's cycles with the timer that all Cortex-M have. It runs round every 2^24 cycles, so it has to be
/// read more often than that.
#[cfg(target_arch = "arm")]
pub struct CycleCounter {
    last: u32,
    total: u32,
}

#[cfg(target_arch = "arm")]
impl CycleCounter {
    const MASK: u32 = 0x00FF_FFFF;

    /// Starts the timer.
    #[allow(unsafe_code, reason = "the timer is taken from whoever has it")]
    pub fn start() -> Self {
        // SAFETY: whoever else uses the timer, it does nothing to memory.
        let mut timer = unsafe { Peripherals::steal() }.SYST;
        timer.set_clock_source(SystClkSource::Core);
        timer.set_reload(Self::MASK);
        timer.clear_current();
        timer.enable_counter();
        Self { last: 0, total: 0 }
    }

    /// Cycles since the start, modulo 2^32.
    pub fn now(&mut self) -> u32 {
        // It counts down.
        let current = SYST::get_current();
        let passed = self.last.wrapping_sub(current) & Self::MASK;
        self.last = current;
        self.total = self.total.wrapping_add(passed);
        self.total
    }
}

/// Counts the processor's cycles.
#[cfg(target_arch = "riscv32")]
pub struct CycleCounter;

#[cfg(target_arch = "riscv32")]
impl CycleCounter {
    /// The counter, which runs already.
    pub fn start() -> Self {
        Self
    }

    /// Cycles since the start, modulo 2^32.
    pub fn now(&mut self) -> u32 {
        riscv::register::mcycle::read() as u32
    }
}
