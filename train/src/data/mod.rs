//! Labelled pictures: where they come from, and how they become batches.
//!
//! A [`Source`] is loaded once into [`Sets`]; [`batch::Batches`] then walks over a [`Dataset`] as often as wanted:
//!
//! ```text
//! mnist (cache, mirrors) --+
//! directory of IDX files --+--> Sets { train, validation, test } --> augment::Variant --> batch::Batches --> batch::prefetch
//! synthetic (drawn) -------+
//! ```

use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::{env, fs};

pub mod arrays;
pub mod augment;
pub mod batch;
pub mod calibration;
mod dataset;
mod directory;
mod download;
mod error;
pub mod mnist;
pub mod pictures;
mod pixels;
mod prefetch;
pub(crate) mod random;
pub(crate) mod split;
pub mod synthetic;
#[cfg(test)]
mod test_files;
#[cfg(test)]
mod test_server;
mod turned;

pub use dataset::{Classes, Dataset, numbers};
pub use error::DataError;

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
    /// What the user should know of these pictures before a network learns from them.
    pub fn note(&self) -> Option<&'static str> {
        let is_emnist = self.source.to_lowercase().contains("emnist");
        turned::is_turned(&self.test, is_emnist).then_some(turned::NOTE)
    }

    /// What the figures of an epoch are from: the set to choose by, or the test set where nothing is chosen.
    pub fn measured(&self) -> &Dataset {
        self.validation.as_ref().unwrap_or(&self.test)
    }
}

/// Where pictures come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// MNIST from the directory that the environment names in `MNIST_DIR`, else from the cache, else from the network.
    Mnist,
    /// Digits drawn by [`synthetic`], for machines without data.
    Synthetic,
    /// A directory of the four IDX files, packed with gzip or not.
    Directory(PathBuf),
}

impl From<OsString> for Source {
    fn from(text: OsString) -> Self {
        match text.to_str() {
            Some("mnist") => Self::Mnist,
            Some("synthetic") => Self::Synthetic,
            _ => Self::Directory(text.into()),
        }
    }
}

impl Source {
    /// Whether it is known without a look at it that these are pictures of digits as MNIST has them.
    pub fn is_of_digits(&self) -> bool {
        matches!(self, Self::Mnist | Self::Synthetic)
    }

    /// What this was made from, for another process.
    pub fn as_os_str(&self) -> &OsStr {
        match self {
            Self::Mnist => OsStr::new("mnist"),
            Self::Synthetic => OsStr::new("synthetic"),
            Self::Directory(directory) => directory.as_os_str(),
        }
    }

    /// The directory of IDX files that the user names, in the source itself or for MNIST in the environment.
    fn directory(&self) -> Option<PathBuf> {
        match self {
            Self::Mnist => environment_path("MNIST_DIR"),
            Self::Synthetic => None,
            Self::Directory(directory) => Some(directory.clone()),
        }
    }
}

/// Loads the pictures of `source`; `offline` keeps MNIST from being fetched where the cache does not hold it.
pub fn load(source: &Source, offline: bool) -> Result<Sets, DataError> {
    match source.directory() {
        Some(directory) => directory::load(&directory),
        None if *source == Source::Mnist => mnist::load(&cache_folder("mnist")?, offline),
        None => Ok(synthetic::digits(
            synthetic::TRAIN_COUNT,
            synthetic::TEST_COUNT,
            synthetic::SEED,
        )),
    }
}

/// Loads only [`Sets::test`]; a directory of the user's need not hold the other files.
pub fn load_test(source: &Source, offline: bool) -> Result<Dataset, DataError> {
    match source.directory() {
        Some(directory) => directory::load_test(&directory),
        None => Ok(load(source, offline)?.test),
    }
}

/// The files of the user's that [`load`] reads.
pub fn files(source: &Source) -> Vec<PathBuf> {
    let directory = source.directory();
    directory.map_or(Vec::new(), |directory| directory::files(&directory))
}

/// The folder `name` in `BATON_CACHE`, or in `baton` in the user's cache directory where that is not set; it exists.
fn cache_folder(name: &str) -> Result<PathBuf, DataError> {
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
    fn sources_are_read_and_passed_on_as_they_are() {
        for (text, source) in [
            ("mnist", Source::Mnist),
            ("synthetic", Source::Synthetic),
            ("some/folder", Source::Directory("some/folder".into())),
            ("MNIST", Source::Directory("MNIST".into())),
            ("-few", Source::Directory("-few".into())),
            ("", Source::Directory("".into())),
        ] {
            assert_eq!(Source::from(OsString::from(text)), source);
            assert_eq!(source.as_os_str(), text);
        }
        #[cfg(unix)]
        {
            use std::os::unix::ffi::OsStringExt;
            let text = OsString::from_vec(b"caf\xe9".to_vec());
            assert_eq!(Source::from(text.clone()).as_os_str(), text);
        }
    }

    #[test]
    fn drawn_digits_need_neither_files_nor_network() {
        let digits = load(&Source::Synthetic, true).unwrap();
        assert_eq!((digits.train.len(), digits.test.len()), (20_000, 4_000));
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
