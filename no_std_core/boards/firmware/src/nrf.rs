//! The UART of Nordic's nRF51 and nRF52 (nRF51 Series Reference Manual 3.0, chapter 28).

#![allow(unsafe_code, reason = "a device is reached through its address")]

use crate::register::Register;
use crate::uart::Uart;

const BASE: usize = 0x4000_2000;
const ENABLED: u32 = 4;

/// How the pins of port 0 are used, pin 0 first (chapter 14).
const PINS: usize = 0x5000_0700;
/// As an input, with nothing that pulls.
const INPUT: u32 = 0;

const BAUD_115200: u32 = 0x01D7_E000;

/// The UART of Nordic's chips.
pub struct Nrf {
    received: Register,
    receive: Register,
    sent: Register,
    send: Register,
}

impl Nrf {
    /// The device, on these pins; those of port 1 follow the 32 of port 0.
    ///
    /// # Safety
    ///
    /// The chip must be one of Nordic's.
    pub unsafe fn new(send_pin: u32, receive_pin: u32) -> Self {
        // SAFETY: by the manual, the device has these registers, and the caller has promised that it is there.
        let register = |offset| unsafe { Register::new(BASE + offset) };
        // SAFETY: ports lie 0x300 bytes apart and have a register a pin.
        let pin = |pin: usize| unsafe { Register::new(PINS + pin / 32 * 0x300 + pin % 32 * 4) };
        pin(receive_pin as usize).write(INPUT);
        register(0x50C).write(send_pin);
        register(0x514).write(receive_pin);
        register(0x524).write(BAUD_115200);
        register(0x500).write(ENABLED);
        // Tasks: start to receive, start to send.
        register(0x000).write(1);
        register(0x008).write(1);
        Self {
            received: register(0x108),
            receive: register(0x518),
            sent: register(0x11C),
            send: register(0x51C),
        }
    }
}

impl Uart for Nrf {
    fn read(&mut self) -> Option<u8> {
        if self.received.read() == 0 {
            return None;
        }
        self.received.write(0);
        Some(self.receive.read() as u8)
    }

    fn write(&mut self, byte: u8) {
        self.sent.write(0);
        self.send.write(byte.into());
        while self.sent.read() == 0 {}
    }
}
