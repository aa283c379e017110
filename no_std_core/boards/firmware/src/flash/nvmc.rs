//! The flash of Nordic's nRF52 (nRF52833 Product Specification 1.6, section 4.3).

#![allow(unsafe_code, reason = "a device is reached through its address")]

use embedded_storage::nor_flash::NorFlashErrorKind;

use super::controller::{Controller, words};
use crate::register::Register;

const READ: u32 = 0;
const WRITE: u32 = 1;
const ERASE: u32 = 2;

/// The controller of the flash. The processor stands still while it works.
#[derive(Clone, Copy, Debug)]
pub struct Nvmc {
    ready: Register,
    mode: Register,
    erase: Register,
}

impl Nvmc {
    /// The device.
    ///
    /// # Safety
    ///
    /// The chip must be one of Nordic's nRF52.
    pub unsafe fn new() -> Self {
        // SAFETY: by the manual, the device has these registers, and the caller has promised that it is there.
        let [ready, mode, erase] =
            [0x400, 0x504, 0x508].map(|offset| unsafe { Register::new(0x4001_E000 + offset) });
        Self { ready, mode, erase }
    }

    /// Does something in a mode, then goes back to reading.
    fn work(self, mode: u32, work: impl FnOnce(Self)) {
        self.mode.write(mode);
        work(self);
        self.wait();
        self.mode.write(READ);
    }

    fn wait(self) {
        while self.ready.read() == 0 {}
    }
}

// SAFETY: the device works on the word that is written and on the page that is named.
unsafe impl Controller for Nvmc {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = 4096;

    fn erase(&mut self, address: usize) -> Result<(), NorFlashErrorKind> {
        self.work(ERASE, |device| device.erase.write(address as u32));
        Ok(())
    }

    fn write(&mut self, address: usize, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        self.work(WRITE, |device| {
            for (word, address) in words(bytes).zip((address..).step_by(4)) {
                // SAFETY: a word of flash is written like a register.
                unsafe { Register::new(address) }.write(word);
                device.wait();
            }
        });
        Ok(())
    }
}
