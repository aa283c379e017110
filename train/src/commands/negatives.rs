//! Pictures of no class, to learn to refuse and to be measured on.

mod digits;
mod given;

use rayon::prelude::*;

use crate::data::negatives::{self, KEPT, Kind, LEARNT};
use crate::data::{Dataset, Element, Negatives, Options};
use crate::error::Error;
pub use digits::Digits;
pub use given::Given;

/// Drawn pictures of one kind to be measured on.
const OF_A_KIND: usize = 500;
/// The same pictures in each fit.
const LEARNING: u64 = 0;
/// And others wherever something is measured.
const MEASURING: u64 = 1;

/// Pictures in the shape of those of the classes.
pub struct NegativeSet {
    /// `[pictures, channels, rows, columns]`.
    pub pixels: Vec<u8>,
    /// Of which kind each is, as a place among the names.
    pub kinds: Vec<u16>,
    pub names: Vec<String>,
    /// How many of the kinds, which come first, are neither learnt nor of a class to the eye.
    pub counted: usize,
}

/// Those that the user names, or drawn ones of every kind, for a model of pictures like these that learnt the given ones of
/// this digest.
pub fn measuring(
    negatives: &Negatives,
    pictures: &Dataset,
    options: Options,
    learnt: Option<&str>,
) -> Result<NegativeSet, Error> {
    match negatives {
        Negatives::Given(source) => Given::open(source, pictures, options)?.to_measure(learnt),
        Negatives::Drawn => drawn_of_each_kind(pictures),
    }
}

fn expect_pictures(samples: &Dataset) -> Result<(), Error> {
    if samples.element() == Element::Number {
        return Err(Error::NegativeNumbers);
    }
    Ok(())
}

/// The pixels of so many pictures to learn from, some of them made of pieces of these digits.
pub fn learning(count: usize, digits: &Dataset) -> Result<Vec<u8>, Error> {
    if count == 0 {
        return Ok(Vec::new());
    }
    let digits = Digits::new(digits)?;
    let pictures = (0..count).into_par_iter().flat_map_iter(|index| {
        negatives::learnt(LEARNING, index, &|digit, any| digits.picture(digit, any))
    });
    Ok(digits.as_given(pictures.collect()))
}

/// As many of each kind, those first that count: never learnt from, and no digits to the eye.
fn drawn_of_each_kind(digits: &Dataset) -> Result<NegativeSet, Error> {
    let digits = Digits::new(digits)?;
    let kinds = || KEPT.iter().chain(&[Kind::Ambiguous]).chain(LEARNT);
    let pictures = kinds().flat_map(|&kind| (0..OF_A_KIND).map(move |index| (kind, index)));
    let pictures: Vec<_> = pictures.collect();
    let pixels = pictures.par_iter().flat_map_iter(|&(kind, index)| {
        negatives::picture(kind, MEASURING, index, &|digit, any| {
            digits.picture(digit, any)
        })
    });
    let name = |kind: &Kind| {
        let learnt = if LEARNT.contains(kind) {
            ", as recipes learn"
        } else {
            ""
        };
        format!("{}{learnt}", kind.name())
    };
    let number = |place: usize| (place / OF_A_KIND) as u16;
    Ok(NegativeSet {
        pixels: digits.as_given(pixels.collect()),
        kinds: (0..pictures.len()).map(number).collect(),
        names: kinds().map(name).collect(),
        counted: KEPT.len(),
    })
}
