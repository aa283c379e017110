//! Real data for tests: MNIST and the seed's pictures, from where the user says or from the user's cache.

use std::env;
use std::path::{Path, PathBuf};

use train::data::{self, Loaded, Options, Sets, Source, mnist, pictures};

use crate::skip::{Cause, skip};

/// MNIST from the folder that `MNIST_DIR` names, else from the cache; without it the test is skipped under its name.
pub fn mnist(test: &str) -> Option<Sets> {
    let offline = Options {
        offline: true,
        ..Options::default()
    };
    match data::load(&Source::Mnist, offline) {
        Ok(Loaded { sets: digits, .. }) => {
            assert_eq!(
                digits.sha256,
                mnist::SHA256,
                "MNIST_DIR holds MNIST to the byte"
            );
            Some(digits)
        }
        Err(error) => {
            assert!(!is_set("MNIST_DIR"), "MNIST_DIR: {error}");
            skip(
                test,
                Cause::Environment,
                "no MNIST; `train data` fetches it",
            );
            None
        }
    }
}

/// The folder of the seed's ten pictures, which `PICTURES_DIR` names, else the cache; without it the test is skipped
/// under its name.
pub fn pictures(test: &str) -> Option<PathBuf> {
    // The pictures that come with the programs are others: no folder is better.
    let folder = pictures::locate(true, Path::new("no fallback")).ok();
    // Every set of pictures has digits; only the seed's has the dog.
    let folder = folder.filter(|folder| folder.join("dog.png").is_file());
    if folder.is_none() {
        assert!(
            !is_set("PICTURES_DIR"),
            "PICTURES_DIR: expected a folder with the seed's pictures"
        );
        skip(
            test,
            Cause::Environment,
            "no pictures of the seed; `train pictures` fetches them",
        );
    }
    folder
}

/// An empty variable counts as not set, as in `train`.
fn is_set(variable: &str) -> bool {
    env::var_os(variable).is_some_and(|value| !value.is_empty())
}
