//! The test set of MNIST and its relatives: two IDX files, each packed with gzip or not.
//!
//! An IDX file is a magic number (two zero bytes, 8 for unsigned bytes, the number of dimensions),
//! the size of each dimension as a big-endian u32, then the elements. See the end of
//! <http://yann.lecun.com/exdb/mnist/>.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;
use thiserror::Error;

use crate::file::{InFile, ReadError, display_name};
use crate::picture::{PIXELS, Pixels, SIDE};

/// Most images of a test set: seven times all of MNIST.
pub const MAX_IMAGES: usize = 500_000;

const GZIP_MAGIC: [u8; 2] = [0x1F, 0x8B];
const UNSIGNED_BYTES: u8 = 8;

/// Pictures with the classes that they truly show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestSet {
    /// The pictures, at least one.
    pub images: Vec<Pixels>,
    /// The class of each picture.
    pub classes: Vec<u8>,
}

/// Why a test set was refused.
#[derive(Debug, Error)]
pub enum TestSetError {
    /// A file could not be read at all.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A file or the folder is not what it should be.
    #[error("expected {expected}, found {found}")]
    Form {
        /// What a test set has.
        expected: String,
        /// What this one has.
        found: String,
    },
}

impl From<io::Error> for TestSetError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => form("a whole gzip stream", "one that is cut short"),
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
                form("a sound gzip stream", error.to_string())
            }
            _ => Self::Read(error.into()),
        }
    }
}

impl TestSet {
    /// Reads `t10k-images-idx3-ubyte` and `t10k-labels-idx1-ubyte`, or the same with `.gz` or a dot
    /// before `idx`, from `folder`, for a model of so many classes.
    ///
    /// # Errors
    ///
    /// See [`TestSetError`].
    pub fn load(folder: &Path, classes: usize) -> Result<Self, InFile<TestSetError>> {
        let images_path = find(folder, "t10k-images-idx3-ubyte")?;
        let labels_path = find(folder, "t10k-labels-idx1-ubyte")?;
        let read_named = |path: &Path, dimensions| {
            read(path, dimensions).map_err(InFile::named(&display_name(path)))
        };
        let images = images(&read_named(&images_path, &[SIDE, SIDE])?);
        let labels = read_named(&labels_path, &[])?;
        check_labels(&labels, images.len(), classes)
            .map_err(InFile::named(&display_name(&labels_path)))?;
        Ok(Self {
            images,
            classes: labels,
        })
    }

    /// Leaves only the first pictures, so many if there are as many.
    pub fn truncate(&mut self, limit: usize) {
        self.images.truncate(limit);
        self.classes.truncate(limit);
    }
}

fn find(folder: &Path, name: &str) -> Result<PathBuf, InFile<TestSetError>> {
    let dotted = name.replace("-idx", ".idx");
    let spellings = [
        name,
        &format!("{name}.gz"),
        &dotted,
        &format!("{dotted}.gz"),
    ];
    let mut paths = spellings.into_iter().map(|name| folder.join(name));
    paths.find(|path| path.is_file()).ok_or_else(|| {
        let found = if folder.is_dir() {
            "neither"
        } else {
            "no such folder"
        };
        let error = form(format!("a folder with {name} or {name}.gz"), found);
        InFile::named(&display_name(folder))(error)
    })
}

/// The elements of a file whose dimensions after the first are `inner`.
fn read(path: &Path, inner: &[usize]) -> Result<Vec<u8>, TestSetError> {
    let mut file = BufReader::new(File::open(path).map_err(ReadError::from)?);
    if file
        .fill_buf()
        .map_err(ReadError::from)?
        .starts_with(&GZIP_MAGIC)
    {
        read_elements(MultiGzDecoder::new(file), inner)
    } else {
        read_elements(file, inner)
    }
}

/// Reads as much as the header announces, and one byte more to see that the file ends there.
fn read_elements(mut reader: impl Read, inner: &[usize]) -> Result<Vec<u8>, TestSetError> {
    let mut header = Vec::new();
    let header_len = 8 + 4 * inner.len() as u64;
    reader.by_ref().take(header_len).read_to_end(&mut header)?;
    let len = element_count(&header, inner)?;
    let mut elements = Vec::new();
    reader.take(len as u64 + 1).read_to_end(&mut elements)?;
    if elements.len() == len {
        return Ok(elements);
    }
    let found = if elements.len() < len {
        format!("only {}", elements.len())
    } else {
        "more".to_owned()
    };
    Err(form(
        format!("{len} bytes after the header, as it says"),
        found,
    ))
}

/// The number of elements that the header announces.
fn element_count(header: &[u8], inner: &[usize]) -> Result<usize, TestSetError> {
    let (words, _) = header.as_chunks::<4>();
    let magic = [0, 0, UNSIGNED_BYTES, 1 + inner.len() as u8];
    if words.first() != Some(&magic) {
        let found = words
            .first()
            .map_or("a shorter file".to_owned(), |&found| show_magic(found));
        return Err(form(format!("IDX {}", show_magic(magic)), found));
    }
    let sizes: Vec<usize> = words[1..]
        .iter()
        .map(|&size| u32::from_be_bytes(size) as usize)
        .collect();
    match sizes[..] {
        [count, ref found @ ..] if found == inner && (1..=MAX_IMAGES).contains(&count) => {
            Ok(count * inner.iter().product::<usize>())
        }
        _ => Err(form(
            format!("1 to {MAX_IMAGES} elements of size {inner:?}"),
            format!("a header with sizes {sizes:?}"),
        )),
    }
}

fn images(elements: &[u8]) -> Vec<Pixels> {
    elements.as_chunks::<PIXELS>().0.to_vec()
}

fn check_labels(labels: &[u8], images: usize, classes: usize) -> Result<(), TestSetError> {
    if labels.len() != images {
        let expected = format!("{images} labels, one for each image");
        return Err(form(expected, labels.len().to_string()));
    }
    match labels
        .iter()
        .position(|&label| usize::from(label) >= classes)
    {
        None => Ok(()),
        Some(index) => Err(form(
            format!("labels below {classes}, the number of the model's classes"),
            format!("label {} at index {index}", labels[index]),
        )),
    }
}

fn show_magic(magic: [u8; 4]) -> String {
    format!("magic number {:#010x}", u32::from_be_bytes(magic))
}

fn form(expected: impl Into<String>, found: impl Into<String>) -> TestSetError {
    TestSetError::Form {
        expected: expected.into(),
        found: found.into(),
    }
}

#[cfg(test)]
mod tests;
