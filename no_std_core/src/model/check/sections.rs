//! The sections of a flash file, and what every check is made of.

use core::ops::Range;

use crate::error::{Fault, FormatError};
use crate::format;

pub type Result<T> = core::result::Result<T, FormatError>;

/// The sections of a file, which must lie one behind the other.
pub struct Sections<'a> {
    pub file: &'a [u8],
    /// Where the next section starts.
    pub end: u32,
}

impl<'a> Sections<'a> {
    /// The file from the next section on, which starts at `offset` as the field at `field` says.
    pub fn begin(&self, field: usize, offset: u32) -> Result<&'a [u8]> {
        ensure(
            offset == self.end,
            Fault::Offset {
                expected: self.end,
                found: offset,
            },
            field,
        )?;
        format::tail(self.file, offset).ok_or(error(Fault::Section, field))
    }

    /// The next section of `len` bytes, after which the file is zero up to the one that follows. One of no bytes starts
    /// nowhere.
    pub fn take(&mut self, field: usize, offset: u32, len: u64) -> Result<&'a [u8]> {
        if len == 0 {
            let nowhere = Fault::Offset {
                expected: 0,
                found: offset,
            };
            ensure(offset == 0, nowhere, field)?;
            return Ok(&[]);
        }
        let rest = self.begin(field, offset)?;
        let beyond = error(Fault::Section, field);
        let len = usize::try_from(len).map_err(|_| beyond)?;
        let section = rest.get(..len).ok_or(beyond)?;
        // The section lies in the file, whose length fits.
        let end = offset + len as u32;
        self.end = format::align(end).ok_or(beyond)?;
        ensure(self.end as usize <= self.file.len(), beyond.fault, field)?;
        check_zeros(self.file, end as usize..self.end as usize)?;
        Ok(section)
    }
}

pub fn check_zeros(file: &[u8], range: Range<usize>) -> Result<()> {
    let bytes = file.get(range.clone()).unwrap_or_default();
    match bytes.iter().zip(range).find(|(byte, _)| **byte != 0) {
        Some((&byte, at)) => Err(error(Fault::NotZero(byte), at)),
        None => Ok(()),
    }
}

pub fn ensure(holds: bool, fault: Fault, at: usize) -> Result<()> {
    if holds { Ok(()) } else { Err(error(fault, at)) }
}

pub fn error(fault: Fault, at: usize) -> FormatError {
    FormatError {
        fault,
        at: at as u32,
    }
}
