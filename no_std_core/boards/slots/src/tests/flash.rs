//! Flash that keeps to the rules, and whose power fails.

use std::cell::Cell;
use std::rc::Rc;
use std::vec;
use std::vec::Vec;

use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash, check_erase, check_write,
};

use crate::MappedFlash;

/// What an operation does at which the power fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// Nothing.
    None,
    /// The first half of it.
    Half,
    /// Some bits of it.
    Bits,
    /// It leaves bytes that nobody can foretell.
    Noise,
    /// All of it, but nobody hears.
    Done,
}

impl Damage {
    pub const ALL: [Self; 5] = [Self::None, Self::Half, Self::Bits, Self::Noise, Self::Done];
}

/// No operation at which the power fails.
pub const NEVER: (usize, Damage) = (usize::MAX, Damage::None);

/// The power of all flash of a board.
#[derive(Debug)]
pub struct Power {
    operations: Cell<usize>,
    fails_at: Cell<(usize, Damage)>,
    noise: Cell<u64>,
}

impl Power {
    pub fn new() -> Rc<Self> {
        Rc::new(Self {
            operations: Cell::new(0),
            fails_at: Cell::new(NEVER),
            noise: Cell::new(0x9E37_79B9_7F4A_7C15),
        })
    }

    /// Lets it fail at the operation of this index, counted from now.
    pub fn fail_at(&self, cut: (usize, Damage)) {
        self.operations.set(0);
        self.fails_at.set(cut);
    }

    /// Operations since [`Self::fail_at`].
    pub fn operations(&self) -> usize {
        self.operations.get()
    }

    /// A number of xorshift's.
    fn noise(&self) -> u8 {
        let mut state = self.noise.get();
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        self.noise.set(state);
        (state >> 32) as u8
    }

    /// Lets an operation change `bytes` to `after`, or fail at it.
    fn operate(&self, bytes: &mut [u8], after: &[u8]) -> Result<(), NorFlashErrorKind> {
        let (fails_at, damage) = self.fails_at.get();
        let index = self.operations.replace(self.operations.get() + 1);
        if index < fails_at {
            bytes.copy_from_slice(after);
            return Ok(());
        }
        if index == fails_at {
            let half = bytes.len() / 2;
            for (at, (byte, &after)) in bytes.iter_mut().zip(after).enumerate() {
                match damage {
                    Damage::Half if at < half => *byte = after,
                    Damage::None | Damage::Half => {}
                    Damage::Bits => {
                        let some = self.noise();
                        *byte = *byte & !some | after & some;
                    }
                    Damage::Noise => *byte = self.noise(),
                    Damage::Done => *byte = after,
                }
            }
        }
        Err(NorFlashErrorKind::Other)
    }
}

/// A slot in RAM under the rules of NOR flash: writing whole units that were erased, once, and erasing whole sectors.
#[derive(Clone, Debug)]
pub struct RamFlash<const WRITE: usize, const ERASE: usize> {
    power: Rc<Power>,
    bytes: Vec<u8>,
    /// Units that were written since they were erased.
    written: Vec<bool>,
    /// A byte that cannot be programmed.
    stuck: Option<usize>,
}

impl<const WRITE: usize, const ERASE: usize> RamFlash<WRITE, ERASE> {
    pub fn new(power: &Rc<Power>, content: &[u8], capacity: usize) -> Self {
        let mut bytes = content.to_vec();
        bytes.resize(capacity, 0xFF);
        let is_written = |index| index * WRITE < content.len();
        Self {
            power: Rc::clone(power),
            bytes,
            written: (0..capacity / WRITE).map(is_written).collect(),
            stuck: None,
        }
    }

    /// Changes a byte behind everybody's back.
    pub fn spoil(&mut self, at: usize) {
        self.bytes[at] ^= 1;
    }

    /// Lets a byte be as erased for ever.
    pub fn stick(&mut self, at: usize) {
        self.stuck = Some(at);
    }
}

impl<const WRITE: usize, const ERASE: usize> ErrorType for RamFlash<WRITE, ERASE> {
    type Error = NorFlashErrorKind;
}

impl<const WRITE: usize, const ERASE: usize> ReadNorFlash for RamFlash<WRITE, ERASE> {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Self::Error> {
        unreachable!("{offset} and {} bytes on are mapped", bytes.len())
    }

    fn capacity(&self) -> usize {
        self.bytes.len()
    }
}

impl<const WRITE: usize, const ERASE: usize> NorFlash for RamFlash<WRITE, ERASE> {
    const WRITE_SIZE: usize = WRITE;
    const ERASE_SIZE: usize = ERASE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Self::Error> {
        check_erase(self, from, to)?;
        for sector in (from as usize..to as usize).step_by(ERASE) {
            let bytes = &mut self.bytes[sector..][..ERASE];
            let outcome = self.power.operate(bytes, &vec![0xFF; ERASE]);
            // A sector whose erasing was cut may not be written.
            self.written[sector / WRITE..][..ERASE / WRITE].fill(outcome.is_err());
            outcome?;
        }
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Self::Error> {
        check_write(self, offset, bytes.len())?;
        let offset = offset as usize;
        for (at, unit) in (offset..).step_by(WRITE).zip(bytes.chunks(WRITE)) {
            let written = self.written[at / WRITE..].first_mut().unwrap();
            assert!(!core::mem::replace(written, true), "{at} is written twice");
            let place = &mut self.bytes[at..][..WRITE];
            // No bit becomes one by writing.
            let after: Vec<u8> = place.iter().zip(unit).map(|(old, new)| old & new).collect();
            self.power.operate(place, &after)?;
            if let Some(stuck) = self.stuck {
                self.bytes[stuck] = 0xFF;
            }
        }
        Ok(())
    }
}

impl<const WRITE: usize, const ERASE: usize> MappedFlash for RamFlash<WRITE, ERASE> {
    fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}
