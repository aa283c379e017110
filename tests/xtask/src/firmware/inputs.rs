//! What models run on: images of MNIST's test set, bytes of a file, or random ones.

use std::env;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use flate2::read::GzDecoder;
use no_std_core::format::Shape;

use super::networks::Random;
use super::subject::Subject;

/// Where the random ones begin.
const SEED: u64 = 7;

/// Bytes before the pixels of MNIST's images, and the shape of one.
const IDX_HEADER_LEN: usize = 16;
const IMAGE: Shape = Shape {
    rows: 28,
    columns: 28,
    channels: 1,
};

/// The file that MNIST must have, packed or not.
const IMAGES: [&str; 4] = [
    "t10k-images-idx3-ubyte",
    "t10k-images.idx3-ubyte",
    "t10k-images-idx3-ubyte.gz",
    "t10k-images.idx3-ubyte.gz",
];

/// What to do where there is no test set.
pub const NO_DATA: &str = "no MNIST; `train data` fetches it, or MNIST_DIR names its folder";

/// The folder with MNIST: the one that `MNIST_DIR` names, else where `train` keeps it; none where it is not there.
pub fn mnist() -> Option<PathBuf> {
    let named = |variable| env::var_os(variable).filter(|value| !value.is_empty());
    if let Some(folder) = named("MNIST_DIR") {
        return Some(folder.into());
    }
    let cache = named("BATON_CACHE").map(PathBuf::from);
    let cache = cache.or_else(|| Some(dirs::cache_dir()?.join("baton")))?;
    let folder = cache.join("mnist");
    images_in(&folder).is_some().then_some(folder)
}

fn images_in(folder: &Path) -> Option<PathBuf> {
    let mut paths = IMAGES.iter().map(|name| folder.join(name));
    paths.find(|path| path.is_file())
}

/// Inputs for a model, at most so many: those in a file, one behind the other, or images of digits where it takes such, or
/// random ones.
pub fn inputs(subject: &Subject, file: Option<&Path>, most: usize) -> Result<Vec<Vec<u8>>> {
    let (shape, pictures) = (subject.shape(), subject.model().preparation());
    let len = shape.elements() as usize;
    let bytes = match (file, mnist()) {
        (Some(path), _) => {
            fs::read(path).with_context(|| format!("cannot read {}", path.display()))?
        }
        (None, Some(folder)) if shape == IMAGE && pictures.takes_pictures() => digits(&folder)?,
        _ => return Ok(random(len, most)),
    };
    ensure!(
        !bytes.is_empty() && bytes.len().is_multiple_of(len),
        "expected inputs of {len} bytes each, found {} bytes in all",
        bytes.len()
    );
    Ok(bytes.chunks(len).take(most).map(<[u8]>::to_vec).collect())
}

fn random(len: usize, count: usize) -> Vec<Vec<u8>> {
    let mut random = Random(SEED);
    let mut byte = || random.bits() as u8;
    let input = |_| (0..len).map(|_| byte()).collect();
    (0..count).map(input).collect()
}

/// The pixels of MNIST's test set.
fn digits(folder: &Path) -> Result<Vec<u8>> {
    let path = images_in(folder);
    let path = path.with_context(|| format!("{}: expected {}", folder.display(), IMAGES[0]))?;
    let mut bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    if path.extension().is_some_and(|extension| extension == "gz") {
        let mut unpacked = Vec::new();
        GzDecoder::new(&*bytes).read_to_end(&mut unpacked)?;
        bytes = unpacked;
    }
    let pixels = bytes.get(IDX_HEADER_LEN..);
    Ok(pixels.context("expected images, found none")?.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::firmware::networks;

    #[test]
    fn files_hold_whole_inputs() {
        let folder = tempfile::tempdir().unwrap();
        let subject = networks::network(folder.path(), 1).unwrap();
        let len = subject.shape().elements() as usize;
        let path = folder.path().join("inputs");
        fs::write(&path, vec![9; 3 * len]).unwrap();
        let two = inputs(&subject, Some(&path), 2).unwrap();
        assert_eq!(two, [vec![9; len], vec![9; len]]);
        fs::write(&path, vec![9; len + 1]).unwrap();
        let error = inputs(&subject, Some(&path), 2).unwrap_err();
        assert!(error.to_string().contains("bytes each, found"), "{error}");
        assert_eq!(inputs(&subject, None, 5).unwrap().len(), 5);
    }
}
