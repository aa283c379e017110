//! The registers of devices.

#![allow(unsafe_code, reason = "a device is reached through its address")]

use core::ptr;

/// A register of a device, of 32 or 8 bits.
#[derive(Clone, Copy, Debug)]
pub struct Register<T = u32>(*mut T);

impl<T: Copy> Register<T> {
    /// The register at an address.
    ///
    /// # Safety
    ///
    /// There must be a register of this size, aligned to it, that can be read and written without harm to memory.
    pub const unsafe fn new(address: usize) -> Self {
        Self(ptr::with_exposed_provenance_mut(address))
    }

    /// Where it is.
    pub const fn as_ptr(self) -> *mut T {
        self.0
    }

    /// Reads it.
    pub fn read(self) -> T {
        // SAFETY: so `new` was promised.
        unsafe { ptr::read_volatile(self.0) }
    }

    /// Writes it.
    pub fn write(self, value: T) {
        // SAFETY: so `new` was promised.
        unsafe { ptr::write_volatile(self.0, value) }
    }
}
