//! Real data for tests: MNIST and the seed's pictures, where the environment says they are.

use std::path::PathBuf;

use train::data::{self, Digits, Source, mnist};

use crate::skip::skip;

/// MNIST from the folder that `MNIST_DIR` names; without it the test is skipped under its name.
///
/// # Panics
///
/// If the folder holds something else.
pub fn mnist(test: &str) -> Option<Digits> {
    if std::env::var_os("MNIST_DIR").is_none() {
        skip(test, "MNIST_DIR does not name a folder with MNIST");
        return None;
    }
    let digits = data::load(&Source::Mnist, true).expect("MNIST_DIR holds MNIST");
    assert_eq!(digits.sha256, mnist::SHA256, "MNIST_DIR holds MNIST to the byte");
    Some(digits)
}

/// The folder of the seed's ten pictures, which `PICTURES_DIR` names; without it the test is skipped.
pub fn pictures(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("PICTURES_DIR").map(PathBuf::from);
    if folder.is_none() {
        skip(test, "PICTURES_DIR does not name a folder with the seed's pictures");
    }
    folder
}
