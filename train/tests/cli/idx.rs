//! IDX files, written independently of the code that reads them: <http://yann.lecun.com/exdb/mnist/>.

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use train::data::{Dataset, synthetic};

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
    let pixels: Vec<u8> = dataset.images.iter().copied().collect();
    fs::write(folder.join(names[0]), images_file([count, 28, 28], &pixels)).unwrap();
    fs::write(folder.join(names[1]), labels_file(&dataset.labels.to_vec())).unwrap();
}

/// An images file whose header announces these sizes, whatever follows.
pub fn images_file(sizes: [u32; 3], pixels: &[u8]) -> Vec<u8> {
    let header = [0x0000_0803, sizes[0], sizes[1], sizes[2]].map(u32::to_be_bytes);
    [header.as_flattened(), pixels].concat()
}

/// A labels file.
pub fn labels_file(labels: &[u8]) -> Vec<u8> {
    let header = [0x0000_0801, labels.len() as u32].map(u32::to_be_bytes);
    [header.as_flattened(), labels].concat()
}

/// One gzip member.
pub fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}
