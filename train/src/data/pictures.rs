//! Ten pictures from outside MNIST to try a network on: nine digits in other hands and pens, and a dog.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use image::{ImageFormat, ImageReader, Limits};

use crate::data::download::{self, Request};
use crate::data::{DataError, cache_folder, environment_path};

/// The pictures lie at the top of the repository of a course on deep learning; its branch may be renamed one day.
const MIRRORS: &[&str] = &[
    "https://raw.githubusercontent.com/milliams/intro_deep_learning/master/",
    "https://raw.githubusercontent.com/milliams/intro_deep_learning/main/",
];
const NAMES: [&str; 10] = [
    "1.png", "2.png", "3.png", "4.png", "5.png", "6.png", "7.png", "8.png", "9.png", "dog.png",
];
/// In bytes; the largest of them has 12 thousand.
const SIZE_LIMIT: u64 = 1 << 20;
/// Of one side, in pixels; they are 28 by 28.
const SIDES: std::ops::RangeInclusive<u32> = 8..=1024;

/// The directory of the pictures: the one that the environment names in `PICTURES_DIR`, else the cache, filled from the
/// network unless `offline`, else `fallback`.
///
/// Only a `PICTURES_DIR` or a `fallback` that is no directory is an error: no network is none.
pub fn locate(offline: bool, fallback: &Path) -> Result<PathBuf, DataError> {
    if let Some(directory) = environment_path("PICTURES_DIR") {
        return existing(&directory);
    }
    match cache_folder("pictures") {
        Ok(folder) if filled(&folder, MIRRORS, offline) => Ok(folder),
        _ => existing(fallback),
    }
}

fn existing(directory: &Path) -> Result<PathBuf, DataError> {
    if directory.is_dir() {
        return Ok(directory.to_path_buf());
    }
    let expected = "a directory of pictures";
    Err(DataError::unexpected(directory, expected, "none"))
}

/// Whether `folder` holds all pictures, after those missing were fetched unless `offline`; the first failure ends it.
fn filled(folder: &Path, mirrors: &[&str], offline: bool) -> bool {
    NAMES.iter().map(|name| folder.join(name)).all(|target| {
        let request = Request {
            target: &target,
            mirrors,
            size_limit: SIZE_LIMIT,
            verify: &verify,
        };
        target.is_file() || (!offline && download::fetch(&request).is_ok())
    })
}

/// Whether `path` is a PNG of a sane size that decodes.
fn verify(path: &Path) -> Result<(), DataError> {
    let file = File::open(path).map_err(|error| DataError::io(path, error))?;
    let mut reader = ImageReader::with_format(BufReader::new(file), ImageFormat::Png);
    let mut limits = Limits::default();
    limits.max_image_width = Some(*SIDES.end());
    limits.max_image_height = Some(*SIDES.end());
    reader.limits(limits);
    let found = match reader.decode() {
        Ok(picture) if picture.width().min(picture.height()) >= *SIDES.start() => return Ok(()),
        Ok(picture) => format!("{}x{}", picture.width(), picture.height()),
        Err(error) => error.to_string(),
    };
    let expected = format!("a PNG picture of {SIDES:?} pixels a side");
    Err(DataError::unexpected(path, expected, found))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Cursor;

    use image::GrayImage;
    use tempfile::tempdir;

    use super::*;
    use crate::data::test_server::Server;

    fn png(side: u32) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        GrayImage::new(side, side)
            .write_to(&mut bytes, ImageFormat::Png)
            .unwrap();
        bytes.into_inner()
    }

    #[test]
    fn missing_pictures_are_fetched_and_kept_unless_offline() {
        let folder = tempdir().unwrap();
        let server = Server::with_files(NAMES.map(|name| (name, png(28))));
        fs::write(folder.path().join("1.png"), "mine").unwrap();
        assert!(!filled(folder.path(), &[&server.address()], true));
        assert_eq!(server.requests(), 0);
        assert!(filled(folder.path(), &[&server.address()], false));
        assert_eq!(server.requests(), 9);
        assert_eq!(fs::read(folder.path().join("dog.png")).unwrap(), png(28));
        assert_eq!(fs::read(folder.path().join("1.png")).unwrap(), b"mine");
        assert!(filled(folder.path(), &[], true));
    }

    #[test]
    fn only_pictures_of_a_sane_size_are_kept() {
        let mut cut = png(28);
        cut.truncate(50);
        for (wrong, found) in [
            (b"<html>Not here</html>".to_vec(), "found "),
            (cut, "found "),
            (png(4), "found 4x4"),
            (png(1025), "found "),
        ] {
            let folder = tempdir().unwrap();
            let server = Server::with_files([("1.png", wrong.clone())]);
            assert!(!filled(folder.path(), &[&server.address()], false));
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
            let path = folder.path().join("wrong.png");
            fs::write(&path, wrong).unwrap();
            let message = verify(&path).unwrap_err().to_string();
            let expected = format!("expected a PNG picture of 8..=1024 pixels a side, {found}");
            assert!(message.contains(&expected), "{message}");
        }
    }

    #[test]
    fn a_directory_that_is_none_is_refused() {
        let folder = tempdir().unwrap();
        assert_eq!(existing(folder.path()).unwrap(), folder.path());
        let message = existing(&folder.path().join("none")).unwrap_err();
        let end = "expected a directory of pictures, found none";
        assert!(message.to_string().ends_with(end), "{message}");
    }
}
