//! The UART of Arm's Cortex-M System Design Kit (Arm DDI 0479, section 4.3).

#![allow(unsafe_code, reason = "a device is reached through its address")]

use crate::register::Register;

const TRANSMITTER_FULL: u32 = 1;
const RECEIVER_FULL: u32 = 1 << 1;
const ENABLE_BOTH: u32 = 0b11;

/// The UART of Arm's Cortex-M System Design Kit.
pub struct Cmsdk {
    data: Register,
    state: Register,
}

impl Cmsdk {
    /// The device at an address, made ready for a clock of so many hertz.
    ///
    /// # Safety
    ///
    /// The device must be there.
    pub unsafe fn new(address: usize, clock: u32) -> Self {
        // SAFETY: by the manual, the device has these registers, and so the caller has promised.
        let [data, state, control, divider] =
            [0x0, 0x4, 0x8, 0x10].map(|offset| unsafe { Register::new(address + offset) });
        divider.write(clock / 115_200);
        control.write(ENABLE_BOTH);
        Self { data, state }
    }

    /// The next byte, if one has arrived.
    pub fn read(&mut self) -> Option<u8> {
        if self.state.read() & RECEIVER_FULL == 0 {
            return None;
        }
        Some(self.data.read() as u8)
    }

    /// Writes bytes.
    pub fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            while self.state.read() & TRANSMITTER_FULL != 0 {}
            self.data.write(byte.into());
        }
    }
}
