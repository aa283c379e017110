//! The sections of a flash file, and what every check is made of.

use core::ops::Range;

use crate::error::{Fault, Refusal};
use crate::format;

pub type Result<T> = core::result::Result<T, Refusal>;

/// The sections of a file, which must lie one behind the other.
pub struct Sections<'a> {
    pub file: &'a [u8],
    /// Where the next section starts.
    pub end: u32,
    /// What the last number should have been that was held against another.
    pub expected: u32,
}

impl Sections<'_> {
    /// That a number of the file is the one that is expected.
    pub fn compare(&mut self, found: u32, expected: u32, fault: Fault, at: usize) -> Result<()> {
        self.expected = expected;
        ensure(found == expected, fault, at)
    }

    /// The next section of `len` bytes, which starts at `offset` as the field at `field` says, after which the file is zero
    /// up to the one that follows. One of no bytes starts nowhere.
    #[inline(never)]
    pub fn take(&mut self, field: usize, offset: u32, len: u32) -> Result<()> {
        let start = if len == 0 { 0 } else { self.end };
        self.compare(offset, start, Fault::Offset, field)?;
        if len == 0 {
            return Ok(());
        }
        let section = format::tail(self.file, offset).get(..len as usize);
        let section = section.ok_or(error(Fault::Section, field))?;
        // The section lies in the file, whose length fits.
        let end = offset + section.len() as u32;
        self.end = format::align(end).ok_or(error(Fault::Section, field))?;
        let padding = end as usize..self.end as usize;
        ensure(padding.end <= self.file.len(), Fault::Section, field)?;
        check_zeros(self.file, padding)
    }
}

#[inline(never)]
pub fn check_zeros(file: &[u8], range: Range<usize>) -> Result<()> {
    for at in range {
        let is_zero = file.get(at).is_none_or(|&byte| byte == 0);
        ensure(is_zero, Fault::NotZero, at)?;
    }
    Ok(())
}

#[inline(always)]
pub fn ensure(holds: bool, fault: Fault, at: usize) -> Result<()> {
    if holds { Ok(()) } else { Err(error(fault, at)) }
}

#[inline(always)]
pub fn error(fault: Fault, at: usize) -> Refusal {
    Refusal {
        fault,
        at: at as u32,
    }
}
