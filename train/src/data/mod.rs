//! Labelled pictures: where they come from, and how they become batches.
//!
//! A [`Source`] is loaded once into [`Sets`]; [`batch::Batches`] then walks over a [`Dataset`] as often as wanted:
//!
//! ```text
//! mnist, synthetic --+
//! IDX, CIFAR, .npz --+--> Collection --> one shape, duplicates --> Sets { train, validation, test }
//! folders, lists ----+                                                |
//!                                batch::prefetch <-- batch::Batches <-+-- augment::Variant
//! ```

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::{env, fs};

use input::normalization::Normalization;

pub mod arrays;
pub mod augment;
pub mod batch;
pub mod cache;
pub mod calibration;
pub mod choice;
mod cifar;
pub mod collection;
mod convert;
pub mod corruption;
mod dataset;
mod download;
pub mod duplicates;
mod emnist;
mod error;
mod features;
mod folder;
mod idx;
mod load;
mod manifest;
pub mod mnist;
pub mod negatives;
mod npz;
mod packed;
pub mod pictures;
mod pixel_table;
mod pixels;
mod prefetch;
pub mod preview;
pub(crate) mod random;
pub mod sheet;
mod source;
pub(crate) mod split;
mod statistics;
mod stored;
pub mod survey;
pub mod synthetic;
#[cfg(test)]
mod test_files;
#[cfg(test)]
mod test_moments;
#[cfg(test)]
mod test_server;
mod turned;
pub mod usual;

pub use dataset::{Classes, Dataset, Element, numbers};
pub use error::DataError;
pub use load::{Found, Loaded, Options, load, load_test};
pub use source::{Negatives, Source};
pub use statistics::Statistics;

/// What a network learns from and is measured on, which have no picture in common.
#[derive(Clone, Debug)]
pub struct Sets {
    /// What it learns from.
    pub train: Dataset,
    /// What choices are made by, such as when to stop; `None` where nothing is chosen and all other pictures are learnt from.
    pub validation: Option<Dataset>,
    /// What it is measured on in the end. It chooses nothing.
    pub test: Dataset,
    /// One line for people: what this is and where it came from.
    pub source: String,
    /// SHA-256 that tells these sets from others, in hexadecimal. Of IDX files: of the four unpacked files one after the
    /// other (train images, train labels, test images, test labels), or of the four generated arrays in that order.
    pub sha256: String,
}

impl Sets {
    /// Fails unless there is something to learn from of each class that a sample is of.
    pub fn expect_learnt(&self) -> Result<(), DataError> {
        let learnt = self.train.counts();
        let others = self.validation.iter().chain([&self.test]);
        let is_new = |class: &usize| {
            learnt[*class] == 0 && others.clone().any(|set| set.counts()[*class] > 0)
        };
        match (0..learnt.len()).find(is_new) {
            None => Ok(()),
            Some(class) => Err(DataError::NotLearnt {
                class: self.train.classes()[class].clone(),
            }),
        }
    }

    /// The same pictures, whose pixels become what this says.
    #[must_use]
    pub fn normalized(self, numbers: &Normalization) -> Self {
        Self {
            train: self.train.normalized(numbers),
            validation: self.validation.map(|set| set.normalized(numbers)),
            test: self.test.normalized(numbers),
            ..self
        }
    }

    /// What the figures of an epoch are from: the set to choose by, or the test set where nothing is chosen.
    pub fn measured(&self) -> &Dataset {
        self.validation.as_ref().unwrap_or(&self.test)
    }
}

/// The folder `name` in `BATON_CACHE`, or in `baton` in the user's cache directory where that is not set; it exists.
pub(crate) fn cache_folder(name: &str) -> Result<PathBuf, DataError> {
    let base = environment_path("BATON_CACHE").or_else(|| Some(dirs::cache_dir()?.join("baton")));
    let folder = base.ok_or(DataError::NoCache)?.join(name);
    fs::create_dir_all(&folder).map_err(|error| DataError::io(&folder, error))?;
    Ok(folder)
}

/// The path in an environment variable; an empty one counts as not set.
fn environment_path(variable: &str) -> Option<PathBuf> {
    env::var_os(variable)
        .filter(|value| value != OsStr::new(""))
        .map(PathBuf::from)
}

/// Two lower-case digits a byte.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes any text");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawn_digits_need_neither_files_nor_network() {
        let digits = load(&Source::Synthetic, Options::default()).unwrap().sets;
        assert_eq!((digits.train.len(), digits.test.len()), (20_000, 4_000));
        let expected = synthetic::digits(20_000, 4_000, synthetic::SEED);
        assert_eq!(digits.sha256, expected.sha256);
        assert_eq!(
            digits.test.images().unwrap(),
            expected.test.images().unwrap()
        );
    }

    #[test]
    fn unset_variables_name_no_path() {
        assert_eq!(
            environment_path("CARGO_MANIFEST_DIR"),
            Some(env!("CARGO_MANIFEST_DIR").into())
        );
        assert_eq!(environment_path("NO_VARIABLE_OF_THIS_NAME"), None);
    }

    #[test]
    fn bytes_are_shown_as_two_digits_each() {
        assert_eq!(hexadecimal(&[0, 1, 0xab, 0xff]), "0001abff");
    }
}
