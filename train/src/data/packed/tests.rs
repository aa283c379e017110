use std::fs;
use std::path::PathBuf;

use no_std_core::prepare::Preparation;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

use super::*;
use crate::data::choice::Colour;

const WANTED: Wanted = Wanted {
    size: Some([6, 8]),
    colour: Some(Colour::Rgb),
    fit: Some(Fit::Stretch),
    transpose: false,
};

/// A picture of one colour that tells it from others.
fn picture(number: u8) -> DynamicImage {
    RgbImage::from_pixel(16, 12, Rgb([number, 10, 200 - number])).into()
}

/// Files of every format in a folder, and one that is none.
fn written(folder: &Path) -> Vec<(PathBuf, String)> {
    let formats = ["png", "jpg", "bmp", "gif", "webp"];
    let mut files = Vec::new();
    for (number, format) in (1..).zip(formats) {
        let path = folder.join(format!("{number}.{format}"));
        picture(30 * number).save(&path).unwrap();
        files.push((path, format!("{number}.{format}")));
    }
    let path = folder.join("broken.png");
    fs::write(&path, "no picture").unwrap();
    files.insert(2, (path, "broken.png".into()));
    let path = folder.join("cut.png");
    let mut bytes = Vec::new();
    picture(9)
        .write_to(&mut std::io::Cursor::new(&mut bytes), ImageFormat::Png)
        .unwrap();
    // The header is whole.
    bytes.truncate(45);
    fs::write(&path, bytes).unwrap();
    files.push((path, "cut.png".into()));
    files
}

fn pixels(packed: &Packed) -> Vec<u8> {
    let len = packed.kept.len() * packed.choice.shape.iter().product::<usize>();
    let mut pixels = vec![0; len];
    packed.pixels.read(0, &mut pixels).unwrap();
    pixels
}

#[test]
fn pictures_are_decoded_once_and_others_are_listed() {
    let (folder, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let names = written(folder.path());
    let pack = |files: &[(PathBuf, String)]| files_in(cache.path(), files, &WANTED).unwrap();
    let first = pack(&names);
    assert_eq!(first.kept, [0, 1, 3, 4, 5]);
    let unreadable: Vec<&str> = first
        .unreadable
        .iter()
        .map(|remark| &*remark.name)
        .collect();
    assert_eq!(unreadable, ["broken.png", "cut.png"]);
    let planes: Vec<u8> = pixels(&first).chunks(48).map(|plane| plane[20]).collect();
    for (picture, number) in (0..).zip([30_u8, 60, 90, 120, 150]) {
        for (channel, expected) in [number, 10, 200 - number].into_iter().enumerate() {
            let found = planes[3 * picture + channel];
            assert!(
                found.abs_diff(expected) < 8,
                "{picture} {channel}: {found} {expected}"
            );
        }
    }
    // What is in the cache is taken, which a mark in it tells.
    let Pixels::File { path, .. } = &first.pixels else {
        panic!("pixels of files are in a file")
    };
    let mut marked = fs::read(path).unwrap();
    marked[0] ^= 1;
    fs::write(path, &marked).unwrap();
    let again = pack(&names);
    assert_eq!(pixels(&again), marked);
    assert_eq!(
        (again.kept, again.unreadable),
        (first.kept, first.unreadable)
    );
    // A file of another length is made again, and other content is another file.
    fs::write(path, "short").unwrap();
    assert_eq!(pixels(&pack(&names)).len(), marked.len());
    picture(77).save(&names[0].0).unwrap();
    let other = pack(&names);
    assert_ne!(other.sha256, first.sha256);
    assert!(pixels(&other)[0].abs_diff(77) < 3);
}

#[test]
fn grey_pictures_in_coloured_files_are_told() {
    let (folder, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let of = |name: &str, colour: [u8; 3]| {
        let path = folder.path().join(name);
        RgbImage::from_pixel(9, 9, Rgb(colour)).save(&path).unwrap();
        (path, name.to_owned())
    };
    let grey = [of("a.png", [7, 7, 7]), of("b.png", [200, 210, 205])];
    let channels = |files: &[(PathBuf, String)]| {
        let packed = files_in(cache.path(), files, &Wanted::default()).unwrap();
        packed.choice.shape[0]
    };
    assert_eq!(channels(&grey), 1);
    assert_eq!(channels(&[of("c.png", [200, 10, 10])]), 3);
}

#[test]
fn pixels_are_those_that_a_model_takes_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let names = written(folder.path());
    let (path, _) = &names[0];
    let file = fs::read(path).unwrap();
    for fit in Fit::ALL {
        let choice = Choice {
            shape: [3, 9, 7],
            fit,
            reasons: vec![],
        };
        let expected = picture::pixels(&file, [9, 7, 3], Preparation::scaled(fit)).unwrap();
        assert_eq!(decode(path, &choice).unwrap(), planar(&expected, 3));
    }
}
