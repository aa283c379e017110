//! Serial lines of devices, at 115200 baud where the device has a speed at all.

#![allow(unsafe_code, reason = "a device is reached through its address")]

use crate::register::Register;

/// Bits a second.
const BAUD: u32 = 115_200;

/// A serial line.
pub trait Uart {
    /// The next byte, if one has arrived.
    fn read(&mut self) -> Option<u8>;

    /// Writes a byte as soon as there is room for it.
    fn write(&mut self, byte: u8);
}

/// A device with a register for data and one for its status: a byte has arrived while the bits `RECEIVED` of the status
/// are set, and there is room for one while the bits `ROOM` are; those that are in `LOW`, too, while they are clear.
pub struct Polled<T, const RECEIVED: u32, const ROOM: u32, const LOW: u32> {
    data: Register<T>,
    status: Register<T>,
}

impl<T, const RECEIVED: u32, const ROOM: u32, const LOW: u32> Polled<T, RECEIVED, ROOM, LOW>
where
    T: Copy + Into<u32>,
{
    fn has(&self, bits: u32) -> bool {
        (self.status.read().into() ^ LOW) & bits != 0
    }
}

impl<T, const RECEIVED: u32, const ROOM: u32, const LOW: u32> Uart
    for Polled<T, RECEIVED, ROOM, LOW>
where
    T: Copy + Into<u32> + From<u8>,
{
    fn read(&mut self) -> Option<u8> {
        self.has(RECEIVED).then(|| self.data.read().into() as u8)
    }

    fn write(&mut self, byte: u8) {
        while !self.has(ROOM) {}
        self.data.write(byte.into());
    }
}

/// The UART of Arm's Cortex-M System Design Kit (Arm DDI 0479, section 4.3).
pub type Cmsdk = Polled<u32, 0b10, 0b01, 0b01>;

impl Cmsdk {
    /// The device at an address, made ready for a clock of so many hertz.
    ///
    /// # Safety
    ///
    /// The device must be there.
    pub unsafe fn new(address: usize, clock: u32) -> Self {
        // SAFETY: by the manual, the device has these registers, and so the caller has promised.
        let [data, status, control, divider] =
            [0x0, 0x4, 0x8, 0x10].map(|offset| unsafe { Register::new(address + offset) });
        divider.write(clock / BAUD);
        // To send and to receive.
        control.write(0b11);
        Self { data, status }
    }
}

/// The UART of most PCs and of many others (National Semiconductor PC16550D), as QEMU emulates it: ready from the start,
/// and without a speed.
pub type Ns16550 = Polled<u8, 1, { 1 << 5 }, 0>;

impl Ns16550 {
    /// The device at an address.
    ///
    /// # Safety
    ///
    /// The device must be there, with registers a byte apart.
    pub unsafe fn new(address: usize) -> Self {
        // SAFETY: by the manual, the device has these registers, and so the caller has promised.
        let [data, status] = [0, 5].map(|offset| unsafe { Register::new(address + offset) });
        Self { data, status }
    }
}

/// The UART PL011 of Arm's (Arm DDI 0183).
pub type Pl011 = Polled<u32, { 1 << 4 }, { 1 << 5 }, { 1 << 4 | 1 << 5 }>;

impl Pl011 {
    /// The device at an address, made ready for a clock of so many hertz.
    ///
    /// # Safety
    ///
    /// The device must be there.
    pub unsafe fn new(address: usize, clock: u32) -> Self {
        // SAFETY: by the manual, the device has these registers, and so the caller has promised.
        let [data, status, whole, fraction, line, control] = [0x00, 0x18, 0x24, 0x28, 0x2C, 0x30]
            .map(|offset| unsafe { Register::new(address + offset) });
        // Sixteen ticks a bit, in 1/64.
        let ticks = (clock * 4 + BAUD / 2) / BAUD;
        whole.write(ticks >> 6);
        fraction.write(ticks & 63);
        // Eight bits, queued.
        line.write(0b111 << 4);
        // On, to send and to receive.
        control.write(1 | 1 << 8 | 1 << 9);
        Self { data, status }
    }
}

/// The USART of ST's STM32F4 (reference manual RM0090, section 30).
pub type Stm32 = Polled<u32, { 1 << 5 }, { 1 << 7 }, 0>;

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
        divider.write((clock + BAUD / 2) / BAUD);
        // On, to send and to receive.
        control.write(1 << 13 | 1 << 3 | 1 << 2);
        Self { data, status }
    }
}
