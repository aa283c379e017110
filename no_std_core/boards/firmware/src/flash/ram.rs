//! RAM that plays flash, on machines that are emulated.

#![allow(unsafe_code, reason = "memory is reached through its address")]

use super::{Controller, words};
use crate::register::Register;

/// RAM under the rules of flash: writing makes no ones of zeros.
#[derive(Clone, Copy, Debug)]
pub struct Ram;

impl Ram {
    /// The word at an address.
    fn word(address: usize) -> Register {
        // SAFETY: who made the region has promised that its bytes are there; they are written like a register.
        unsafe { Register::new(address) }
    }
}

// SAFETY: no other bytes are touched.
unsafe impl Controller for Ram {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = 4096;

    fn erase(&mut self, address: usize) {
        for address in (address..address + Self::ERASE_SIZE).step_by(4) {
            Self::word(address).write(u32::MAX);
        }
    }

    fn write(&mut self, address: usize, bytes: &[u8]) {
        for (word, address) in words(bytes).zip((address..).step_by(4)) {
            let place = Self::word(address);
            place.write(place.read() & word);
        }
    }
}
