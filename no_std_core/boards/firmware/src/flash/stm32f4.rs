//! The flash of ST's STM32F4 (reference manual RM0090, section 3).

#![allow(unsafe_code, reason = "a device is reached through its address")]

use embedded_storage::nor_flash::NorFlashErrorKind;

use super::controller::{Controller, words};
use crate::register::Register;

/// Sectors of the first megabyte that are all of one length: from here on, 128 KB each.
const LARGE_SECTORS: usize = 0x0802_0000;
const FIRST_LARGE: u32 = 5;

const BUSY: u32 = 1 << 16;

/// Bits of the control register.
const PROGRAM: u32 = 1;
const ERASE: u32 = 1 << 1;
const WORDS: u32 = 0b10 << 8;
const START: u32 = 1 << 16;
const LOCK: u32 = 1 << 31;

/// Bits of the access register.
const DATA_CACHE: u32 = 1 << 10;
const DATA_CACHE_RESET: u32 = 1 << 12;

/// The controller of the flash, for the sectors of 128 KB in the first megabyte. The processor waits for it whenever it
/// reads the flash.
#[derive(Clone, Copy, Debug)]
pub struct Stm32f4 {
    access: Register,
    key: Register,
    status: Register,
    control: Register,
}

impl Stm32f4 {
    /// The device.
    ///
    /// # Safety
    ///
    /// The chip must be one of ST's STM32F4.
    pub unsafe fn new() -> Self {
        // SAFETY: by the manual, the device has these registers, and the caller has promised that it is there.
        let [access, key, status, control] =
            [0x00, 0x04, 0x0C, 0x10].map(|offset| unsafe { Register::new(0x4002_3C00 + offset) });
        Self {
            access,
            key,
            status,
            control,
        }
    }

    /// Does something with the flash unlocked.
    fn work(self, work: impl FnOnce(Self)) {
        self.key.write(0x4567_0123);
        self.key.write(0xCDEF_89AB);
        work(self);
        self.control.write(LOCK);
        // It may hold what was there before.
        let access = self.access.read();
        self.access.write(access & !DATA_CACHE);
        self.access.write(access & !DATA_CACHE | DATA_CACHE_RESET);
        self.access.write(access);
    }

    fn wait(self) {
        while self.status.read() & BUSY != 0 {}
    }
}

// SAFETY: the device works on the word that is written and on the sector that is named.
unsafe impl Controller for Stm32f4 {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = 128 * 1024;

    fn erase(&mut self, address: usize) -> Result<(), NorFlashErrorKind> {
        let sector = FIRST_LARGE + ((address - LARGE_SECTORS) / Self::ERASE_SIZE) as u32;
        self.work(|device| {
            device.control.write(ERASE | WORDS | sector << 3);
            device.control.write(ERASE | WORDS | sector << 3 | START);
            device.wait();
        });
        Ok(())
    }

    fn write(&mut self, address: usize, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        self.work(|device| {
            device.control.write(PROGRAM | WORDS);
            for (word, address) in words(bytes).zip((address..).step_by(4)) {
                // SAFETY: a word of flash is written like a register.
                unsafe { Register::new(address) }.write(word);
                device.wait();
            }
        });
        Ok(())
    }
}
