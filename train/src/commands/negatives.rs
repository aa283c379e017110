//! Pictures of no class, to learn to refuse and to be measured on.

use ndarray::{Array4, Axis};
use rayon::prelude::*;

use crate::console::note;
use crate::data::choice::{Colour, Wanted};
use crate::data::collection::Part;
use crate::data::negatives::{self, KEPT, Kind, LEARNT, SIDE};
use crate::data::{self, Dataset, Element, Negatives, Options, Source};
use crate::error::Error;

const DIGITS: usize = 10;
/// Drawn pictures of one kind to be measured on.
const OF_A_KIND: usize = 500;
/// The same pictures in each fit.
const LEARNING: u64 = 0;
/// And others wherever something is measured.
const MEASURING: u64 = 1;

/// Pictures in the shape of those of the classes.
pub struct Found {
    /// `[pictures, channels, rows, columns]`.
    pub pixels: Vec<u8>,
    /// Of which kind each is, as a place among the names.
    pub kinds: Vec<u16>,
    pub names: Vec<String>,
    /// How many of the kinds, which come first, are neither learnt nor of a class to the eye.
    pub counted: usize,
}

/// What pictures are wanted for: those of a test set are not learnt, and where there is one, only they are measured on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum For {
    Learning,
    Measuring,
}

/// Those that the user names, or drawn ones of every kind, for a model of pictures like these.
pub fn measuring(
    negatives: &Negatives,
    pictures: &Dataset,
    options: Options,
) -> Result<Found, Error> {
    match negatives {
        Negatives::Given(source) => given(source, pictures, options, For::Measuring),
        Negatives::Drawn => drawn_of_each_kind(pictures),
    }
}

/// The pictures of a source, brought into the shape of these by the options that these were brought into it.
pub fn given(
    source: &Source,
    pictures: &Dataset,
    options: Options,
    wanted_for: For,
) -> Result<Found, Error> {
    expect_pictures(pictures)?;
    let [channels, rows, columns] = pictures.shape();
    let wanted = Wanted {
        size: Some([rows, columns]),
        colour: Colour::of_channels(channels),
        transpose: false,
        ..options.wanted
    };
    let found = data::load(source, Options { wanted, ..options })?.found;
    expect_pictures(&found.all)?;
    found.notes().iter().for_each(note);
    let has_test = found.drawn.is_none() && found.parts.contains(&Part::Test);
    let is_wanted =
        |part: Part| !has_test || (part == Part::Test) == (wanted_for == For::Measuring);
    let places = (0..found.all.len()).filter(|&place| is_wanted(found.parts[place]));
    let all = found.all.select(&places.collect::<Vec<_>>());
    if all.shape() != pictures.shape() {
        return Err(Error::Negatives {
            expected: pictures.shape(),
            found: all.shape(),
        });
    }
    let mut names = all.classes().to_vec();
    if names.is_empty() {
        names.push("of no class".into());
    }
    Ok(Found {
        pixels: all.images()?.into_raw_vec_and_offset().0,
        kinds: all.labels().to_vec(),
        counted: names.len(),
        names,
    })
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
    Ok(pictures.collect())
}

/// As many of each kind, those first that count: never learnt from, and no digits to the eye.
fn drawn_of_each_kind(digits: &Dataset) -> Result<Found, Error> {
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
            ", learnt"
        } else {
            ""
        };
        format!("{}{learnt}", kind.name())
    };
    let number = |place: usize| (place / OF_A_KIND) as u16;
    Ok(Found {
        pixels: pixels.collect(),
        kinds: (0..pictures.len()).map(number).collect(),
        names: kinds().map(name).collect(),
        counted: KEPT.len(),
    })
}

/// Digits by what they are.
struct Digits {
    images: Array4<u8>,
    places: [Vec<usize>; DIGITS],
}

impl Digits {
    /// Fails unless these are in the form of the digits of MNIST.
    fn new(digits: &Dataset) -> Result<Self, Error> {
        expect_pictures(digits)?;
        let (shape, classes) = (digits.shape(), digits.classes().len());
        if shape != [1, SIDE, SIDE] || classes != DIGITS {
            return Err(Error::DrawnNegatives { shape, classes });
        }
        let places = |digit: usize| {
            let labels = digits.labels().iter().enumerate();
            let own = labels.filter(|(_, label)| usize::from(**label) == digit);
            own.map(|(place, _)| place).collect()
        };
        Ok(Self {
            images: digits.images()?,
            places: std::array::from_fn(places),
        })
    }

    /// One of the pictures of a digit, by any number; black where there is none.
    fn picture(&self, digit: u8, any: usize) -> Vec<u8> {
        let places = &self.places[usize::from(digit)];
        let place = places.get(any % places.len().max(1));
        place.map_or(vec![0; SIDE * SIDE], |&place| {
            let image = self.images.index_axis(Axis(0), place);
            image.iter().copied().collect()
        })
    }
}
