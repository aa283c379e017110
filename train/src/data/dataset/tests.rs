use std::fs::File;

use super::*;
use crate::data::random::Random;

#[test]
fn parts_are_the_pictures_that_they_say_wherever_the_pixels_are() {
    let (shape, count) = ([3, 2, 5], 40);
    let mut random = Random::new(1, 0);
    let bytes: Vec<u8> = (0..30 * count).map(|_| random.below(256) as u8).collect();
    let labels: Vec<u16> = (0..count).map(|_| random.below(300) as u16).collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pixels");
    std::fs::write(&path, &bytes).unwrap();
    let file = File::open(&path).unwrap();
    let places = (0..count as u32).collect();
    let of_file = Pixels::File {
        file,
        path,
        start: 0,
    };
    let classes = numbers(0, 300);
    for dataset in [
        Dataset::new(shape, bytes.clone(), labels.clone(), classes.clone()),
        Dataset::of(shape, of_file, places, labels.clone(), classes.clone()),
    ] {
        let indices: Vec<usize> = (0..25).map(|_| random.below(count)).collect();
        let part = dataset.select(&indices).take(20);
        assert_eq!((part.len(), part.is_empty()), (20, false));
        let images = part.images().unwrap();
        assert_eq!(images.shape(), [20, 3, 2, 5]);
        for (image, &index) in images.outer_iter().zip(&indices) {
            assert!(image.iter().eq(&bytes[30 * index..][..30]));
        }
        let expected = indices.iter().map(|&index| labels[index]).take(20);
        assert!(part.labels().iter().copied().eq(expected));
    }
}

#[test]
fn changed_pictures_are_told_their_numbers_and_keep_their_labels() {
    let labels: Vec<u16> = (0..25).map(|picture| picture % 3).collect();
    let dataset = Dataset::new([1, 1, 2], (0..50).collect(), labels, numbers(0, 3));
    let part = dataset.select(&[7, 3, 24]);
    let changed = part.changed(|number, bytes| bytes[0] += number as u8);
    let changed = changed.unwrap();
    let images = changed.images().unwrap();
    assert!(images.into_iter().eq([14, 15, 6 + 1, 7, 48 + 2, 49]));
    assert_eq!(changed.labels(), part.labels());
    // The others are as before.
    assert_eq!(part.images().unwrap()[[0, 0, 0, 0]], 14);
}

#[test]
fn more_pictures_follow_with_their_labels() {
    let labels = (0..25).map(|picture| picture % 3).collect();
    let dataset = Dataset::new([1, 1, 2], (0..50).collect(), labels, numbers(0, 3));
    let more = dataset
        .select(&[7, 3])
        .with(vec![90, 91, 92, 93], vec![2, 0]);
    let images = more.images().unwrap();
    assert!(images.into_iter().eq([14, 15, 6, 7, 90, 91, 92, 93]));
    assert_eq!(more.labels(), [1, 0, 2, 0]);
}

#[test]
fn negatives_follow_and_are_of_no_class() {
    let labels = (0..25).map(|picture| picture % 3).collect();
    let dataset = Dataset::new([1, 1, 2], (0..50).collect(), labels, numbers(0, 3));
    let both = dataset.select(&[7, 3]).with_negatives(vec![90, 91, 92, 93]);
    let images = both.images().unwrap();
    assert!(images.into_iter().eq([14, 15, 6, 7, 90, 91, 92, 93]));
    assert_eq!(both.labels(), [1, 0, 3, 3]);
    assert_eq!(both.counts(), [1, 1, 0]);
    let other = both.select(&[3, 0]).with_negatives(vec![94, 95]);
    let images = other.images().unwrap();
    assert!(images.into_iter().eq([92, 93, 14, 15, 94, 95]));
}

#[test]
fn take_keeps_the_first_pictures() {
    let dataset = Dataset::new([1, 1, 1], (0..25).collect(), vec![0; 25], numbers(0, 1));
    for limit in [0, 1, 24, 25, 26, usize::MAX] {
        let first = dataset.clone().take(limit);
        let count = limit.min(25);
        assert_eq!((first.len(), first.is_empty()), (count, count == 0));
        assert!(first.images().unwrap().into_iter().eq(0..count as u8));
    }
}
