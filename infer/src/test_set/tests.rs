use std::fs;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

use super::*;
use crate::support::{idx, test_set};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn folder(files: impl IntoIterator<Item = (&'static str, Vec<u8>)>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

/// The refusal of a good test set with this in place of one of its files, without the folder.
fn refusal(name: &'static str, content: Vec<u8>) -> String {
    let folder = folder(test_set(&[0, 9, 255], &[0, 1, 2]));
    fs::write(folder.path().join(name), content).unwrap();
    let error = TestSet::load(folder.path(), 10).unwrap_err().to_string();
    assert_eq!(error.lines().count(), 1, "{error}");
    let start = folder.path().join(name).display().to_string() + ": ";
    error.strip_prefix(&start).expect(&error).to_owned()
}

const IMAGES: &str = "t10k-images-idx3-ubyte";
const LABELS: &str = "t10k-labels-idx1-ubyte";

#[test]
fn packed_and_dotted_files_are_read() {
    let [images, labels] = test_set(&[0, 9, 255], &[0, 1, 2]).map(|(_, content)| content);
    for [images, labels] in [
        [(IMAGES, images.clone()), (LABELS, labels.clone())],
        [
            ("t10k-images-idx3-ubyte.gz", gzip(&images)),
            ("t10k-labels.idx1-ubyte.gz", gzip(&labels)),
        ],
        [
            ("t10k-images.idx3-ubyte", images),
            ("t10k-labels-idx1-ubyte.gz", labels),
        ],
    ] {
        let folder = folder([images, labels]);
        let set = TestSet::load(folder.path(), 3).unwrap();
        assert_eq!(set.images, [[0; PIXELS], [9; PIXELS], [255; PIXELS]]);
        assert_eq!(set.classes, [0, 1, 2]);
    }
}

#[test]
fn missing_files_are_named() {
    let folder = folder([(LABELS, idx(&[1], &[0]))]);
    let error = |path: &Path| TestSet::load(path, 10).unwrap_err().to_string();
    let expected =
        "expected a folder with t10k-images-idx3-ubyte or t10k-images-idx3-ubyte.gz, found";
    let path = folder.path();
    assert_eq!(
        error(path),
        format!("{}: {expected} neither", path.display())
    );
    let path = path.join("none");
    assert_eq!(
        error(&path),
        format!("{}: {expected} no such folder", path.display())
    );
}

#[test]
fn labels_must_fit_images_and_classes() {
    assert_eq!(
        refusal(LABELS, idx(&[2], &[0, 1])),
        "expected 3 labels, one for each image, found 2"
    );
    assert_eq!(
        refusal(LABELS, idx(&[3], &[0, 1, 10])),
        "expected labels below 10, the number of the model's classes, found label 10 at index 2"
    );
    let folder = folder(test_set(&[0, 9, 255], &[0, 1, 2]));
    assert!(TestSet::load(folder.path(), 2).is_err());
}

#[test]
fn other_files_are_refused() {
    assert_eq!(
        refusal(IMAGES, idx(&[3], &[0, 1, 2])),
        "expected IDX magic number 0x00000803, found magic number 0x00000801"
    );
    assert_eq!(
        refusal(LABELS, b"<ht".to_vec()),
        "expected IDX magic number 0x00000801, found a shorter file"
    );
    for sizes in [
        [3, 28, 27],
        [3, 14, 56],
        [0, 28, 28],
        [MAX_IMAGES + 1, 28, 28],
    ] {
        assert_eq!(
            refusal(IMAGES, idx(&sizes, &[])),
            format!(
                "expected 1 to {MAX_IMAGES} elements of size [28, 28], found a header with sizes {sizes:?}"
            )
        );
    }
    let short = idx(&[3, 28, 28], &[])[..12].to_vec();
    assert!(refusal(IMAGES, short).ends_with("found a header with sizes [3, 28]"));
}

#[test]
fn shorter_and_longer_files_are_refused() {
    let message = "expected 2352 bytes after the header, as it says, found ";
    for (pixels, found) in [
        (2351, "only 2351"),
        (0, "only 0"),
        (2353, "more"),
        (9999, "more"),
    ] {
        let content = idx(&[3, 28, 28], &vec![7; pixels]);
        assert_eq!(
            refusal(IMAGES, content.clone()),
            format!("{message}{found}")
        );
        assert_eq!(refusal(IMAGES, gzip(&content)), format!("{message}{found}"));
    }
}

#[test]
fn damaged_gzip_is_refused() {
    let packed = gzip(&idx(&[3], &[0, 1, 2]));
    let cut = packed[..packed.len() - 4].to_vec();
    assert_eq!(
        refusal(LABELS, cut),
        "expected a whole gzip stream, found one that is cut short"
    );
    let mut wrong = packed.clone();
    let checksum = packed.len() - 8;
    wrong[checksum] ^= 1;
    let error = refusal(LABELS, wrong);
    assert!(
        error.starts_with("expected a sound gzip stream, found "),
        "{error}"
    );
}

#[test]
fn a_bomb_is_not_unpacked() {
    let bomb = gzip(&vec![0; 64 << 20]);
    assert!(bomb.len() < 1 << 20);
    assert!(refusal(IMAGES, bomb).starts_with("expected IDX magic number"));
}
