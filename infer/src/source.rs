//! Where inputs come from: files, the pictures of a folder, standard input.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};

use input::arrays::{self, ArraysError, Samples};
use thiserror::Error;

use crate::file::{InFile, ReadError, display_name, read_all};
use crate::input::InputError;
use crate::picture::{self, MAX_FILE_BYTES, PictureError, SIDE};
use crate::prepare::{Candidates, Preparing};
use crate::spec::InputSpec;

mod find;

pub use find::{FindError, pictures, sources};

/// Bytes that tell arrays from pictures.
const HEAD: u64 = 8;

/// One file to read, or everything on standard input, which is called `-`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source(pub PathBuf);

/// What a source holds.
#[derive(Debug)]
pub enum Content {
    /// The bytes of what should be a picture file.
    Picture(Vec<u8>),
    /// Arrays of `NumPy`.
    Samples(Samples),
}

impl Content {
    /// What the bytes of a file hold: what begins like arrays is taken for such.
    pub fn of(bytes: Vec<u8>) -> Result<Self, ArraysError> {
        if !arrays::recognizes(&bytes) {
            return Ok(Self::Picture(bytes));
        }
        let samples = arrays::decode(Cursor::new(bytes)).and_then(arrays::samples);
        samples.map(Self::Samples)
    }

    /// The inputs that a model takes of it: of a picture one, prepared like this, and of arrays every sample, with its number
    /// where there are several.
    pub fn inputs<'c>(
        &'c self,
        spec: &'c InputSpec,
        preparing: Preparing,
    ) -> Result<
        impl Iterator<Item = Result<(Option<usize>, Candidates), InputError>> + 'c,
        InputError,
    > {
        let (picture, tensors) = match self {
            Self::Picture(file) => {
                let picture = spec.decode(file)?;
                let of = |preparation| spec.of_decoded(&picture, preparation);
                (Some(preparing.candidates(of)?), None)
            }
            Self::Samples(samples) => (None, Some(spec.of_array(&samples.inputs)?)),
        };
        let samples = tensors.into_iter().flat_map(|tensors| {
            let number = move |index| (tensors.count > 1).then_some(index);
            let input = move |index| Ok((number(index), tensors.input(index)?.into()));
            (0..tensors.count).map(input)
        });
        Ok(picture
            .map(|candidates| Ok((None, candidates)))
            .into_iter()
            .chain(samples))
    }
}

/// Why a source gave no input.
#[derive(Debug, Error)]
#[error(transparent)]
pub enum SourceError {
    Read(#[from] ReadError),
    Picture(#[from] PictureError),
    Arrays(#[from] ArraysError),
    Input(#[from] InputError),
}

impl Source {
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The short name: the file's name without its extension.
    pub fn name(&self) -> &Path {
        Path::new(self.path().file_stem().unwrap_or_default())
    }

    /// Reads it whole. What begins like arrays, or has their ending, is taken for such.
    pub fn read(&self) -> Result<Content, InFile<SourceError>> {
        if self.is_array_file() {
            let samples = arrays::read_samples(&self.0).map_err(|error| error.problem);
            return samples.map(Content::Samples).map_err(self.named());
        }
        let bytes = if self.0 == Path::new("-") {
            read_bytes(io::stdin().lock())
        } else {
            let file = File::open(&self.0).map_err(ReadError::from);
            file.and_then(read_bytes)
        };
        let bytes = bytes.map_err(self.named())?;
        if has_array_extension(&self.0) {
            let samples = arrays::decode(Cursor::new(bytes)).and_then(arrays::samples);
            return samples.map(Content::Samples).map_err(self.named());
        }
        Content::of(bytes).map_err(self.named())
    }

    /// Whether it is a file of arrays, which need not be read whole before they are decoded. What can be read only once, as
    /// a pipe, is none.
    fn is_array_file(&self) -> bool {
        let begins = || File::open(&self.0).and_then(head);
        self.0 != Path::new("-")
            && self.0.is_file()
            && (has_array_extension(&self.0)
                || begins().is_ok_and(|head| arrays::recognizes(&head)))
    }

    /// Says which source a problem is about; for `map_err`.
    pub fn named<E: Into<SourceError>>(&self) -> impl FnOnce(E) -> InFile<SourceError> {
        |problem| InFile::named(&display_name(self.path()))(problem)
    }
}

/// A picture file for a board, which prepares it itself for a model of pictures of this shape: its pixels in as many channels,
/// and the number of its rows.
pub fn drawing(file: &[u8], shape: [usize; 3]) -> Result<(Vec<u8>, u32), PictureError> {
    let (pixels, rows) = picture::raw(file, shape[2])?;
    if shape == [SIDE, SIDE, 1] && picture::is_blank(&pixels) {
        return Err(PictureError::Blank);
    }
    Ok((pixels, rows))
}

/// Whether the path ends like that of a file of arrays.
pub fn has_array_extension(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    matches!(extension, Some("npy" | "npz"))
}

/// The first bytes.
fn head(reader: impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    reader.take(HEAD).read_to_end(&mut head)?;
    Ok(head)
}

fn read_bytes(mut reader: impl Read) -> Result<Vec<u8>, ReadError> {
    let head = head(&mut reader)?;
    let limit = if arrays::recognizes(&head) {
        arrays::MAX_BYTES
    } else {
        MAX_FILE_BYTES
    };
    read_all(Cursor::new(head).chain(reader), limit)
}
