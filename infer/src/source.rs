//! Where pictures come from: files, the pictures of a folder, standard input.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use image::GrayImage;
use no_std_core::prepare::Preparation;
use thiserror::Error;

use crate::file::{self, InFile, ReadError, display_name};
use crate::picture::{self, PictureError, Pixels};

/// One picture to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file.
    File(PathBuf),
    /// Everything on standard input, as one picture.
    StandardInput,
}

/// Why a folder gave no pictures.
#[derive(Debug, Error)]
pub enum FolderError {
    /// The folder could not be listed.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// No file in it is named like a picture.
    #[error(
        "expected picture files ({}) in the folder, found none",
        picture::FORMAT_NAMES
    )]
    Empty,
}

impl Source {
    /// The source as results and errors call it: the path, or `-` for standard input.
    pub fn file(&self) -> String {
        match self {
            Self::File(path) => display_name(path),
            Self::StandardInput => "-".to_owned(),
        }
    }

    /// The short name: the file's name without its extension, or `-` for standard input.
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => display_name(Path::new(path.file_stem().unwrap_or_default())),
            Self::StandardInput => self.file(),
        }
    }

    /// Reads the picture and makes it the one that a model takes; see [`picture::prepare`].
    ///
    /// # Errors
    ///
    /// See [`PictureError`].
    pub fn pixels(&self, preparation: Preparation) -> Result<Pixels, InFile<PictureError>> {
        picture::prepare(&self.grey()?, preparation).map_err(InFile::named(&self.file()))
    }

    /// Reads the picture; see [`picture::grey`].
    ///
    /// # Errors
    ///
    /// See [`PictureError`].
    pub fn grey(&self) -> Result<GrayImage, InFile<PictureError>> {
        let bytes = match self {
            Self::File(path) => file::read(path),
            Self::StandardInput => file::read_all(io::stdin().lock(), file::MAX_BYTES),
        };
        bytes
            .map_err(PictureError::from)
            .and_then(|bytes| picture::grey(&bytes))
            .map_err(InFile::named(&self.file()))
    }
}

/// The sources a PICTURE argument stands for: `-` is standard input, a folder stands for its
/// picture files in natural order of their names, anything else is a file.
///
/// Picture files of a folder are those with a picture's extension; hidden ones and subfolders are
/// left out.
///
/// # Errors
///
/// See [`FolderError`].
pub fn sources(argument: &Path) -> Result<Vec<Source>, InFile<FolderError>> {
    if argument == Path::new("-") {
        return Ok(vec![Source::StandardInput]);
    }
    if !argument.is_dir() {
        return Ok(vec![Source::File(argument.to_owned())]);
    }
    let pictures = list(argument)
        .map_err(ReadError::from)
        .map_err(InFile::named(&display_name(argument)))?;
    if pictures.is_empty() {
        return Err(InFile::named(&display_name(argument))(FolderError::Empty));
    }
    Ok(pictures.into_iter().map(Source::File).collect())
}

fn list(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut pictures = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        let path = entry.path();
        if !hidden && picture::has_picture_extension(&path) && !path.is_dir() {
            pictures.push(path);
        }
    }
    pictures.sort_by_cached_key(|path| (natural_key(path), path.clone()));
    Ok(pictures)
}

/// A key that sorts numbers inside names by their value: 2 before 10.
///
/// Each run of digits becomes `0`, the count of its digits without leading zeros, and those digits:
/// numbers then compare by length first, and still stand among other characters where digits do.
fn natural_key(path: &Path) -> Vec<u8> {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    let mut key = Vec::with_capacity(2 * name.len());
    for run in name.chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit()) {
        if run[0].is_ascii_digit() {
            let zeros = run.iter().take_while(|&&digit| digit == b'0').count();
            key.push(b'0');
            key.extend(((run.len() - zeros) as u32).to_be_bytes());
            key.extend(&run[zeros..]);
        } else {
            key.extend(run);
        }
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names_in_order(names: &[&str]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let paths = list(folder.path()).unwrap();
        let name = |path: PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
        paths.into_iter().map(name).collect()
    }

    #[test]
    fn numbers_sort_by_value() {
        let shuffled = [
            "dog.png",
            "10.png",
            "9.png",
            "a10b2.png",
            "1.png",
            "a10b10.png",
            "a9b11.png",
            "010.png",
        ];
        let sorted = [
            "1.png",
            "9.png",
            "010.png",
            "10.png",
            "a9b11.png",
            "a10b2.png",
            "a10b10.png",
            "dog.png",
        ];
        assert_eq!(names_in_order(&shuffled), sorted);
        assert_eq!(
            names_in_order(&["-1.png", "a.png", "5.png", "0.png"]),
            ["-1.png", "0.png", "5.png", "a.png"]
        );
    }

    #[test]
    fn only_visible_picture_files_count() {
        let names = [
            "a.png", "b.JPG", "c.jpeg", "d.bmp", "e.gif", "f.pgm", "g.webp", "h.txt", "i.tif", "k",
            ".l.png",
        ];
        assert_eq!(names_in_order(&names), names[..7]);

        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("folder.png")).unwrap();
        assert!(list(folder.path()).unwrap().is_empty());
    }

    #[test]
    fn arguments_become_sources() {
        assert_eq!(sources(Path::new("-")).unwrap(), [Source::StandardInput]);
        let missing = Source::File(PathBuf::from("none/7.v2.png"));
        assert_eq!(
            sources(Path::new("none/7.v2.png")).unwrap(),
            std::slice::from_ref(&missing)
        );
        assert_eq!(
            (missing.file().as_str(), missing.name().as_str()),
            ("none/7.v2.png", "7.v2")
        );

        let folder = tempfile::tempdir().unwrap();
        let error = sources(folder.path()).unwrap_err();
        let expected =
            "expected picture files (PNG, JPEG, BMP, GIF, PGM or WebP) in the folder, found none";
        assert_eq!(
            error.to_string(),
            format!("{}: {expected}", folder.path().display())
        );
    }
}
