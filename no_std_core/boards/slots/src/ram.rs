//! RAM that plays flash.

use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash, check_erase, check_read, check_write,
};

use crate::MappedFlash;

/// RAM in the place of a slot, for tests and for boards that are emulated. It keeps to the rules of flash: words of 4
/// bytes, sectors of 4 KB, and writing makes no ones of zeros.
#[derive(Debug)]
pub struct RamFlash<'m>(&'m mut [u8]);

impl<'m> RamFlash<'m> {
    /// These bytes, with what they hold; whole sectors.
    pub const fn new(bytes: &'m mut [u8]) -> Self {
        Self(bytes)
    }

    fn place(&mut self, offset: u32, len: usize) -> impl Iterator<Item = &mut u8> {
        self.0.iter_mut().skip(offset as usize).take(len)
    }
}

impl ErrorType for RamFlash<'_> {
    type Error = NorFlashErrorKind;
}

impl ReadNorFlash for RamFlash<'_> {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Self::Error> {
        check_read(self, offset, bytes.len())?;
        for (byte, place) in bytes.iter_mut().zip(self.place(offset, usize::MAX)) {
            *byte = *place;
        }
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.0.len()
    }
}

impl NorFlash for RamFlash<'_> {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = 4096;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Self::Error> {
        check_erase(self, from, to)?;
        self.place(from, (to - from) as usize)
            .for_each(|place| *place = 0xFF);
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Self::Error> {
        check_write(self, offset, bytes.len())?;
        for (place, byte) in self.place(offset, bytes.len()).zip(bytes) {
            *place &= byte;
        }
        Ok(())
    }
}

impl MappedFlash for RamFlash<'_> {
    fn bytes(&self) -> &[u8] {
        self.0
    }
}
