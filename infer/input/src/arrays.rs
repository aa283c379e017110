//! Arrays in files of `NumPy`: `.npy` with one, `.npz` with several of different names, packed or not.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use thiserror::Error;
use zip::ZipArchive;

use crate::file::{InFile, ReadError, display_name, one_line};
use crate::layout::listed;

mod npy;

/// Most bytes that the arrays of a file may take: 1 GiB.
pub const MAX_BYTES: u64 = 1 << 30;

const ZIP_MAGIC: &[u8] = b"PK";

/// Why arrays cannot be read.
#[derive(Debug, Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum ArraysError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("expected a .npy or .npz file, found {0}")]
    Form(String),
    #[error("expected arrays of at most {} MiB, found more", MAX_BYTES >> 20)]
    TooLarge,
    #[error("expected arrays of numbers, found {0}")]
    NoNumbers(String),
    #[error("expected an array of inputs, best named x, found {0}")]
    NoInputs(String),
}

impl ArraysError {
    fn damaged(problem: impl std::fmt::Display) -> Self {
        Self::Form(format!(
            "a damaged one ({})",
            one_line(&problem.to_string())
        ))
    }
}

/// An array of numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// The size of each axis.
    pub shape: Vec<usize>,
    /// The numbers, those of the last axis side by side: as many as the sizes say.
    pub elements: Elements,
}

/// The numbers of an array, of one type.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Elements {
    Float32(Vec<f32>),
    Float64(Vec<f64>),
    Int8(Vec<i8>),
    Uint8(Vec<u8>),
    Int16(Vec<i16>),
    Int32(Vec<i32>),
    Int64(Vec<i64>),
}

impl Elements {
    /// What `NumPy` calls their type.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Float32(_) => "float32",
            Self::Float64(_) => "float64",
            Self::Int8(_) => "int8",
            Self::Uint8(_) => "uint8",
            Self::Int16(_) => "int16",
            Self::Int32(_) => "int32",
            Self::Int64(_) => "int64",
        }
    }

    /// The numbers as floats: integers beyond 2^24 lose their last digits.
    pub fn to_floats(&self) -> Vec<f32> {
        match self {
            Self::Float32(numbers) => numbers.clone(),
            Self::Float64(numbers) => numbers.iter().map(|&number| number as f32).collect(),
            Self::Int8(numbers) => numbers.iter().copied().map(f32::from).collect(),
            Self::Uint8(numbers) => numbers.iter().copied().map(f32::from).collect(),
            Self::Int16(numbers) => numbers.iter().copied().map(f32::from).collect(),
            Self::Int32(numbers) => numbers.iter().map(|&number| number as f32).collect(),
            Self::Int64(numbers) => numbers.iter().map(|&number| number as f32).collect(),
        }
    }
}

/// Inputs of a model, and what may be their classes.
#[derive(Clone, Debug, PartialEq)]
pub struct Samples {
    /// `[samples, ...]`, or one sample.
    pub inputs: Array,
    /// The arrays that are named like classes, in the order of the file.
    classes: Vec<Array>,
    /// Name, type and shape of the file's arrays, of many of the first ones.
    pub contents: String,
}

impl Samples {
    /// The class of each of so many samples: the first array named like classes that has as many whole numbers.
    pub fn labels(&self, count: usize) -> Option<Vec<usize>> {
        let fits =
            |array: &&Array| matches!(array.shape[..], [found] | [found, 1] if found == count);
        let class = |value: f32| (value >= 0.0 && value.fract() == 0.0).then_some(value as usize);
        let classes = |array: &Array| array.elements.to_floats().into_iter().map(class).collect();
        self.classes.iter().filter(fits).find_map(classes)
    }
}

/// Whether bytes begin like those of a file of arrays.
pub fn recognizes(bytes: &[u8]) -> bool {
    bytes.starts_with(npy::MAGIC) || bytes.starts_with(ZIP_MAGIC)
}

/// The arrays of a file with their names, whatever its ending: at least one. Those of a `.npz` file that are no numbers are
/// passed over; the array of a `.npy` file has no name.
pub fn read(path: &Path) -> Result<Vec<(String, Array)>, InFile<ArraysError>> {
    let file = File::open(path).map_err(ReadError::from);
    let arrays = file
        .map_err(ArraysError::from)
        .and_then(|file| decode(BufReader::new(file)));
    arrays.map_err(InFile::named(&display_name(path)))
}

/// Like [`read`], of a file that is open.
pub fn decode(mut file: impl Read + Seek) -> Result<Vec<(String, Array)>, ArraysError> {
    let mut start = Vec::new();
    let read = file.by_ref().take(npy::MAGIC.len() as u64);
    let read = { read }.read_to_end(&mut start);
    read.and_then(|_| file.seek(SeekFrom::Start(0)))
        .map_err(ReadError::from)?;
    if start.starts_with(npy::MAGIC) {
        let array = npy::read(&mut file, &mut { MAX_BYTES })?;
        let array = array.ok_or_else(|| ArraysError::NoNumbers("an array of others".into()))?;
        Ok(vec![(String::new(), array)])
    } else if start.starts_with(ZIP_MAGIC) {
        from_archive(ZipArchive::new(file).map_err(ArraysError::damaged)?)
    } else if start.is_empty() {
        Err(ArraysError::Form("an empty file".into()))
    } else {
        Err(ArraysError::Form("a file of another kind".into()))
    }
}

fn from_archive(
    mut archive: ZipArchive<impl Read + Seek>,
) -> Result<Vec<(String, Array)>, ArraysError> {
    let mut room = MAX_BYTES;
    let (mut arrays, mut others) = (Vec::new(), Vec::new());
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(ArraysError::damaged)?;
        let name = entry.name().to_owned();
        let Some(name) = name.strip_suffix(".npy") else {
            continue;
        };
        let Some(array) = npy::read(&mut entry, &mut room)? else {
            others.push(one_line(name));
            continue;
        };
        // The archive's checksum is compared where an entry ends.
        if entry.read(&mut [0]).map_err(ArraysError::damaged)? > 0 {
            let reason = format!("{}: more bytes than its shape says", one_line(name));
            return Err(ArraysError::damaged(reason));
        }
        arrays.push((name.to_owned(), array));
    }
    match (arrays.is_empty(), others.is_empty()) {
        (false, _) => Ok(arrays),
        (true, true) => Err(ArraysError::Form("an archive without arrays".into())),
        (true, false) => Err(ArraysError::NoNumbers(listed(others.into_iter()))),
    }
}

/// The inputs among the arrays of a file, and what may be their classes: the array whose name begins with `x`, else the first
/// one that is not of classes; and those whose names begin with `y` or `label`.
pub fn samples(mut arrays: Vec<(String, Array)>) -> Result<Samples, ArraysError> {
    let begins = |name: &str, word: &str| name.to_lowercase().starts_with(word);
    let is_of_classes = |name: &str| begins(name, "y") || begins(name, "label");
    let contents = listed(arrays.iter().map(describe));
    let named = arrays.iter().position(|(name, _)| begins(name, "x"));
    let first = || arrays.iter().position(|(name, _)| !is_of_classes(name));
    let Some(at) = named.or_else(first) else {
        return Err(ArraysError::NoInputs(contents));
    };
    let (_, inputs) = arrays.remove(at);
    arrays.retain(|(name, _)| is_of_classes(name));
    Ok(Samples {
        inputs,
        classes: arrays.into_iter().map(|(_, array)| array).collect(),
        contents,
    })
}

fn describe((name, array): &(String, Array)) -> String {
    let (of, shape) = (array.elements.type_name(), &array.shape);
    let name = one_line(name);
    format!(
        "{name}{}{of} {shape:?}",
        if name.is_empty() { "" } else { ": " }
    )
}

/// [`read`] and [`samples`].
pub fn read_samples(path: &Path) -> Result<Samples, InFile<ArraysError>> {
    samples(read(path)?).map_err(InFile::named(&display_name(path)))
}

#[cfg(test)]
mod tests;
