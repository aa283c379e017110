use std::fs;

use input::layout::NAMES;

use super::*;
use crate::data::choice::Wanted;
use crate::data::test_files::{images_file, labels_file};
use crate::data::{packed, stored};

/// The four files of images of so many rows and columns, each pixel unlike its neighbours, with these labels.
fn contents(size: [u32; 2], train: &[u8], test: &[u8]) -> [Vec<u8>; 4] {
    let images = |count: usize, from: usize| {
        let len = count * (size[0] * size[1]) as usize;
        let pixels: Vec<u8> = (from..from + len)
            .map(|index| (index % 251) as u8)
            .collect();
        images_file([count as u32, size[0], size[1]], &pixels)
    };
    [
        images(train.len(), 7),
        labels_file(train),
        images(test.len(), 100),
        labels_file(test),
    ]
}

fn written(contents: &[Vec<u8>]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in NAMES.iter().zip(contents) {
        fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

fn labels(collection: &Collection) -> Vec<(u16, Option<Part>)> {
    let entries = collection.entries.iter();
    entries.map(|entry| (entry.label, entry.part)).collect()
}

const TRAIN: Option<Part> = Some(Part::Train);
const TEST: Option<Part> = Some(Part::Test);

#[test]
fn parts_are_read_and_hashed_in_their_order() {
    let contents = contents([28, 28], &[7, 8], &[9]);
    let folder = written(&contents);
    let all = read(folder.path()).unwrap();
    assert_eq!(labels(&all), [(7, TRAIN), (8, TRAIN), (9, TEST)]);
    let pixels = [&contents[0][16..], &contents[2][16..]].concat();
    let shape = [1, 28, 28];
    assert_eq!(all.pictures, Pictures::Array { shape, pixels });
    let sha256 = hexadecimal(&Sha256::digest(contents.concat()));
    assert_eq!(all.sha256, Some(sha256));
    let from = folder.path().display();
    assert_eq!(
        all.source,
        format!("IDX files other than MNIST, from {from}")
    );
    assert_eq!(all.classes.len(), 10);

    fs::remove_file(folder.path().join(NAMES[0])).unwrap();
    let test = read_test(folder.path()).unwrap();
    assert_eq!((labels(&test), test.classes.len()), (vec![(9, TEST)], 10));
    let message = read(folder.path()).unwrap_err().to_string();
    assert!(message.contains(&format!("expected {}", NAMES[0])));
}

#[test]
fn classes_are_those_of_all_labels_and_may_count_from_1() {
    for (size, train, test, names) in [
        ([28, 28], &[1, 27][..], &[2][..], ["1", "27"]),
        ([28, 28], &[0, 46], &[46], ["0", "46"]),
        ([5, 9], &[1, 2], &[3], ["1", "3"]),
        ([5, 9], &[3, 2], &[2], ["1", "3"]),
        ([5, 9], &[0, 2], &[1], ["0", "2"]),
    ] {
        let folder = written(&contents(size, train, test));
        let all = read(folder.path()).unwrap();
        let ends = [all.classes.first(), all.classes.last()];
        assert_eq!(ends.map(Option::unwrap), names.map(String::from).each_ref());
        let first: u16 = names[0].parse().unwrap();
        assert_eq!(labels(&all)[0], (u16::from(train[0]) - first, TRAIN));
        let alone = read_test(folder.path()).unwrap();
        assert_eq!(alone.classes, all.classes);
    }
}

#[test]
fn large_files_stay_where_they_are_and_give_the_same_pictures() {
    let contents = contents([5, 9], &[7, 8], &[9, 7, 7]);
    let folder = written(&contents);
    let [small, large] = [u64::MAX, 1].map(|large| read_from(folder.path(), large).unwrap());
    assert_eq!(small.sha256, large.sha256);
    assert_eq!(labels(&small), labels(&large));
    let Pictures::Array { shape, pixels } = &small.pictures else {
        panic!("{small:?}")
    };
    let Pictures::Stored { places, .. } = &large.pictures else {
        panic!("{large:?}")
    };
    for wanted in [
        Wanted::default(),
        Wanted {
            transpose: true,
            ..Wanted::default()
        },
        Wanted {
            size: Some([4, 4]),
            ..Wanted::default()
        },
    ] {
        let expected = packed::array(pixels.clone(), *shape, &wanted).unwrap();
        let found = stored::pixels(places, *shape, &wanted).unwrap();
        assert_eq!(
            (found.kept, &found.choice),
            (expected.kept, &expected.choice)
        );
        let mut bytes = [0, 0].map(|_| vec![0; expected.choice.shape.iter().product()]);
        for picture in 0..5 {
            let offset = (picture * bytes[0].len()) as u64;
            expected.pixels.read(offset, &mut bytes[0]).unwrap();
            found.pixels.read(offset, &mut bytes[1]).unwrap();
            assert_eq!(bytes[0], bytes[1]);
        }
    }
    // A packed file among them is read.
    let packed = crate::data::test_files::gzip(&contents[0]);
    fs::write(folder.path().join(NAMES[0]), packed).unwrap();
    assert_eq!(read_from(folder.path(), 1).unwrap(), small);
    // Others are refused as ever.
    for len in [16 + 44, 16 + 91] {
        let mut images = contents[0].clone();
        images.resize(len, 0);
        fs::write(folder.path().join(NAMES[0]), images).unwrap();
        let [a, b] = [u64::MAX, 1].map(|large| read_from(folder.path(), large).unwrap_err());
        assert_eq!(a.to_string(), b.to_string());
    }
}

#[test]
fn letters_are_called_so() {
    let folder = written(&contents([28, 28], &[1, 26], &[2]));
    let all = read(folder.path()).unwrap();
    assert!(
        all.source.starts_with("EMNIST's letters, from "),
        "{}",
        all.source
    );
    assert_eq!((&*all.classes[0], &*all.classes[25]), ("A", "Z"));
    assert_eq!(labels(&all), [(0, TRAIN), (25, TRAIN), (1, TEST)]);
    // Other sizes are other images.
    let folder = written(&contents([5, 9], &[1, 26], &[2]));
    let all = read(folder.path()).unwrap();
    assert!(all.source.starts_with("IDX files"), "{}", all.source);
    assert_eq!((&*all.classes[0], &*all.classes[25]), ("1", "26"));
}

#[test]
fn parts_of_different_sizes_are_refused() {
    let [images, ..] = contents([5, 9], &[1, 2], &[3]);
    let [_, a, b, c] = contents([5, 8], &[1, 2], &[3]);
    let folder = written(&[images, a, b, c]);
    let message = read(folder.path()).unwrap_err().to_string();
    assert!(
        message.contains("expected 5x9 images, found 5x8"),
        "{message}"
    );
}

#[test]
fn the_files_are_those_that_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let [near, whole] = ["near", "below/whole"].map(|name| folder.path().join(name));
    for (home, names) in [(&near, &NAMES[..2]), (&whole, &NAMES)] {
        fs::create_dir_all(home).unwrap();
        for (name, content) in names.iter().zip(contents([28, 28], &[7, 8], &[9])) {
            fs::write(home.join(name), content).unwrap();
        }
    }
    // Half a data set is nearer than the whole one.
    let source = read(folder.path()).unwrap().source;
    assert!(source.ends_with(&*whole.to_string_lossy()), "{source}");
    let files = files(folder.path());
    assert!(files.iter().all(|file| file.starts_with(&whole)));
    assert!(NAMES.iter().all(|name| files.contains(&whole.join(name))));
}
