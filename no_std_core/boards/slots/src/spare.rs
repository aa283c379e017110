//! The slot that does not serve.

use embedded_storage::nor_flash::{NorFlashError, NorFlashErrorKind};
use no_std_core::format::stored_checksum;
use no_std_core::{Model, Operator};

use crate::record::{RECORD_LEN, Record, start};
use crate::{Error, MappedFlash};

/// The slot that does not serve, and the update that is written to it.
pub struct Spare<'f, F> {
    flash: &'f mut F,
    operators: &'static [&'static Operator],
    /// The number of the update.
    sequence: u32,
    update: Option<Update>,
}

/// How far an update is.
#[derive(Clone, Copy, Debug)]
struct Update {
    len: u32,
    checksum: u32,
    written: u32,
    verified: bool,
}

impl<'f, F: MappedFlash> Spare<'f, F> {
    /// Bytes that the record takes, as they are written.
    const RECORD_WRITTEN: usize = {
        assert!(
            RECORD_LEN.is_multiple_of(F::WRITE_SIZE) && F::ERASE_SIZE.is_multiple_of(F::WRITE_SIZE)
        );
        Record::LEN.next_multiple_of(F::WRITE_SIZE)
    };

    pub(crate) fn new(
        flash: &'f mut F,
        sequence: u32,
        operators: &'static [&'static Operator],
    ) -> Self {
        Self {
            flash,
            operators,
            sequence,
            update: None,
        }
    }

    /// Bytes that there are for a file.
    pub fn room(&self) -> u32 {
        self.flash.capacity().saturating_sub(RECORD_LEN) as u32
    }

    /// Begins an update by a file of `len` bytes with the checksum `checksum` in its header. One that has begun before
    /// is given up.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] and [`Error::Flash`].
    pub fn begin(&mut self, len: u32, checksum: u32) -> Result<(), Error> {
        self.update = None;
        let room = self.room();
        if len > room {
            return Err(Error::TooLarge { room });
        }
        // What the slot held before must never be taken for valid while other bytes come.
        self.erase(0, RECORD_LEN)?;
        self.update = Some(Update {
            len,
            checksum,
            written: 0,
            verified: false,
        });
        Ok(())
    }

    /// Writes the bytes at `offset` of the file, which follow those written last. Bytes that are there already may come
    /// again.
    ///
    /// # Errors
    ///
    /// [`Error::NotBegun`], [`Error::Order`], [`Error::Unit`] and [`Error::Flash`].
    pub fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Error> {
        let update = self.update.ok_or(Error::NotBegun)?;
        let order = Error::Order {
            expected: update.written,
        };
        let len = u32::try_from(bytes.len()).map_err(|_| order)?;
        let end = offset.checked_add(len).ok_or(order)?;
        let at = RECORD_LEN + offset as usize;
        if end <= update.written && self.holds(at, bytes) {
            return Ok(());
        }
        if offset != update.written || end > update.len {
            return Err(order);
        }
        if end < update.len && !bytes.len().is_multiple_of(F::WRITE_SIZE) {
            return Err(Error::Unit {
                unit: F::WRITE_SIZE as u32,
            });
        }
        // A write that fails must not be tried again on the same bytes of flash.
        self.update = None;
        self.erase(at, at + bytes.len())?;
        self.put(at, bytes)?;
        self.update = Some(Update {
            written: end,
            verified: false,
            ..update
        });
        Ok(())
    }

    /// Bytes of the file that are written: where the next ones belong.
    pub fn written(&self) -> u32 {
        self.update.map_or(0, |update| update.written)
    }

    /// Checks the file that was written, all of it, and gives its model.
    ///
    /// # Errors
    ///
    /// [`Error::NotBegun`], [`Error::Unfinished`], [`Error::Model`] and [`Error::Checksum`].
    pub fn verify(&mut self) -> Result<Model<'_>, Error> {
        let update = self.update.as_mut().ok_or(Error::NotBegun)?;
        if update.written < update.len {
            return Err(Error::Unfinished {
                written: update.written,
            });
        }
        let end = RECORD_LEN + update.len as usize;
        let file = self.flash.bytes().get(RECORD_LEN..end).unwrap_or_default();
        let model = Model::with(file, self.operators).map_err(Error::Model)?;
        if stored_checksum(file) != Some(update.checksum) {
            return Err(Error::Checksum {
                expected: update.checksum,
            });
        }
        update.verified = true;
        Ok(model)
    }

    /// Puts the verified file to service, from the next [`Slots::open`](crate::Slots::open) on, with the checksum of what
    /// its model makes of the known input.
    ///
    /// # Errors
    ///
    /// [`Error::Unverified`] and [`Error::Flash`].
    pub fn commit(&mut self, answer: u32) -> Result<(), Error> {
        match self.update.take() {
            Some(Update { verified: true, .. }) => {}
            _ => return Err(Error::Unverified),
        }
        let record = start(self.sequence, answer);
        self.put(0, record.get(..Self::RECORD_WRITTEN).unwrap_or_default())
    }

    /// Erases the sectors that start in a range; those before it are erased already.
    fn erase(&mut self, from: usize, to: usize) -> Result<(), Error> {
        let first = from.next_multiple_of(F::ERASE_SIZE);
        for sector in (first..to).step_by(F::ERASE_SIZE) {
            let end = sector + F::ERASE_SIZE;
            let erased = self.flash.erase(sector as u32, end as u32);
            erased.map_err(|error| Error::Flash(error.kind()))?;
        }
        Ok(())
    }

    /// Writes bytes, with ones up to what the flash writes at once, and looks whether they are there.
    fn put(&mut self, at: usize, bytes: &[u8]) -> Result<(), Error> {
        let whole = bytes.len() - bytes.len() % F::WRITE_SIZE;
        let (whole, rest) = bytes.split_at_checked(whole).unwrap_or_default();
        let mut padded = [0xFF; RECORD_LEN];
        let padded = padded.get_mut(..rest.len().next_multiple_of(F::WRITE_SIZE));
        let padded = padded.unwrap_or_default();
        for (place, &byte) in padded.iter_mut().zip(rest) {
            *place = byte;
        }
        let written = self.flash.write(at as u32, whole);
        let written = written.and_then(|()| match &*padded {
            [] => Ok(()),
            padded => self.flash.write((at + whole.len()) as u32, padded),
        });
        written.map_err(|error| Error::Flash(error.kind()))?;
        if self.holds(at, bytes) {
            Ok(())
        } else {
            Err(Error::Flash(NorFlashErrorKind::Other))
        }
    }

    fn holds(&self, at: usize, bytes: &[u8]) -> bool {
        self.flash.bytes().get(at..at + bytes.len()) == Some(bytes)
    }
}
