//! Arrays in files of `NumPy`: `.npy` with one, `.npz` with several of different names, packed or not.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use thiserror::Error;
use zip::ZipArchive;

use crate::file::{InFile, ReadError, display_name, one_line};
use crate::layout::listed;

mod classes;
mod npy;

pub use classes::ClassesError;

/// Most bytes that the arrays of a file may take: 1 GiB.
pub const MAX_BYTES: u64 = 1 << 30;

const ZIP_MAGIC: &[u8] = b"PK";

/// The part of a data set that models are measured on.
const TEST: &str = "test";

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
    #[error(
        "expected numbers as the model takes them, for it does not say what pixels become, found uint8, which are pixels; give \
         `train` its --range (0..255 if it takes them as they are, 0..1 if over 255), or convert the array to what the model \
         takes, with .astype"
    )]
    Pixels,
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
    Bool(Vec<bool>),
    Float32(Vec<f32>),
    Float64(Vec<f64>),
    Int8(Vec<i8>),
    Uint8(Vec<u8>),
    Int16(Vec<i16>),
    Uint16(Vec<u16>),
    Int32(Vec<i32>),
    Uint32(Vec<u32>),
    Int64(Vec<i64>),
    Uint64(Vec<u64>),
}

impl Elements {
    /// What `NumPy` calls their type.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Bool(_) => "bool",
            Self::Float32(_) => "float32",
            Self::Float64(_) => "float64",
            Self::Int8(_) => "int8",
            Self::Uint8(_) => "uint8",
            Self::Int16(_) => "int16",
            Self::Uint16(_) => "uint16",
            Self::Int32(_) => "int32",
            Self::Uint32(_) => "uint32",
            Self::Int64(_) => "int64",
            Self::Uint64(_) => "uint64",
        }
    }

    /// The numbers as floats: integers beyond 2^24 lose their last digits.
    pub fn to_floats(&self) -> Vec<f32> {
        match self {
            Self::Bool(numbers) => numbers.iter().copied().map(f32::from).collect(),
            Self::Float32(numbers) => numbers.clone(),
            Self::Float64(numbers) => numbers.iter().map(|&number| number as f32).collect(),
            Self::Int8(numbers) => numbers.iter().copied().map(f32::from).collect(),
            Self::Uint8(numbers) => numbers.iter().copied().map(f32::from).collect(),
            Self::Int16(numbers) => numbers.iter().copied().map(f32::from).collect(),
            Self::Uint16(numbers) => numbers.iter().copied().map(f32::from).collect(),
            Self::Int32(numbers) => numbers.iter().map(|&number| number as f32).collect(),
            Self::Uint32(numbers) => numbers.iter().map(|&number| number as f32).collect(),
            Self::Int64(numbers) => numbers.iter().map(|&number| number as f32).collect(),
            Self::Uint64(numbers) => numbers.iter().map(|&number| number as f32).collect(),
        }
    }
}

/// The arrays of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrays {
    /// Those of numbers with their names, in the order of the file: at least one. That of a `.npy` file has no name.
    pub numbers: Vec<(String, Array)>,
    /// Names of those that hold no numbers, and what they hold instead.
    pub others: Vec<(String, String)>,
}

/// Inputs of a model, and what may be their classes.
#[derive(Clone, Debug, PartialEq)]
pub struct Samples {
    /// What the array of inputs is called; nothing in a `.npy` file.
    pub name: String,
    /// `[samples, ...]`, or one sample.
    pub inputs: Array,
    /// The arrays that are named like classes, in the order of the file, those of numbers first; `None` for one of others.
    classes: Vec<(String, Option<Array>)>,
    /// Name, type and shape of the file's arrays, of many of the first ones.
    pub contents: String,
}

/// Whether bytes begin like those of a file of arrays.
pub fn recognizes(bytes: &[u8]) -> bool {
    bytes.starts_with(npy::MAGIC) || bytes.starts_with(ZIP_MAGIC)
}

/// The arrays of a file, whatever its ending.
pub fn read(path: &Path) -> Result<Arrays, InFile<ArraysError>> {
    let file = File::open(path).map_err(ReadError::from);
    let arrays = file
        .map_err(ArraysError::from)
        .and_then(|file| decode(BufReader::new(file)));
    arrays.map_err(InFile::named(&display_name(path)))
}

/// Like [`read`], of a file that is open.
pub fn decode(mut file: impl Read + Seek) -> Result<Arrays, ArraysError> {
    let mut start = Vec::new();
    let read = file.by_ref().take(npy::MAGIC.len() as u64);
    let read = { read }.read_to_end(&mut start);
    read.and_then(|_| file.seek(SeekFrom::Start(0)))
        .map_err(ReadError::from)?;
    if start.starts_with(npy::MAGIC) {
        match npy::read(&mut file, &mut { MAX_BYTES })? {
            Ok(array) => Ok(Arrays {
                numbers: vec![(String::new(), array)],
                others: Vec::new(),
            }),
            Err(of) => Err(ArraysError::NoNumbers(format!("an array of {of}"))),
        }
    } else if start.starts_with(ZIP_MAGIC) {
        from_archive(ZipArchive::new(file).map_err(ArraysError::damaged)?)
    } else if start.is_empty() {
        Err(ArraysError::Form("an empty file".into()))
    } else {
        Err(ArraysError::Form("a file of another kind".into()))
    }
}

fn from_archive(mut archive: ZipArchive<impl Read + Seek>) -> Result<Arrays, ArraysError> {
    let mut room = MAX_BYTES;
    let (mut numbers, mut others) = (Vec::new(), Vec::new());
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(ArraysError::damaged)?;
        let name = entry.name().to_owned();
        let Some(name) = name.strip_suffix(".npy") else {
            continue;
        };
        let array = match npy::read(&mut entry, &mut room)? {
            Ok(array) => array,
            Err(of) => {
                others.push((name.to_owned(), of));
                continue;
            }
        };
        // The archive's checksum is compared where an entry ends.
        if entry.read(&mut [0]).map_err(ArraysError::damaged)? > 0 {
            let reason = format!("{}: more bytes than its shape says", one_line(name));
            return Err(ArraysError::damaged(reason));
        }
        numbers.push((name.to_owned(), array));
    }
    match (numbers.is_empty(), others.is_empty()) {
        (false, _) => Ok(Arrays { numbers, others }),
        (true, true) => Err(ArraysError::Form("an archive without arrays".into())),
        (true, false) => Err(ArraysError::NoNumbers(listed(
            others.iter().map(describe_other),
        ))),
    }
}

/// The inputs among the arrays of a file, and what may be their classes: the array whose name begins with `x`, else the first
/// one that is not of classes; and those whose names begin with `y` or `label`, but for those of another part of a data set, as
/// `y_test` beside `x_train`.
pub fn samples(arrays: Arrays) -> Result<Samples, ArraysError> {
    samples_of(arrays, None)
}

/// The same, of the test set where the file has several parts.
pub fn test_samples(arrays: Arrays) -> Result<Samples, ArraysError> {
    samples_of(arrays, Some(TEST))
}

fn samples_of(arrays: Arrays, preferred: Option<&str>) -> Result<Samples, ArraysError> {
    let begins = |name: &str, word: &str| name.to_lowercase().starts_with(word);
    let is_of_classes = |name: &str| begins(name, "y") || begins(name, "label");
    let Arrays {
        mut numbers,
        others,
    } = arrays;
    let contents = numbers.iter().map(describe);
    let contents: Vec<String> = contents.chain(others.iter().map(describe_other)).collect();
    let contents = listed(contents.into_iter());
    let find = |is: &dyn Fn(&str) -> bool| numbers.iter().position(|(name, _)| is(name));
    let is_preferred = |name: &str| preferred.is_some() && part(name) == preferred;
    let of_part = || find(&|name| begins(name, "x") && is_preferred(name));
    let named = of_part().or_else(|| find(&|name| begins(name, "x")));
    let Some(at) = named.or_else(|| find(&|name| !is_of_classes(name))) else {
        return Err(ArraysError::NoInputs(contents));
    };
    let (name, inputs) = numbers.remove(at);
    let of_another =
        |other: &str| part(&name).is_some_and(|one| part(other).is_some_and(|other| other != one));
    let numbers = numbers.into_iter().map(|(name, array)| (name, Some(array)));
    let others = others.into_iter().map(|(name, _)| (name, None));
    let classes = numbers
        .chain(others)
        .filter(|(name, _)| is_of_classes(name) && !of_another(name));
    Ok(Samples {
        classes: classes.collect(),
        name,
        inputs,
        contents,
    })
}

/// The part of a data set that an array's name names, if it does.
fn part(name: &str) -> Option<&'static str> {
    let name = name.to_lowercase();
    let known = [
        ("train", "train"),
        ("training", "train"),
        ("val", "validation"),
        ("valid", "validation"),
        ("validation", "validation"),
        (TEST, TEST),
        ("testing", TEST),
    ];
    let mut words = name.split('_');
    words.find_map(|word| Some(known.iter().find(|(known, _)| *known == word)?.1))
}

fn describe((name, array): &(String, Array)) -> String {
    let (of, shape) = (array.elements.type_name(), &array.shape);
    let name = one_line(name);
    format!(
        "{name}{}{of} {shape:?}",
        if name.is_empty() { "" } else { ": " }
    )
}

fn describe_other((name, of): &(String, String)) -> String {
    format!("{}: {of}", one_line(name))
}

/// [`read`] and [`test_samples`].
pub fn read_test_samples(path: &Path) -> Result<Samples, InFile<ArraysError>> {
    test_samples(read(path)?).map_err(InFile::named(&display_name(path)))
}

/// [`read`] and [`samples`].
pub fn read_samples(path: &Path) -> Result<Samples, InFile<ArraysError>> {
    samples(read(path)?).map_err(InFile::named(&display_name(path)))
}

#[cfg(test)]
mod tests;
