//! Two models in flash: one serves while the other is written.
//!
//! A slot is a part of the flash that is erased by itself. It begins with a record of [`RECORD_LEN`] bytes, which the
//! model's file follows. An update goes to the slot that does not serve, in this order: its record is erased, then the
//! file is written, erasing what is in its way, then all of it is checked, then the record is written. Whenever the
//! power fails, the other slot is as it was.
//!
//! # The record
//!
//! | byte | type     | field                                                                             |
//! |------|----------|-----------------------------------------------------------------------------------|
//! | 0    | u32      | the number of the update, modulo 2^32: of two models the one updated later serves  |
//! | 4    | u32      | the checksum of what the model makes of a known input                             |
//! | 8    | 4 bytes  | `SLOT`                                                                            |
//! | 12   | 12 bytes | the complement of all before                                                      |
//! | 24   |          | ones, as flash that is erased                                                     |
//!
//! Writing changes ones to zeros and erasing zeros to ones. A record that is cut in the middle of either differs from a
//! whole one in that direction only, and then a byte and its complement do not fit together: no part of a record passes
//! for one.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

mod ram;
mod record;
mod spare;
#[cfg(test)]
mod tests;

use embedded_storage::nor_flash::{NorFlash, NorFlashErrorKind};
use no_std_core::format::{HEADER_LEN, Header};
use no_std_core::{FormatError, Model, Operator};
use record::Record;
use thiserror::Error;

pub use ram::RamFlash;
pub use record::{Image, RECORD_LEN};
pub use spare::Spare;

/// A part of a flash memory that the processor also sees among its memory.
pub trait MappedFlash: NorFlash {
    /// All of it.
    fn bytes(&self) -> &[u8];
}

/// Why an update is refused. The model that serves is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Error {
    /// The file does not fit.
    #[error("expected a model of at most {room} bytes, found a longer one")]
    TooLarge {
        /// Bytes that a slot has for a file.
        room: u32,
    },
    /// No update has begun.
    #[error("expected an update that has begun, found none")]
    NotBegun,
    /// The bytes do not follow those that are there, or go on after the end.
    #[error("expected the bytes at {expected} of the model, found others")]
    Order {
        /// Where the next bytes belong.
        expected: u32,
    },
    /// Bytes before the end of the file are not a multiple of what the flash writes at once.
    #[error("expected a multiple of {unit} bytes, found another number")]
    Unit {
        /// What the flash writes at once, in bytes.
        unit: u32,
    },
    /// The file has not arrived to its end.
    #[error("expected all of the model, found {written} bytes")]
    Unfinished {
        /// Bytes that have.
        written: u32,
    },
    /// The file is not a model of this version, or damaged.
    #[error("expected a valid model, found: {0}")]
    Model(FormatError),
    /// The file is whole but not the one that was announced.
    #[error("expected the model with checksum {expected:#010x}, found another")]
    Checksum {
        /// The checksum that was announced.
        expected: u32,
    },
    /// The file is to be put to service before it was checked.
    #[error("expected a model that was verified, found one that was not")]
    Unverified,
    /// The flash does not hold what was written, or fails.
    #[error("expected flash that can be written, found a failure: {0}")]
    Flash(NorFlashErrorKind),
}

/// Two slots.
pub struct Slots<F> {
    slots: [F; 2],
    /// What the board can run.
    operators: &'static [&'static Operator],
}

/// The model that serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Current<'f> {
    /// Its file. Where no slot has a valid model, that of the last one that was valid, or bytes without meaning.
    pub file: &'f [u8],
    /// The checksum of what it makes of the known input; 0 where no slot has a record.
    pub answer: u32,
}

impl<F: MappedFlash> Slots<F> {
    /// These two, in an order that must always be the same, for models of these operators.
    pub const fn new(slots: [F; 2], operators: &'static [&'static Operator]) -> Self {
        Self { slots, operators }
    }

    /// The valid model that was updated last, and the slot of the other one. It checks all of the model.
    pub fn open(&mut self) -> (Current<'_>, Spare<'_, F>) {
        let newest = self.newest();
        self.open_first([newest, 1 - newest])
    }

    /// The other valid model, for boards where that of [`Self::open`] does not compute what it should; where no other is
    /// valid, the same one.
    pub fn open_older(&mut self) -> (Current<'_>, Spare<'_, F>) {
        let newest = self.newest();
        self.open_first([1 - newest, newest])
    }

    /// The slot that was updated last.
    fn newest(&self) -> usize {
        let [first, second] = self.slots.each_ref().map(|slot| Record::read(slot.bytes()));
        usize::from(is_newer(second, first))
    }

    /// The first valid model in this order.
    fn open_first(&mut self, order: [usize; 2]) -> (Current<'_>, Spare<'_, F>) {
        let newest = self.newest();
        let records = self.slots.each_ref().map(|slot| Record::read(slot.bytes()));
        let is_valid = |&index: &usize| {
            let file = file_in(self.slots[index].bytes());
            records[index].is_some() && Model::with(file, self.operators).is_ok()
        };
        let current = order.into_iter().find(is_valid).unwrap_or(newest);
        let next = records[newest].map_or(0, |record| record.sequence().wrapping_add(1));
        let [first, second] = &mut self.slots;
        let (serving, spare) = if current == 0 {
            (first, second)
        } else {
            (second, first)
        };
        let bytes = serving.bytes();
        let current = Current {
            file: file_in(bytes),
            answer: Record::read(bytes).map_or(0, Record::answer),
        };
        (current, Spare::new(spare, next, self.operators))
    }
}

/// Whether `one` was written after `other`. Numbers go round: of two, the one ahead by less than half of all is newer.
fn is_newer(one: Option<Record<'_>>, other: Option<Record<'_>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.sequence().wrapping_sub(other.sequence()).cast_signed() > 0,
        (one, _) => one.is_some(),
    }
}

/// The file in a slot: as long as its header says, if that is possible.
fn file_in(slot: &[u8]) -> &[u8] {
    let room = slot.get(RECORD_LEN..).unwrap_or_default();
    let header = room.first_chunk::<HEADER_LEN>().map(Header::decode);
    let len = header.map_or(0, |header| header.total_len as usize);
    room.get(..len).unwrap_or(room)
}
