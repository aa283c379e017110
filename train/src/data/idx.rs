//! A directory of IDX files.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use input::idx::{Form, Labels, StoredImages};
use input::layout::{Pair, Part as IdxPart, find};
use input::picture::SIDE;
use sha2::{Digest, Sha256};

use super::collection::{Collection, Divided, Entry, Part, Pictures, Place};
use super::{DataError, emnist, hexadecimal};

/// MNIST and those of its relatives that have its size have ten classes, or more; few images need not show all of them.
const MNIST_CLASSES: u16 = 10;

/// Bytes of images from which on they are not read into memory.
const LARGE: u64 = 256 << 20;

/// SHA-256 of MNIST's four unpacked files one after the other, in the order of [`Sets::sha256`](super::Sets::sha256).
pub const MNIST_SHA256: &str = "b2d8f5bf39174ee5ffeefa97e42d673c35432b411bb5d1f74fbbeddae7f1690a";

/// Reads all four files of `folder`.
pub fn read(folder: &Path) -> Result<Collection, DataError> {
    read_from(folder, LARGE)
}

/// Reads them into memory, or where images that are not packed take so many bytes, reads those by place later.
fn read_from(folder: &Path, large: u64) -> Result<Collection, DataError> {
    let [train, test] = pairs(folder, [IdxPart::Train, IdxPart::Test])?;
    let mut reader = Reader::for_files(&[&train, &test], large)?;
    reader.add(&train, Part::Train)?;
    reader.add(&test, Part::Test)?;
    let sha256 = hexadecimal(&reader.hasher.clone().finalize());
    let kind = if sha256 == MNIST_SHA256 {
        "MNIST to the byte"
    } else {
        "IDX files other than MNIST"
    };
    Ok(reader.collection((kind, &train), Some(sha256)))
}

/// Reads the two files of `folder` that a network is measured on, and of the others the classes, if they are there.
pub fn read_test(folder: &Path) -> Result<Collection, DataError> {
    let [test] = pairs(folder, [IdxPart::Test])?;
    let mut reader = Reader::for_files(&[&test], LARGE)?;
    reader.add(&test, Part::Test)?;
    if let Ok([train]) = pairs(folder, [IdxPart::Train])
        && train.set == test.set
    {
        reader
            .seen
            .extend(Labels::read(&train.labels, Form::ANY)?.classes);
    }
    Ok(reader.collection(("IDX files", &test), None))
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
    /// Where pixels are that are not read yet, if they are not to be.
    places: Option<Vec<Place>>,
    entries: Vec<Entry>,
    /// Labels of all files.
    seen: Vec<u16>,
    /// Has taken the unpacked files.
    hasher: Sha256,
}

impl Reader {
    /// For files of images: large ones stay where they are, unless one of them is packed.
    fn for_files(pairs: &[&Pair], large: u64) -> Result<Self, DataError> {
        let (mut len, mut are_unpacked) = (0, true);
        for pair in pairs {
            let file = fs::metadata(&pair.images);
            len += file.map_or(0, |file| file.len());
        }
        if len >= large {
            for pair in pairs {
                are_unpacked &= StoredImages::open(&pair.images, Form::ANY)?.is_some();
            }
        }
        Ok(Self {
            places: (len >= large && are_unpacked).then(Vec::new),
            ..Self::default()
        })
    }

    /// Reads a part, whose images are of the size of those before.
    fn add(&mut self, pair: &Pair, part: Part) -> Result<(), DataError> {
        let form = Form {
            size: self.size,
            ..Form::ANY
        };
        let labels = if self.places.is_some() {
            self.add_stored(pair, form)?
        } else {
            let (images, labels) = pair.read(form)?;
            self.hasher.update(images.file());
            self.size = Some([images.rows, images.columns]);
            self.pixels.extend_from_slice(images.pixels());
            labels
        };
        self.hasher.update(labels.file());
        self.seen.extend(&labels.classes);
        let entry = |label| Entry {
            label,
            part: Some(part),
        };
        self.entries.extend(labels.classes.into_iter().map(entry));
        Ok(())
    }

    /// Keeps where the images of a pair are, and hashes them.
    fn add_stored(&mut self, pair: &Pair, form: Form) -> Result<Labels, DataError> {
        let path = &pair.images;
        let unreadable = |error| DataError::io(path, error);
        let Some(images) = StoredImages::open(path, form)? else {
            return Err(unreadable(ErrorKind::InvalidData.into()));
        };
        let labels = pair.labels(images.count, form)?;
        let mut file = File::open(path).map_err(unreadable)?;
        io::copy(&mut file, &mut Hashing(&mut self.hasher)).map_err(unreadable)?;
        self.size = Some([images.rows, images.columns]);
        let place = Place {
            path: path.clone(),
            start: images.start,
            len: (images.count * images.rows * images.columns) as u64,
        };
        self.places.get_or_insert_default().push(place);
        Ok(labels)
    }

    /// What was read of files like this pair, and of which kind they are.
    fn collection(mut self, (kind, pair): (&str, &Pair), sha256: Option<String>) -> Collection {
        let [rows, columns] = self.size.unwrap_or_default();
        let largest = self.seen.iter().copied().max().unwrap_or(0);
        let smallest = self.seen.iter().copied().min().unwrap_or(0);
        let has_size_of_mnist = [rows, columns] == [SIDE; 2];
        let emnist = emnist::part(&pair.images, [smallest, largest]).filter(|_| has_size_of_mnist);
        let (first, classes) = match emnist {
            Some(part) => (part.first, part.classes().map(str::to_owned).collect()),
            None if has_size_of_mnist && largest < MNIST_CLASSES => numbers(0, MNIST_CLASSES - 1),
            None => numbers(smallest.min(1), largest),
        };
        for entry in &mut self.entries {
            entry.label -= first;
        }
        let kind = emnist.map_or_else(|| kind.to_owned(), emnist::Part::name);
        let source = format!("{kind}, from {}", pair.set);
        let shape = [1, rows, columns];
        Collection {
            source,
            classes,
            entries: self.entries,
            pictures: match self.places {
                Some(places) => Pictures::Stored { shape, places },
                None => Pictures::Array {
                    shape,
                    pixels: self.pixels,
                },
            },
            divided: Divided::AsPublished,
            passed_over: Vec::new(),
            unreadable: Vec::new(),
            sha256,
        }
    }
}

/// What is written is hashed.
struct Hashing<'a>(&'a mut Sha256);

impl Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The first of classes that are numbers, and their names.
fn numbers(first: u16, last: u16) -> (u16, Vec<String>) {
    let names = (first..=last).map(|class| class.to_string());
    (first, names.collect())
}

#[cfg(test)]
mod tests;
