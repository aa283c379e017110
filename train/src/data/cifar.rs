//! The binary versions of CIFAR-10 and CIFAR-100: <https://www.cs.toronto.edu/~kriz/cifar.html>.

use std::fs::File;
use std::path::{Path, PathBuf};

use input::file::{display_name, read_all};

use super::DataError;
use super::collection::{Collection, Divided, Entry, Part, Pictures};

/// Red, green and blue planes of 32 x 32 pixels.
const SHAPE: [usize; 3] = [3, 32, 32];
const PIXELS: usize = 3 * 32 * 32;
/// Far more than a file of either has, in bytes.
const MAX_BYTES: u64 = 1 << 30;

/// How the files of a version are laid out.
struct Version {
    name: &'static str,
    /// The folder that the archive makes.
    folder: &'static str,
    train: &'static [&'static str],
    test: &'static str,
    /// Bytes before the pixels; the last one is the class.
    labels: usize,
    classes: usize,
    names: &'static str,
}

const VERSIONS: [Version; 2] = [
    Version {
        name: "CIFAR-10",
        folder: "cifar-10-batches-bin",
        train: &[
            "data_batch_1.bin",
            "data_batch_2.bin",
            "data_batch_3.bin",
            "data_batch_4.bin",
            "data_batch_5.bin",
        ],
        test: "test_batch.bin",
        labels: 1,
        classes: 10,
        names: "batches.meta.txt",
    },
    Version {
        name: "CIFAR-100",
        folder: "cifar-100-binary",
        train: &["train.bin"],
        test: "test.bin",
        labels: 2,
        classes: 100,
        names: "fine_label_names.txt",
    },
];

/// Reads a version of CIFAR in a folder, or in the folder of the archive in it; `None` if its test file is in neither.
pub fn read(folder: &Path) -> Result<Option<Collection>, DataError> {
    let homes = |version: &Version| [folder.to_owned(), folder.join(version.folder)];
    let found = VERSIONS.iter().find_map(|version| {
        let has_test = |home: &PathBuf| home.join(version.test).is_file();
        Some((version, homes(version).into_iter().find(has_test)?))
    });
    found.map(|(version, home)| version.read(&home)).transpose()
}

impl Version {
    fn read(&self, home: &Path) -> Result<Collection, DataError> {
        let (mut entries, mut pixels) = (Vec::new(), Vec::new());
        let train = self.train.iter().map(|name| (name, Part::Train));
        for (name, part) in train.chain([(&self.test, Part::Test)]) {
            let path = home.join(name);
            let file = File::open(&path).map_err(|error| DataError::io(&path, error))?;
            let bytes = read_all(file, MAX_BYTES).map_err(|error| {
                DataError::unexpected(&path, format!("a file of {}", self.name), error.to_string())
            })?;
            let len = self.labels + PIXELS;
            if bytes.is_empty() || !bytes.len().is_multiple_of(len) {
                let expected = format!("pictures of {len} bytes each, as {} has them", self.name);
                return Err(DataError::unexpected(
                    &path,
                    expected,
                    format!("{} bytes", bytes.len()),
                ));
            }
            for record in bytes.chunks_exact(len) {
                let (labels, picture) = record.split_at(self.labels);
                let label = labels[self.labels - 1];
                if usize::from(label) >= self.classes {
                    let expected = format!("classes 0 to {}", self.classes - 1);
                    return Err(DataError::unexpected(&path, expected, label.to_string()));
                }
                entries.push(Entry {
                    label: label.into(),
                    part: Some(part),
                });
                pixels.extend_from_slice(picture);
            }
        }
        Ok(Collection {
            source: format!("{}, from {}", self.name, display_name(home)),
            classes: self.class_names(home),
            entries,
            pictures: Pictures::Array {
                shape: SHAPE,
                pixels,
            },
            divided: Divided::AsPublished,
            passed_over: Vec::new(),
            unreadable: Vec::new(),
            sha256: None,
        })
    }

    /// Those in the file of names, or numbers where it has not one for each class.
    fn class_names(&self, home: &Path) -> Vec<String> {
        let text = std::fs::read_to_string(home.join(self.names)).unwrap_or_default();
        let names: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        if names.len() == self.classes {
            names
        } else {
            (0..self.classes).map(|class| class.to_string()).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A record whose pixels are all its class.
    fn record(labels: &[u8]) -> Vec<u8> {
        [labels, &[*labels.last().unwrap(); PIXELS]].concat()
    }

    #[test]
    fn both_versions_are_read_with_their_names() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(folder.path()).unwrap(), None);
        let home = folder.path().join("cifar-10-batches-bin");
        fs::create_dir(&home).unwrap();
        for (batch, name) in (0..).zip(VERSIONS[0].train) {
            fs::write(home.join(name), record(&[batch])).unwrap();
        }
        fs::write(
            home.join("test_batch.bin"),
            [record(&[9]), record(&[0])].concat(),
        )
        .unwrap();
        let names = "airplane automobile bird cat deer dog frog horse ship truck";
        fs::write(home.join("batches.meta.txt"), names.replace(' ', "\n")).unwrap();
        let ten = read(folder.path()).unwrap().unwrap();
        assert_eq!((ten.classes.len(), &*ten.classes[9]), (10, "truck"));
        let found: Vec<_> = ten
            .entries
            .iter()
            .map(|entry| (entry.label, entry.part))
            .collect();
        let train = |label| (label, Some(Part::Train));
        let test = |label| (label, Some(Part::Test));
        assert_eq!(
            found,
            [
                train(0),
                train(1),
                train(2),
                train(3),
                train(4),
                test(9),
                test(0)
            ]
        );
        let expected: Vec<u8> = [0, 1, 2, 3, 4, 9, 0]
            .into_iter()
            .flat_map(|class| [class; PIXELS])
            .collect();
        let (shape, pixels) = (SHAPE, expected);
        assert_eq!(ten.pictures, Pictures::Array { shape, pixels });

        let hundred = tempfile::tempdir().unwrap();
        fs::write(hundred.path().join("train.bin"), record(&[3, 99])).unwrap();
        fs::write(hundred.path().join("test.bin"), record(&[19, 5])).unwrap();
        let found = read(hundred.path()).unwrap().unwrap();
        let labels: Vec<u16> = found.entries.iter().map(|entry| entry.label).collect();
        assert_eq!((labels, &*found.classes[99]), (vec![99, 5], "99"));
        for (content, part) in [
            (record(&[3, 100]), "found 100"),
            (vec![1; 3000], "found 3000 bytes"),
        ] {
            fs::write(hundred.path().join("train.bin"), content).unwrap();
            let message = read(hundred.path()).unwrap_err().to_string();
            assert!(
                message.contains("train.bin: expected") && message.contains(part),
                "{message}"
            );
        }
    }
}
