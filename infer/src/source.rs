//! Where pictures come from: files, the pictures of a folder, standard input.

use std::io;
use std::path::{Path, PathBuf};

use image::GrayImage;
use input::folder::{self, FolderError};
use no_std_core::prepare::Preparation;

use crate::file::{InFile, display_name, read_all};
use crate::picture::{self, MAX_FILE_BYTES, PictureError, Pixels};

/// One picture to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file.
    File(PathBuf),
    /// Everything on standard input, as one picture.
    StandardInput,
}

impl Source {
    /// The path, or `-` for standard input.
    pub fn path(&self) -> &Path {
        match self {
            Self::File(path) => path,
            Self::StandardInput => Path::new("-"),
        }
    }

    /// The short name: the file's name without its extension, or `-` for standard input.
    pub fn name(&self) -> &Path {
        Path::new(self.path().file_stem().unwrap_or_default())
    }

    /// Reads the picture and makes it the one that a model takes; see [`picture::prepare`].
    pub fn pixels(&self, preparation: Preparation) -> Result<Pixels, InFile<PictureError>> {
        picture::prepare(&self.grey()?, preparation).map_err(self.named())
    }

    fn grey(&self) -> Result<GrayImage, InFile<PictureError>> {
        let grey = match self {
            Self::File(path) => picture::read(path),
            Self::StandardInput => read_all(io::stdin().lock(), MAX_FILE_BYTES)
                .map_err(PictureError::from)
                .and_then(|bytes| picture::grey(&bytes)),
        };
        grey.map_err(self.named())
    }

    /// Reads the picture for a board, which prepares it itself; see [`picture::grey`].
    pub fn drawing(&self) -> Result<GrayImage, InFile<PictureError>> {
        let grey = self.grey()?;
        if picture::is_blank(&grey) {
            return Err(self.named()(PictureError::Blank));
        }
        Ok(grey)
    }

    fn named(&self) -> impl FnOnce(PictureError) -> InFile<PictureError> {
        |problem| InFile::named(&display_name(self.path()))(problem)
    }
}

/// The sources a PICTURE argument stands for: `-` is standard input, a folder stands for its pictures (see
/// [`folder::pictures`]), anything else is a file.
pub fn sources(argument: &Path) -> Result<Vec<Source>, InFile<FolderError>> {
    if argument == Path::new("-") {
        return Ok(vec![Source::StandardInput]);
    }
    if !argument.is_dir() {
        return Ok(vec![Source::File(argument.to_owned())]);
    }
    Ok(folder::pictures(argument)?
        .into_iter()
        .map(Source::File)
        .collect())
}
