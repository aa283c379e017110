//! IDX files, the format of MNIST and its relatives, checked against their own header.
//!
//! A magic number (two zero bytes, the type of the elements, the number of dimensions), the size of each dimension as a
//! big-endian u32, then the elements; see the end of <http://yann.lecun.com/exdb/mnist/>. Packed with gzip or not, which
//! the content decides and not the name.

mod stored;

use std::cmp::Ordering;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::GzDecoder;
use thiserror::Error;

use crate::file::{InFile, ReadError, display_name};
pub use stored::StoredImages;

/// The most that one file may unpack to, in bytes: twice the training images of EMNIST, the largest relative of MNIST.
pub const MAX_UNPACKED: u64 = 1 << 30;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const BYTES: u8 = 0x08;
const SIGNED_BYTES: u8 = 0x09;
const SHORTS: u8 = 0x0b;
const INTEGERS: u8 = 0x0c;
/// QMNIST's labels have so many columns, the class first.
const QMNIST_COLUMNS: u32 = 8;

/// Why an IDX file, or a folder of them, was refused.
#[derive(Debug, Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum IdxError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("expected {expected}, found {found}")]
    Form { expected: String, found: String },
}

impl IdxError {
    pub(crate) fn form(expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self::Form {
            expected: expected.into(),
            found: found.into(),
        }
    }
}

impl From<io::Error> for IdxError {
    fn from(error: io::Error) -> Self {
        let damage = match error.kind() {
            io::ErrorKind::UnexpectedEof => "one that is cut short".to_owned(),
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
                format!("one that does not unpack ({error})")
            }
            _ => return Self::Read(error.into()),
        };
        Self::form("a sound gzip stream", damage)
    }
}

/// What the images and labels of a data set must be.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// Height and width of every image, in pixels; `None` for any.
    pub size: Option<[usize; 2]>,
    /// Labels are below this, 1 to 65,536.
    pub classes: usize,
}

impl Form {
    /// Any images and labels.
    pub const ANY: Self = Self {
        size: None,
        classes: 1 << 16,
    };
}

/// A file of grey images, at least one.
#[derive(Debug)]
pub struct Images {
    /// The number of images.
    pub count: usize,
    /// Height of each, in pixels.
    pub rows: usize,
    /// Width of each, in pixels.
    pub columns: usize,
    file: Vec<u8>,
}

impl Images {
    /// Reads a file of images of the size of `form`; nothing beyond what its header announces.
    pub fn read(path: &Path, form: Form) -> Result<Self, InFile<IdxError>> {
        let (header, file) = read(path, |header| header.check_images(form))?;
        Ok(Self {
            count: header.sizes[0] as usize,
            rows: header.sizes[1] as usize,
            columns: header.sizes[2] as usize,
            file,
        })
    }

    /// The images' pixels, one byte each: `[count, rows, columns]`.
    pub fn pixels(&self) -> &[u8] {
        &self.file[header_len(3)..]
    }

    /// The whole file, unpacked, with its header.
    pub fn file(&self) -> &[u8] {
        &self.file
    }
}

/// A file of labels, at least one.
#[derive(Debug)]
pub struct Labels {
    /// The class of each image.
    pub classes: Vec<u16>,
    file: Vec<u8>,
}

impl Labels {
    /// Reads a file of labels below the number of classes of `form`: an integer of 8, 16 or 32 bits each, or the first of
    /// QMNIST's eight.
    pub fn read(path: &Path, form: Form) -> Result<Self, InFile<IdxError>> {
        let (header, file) = read(path, Header::check_labels)?;
        let elements = &file[header_len(header.sizes.len())..];
        let columns = header.sizes[1..].iter().product::<u32>() as usize;
        let numbers = integers(header.element, elements);
        let numbers: Vec<i32> = numbers.into_iter().step_by(columns).collect();
        let class = |(index, &number): (usize, &i32)| match u16::try_from(number) {
            Ok(class) if usize::from(class) < form.classes => Ok(class),
            _ => Err(IdxError::form(
                format!("labels 0 to {}", form.classes - 1),
                format!("label {number} at index {index}"),
            )),
        };
        let classes: Result<_, _> = numbers.iter().enumerate().map(class).collect();
        let classes = classes.map_err(InFile::named(&display_name(path)))?;
        Ok(Self { classes, file })
    }

    /// The whole file, unpacked, with its header.
    pub fn file(&self) -> &[u8] {
        &self.file
    }
}

/// The type of the elements, and the size of each dimension.
struct Header {
    element: u8,
    sizes: Vec<u32>,
}

impl Header {
    fn check_images(&self, form: Form) -> Result<(), IdxError> {
        let (BYTES, &[_, rows, columns]) = (self.element, &self.sizes[..]) else {
            return Err(self.unlike(BYTES, 3));
        };
        match form.size {
            Some(size) if size != [rows as usize, columns as usize] => {
                let expected = format!("{}x{} images", size[0], size[1]);
                Err(IdxError::form(expected, format!("{rows}x{columns}")))
            }
            _ => Ok(()),
        }
    }

    fn check_labels(&self) -> Result<(), IdxError> {
        match (self.element, &self.sizes[..]) {
            (BYTES | SIGNED_BYTES | SHORTS | INTEGERS, [_] | [_, 1])
            | (INTEGERS, [_, QMNIST_COLUMNS]) => Ok(()),
            (BYTES | INTEGERS, [_, columns]) => Err(IdxError::form(
                "one label for each image",
                format!("{columns} numbers for each"),
            )),
            _ => Err(self.unlike(BYTES, 1)),
        }
    }

    fn unlike(&self, element: u8, dimensions: usize) -> IdxError {
        IdxError::form(
            describe(element, dimensions),
            describe(self.element, self.sizes.len()),
        )
    }

    /// The length of the whole unpacked file in bytes, if it may be read at once.
    fn file_len(&self) -> Result<u64, IdxError> {
        let len = self.announced()?;
        match u64::try_from(len) {
            Ok(len) if len <= MAX_UNPACKED => Ok(len),
            _ => Err(IdxError::form(
                format!("{MAX_UNPACKED} bytes at the most"),
                format!("{len} announced"),
            )),
        }
    }

    /// The length that the header announces, of any file.
    fn announced(&self) -> Result<u128, IdxError> {
        if self.sizes.contains(&0) {
            return Err(IdxError::form("one element or more", "none"));
        }
        let sizes = self.sizes.iter().map(|&size| u128::from(size));
        let elements: u128 = sizes.product();
        Ok(header_len(self.sizes.len()) as u128 + elements * element_len(self.element))
    }

    /// Fails unless a file has the length that its header announces.
    fn expect_len(&self, found: u64) -> Result<(), IdxError> {
        let len = self.announced()?;
        let found = match u128::from(found).cmp(&len) {
            Ordering::Equal => return Ok(()),
            Ordering::Less => format!("only {found}"),
            Ordering::Greater => "bytes after them".into(),
        };
        let expected = format!("{len} bytes, as its header says");
        Err(IdxError::form(expected, found))
    }
}

/// The bytes before the elements.
const fn header_len(dimensions: usize) -> usize {
    4 + 4 * dimensions
}

/// Integers of one of the types that labels may have.
fn integers(element: u8, bytes: &[u8]) -> Vec<i32> {
    match element {
        BYTES => bytes.iter().map(|&byte| byte.into()).collect(),
        SIGNED_BYTES => bytes
            .iter()
            .map(|&byte| byte.cast_signed().into())
            .collect(),
        SHORTS => {
            let (words, _) = bytes.as_chunks();
            words
                .iter()
                .map(|&word| i16::from_be_bytes(word).into())
                .collect()
        }
        _ => {
            let (words, _) = bytes.as_chunks();
            words.iter().map(|&word| i32::from_be_bytes(word)).collect()
        }
    }
}

fn element_len(element: u8) -> u128 {
    match element {
        BYTES | SIGNED_BYTES => 1,
        SHORTS => 2,
        0x0e => 8,
        _ => 4,
    }
}

/// A type and a number of dimensions in words.
fn describe(element: u8, dimensions: usize) -> String {
    let elements = match (element, dimensions) {
        (BYTES, 1) => "a labels file",
        (BYTES, 3) => "an images file",
        (0x08, _) => "bytes",
        (0x09, _) => "signed bytes",
        (0x0b, _) => "16-bit integers",
        (0x0c, _) => "32-bit integers",
        (0x0d, _) => "32-bit floats",
        _ => "64-bit floats",
    };
    format!("{elements} (magic number 0x0000{element:02x}{dimensions:02x})")
}

/// Reads a file whose header `check` accepts: as much as it announces, and one byte more to see that the file ends there.
fn read(
    path: &Path,
    check: impl Fn(&Header) -> Result<(), IdxError>,
) -> Result<(Header, Vec<u8>), InFile<IdxError>> {
    let open = || {
        let mut file = BufReader::new(File::open(path)?);
        if !file.fill_buf()?.starts_with(&GZIP_MAGIC) {
            return read_unpacked(file, check);
        }
        let mut packed = Vec::new();
        file.take(MAX_UNPACKED).read_to_end(&mut packed)?;
        read_unpacked(Members(GzDecoder::new(&packed)), check)
    };
    open().map_err(InFile::named(&display_name(path)))
}

fn read_unpacked(
    mut reader: impl Read,
    check: impl Fn(&Header) -> Result<(), IdxError>,
) -> Result<(Header, Vec<u8>), IdxError> {
    let mut file = Vec::new();
    let header = read_header(&mut reader, &mut file)?;
    check(&header)?;
    let len = header.file_len()?;
    let rest = len - file.len() as u64;
    reader.take(rest + 1).read_to_end(&mut file)?;
    header.expect_len(file.len() as u64)?;
    Ok((header, file))
}

/// Reads the magic number and the sizes, and leaves their bytes in `file`.
fn read_header(reader: &mut impl Read, file: &mut Vec<u8>) -> Result<Header, IdxError> {
    reader.take(4).read_to_end(file)?;
    let expected = "an IDX file (magic number 0x000008..)";
    let in_all = |found: usize| format!("{found} bytes in all");
    let Some(&magic) = file.first_chunk() else {
        return Err(IdxError::form(expected, in_all(file.len())));
    };
    let [_, _, element, dimensions] = magic;
    if !matches!(magic, [0, 0, 0x08 | 0x09 | 0x0b..=0x0e, 1..=4]) {
        let found = format!("the magic number {:#010x}", u32::from_be_bytes(magic));
        return Err(IdxError::form(expected, found));
    }
    let len = header_len(dimensions.into());
    reader.take(len as u64 - 4).read_to_end(file)?;
    if file.len() < len {
        let expected = format!("a header of {len} bytes");
        return Err(IdxError::form(expected, in_all(file.len())));
    }
    let (words, _) = file[4..].as_chunks();
    let sizes = words.iter().map(|&word| u32::from_be_bytes(word)).collect();
    Ok(Header { element, sizes })
}

/// The members of a gzip file one after another. What follows a whole member and is no other is padding, as it is for
/// `gzip -d`.
struct Members<'a>(GzDecoder<&'a [u8]>);

impl Read for Members<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.0.read(buffer)?;
            let rest = *self.0.get_ref();
            if count > 0 || buffer.is_empty() || !rest.starts_with(&GZIP_MAGIC) {
                return Ok(count);
            }
            self.0 = GzDecoder::new(rest);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
