//! A directory of the four IDX files under the names that MNIST and its many relatives use.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::data::idx::Idx;
use crate::data::{DataError, Dataset, Digits, hexadecimal, mnist};

/// The base names in the order in which their contents are hashed.
pub const BASE_NAMES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

/// Loads the four files of `folder`, each packed with gzip or not and with a dash or a dot before `idx`.
pub fn load(folder: &Path) -> Result<Digits, DataError> {
    if !folder.is_dir() {
        return Err(DataError::NoDirectory {
            path: folder.to_path_buf(),
        });
    }
    let [train_images, train_labels, test_images, test_labels] = BASE_NAMES;
    let mut hasher = Sha256::new();
    let train = load_pair(folder, train_images, train_labels, &mut hasher)?;
    let test = load_pair(folder, test_images, test_labels, &mut hasher)?;
    let sha256 = hexadecimal(&hasher.finalize());
    let kind = if sha256 == mnist::SHA256 {
        "MNIST to the byte"
    } else {
        "IDX files other than MNIST"
    };
    Ok(Digits {
        train,
        test,
        source: format!("{kind}, from {}", folder.display()),
        sha256,
    })
}

fn load_pair(
    folder: &Path,
    images: &str,
    labels: &str,
    hasher: &mut Sha256,
) -> Result<Dataset, DataError> {
    let images_path = find(folder, images)?;
    let labels_path = find(folder, labels)?;
    let images = Idx::images(&images_path)?;
    let labels = Idx::labels(&labels_path)?;
    let (image_count, label_count) = (images.view().shape()[0], labels.view().len());
    if image_count != label_count {
        let expected = format!(
            "{image_count} labels, one for each image of {}",
            images_path.display()
        );
        return Err(DataError::unexpected(
            &labels_path,
            expected,
            label_count.to_string(),
        ));
    }
    hasher.update(images.bytes());
    hasher.update(labels.bytes());
    Ok(Dataset {
        images: images.view().to_owned(),
        labels: labels.view().to_owned(),
    })
}

/// The file of that base name in whichever spelling is there.
fn find(folder: &Path, base_name: &str) -> Result<PathBuf, DataError> {
    let dotted = base_name.replace("-idx", ".idx");
    let spellings = [
        base_name,
        &format!("{base_name}.gz"),
        &dotted,
        &format!("{dotted}.gz"),
    ]
    .map(|name| folder.join(name));
    let found = spellings.into_iter().find(|path| path.is_file());
    found.ok_or_else(|| {
        DataError::unexpected(
            folder,
            format!("a file {base_name} or {base_name}.gz"),
            "neither",
        )
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::{TempDir, tempdir};

    use super::*;
    use crate::data::idx::tests::{gzip, images_file, labels_file};

    /// The four contents: two images to learn from, one to test on.
    fn contents() -> [Vec<u8>; 4] {
        [
            images_file(2),
            labels_file(&[7, 8]),
            images_file(1),
            labels_file(&[9]),
        ]
    }

    fn folder_with(names: [&str; 4], contents: [Vec<u8>; 4]) -> TempDir {
        let folder = tempdir().unwrap();
        for (name, content) in names.iter().zip(contents) {
            fs::write(folder.path().join(name), content).unwrap();
        }
        folder
    }

    fn refusal(folder: &TempDir) -> String {
        let message = load(folder.path()).unwrap_err().to_string();
        assert!(!message.contains('\n'));
        message
    }

    #[test]
    fn every_spelling_is_found() {
        let dotted = BASE_NAMES.map(|name| name.replace("-idx", ".idx"));
        let packed = BASE_NAMES.map(|name| format!("{name}.gz"));
        let dotted_packed = dotted.each_ref().map(|name| format!("{name}.gz"));
        let mut digests = Vec::new();
        for (names, pack) in [
            (
                BASE_NAMES.map(str::to_owned),
                <[u8]>::to_vec as fn(&[u8]) -> Vec<u8>,
            ),
            (packed.clone(), gzip),
            (packed, <[u8]>::to_vec),
            (dotted, gzip),
            (dotted_packed, gzip),
        ] {
            let folder = folder_with(
                names.each_ref().map(String::as_str),
                contents().map(|content| pack(&content)),
            );
            let digits = load(folder.path()).unwrap();
            assert_eq!((digits.train.len(), digits.test.len()), (2, 1));
            assert_eq!(digits.train.labels.to_vec(), [7, 8]);
            assert!(
                digits
                    .source
                    .starts_with("IDX files other than MNIST, from ")
            );
            digests.push(digits.sha256);
        }
        let expected = hexadecimal(&Sha256::digest(contents().concat()));
        assert!(digests.iter().all(|digest| *digest == expected));
    }

    #[test]
    fn a_missing_file_is_named() {
        for name in BASE_NAMES {
            let folder = folder_with(BASE_NAMES, contents());
            fs::remove_file(folder.path().join(name)).unwrap();
            fs::create_dir(folder.path().join(name)).unwrap();
            let message = refusal(&folder);
            assert!(
                message.ends_with(&format!(
                    "expected a file {name} or {name}.gz, found neither"
                )),
                "{message}"
            );
        }
    }

    #[test]
    fn images_and_labels_must_be_as_many() {
        let mut contents = contents();
        contents[3] = labels_file(&[1, 2, 3]);
        let message = refusal(&folder_with(BASE_NAMES, contents));
        assert!(
            message.contains("t10k-labels-idx1-ubyte: expected 1 labels, one for each image of"),
            "{message}"
        );
        assert!(message.ends_with("found 3"), "{message}");
    }

    #[test]
    fn files_in_each_others_place_are_refused() {
        let [images, labels, ..] = contents();
        let swapped = [labels, images, images_file(1), labels_file(&[9])];
        let message = refusal(&folder_with(BASE_NAMES, swapped));
        assert!(
            message.contains("expected an images file") && message.contains("found a labels file"),
            "{message}"
        );
    }

    #[test]
    fn a_folder_that_is_none_is_refused() {
        let message = load(Path::new("mnits")).unwrap_err().to_string();
        assert!(
            message.starts_with("no directory \"mnits\": expected `mnist`, `synthetic` or"),
            "{message}"
        );
        assert!(
            load(Path::new(""))
                .unwrap_err()
                .to_string()
                .starts_with("no directory \"\"")
        );
    }
}
