//! A board as one more party.

use device::Device;
use no_std_core::Model;

use super::digests::{Digests, Tally};
use super::pairs::Pairs;
use super::report::{Difference, OnBoard};
use super::{CompareError, Comparison};

/// Samples that a board runs, at most: its line takes a second or more for a large picture.
const SAMPLES: usize = 10;

/// A board with the model of a flash file, and what it has made of samples so far.
pub struct BoardRun<'a> {
    device: &'a Device,
    model: Model<'a>,
    tally: Tally,
    /// Why it cannot be asked.
    unable: Option<String>,
}

impl<'a> BoardRun<'a> {
    /// Fails unless the board has the model of the flash file.
    pub fn new(comparison: &Comparison<'a>, device: &'a Device) -> Result<Self, CompareError> {
        let (Some(model), Some(expected)) = (&comparison.flash, comparison.checksum()) else {
            return Err(CompareError::NoFlashForDevice);
        };
        let found = device.board().checksum;
        if expected != found {
            return Err(CompareError::OtherModel { expected, found });
        }
        Ok(Self {
            device,
            model: model.clone(),
            tally: Tally::default(),
            unable: None,
        })
    }

    /// Has the board run a sample, `[row][column][channel]`, if it is one of the first, and compares its layers.
    pub fn add(&mut self, input: &[i8], expected: &Digests) -> Result<(), CompareError> {
        let sample = self.tally.samples;
        if sample == SAMPLES || self.unable.is_some() {
            return Ok(());
        }
        let bytes = bytes(&self.model, input).ok_or(CompareError::NoPixels { sample })?;
        match self.device.checksums(&bytes, expected.len()) {
            Ok(found) => self.tally.add(expected, &found),
            Err(error) if error.is_inability() => self.unable = Some(error.to_string()),
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// What came of it.
    pub fn outcome(self, pairs: &Pairs) -> OnBoard {
        OnBoard {
            name: self.device.board().name.clone(),
            samples: self.tally.samples,
            difference: Difference::of(pairs, self.tally.difference),
            unable: self.unable,
        }
    }
}

/// The bytes that a board takes for values of its model's input: themselves, or the pixels that stand for them.
fn bytes(model: &Model<'_>, input: &[i8]) -> Option<Vec<u8>> {
    if !model.preparation().takes_pictures() {
        return Some(input.iter().map(|value| value.cast_unsigned()).collect());
    }
    let channels = (0..usize::from(model.input().shape.channels)).cycle();
    let pixel = |(&value, channel): (&i8, usize)| {
        (0..=u8::MAX).find(|&pixel| model.quantize_pixel(channel, pixel) == value)
    };
    input.iter().zip(channels).map(pixel).collect()
}
