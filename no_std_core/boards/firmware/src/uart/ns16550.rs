//! The UART of most PCs and of many others (National Semiconductor PC16550D).

#![allow(unsafe_code, reason = "a device is reached through its address")]

use crate::register::Register;

const DATA_READY: u8 = 1;
const TRANSMITTER_EMPTY: u8 = 1 << 5;

/// The UART of most PCs, as QEMU emulates it: ready from the start, and without a speed.
pub struct Ns16550 {
    data: Register<u8>,
    line_status: Register<u8>,
}

impl Ns16550 {
    /// The device at an address.
    ///
    /// # Safety
    ///
    /// The device must be there, with registers a byte apart.
    pub unsafe fn new(address: usize) -> Self {
        // SAFETY: by the manual, the device has these registers, and so the caller has promised.
        let [data, line_status] = [0, 5].map(|offset| unsafe { Register::new(address + offset) });
        Self { data, line_status }
    }

    /// The next byte, if one has arrived.
    pub fn read(&mut self) -> Option<u8> {
        if self.line_status.read() & DATA_READY == 0 {
            return None;
        }
        Some(self.data.read())
    }

    /// Writes bytes.
    pub fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            while self.line_status.read() & TRANSMITTER_EMPTY == 0 {}
            self.data.write(byte);
        }
    }
}
