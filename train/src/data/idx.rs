//! Checked views of IDX files, the format of MNIST: a magic number, the size of each dimension (big-endian 32-bit),
//! then one byte per element. See the end of <http://yann.lecun.com/exdb/mnist/>.
//!
//! Packed with gzip or not, which the content decides and not the name.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use ndarray::{ArrayView, Dimension, Ix1, Ix3};

use crate::data::{DataError, IMAGE_SIDE};

/// The most that one file may unpack to, in bytes: five times the training images of MNIST.
const LARGEST: u64 = 256 << 20;
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// Third byte of the magic number: the elements are unsigned bytes; the fourth counts the dimensions.
const UNSIGNED_BYTES: u8 = 8;

/// One IDX file of bytes, unpacked and checked against its own header.
#[derive(Debug)]
pub struct Idx<D: Dimension> {
    bytes: Vec<u8>,
    shape: D,
}

impl Idx<Ix3> {
    /// Reads a file of 28x28 images, `[N, 28, 28]` with N of at least 1.
    pub fn images(path: &Path) -> Result<Self, DataError> {
        let (bytes, [count, ..]) = read::<3>(path)?;
        Ok(Self {
            bytes,
            shape: Ix3(count, IMAGE_SIDE, IMAGE_SIDE),
        })
    }
}

impl Idx<Ix1> {
    /// Reads a file of labels, `[N]`, each 0 to 9, with N of at least 1.
    pub fn labels(path: &Path) -> Result<Self, DataError> {
        let (bytes, [count]) = read::<1>(path)?;
        let file = Self {
            bytes,
            shape: Ix1(count),
        };
        match file
            .view()
            .iter()
            .enumerate()
            .find(|&(_, &label)| label > 9)
        {
            Some((index, label)) => Err(DataError::unexpected(
                path,
                "labels 0 to 9",
                format!("label {label} at index {index}"),
            )),
            None => Ok(file),
        }
    }
}

impl<D: Dimension> Idx<D> {
    /// The elements, without the header.
    pub fn view(&self) -> ArrayView<'_, u8, D> {
        let elements = &self.bytes[header_length(self.shape.ndim())..];
        ArrayView::from_shape(self.shape.clone(), elements)
            .expect("the length was checked against the header")
    }

    /// The whole unpacked file, header included.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// The bytes before the elements.
const fn header_length(dimensions: usize) -> usize {
    4 + 4 * dimensions
}

/// Reads a file of `D` dimensions and returns all its bytes and the size of each dimension.
fn read<const D: usize>(path: &Path) -> Result<(Vec<u8>, [usize; D]), DataError> {
    let file = File::open(path).map_err(|error| DataError::io(path, error))?;
    let mut file = BufReader::new(file);
    let packed = file
        .fill_buf()
        .map_err(|error| DataError::io(path, error))?
        .starts_with(&GZIP_MAGIC);
    if packed {
        unpack(path, MultiGzDecoder::new(file), |error| {
            gzip_error(path, &error)
        })
    } else {
        unpack(path, file, |error| DataError::io(path, error))
    }
}

/// Reads the header, then no more than it announces and one byte to see whether the file ends there.
fn unpack<const D: usize>(
    path: &Path,
    mut reader: impl Read,
    read_error: impl Fn(io::Error) -> DataError,
) -> Result<(Vec<u8>, [usize; D]), DataError> {
    let mut bytes = Vec::new();
    reader
        .by_ref()
        .take(header_length(D) as u64)
        .read_to_end(&mut bytes)
        .map_err(&read_error)?;
    let sizes = parse_header(path, &bytes)?;
    let length = expected_length(path, sizes)?;
    let rest = length - bytes.len() as u64;
    reader
        .take(rest + 1)
        .read_to_end(&mut bytes)
        .map_err(&read_error)?;
    let found = bytes.len() as u64;
    if found == length {
        return Ok((bytes, sizes.map(|size| size as usize)));
    }
    let found = if found > length {
        "bytes after them".to_owned()
    } else {
        format!("only {found}")
    };
    Err(DataError::unexpected(
        path,
        format!("{length} bytes, as its header says"),
        found,
    ))
}

/// The size of each dimension, after the magic number was checked.
fn parse_header<const D: usize>(path: &Path, header: &[u8]) -> Result<[u32; D], DataError> {
    let words: Vec<[u8; 4]> = header
        .chunks_exact(4)
        .filter_map(|word| word.try_into().ok())
        .collect();
    let wanted = describe([0, 0, UNSIGNED_BYTES, D as u8]);
    match words.first() {
        Some(&[0, 0, UNSIGNED_BYTES, dimensions]) if usize::from(dimensions) == D => {}
        Some(&magic) => return Err(DataError::unexpected(path, wanted, describe(magic))),
        None => {
            return Err(DataError::unexpected(
                path,
                wanted,
                format!("{} bytes in all", header.len()),
            ));
        }
    }
    let sizes: Vec<u32> = words[1..]
        .iter()
        .map(|&word| u32::from_be_bytes(word))
        .collect();
    sizes.try_into().map_err(|_| {
        let expected = format!("a header of {} bytes", header_length(D));
        DataError::unexpected(path, expected, format!("{} bytes in all", header.len()))
    })
}

/// The length of the whole file in bytes, after the sizes were found acceptable.
fn expected_length<const D: usize>(path: &Path, sizes: [u32; D]) -> Result<u64, DataError> {
    let side = IMAGE_SIDE as u32;
    if let [_, rows, columns] = sizes[..]
        && [rows, columns] != [side, side]
    {
        return Err(DataError::unexpected(
            path,
            format!("{side}x{side} images"),
            format!("{rows}x{columns}"),
        ));
    }
    if sizes[0] == 0 {
        return Err(DataError::unexpected(path, "one element or more", "none"));
    }
    // Four dimensions never come here, and 2^32 * 28 * 28 is far from the end of u64.
    let length =
        header_length(D) as u64 + sizes.iter().map(|&size| u64::from(size)).product::<u64>();
    if length > LARGEST {
        return Err(DataError::unexpected(
            path,
            format!("{LARGEST} bytes at the most"),
            format!("{length} announced"),
        ));
    }
    Ok(length)
}

/// A magic number in words.
fn describe(magic: [u8; 4]) -> String {
    match magic {
        [0, 0, UNSIGNED_BYTES, 1] => "a labels file (magic number 0x00000801)".to_owned(),
        [0, 0, UNSIGNED_BYTES, 3] => "an images file (magic number 0x00000803)".to_owned(),
        other => format!("the magic number {:#010x}", u32::from_be_bytes(other)),
    }
}

fn gzip_error(path: &Path, error: &io::Error) -> DataError {
    let found = match error.kind() {
        io::ErrorKind::UnexpectedEof => "one that is cut short".to_owned(),
        _ => format!("one that does not unpack ({error})"),
    };
    DataError::unexpected(path, "a sound gzip stream", found)
}

#[cfg(test)]
pub(super) mod tests;
