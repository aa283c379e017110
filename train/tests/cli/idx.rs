//! Data folders.

use std::fs;
use std::path::Path;

use train::data::{Dataset, synthetic};

#[path = "../../src/data/test_files.rs"]
mod files;

pub use files::{gzip, images_file, labels_file};

pub const TRAIN_IMAGES: &str = "train-images-idx3-ubyte";
pub const TRAIN_LABELS: &str = "train-labels-idx1-ubyte";
pub const TEST_IMAGES: &str = "t10k-images-idx3-ubyte";
pub const TEST_LABELS: &str = "t10k-labels-idx1-ubyte";

/// Writes drawn digits as the four files of a data folder.
pub fn write_digits(folder: &Path, train: usize, test: usize) {
    let digits = synthetic::digits(train, test, 1);
    fs::create_dir_all(folder).unwrap();
    write_pair(folder, [TRAIN_IMAGES, TRAIN_LABELS], &digits.train);
    write_pair(folder, [TEST_IMAGES, TEST_LABELS], &digits.test);
}

fn write_pair(folder: &Path, names: [&str; 2], dataset: &Dataset) {
    let count = dataset.len() as u32;
    let pixels: Vec<u8> = dataset.images().unwrap().into_iter().collect();
    fs::write(folder.join(names[0]), images_file([count, 28, 28], &pixels)).unwrap();
    let labels: Vec<u8> = dataset.labels().iter().map(|&label| label as u8).collect();
    fs::write(folder.join(names[1]), labels_file(&labels)).unwrap();
}
