//! MNIST (`LeCun`, Cortes and Burges, <http://yann.lecun.com/exdb/mnist/>), fetched once into the user's cache.

use std::path::Path;

use input::idx::{Form, Images, Labels};
use sha2::{Digest, Sha256};

use crate::data::collection::Collection;
use crate::data::download::{self, Request};
use crate::data::idx;
pub use crate::data::idx::MNIST_SHA256 as SHA256;
use crate::data::{DataError, hexadecimal};

/// The original server refuses most downloads, so these are copies that large projects keep.
const MIRRORS: &[&str] = &[
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://raw.githubusercontent.com/fgnt/mnist/master/",
];

/// The most that a mirror may send for one file, in bytes: room for the training images in whatever packing.
const SIZE_LIMIT: u64 = 64 << 20;

/// The files' names on any mirror and in the cache, and the SHA-256 of what they unpack to: mirrors pack them differently.
const FILES: [(&str, &str); 4] = [
    (
        "train-images-idx3-ubyte.gz",
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
    (
        "train-labels-idx1-ubyte.gz",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
    (
        "t10k-images-idx3-ubyte.gz",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ),
    (
        "t10k-labels-idx1-ubyte.gz",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
];

/// Loads MNIST from `folder`, which exists, after fetching what is missing or damaged there.
pub(super) fn load(folder: &Path, offline: bool) -> Result<Collection, DataError> {
    if let Ok(digits) = idx::read(folder)
        && digits.sha256.as_deref() == Some(SHA256)
    {
        return Ok(digits);
    }
    if offline {
        let folder = folder.into();
        return Err(DataError::Offline { folder });
    }
    fetch_missing(folder, &FILES, MIRRORS)?;
    let digits = idx::read(folder)?;
    if digits.sha256.as_deref() != Some(SHA256) {
        return Err(DataError::unexpected(
            folder,
            "nothing but MNIST",
            "other IDX files: remove them",
        ));
    }
    Ok(digits)
}

/// Fetches those of `files` that `folder` does not hold to the byte.
fn fetch_missing(folder: &Path, files: &[(&str, &str)], mirrors: &[&str]) -> Result<(), DataError> {
    for (name, sha256) in files {
        let verify = |path: &Path| verify(path, name.contains("images"), sha256);
        let target = folder.join(name);
        if verify(&target).is_err() {
            download::fetch(&Request {
                target: &target,
                mirrors,
                size_limit: SIZE_LIMIT,
                verify: &verify,
            })?;
        }
    }
    Ok(())
}

/// Whether what is at `path`, packed or not, has that hash.
fn verify(path: &Path, is_images: bool, sha256: &str) -> Result<(), DataError> {
    let found = if is_images {
        Sha256::digest(Images::read(path, Form::ANY)?.file())
    } else {
        Sha256::digest(Labels::read(path, Form::ANY)?.file())
    };
    let found = hexadecimal(&found);
    if found == sha256 {
        return Ok(());
    }
    let expected = format!("content with SHA-256 {sha256:.12}...");
    let found = format!("{found:.12}...");
    Err(DataError::unexpected(path, expected, found))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::tempdir;

    use super::*;
    use crate::data::test_files::{gzip, images_file, labels_file};
    use crate::data::test_server::Server;

    const IMAGES: &str = "train-images-idx3-ubyte.gz";
    const LABELS: &str = "train-labels-idx1-ubyte.gz";

    fn images(count: u32) -> Vec<u8> {
        images_file([count, 28, 28], &vec![9; 784 * count as usize])
    }

    /// Two small files, packed, and the hashes of what they unpack to.
    fn collection() -> ([(&'static str, Vec<u8>); 2], [String; 2]) {
        let contents = [images(3), labels_file(&[1, 2, 3])];
        let hash = |content| hexadecimal(&Sha256::digest(content));
        let hashes = contents.each_ref().map(hash);
        let [images, labels] = contents.map(|content| gzip(&content));
        ([(IMAGES, images), (LABELS, labels)], hashes)
    }

    #[test]
    fn missing_and_damaged_files_are_fetched_and_whole_ones_kept() {
        let folder = tempdir().unwrap();
        let (packed, hashes) = collection();
        let files = [(IMAGES, &*hashes[0]), (LABELS, &*hashes[1])];
        let server = Server::with_files(packed.clone());
        fs::write(folder.path().join(IMAGES), &packed[0].1[..40]).unwrap();
        fetch_missing(folder.path(), &files, &[&server.address()]).unwrap();
        for (name, content) in &packed {
            assert_eq!(&fs::read(folder.path().join(name)).unwrap(), content);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
        fetch_missing(folder.path(), &files, &[]).unwrap();
        assert_eq!(server.requests(), 2);
    }

    #[test]
    fn the_failure_names_every_mirror_and_the_ways_on() {
        let folder = tempdir().unwrap();
        let (_, hashes) = collection();
        let files = [(IMAGES, &*hashes[0])];
        let wrong = Server::with_files([(IMAGES, gzip(&images(2)))]);
        let page = Server::with_files([(IMAGES, b"<html>".to_vec())]);
        let mirrors: &[&str] = &[&wrong.address(), &page.address()];
        let error = fetch_missing(folder.path(), &files, mirrors).unwrap_err();
        let message = error.to_string();
        for part in [
            IMAGES,
            mirrors[0],
            "SHA-256",
            mirrors[1],
            "an IDX file",
            "--data DIR",
            "MNIST_DIR",
            "--data synthetic",
        ] {
            assert!(message.contains(part), "{part} is not in: {message}");
        }
        assert!(!message.contains('\n'));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn offline_says_so_where_the_cache_is_empty_or_holds_something_else() {
        let folder = tempdir().unwrap();
        let empty = load(folder.path(), true).unwrap_err().to_string();
        for (name, content) in collection().0 {
            fs::write(folder.path().join(name.replace("train", "t10k")), &content).unwrap();
            fs::write(folder.path().join(name), content).unwrap();
        }
        assert!(idx::read(folder.path()).is_ok());
        let other = load(folder.path(), true).unwrap_err().to_string();
        for message in [empty, other] {
            assert!(message.contains("the network is not to be used"));
        }
    }
}
