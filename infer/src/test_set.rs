//! The test set of MNIST and its relatives.

use std::path::Path;

use input::idx::{Form, IdxError};
use input::layout::{Part, find};

use crate::file::InFile;
use crate::picture::{Pixels, SIDE};

/// Pictures with the classes that they truly show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestSet {
    /// The pictures, at least one.
    pub images: Vec<Pixels>,
    /// The class of each picture.
    pub classes: Vec<u8>,
}

impl TestSet {
    /// Reads the images and labels of the test set in `folder` or below it, for a model of so many classes.
    pub fn load(folder: &Path, classes: usize) -> Result<Self, InFile<IdxError>> {
        let [test] = find(folder, [Part::Test])?;
        let (images, labels) = test.read(Form {
            rows: SIDE,
            columns: SIDE,
            classes,
        })?;
        Ok(Self {
            images: images.pixels().as_chunks().0.to_vec(),
            classes: labels.classes,
        })
    }

    /// Leaves only the first pictures, so many if there are as many.
    pub fn truncate(&mut self, limit: usize) {
        self.images.truncate(limit);
        self.classes.truncate(limit);
    }
}
