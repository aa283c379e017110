//! Pictures of no class, to learn to refuse and to be measured on.

use ndarray::Axis;
use rayon::prelude::*;

use crate::data::choice::Wanted;
use crate::data::negatives::{self, KEPT, Kind, LEARNT, SIDE};
use crate::data::{self, Dataset, Negatives, Options, Source};
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
}

/// Those that the user names, or drawn ones of every kind, for a model of pictures like these.
pub fn measuring(
    negatives: &Negatives,
    pictures: &Dataset,
    options: Options,
) -> Result<Found, Error> {
    match negatives {
        Negatives::Given(source) => given(source, pictures, options),
        Negatives::Drawn => drawn_of_each_kind(pictures),
    }
}

/// All pictures of a source.
pub fn given(source: &Source, pictures: &Dataset, options: Options) -> Result<Found, Error> {
    let [_, rows, columns] = pictures.shape();
    let wanted = Wanted {
        size: Some([rows, columns]),
        ..options.wanted
    };
    let all = data::load(source, Options { wanted, ..options })?.found.all;
    if all.shape() != pictures.shape() {
        return Err(Error::Negatives {
            expected: pictures.shape(),
            found: all.shape(),
        });
    }
    Ok(Found {
        pixels: all.images()?.into_raw_vec_and_offset().0,
        kinds: all.labels().to_vec(),
        names: all.classes().to_vec(),
    })
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

/// As many of each kind, those first that are never learnt from.
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
    })
}

/// Digits by what they are.
struct Digits {
    images: ndarray::Array4<u8>,
    places: [Vec<usize>; DIGITS],
}

impl Digits {
    /// Fails unless these are digits in the form of those of MNIST.
    fn new(digits: &Dataset) -> Result<Self, Error> {
        if digits.shape() != [1, SIDE, SIDE] || digits.classes().len() != DIGITS {
            return Err(Error::NotForNetwork {
                option: "negatives that are drawn",
                expected: "grey pictures of the ten digits, 28 x 28",
                found: "others",
            });
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
