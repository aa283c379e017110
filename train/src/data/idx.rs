//! A directory of IDX files.

use std::path::{Path, PathBuf};

use input::idx::{Form, Labels};
use input::layout::{Pair, Part as IdxPart, find};
use input::picture::SIDE;
use sha2::{Digest, Sha256};

use super::collection::{Collection, Divided, Entry, Part, Pictures};
use super::{DataError, hexadecimal};

/// MNIST and those of its relatives that have its size have ten classes, or more; few images need not show all of them.
const MNIST_CLASSES: u16 = 10;

/// SHA-256 of MNIST's four unpacked files one after the other, in the order of [`Sets::sha256`](super::Sets::sha256).
pub const MNIST_SHA256: &str = "b2d8f5bf39174ee5ffeefa97e42d673c35432b411bb5d1f74fbbeddae7f1690a";

/// Reads all four files of `folder`.
pub fn read(folder: &Path) -> Result<Collection, DataError> {
    let [train, test] = pairs(folder, [IdxPart::Train, IdxPart::Test])?;
    let mut reader = Reader::default();
    reader.add(&train, Part::Train)?;
    reader.add(&test, Part::Test)?;
    let sha256 = hexadecimal(&reader.hasher.clone().finalize());
    let kind = if sha256 == MNIST_SHA256 {
        "MNIST to the byte"
    } else {
        "IDX files other than MNIST"
    };
    let source = format!("{kind}, from {}", train.set);
    Ok(reader.collection(source, Some(sha256)))
}

/// Reads the two files of `folder` that a network is measured on, and of the others the classes, if they are there.
pub fn read_test(folder: &Path) -> Result<Collection, DataError> {
    let [test] = pairs(folder, [IdxPart::Test])?;
    let mut reader = Reader::default();
    reader.add(&test, Part::Test)?;
    if let Ok([train]) = pairs(folder, [IdxPart::Train])
        && train.set == test.set
    {
        reader
            .seen
            .extend(Labels::read(&train.labels, Form::ANY)?.classes);
    }
    Ok(reader.collection(format!("IDX files, from {}", test.set), None))
}

/// The files in `folder` that [`read`] or [`read_test`] reads; none where they cannot tell which.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let all = pairs(folder, [IdxPart::Train, IdxPart::Test])
        .into_iter()
        .flatten();
    let test = pairs(folder, [IdxPart::Test]).into_iter().flatten();
    all.chain(test)
        .flat_map(|pair| [pair.images, pair.labels])
        .collect()
}

/// Whether there is one of the files, so that the others are missed.
pub fn has_files(folder: &Path) -> bool {
    let parts = [IdxPart::Train, IdxPart::Test];
    let is_there = |part| find(folder, [part]).is_ok();
    parts.into_iter().any(is_there)
}

/// The files of these parts, all of one data set.
fn pairs<const N: usize>(folder: &Path, parts: [IdxPart; N]) -> Result<[Pair; N], DataError> {
    if folder.is_dir() {
        return Ok(find(folder, parts)?);
    }
    let path = folder.into();
    Err(DataError::NoDirectory { path })
}

#[derive(Default)]
struct Reader {
    size: Option<[usize; 2]>,
    pixels: Vec<u8>,
    entries: Vec<Entry>,
    /// Labels of all files.
    seen: Vec<u16>,
    /// Has taken the unpacked files.
    hasher: Sha256,
}

impl Reader {
    /// Reads a part, whose images are of the size of those before.
    fn add(&mut self, pair: &Pair, part: Part) -> Result<(), DataError> {
        let (images, labels) = pair.read(Form {
            size: self.size,
            ..Form::ANY
        })?;
        self.hasher.update(images.file());
        self.hasher.update(labels.file());
        self.size = Some([images.rows, images.columns]);
        self.pixels.extend_from_slice(images.pixels());
        self.seen.extend(&labels.classes);
        let entry = |label| Entry {
            label,
            part: Some(part),
        };
        self.entries.extend(labels.classes.into_iter().map(entry));
        Ok(())
    }

    fn collection(mut self, source: String, sha256: Option<String>) -> Collection {
        let [rows, columns] = self.size.unwrap_or_default();
        let largest = self.seen.iter().copied().max().unwrap_or(0);
        let smallest = self.seen.iter().copied().min().unwrap_or(0);
        let is_like_mnist = [rows, columns] == [SIDE; 2] && largest < MNIST_CLASSES;
        // EMNIST's letters count from 1.
        let first = if is_like_mnist { 0 } else { smallest.min(1) };
        let last = if is_like_mnist {
            MNIST_CLASSES - 1
        } else {
            largest
        };
        for entry in &mut self.entries {
            entry.label -= first;
        }
        Collection {
            source,
            classes: (first..=last).map(|class| class.to_string()).collect(),
            entries: self.entries,
            pictures: Pictures::Array {
                shape: [1, rows, columns],
                pixels: self.pixels,
            },
            divided: Divided::AsPublished,
            passed_over: Vec::new(),
            unreadable: Vec::new(),
            sha256,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use input::layout::NAMES;

    use super::*;
    use crate::data::test_files::{images_file, labels_file};

    /// The four files of images of so many rows and columns, each pixel unlike its neighbours, with these labels.
    fn contents(size: [u32; 2], train: &[u8], test: &[u8]) -> [Vec<u8>; 4] {
        let images = |count: usize, from: usize| {
            let len = count * (size[0] * size[1]) as usize;
            let pixels: Vec<u8> = (from..from + len)
                .map(|index| (index % 251) as u8)
                .collect();
            images_file([count as u32, size[0], size[1]], &pixels)
        };
        [
            images(train.len(), 7),
            labels_file(train),
            images(test.len(), 100),
            labels_file(test),
        ]
    }

    fn written(contents: &[Vec<u8>]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in NAMES.iter().zip(contents) {
            fs::write(folder.path().join(name), content).unwrap();
        }
        folder
    }

    fn labels(collection: &Collection) -> Vec<(u16, Option<Part>)> {
        let entries = collection.entries.iter();
        entries.map(|entry| (entry.label, entry.part)).collect()
    }

    const TRAIN: Option<Part> = Some(Part::Train);
    const TEST: Option<Part> = Some(Part::Test);

    #[test]
    fn parts_are_read_and_hashed_in_their_order() {
        let contents = contents([28, 28], &[7, 8], &[9]);
        let folder = written(&contents);
        let all = read(folder.path()).unwrap();
        assert_eq!(labels(&all), [(7, TRAIN), (8, TRAIN), (9, TEST)]);
        let pixels = [&contents[0][16..], &contents[2][16..]].concat();
        let shape = [1, 28, 28];
        assert_eq!(all.pictures, Pictures::Array { shape, pixels });
        let sha256 = hexadecimal(&Sha256::digest(contents.concat()));
        assert_eq!(all.sha256, Some(sha256));
        let from = folder.path().display();
        assert_eq!(
            all.source,
            format!("IDX files other than MNIST, from {from}")
        );
        assert_eq!(all.classes.len(), 10);

        fs::remove_file(folder.path().join(NAMES[0])).unwrap();
        let test = read_test(folder.path()).unwrap();
        assert_eq!((labels(&test), test.classes.len()), (vec![(9, TEST)], 10));
        let message = read(folder.path()).unwrap_err().to_string();
        assert!(message.contains(&format!("expected {}", NAMES[0])));
    }

    #[test]
    fn classes_are_those_of_all_labels_and_may_count_from_1() {
        for (size, train, test, names) in [
            ([28, 28], &[1, 26][..], &[2][..], ["1", "26"]),
            ([28, 28], &[0, 46], &[46], ["0", "46"]),
            ([5, 9], &[1, 2], &[3], ["1", "3"]),
            ([5, 9], &[3, 2], &[2], ["1", "3"]),
            ([5, 9], &[0, 2], &[1], ["0", "2"]),
        ] {
            let folder = written(&contents(size, train, test));
            let all = read(folder.path()).unwrap();
            let ends = [all.classes.first(), all.classes.last()];
            assert_eq!(ends.map(Option::unwrap), names.map(String::from).each_ref());
            let first: u16 = names[0].parse().unwrap();
            assert_eq!(labels(&all)[0], (u16::from(train[0]) - first, TRAIN));
            let alone = read_test(folder.path()).unwrap();
            assert_eq!(alone.classes, all.classes);
        }
    }

    #[test]
    fn parts_of_different_sizes_are_refused() {
        let [images, ..] = contents([5, 9], &[1, 2], &[3]);
        let [_, a, b, c] = contents([5, 8], &[1, 2], &[3]);
        let folder = written(&[images, a, b, c]);
        let message = read(folder.path()).unwrap_err().to_string();
        assert!(
            message.contains("expected 5x9 images, found 5x8"),
            "{message}"
        );
    }

    #[test]
    fn the_files_are_those_that_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let [near, whole] = ["near", "below/whole"].map(|name| folder.path().join(name));
        for (home, names) in [(&near, &NAMES[..2]), (&whole, &NAMES)] {
            fs::create_dir_all(home).unwrap();
            for (name, content) in names.iter().zip(contents([28, 28], &[7, 8], &[9])) {
                fs::write(home.join(name), content).unwrap();
            }
        }
        // Half a data set is nearer than the whole one.
        let source = read(folder.path()).unwrap().source;
        assert!(source.ends_with(&*whole.to_string_lossy()), "{source}");
        let files = files(folder.path());
        assert!(files.iter().all(|file| file.starts_with(&whole)));
        assert!(NAMES.iter().all(|name| files.contains(&whole.join(name))));
    }
}
