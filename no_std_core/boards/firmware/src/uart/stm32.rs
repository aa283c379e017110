//! The USART of ST's STM32F4 (reference manual RM0090, section 30).

#![allow(unsafe_code, reason = "a device is reached through its address")]

use crate::register::Register;

const RECEIVED: u32 = 1 << 5;
const TRANSMITTER_EMPTY: u32 = 1 << 7;
const ENABLE_BOTH: u32 = 1 << 13 | 1 << 3 | 1 << 2;

/// The USART of ST's STM32F4.
pub struct Stm32 {
    status: Register,
    data: Register,
}

impl Stm32 {
    /// The device at an address, made ready for a clock of so many hertz.
    ///
    /// # Safety
    ///
    /// The device must be there.
    pub unsafe fn new(address: usize, clock: u32) -> Self {
        // SAFETY: by the manual, the device has these registers, and so the caller has promised.
        let [status, data, divider, control] =
            [0x00, 0x04, 0x08, 0x0C].map(|offset| unsafe { Register::new(address + offset) });
        divider.write((clock + 115_200 / 2) / 115_200);
        control.write(ENABLE_BOTH);
        Self { status, data }
    }

    /// The next byte, if one has arrived.
    pub fn read(&mut self) -> Option<u8> {
        if self.status.read() & RECEIVED == 0 {
            return None;
        }
        Some(self.data.read() as u8)
    }

    /// Writes bytes.
    pub fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            while self.status.read() & TRANSMITTER_EMPTY == 0 {}
            self.data.write(byte.into());
        }
    }
}
