//! Where pictures come from: files, the pictures of a folder, standard input.

use std::io;
use std::path::{Path, PathBuf};

use image::GrayImage;
use input::folder::{self, FolderError};
use no_std_core::prepare::Preparation;

use crate::file::{InFile, display_name, read_all};
use crate::picture::{self, MAX_FILE_BYTES, PictureError, Pixels};

/// One picture to read: a file, or everything on standard input, which is called `-`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source(pub PathBuf);

impl Source {
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The short name: the file's name without its extension.
    pub fn name(&self) -> &Path {
        Path::new(self.path().file_stem().unwrap_or_default())
    }

    /// Reads the picture and makes it the one that a model takes; see [`picture::prepare`].
    pub fn pixels(&self, preparation: Preparation) -> Result<Pixels, InFile<PictureError>> {
        picture::prepare(&self.grey()?, preparation).map_err(self.named())
    }

    fn grey(&self) -> Result<GrayImage, InFile<PictureError>> {
        let grey = if self.0 == Path::new("-") {
            read_all(io::stdin().lock(), MAX_FILE_BYTES)
                .map_err(PictureError::from)
                .and_then(|bytes| picture::grey(&bytes))
        } else {
            picture::read(&self.0)
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
    if argument == Path::new("-") || !argument.is_dir() {
        return Ok(vec![Source(argument.to_owned())]);
    }
    let pictures = folder::pictures(argument)?;
    Ok(pictures.into_iter().map(Source).collect())
}
