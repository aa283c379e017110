//! A directory of IDX files.

use std::path::{Path, PathBuf};

use input::folder::with_pictures;
use input::idx::Form;
use input::layout::{Pair, Part, find, listed};
use sha2::{Digest, Sha256};

use crate::data::{DataError, Dataset, Sets, hexadecimal, numbers};

/// What images and labels must be here.
pub const FORM: Form = Form {
    size: Some([28, 28]),
    classes: 10,
};

/// SHA-256 of MNIST's four unpacked files one after the other, in the order of [`Sets::sha256`].
pub const MNIST_SHA256: &str = "b2d8f5bf39174ee5ffeefa97e42d673c35432b411bb5d1f74fbbeddae7f1690a";

/// Loads all four files of `folder`.
pub fn load(folder: &Path) -> Result<Sets, DataError> {
    let [train, test] = pairs(folder, [Part::Train, Part::Test])?;
    let set = train.set.clone();
    let mut hasher = Sha256::new();
    let [train, test] = [read(&train, &mut hasher)?, read(&test, &mut hasher)?];
    let sha256 = hexadecimal(&hasher.finalize());
    let kind = if sha256 == MNIST_SHA256 {
        "MNIST to the byte"
    } else {
        "IDX files other than MNIST"
    };
    Ok(Sets {
        train,
        validation: None,
        test,
        source: format!("{kind}, from {set}"),
        sha256,
    })
}

/// Loads the two files of `folder` that a network is measured on.
pub fn load_test(folder: &Path) -> Result<Dataset, DataError> {
    let [test] = pairs(folder, [Part::Test])?;
    read(&test, &mut Sha256::new())
}

/// The files in `folder` that [`load`] or [`load_test`] reads; none where they cannot tell which.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let all = pairs(folder, [Part::Train, Part::Test])
        .into_iter()
        .flatten();
    let test = pairs(folder, [Part::Test]).into_iter().flatten();
    all.chain(test)
        .flat_map(|pair| [pair.images, pair.labels])
        .collect()
}

/// The files of these parts, all of one data set.
fn pairs<const N: usize>(folder: &Path, parts: [Part; N]) -> Result<[Pair; N], DataError> {
    if !folder.is_dir() {
        let path = folder.into();
        return Err(DataError::NoDirectory { path });
    }
    find(folder, parts).map_err(|error| {
        let others = with_pictures(folder).unwrap_or_default();
        if others.is_empty() {
            return error.into();
        }
        let expected = "IDX files of digits; folders of pictures are for `infer evaluate` and `train quantize --calibrate`";
        let found = format!("folders of pictures: {}", listed(others.into_iter()));
        DataError::unexpected(folder, expected, found)
    })
}

/// Reads a part and adds both unpacked files to the hash.
fn read(pair: &Pair, hasher: &mut Sha256) -> Result<Dataset, DataError> {
    let (images, labels) = pair.read(FORM)?;
    hasher.update(images.file());
    hasher.update(labels.file());
    Ok(Dataset::new(
        [1, images.rows, images.columns],
        images.pixels().to_vec(),
        labels.classes,
        numbers(0, FORM.classes),
    ))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use input::layout::NAMES;

    use super::*;
    use crate::data::test_files::{images_file, labels_file};

    /// The four files, of as many images as labels, with what they hold.
    fn contents() -> [Vec<u8>; 4] {
        let pixels: Vec<u8> = (0..3 * 784).map(|index| (index % 251) as u8).collect();
        [
            images_file([2, 28, 28], &pixels[784..]),
            labels_file(&[7, 8]),
            images_file([1, 28, 28], &pixels[..784]),
            labels_file(&[9]),
        ]
    }

    #[test]
    fn parts_are_read_and_hashed_in_their_order() {
        let folder = tempfile::tempdir().unwrap();
        let contents = contents();
        for (name, content) in NAMES.iter().zip(&contents) {
            fs::write(folder.path().join(name), content).unwrap();
        }
        let digits = load(folder.path()).unwrap();
        assert_eq!(digits.train.labels(), [7, 8]);
        assert!(digits.train.images().unwrap().iter().eq(&contents[0][16..]));
        assert!(digits.test.images().unwrap().iter().eq(&contents[2][16..]));
        assert_eq!(
            digits.sha256,
            hexadecimal(&Sha256::digest(contents.concat()))
        );
        let from = folder.path().display();
        let source = format!("IDX files other than MNIST, from {from}");
        assert_eq!(digits.source, source);

        fs::remove_file(folder.path().join(NAMES[0])).unwrap();
        let test = load_test(folder.path()).unwrap();
        assert_eq!(test.images().unwrap(), digits.test.images().unwrap());
        assert_eq!(test.labels(), [9]);
        let message = load(folder.path()).unwrap_err().to_string();
        assert!(message.contains(&format!("expected {}", NAMES[0])));
    }

    #[test]
    fn the_files_are_those_that_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let [near, whole] = ["near", "below/whole"].map(|name| folder.path().join(name));
        for (home, names) in [(&near, &NAMES[..2]), (&whole, &NAMES)] {
            fs::create_dir_all(home).unwrap();
            for (name, content) in names.iter().zip(contents()) {
                fs::write(home.join(name), content).unwrap();
            }
        }
        // Half a data set is nearer than the whole one.
        let source = load(folder.path()).unwrap().source;
        assert!(source.ends_with(&*whole.to_string_lossy()), "{source}");
        let files = files(folder.path());
        assert!(files.iter().all(|file| file.starts_with(&whole)));
        assert!(NAMES.iter().all(|name| files.contains(&whole.join(name))));
    }
}
