//! Pictures of no class that the user gives.

use sha2::{Digest, Sha256};

use super::{NegativeSet, expect_pictures};
use crate::console::note;
use crate::data::choice::{Colour, Wanted};
use crate::data::collection::Part;
use crate::data::{self, Dataset, Options, Source, hexadecimal};
use crate::error::Error;

/// The pictures of a source, in the shape of those of the classes, of which those of a test set, the source's own or a drawn
/// one, are not learnt.
pub struct Given {
    all: Dataset,
    is_test: Vec<bool>,
    /// Whether the source says which are the test set.
    names_test: bool,
}

impl Given {
    /// Brings the pictures of a source into the shape of these by the options that these were brought into it.
    pub fn open(source: &Source, pictures: &Dataset, options: Options) -> Result<Self, Error> {
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
        if found.all.shape() != pictures.shape() {
            return Err(Error::Negatives {
                expected: pictures.shape(),
                found: found.all.shape(),
            });
        }
        let is_test = found.parts.iter().map(|part| *part == Part::Test);
        Ok(Self {
            is_test: is_test.collect(),
            names_test: found.drawn.is_none(),
            all: found.all,
        })
    }

    /// The pixels of those to learn from, and their digest.
    pub fn to_learn(&self) -> Result<(Vec<u8>, String), Error> {
        let pixels = self.part(false).images()?.into_raw_vec_and_offset().0;
        if pixels.is_empty() {
            return Err(Error::NegativesToLearn(self.all.len()));
        }
        let digest = hexadecimal(&Sha256::digest(&pixels));
        Ok((pixels, digest))
    }

    /// The source's own test set, or what a model with this digest left out when it learnt the others; else all.
    pub fn to_measure(&self, learnt: Option<&str>) -> Result<NegativeSet, Error> {
        let is_learnt = match learnt.filter(|_| !self.names_test) {
            Some(learnt) => self.to_learn()?.1 == learnt,
            None => false,
        };
        let has_test = self.is_test.contains(&true);
        let pictures = if has_test && (self.names_test || is_learnt) {
            self.part(true)
        } else {
            self.all.clone()
        };
        if is_learnt {
            note(format_args!(
                "--negatives: the model learnt {} of these {} pictures; measured on {}",
                self.part(false).len(),
                self.all.len(),
                pictures.len()
            ));
        }
        let mut names = pictures.classes().to_vec();
        if names.is_empty() {
            names.push("of no class".into());
        }
        Ok(NegativeSet {
            pixels: pictures.images()?.into_raw_vec_and_offset().0,
            kinds: pictures.labels().to_vec(),
            counted: names.len(),
            names,
        })
    }

    /// The pictures of the test set, or all others.
    fn part(&self, of_test: bool) -> Dataset {
        let places = (0..self.all.len()).filter(|&place| self.is_test[place] == of_test);
        self.all.select(&places.collect::<Vec<_>>())
    }
}
