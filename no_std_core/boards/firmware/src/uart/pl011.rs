//! The UART PL011 of Arm's (Arm DDI 0183).

#![allow(unsafe_code, reason = "a device is reached through its address")]

use crate::register::Register;

const RECEIVER_EMPTY: u32 = 1 << 4;
const TRANSMITTER_FULL: u32 = 1 << 5;
const EIGHT_BITS_QUEUED: u32 = 0b111 << 4;
const ENABLE_BOTH: u32 = 1 | 1 << 8 | 1 << 9;

/// The UART PL011 of Arm's.
pub struct Pl011 {
    data: Register,
    flags: Register,
}

impl Pl011 {
    /// The device at an address, made ready for a clock of so many hertz.
    ///
    /// # Safety
    ///
    /// The device must be there.
    pub unsafe fn new(address: usize, clock: u32) -> Self {
        // SAFETY: by the manual, the device has these registers, and so the caller has promised.
        let [data, flags, whole, fraction, line, control] = [0x00, 0x18, 0x24, 0x28, 0x2C, 0x30]
            .map(|offset| unsafe { Register::new(address + offset) });
        // Sixteen ticks a bit, in 1/64.
        let ticks = (clock * 4 + 115_200 / 2) / 115_200;
        whole.write(ticks >> 6);
        fraction.write(ticks & 63);
        line.write(EIGHT_BITS_QUEUED);
        control.write(ENABLE_BOTH);
        Self { data, flags }
    }

    /// The next byte, if one has arrived.
    pub fn read(&mut self) -> Option<u8> {
        if self.flags.read() & RECEIVER_EMPTY != 0 {
            return None;
        }
        Some(self.data.read() as u8)
    }

    /// Writes bytes.
    pub fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            while self.flags.read() & TRANSMITTER_FULL != 0 {}
            self.data.write(byte.into());
        }
    }
}
