//! A directory of IDX files.

use std::path::{Path, PathBuf};

use input::idx::Form;
use input::layout::{Pair, Part, find};
use ndarray::Array3;
use sha2::{Digest, Sha256};

use crate::data::{DataError, Dataset, Digits, IMAGE_SIDE, hexadecimal, mnist};

/// What images and labels must be here.
pub const FORM: Form = Form {
    rows: IMAGE_SIDE,
    columns: IMAGE_SIDE,
    classes: 10,
};

/// Loads all four files of `folder`.
pub fn load(folder: &Path) -> Result<Digits, DataError> {
    expect_directory(folder)?;
    let [train, test] = find(folder, [Part::Train, Part::Test])?;
    let mut hasher = Sha256::new();
    let parts = (read(&train, &mut hasher)?, read(&test, &mut hasher)?);
    let sha256 = hexadecimal(&hasher.finalize());
    let kind = if sha256 == mnist::SHA256 {
        "MNIST to the byte"
    } else {
        "IDX files other than MNIST"
    };
    let source = format!("{kind}, from {}", train.set);
    Ok(Digits {
        train: parts.0,
        test: parts.1,
        source,
        sha256,
    })
}

/// Loads the two files of `folder` that a network is measured on.
pub fn load_test(folder: &Path) -> Result<Dataset, DataError> {
    expect_directory(folder)?;
    let [test] = find(folder, [Part::Test])?;
    read(&test, &mut Sha256::new())
}

/// The files in `folder` that belong to a data set; none where it cannot be told which.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let part = |part| find(folder, [part]).into_iter().flatten();
    let pairs = part(Part::Train).chain(part(Part::Test));
    pairs.flat_map(|pair| [pair.images, pair.labels]).collect()
}

fn expect_directory(folder: &Path) -> Result<(), DataError> {
    if folder.is_dir() {
        return Ok(());
    }
    Err(DataError::NoDirectory {
        path: folder.to_path_buf(),
    })
}

/// Reads a part and adds both unpacked files to the hash.
fn read(pair: &Pair, hasher: &mut Sha256) -> Result<Dataset, DataError> {
    let (images, labels) = pair.read(FORM)?;
    hasher.update(images.file());
    hasher.update(labels.file());
    let shape = (images.count, IMAGE_SIDE, IMAGE_SIDE);
    Ok(Dataset {
        images: Array3::from_shape_vec(shape, images.pixels().to_vec())
            .expect("the reader checked count, rows and columns"),
        labels: labels.classes.into(),
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use input::layout::NAMES;

    use super::*;
    use crate::data::test_files::{images_file, labels_file};

    #[test]
    fn parts_are_read_and_hashed_in_their_order() {
        let folder = tempfile::tempdir().unwrap();
        let pixels: Vec<u8> = (0..3 * 784).map(|index| (index % 251) as u8).collect();
        let contents = [
            images_file([2, 28, 28], &pixels[784..]),
            labels_file(&[7, 8]),
            images_file([1, 28, 28], &pixels[..784]),
            labels_file(&[9]),
        ];
        for (name, content) in NAMES.iter().zip(&contents) {
            fs::write(folder.path().join(name), content).unwrap();
        }
        let digits = load(folder.path()).unwrap();
        assert_eq!(digits.train.labels.to_vec(), [7, 8]);
        assert!(digits.train.images.iter().eq(&pixels[784..]));
        assert!(digits.test.images.iter().eq(&pixels[..784]));
        assert_eq!(
            digits.sha256,
            hexadecimal(&Sha256::digest(contents.concat()))
        );
        let from = format!(
            "IDX files other than MNIST, from {}",
            folder.path().display()
        );
        assert_eq!(digits.source, from);

        fs::remove_file(folder.path().join(NAMES[0])).unwrap();
        assert_eq!(load_test(folder.path()).unwrap(), digits.test);
        let message = load(folder.path()).unwrap_err().to_string();
        assert!(
            message.contains("expected train-images-idx3-ubyte"),
            "{message}"
        );
    }
}
