//! A phone's pictures, which lie on their side until their EXIF is read.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::codecs::jpeg::JpegDecoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat};
use input::picture;
use no_std_core::prepare::Fit;
use tests::networks;

/// Rows, columns and channels of an input, of other proportions than the pictures.
const SHAPE: [usize; 3] = [40, 64, 3];

/// The pictures below `folder` that are to be turned by a quarter, clockwise.
fn lying(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(lying(&path));
        } else if orientation(&path) == Some(Orientation::Rotate90) {
            found.push(path);
        }
    }
    found
}

fn orientation(path: &Path) -> Option<Orientation> {
    let file = Cursor::new(fs::read(path).unwrap());
    JpegDecoder::new(file).ok()?.orientation().ok()
}

/// The picture as a file that says nothing of turning.
fn png(picture: &DynamicImage) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, ImageFormat::Png).unwrap();
    file.into_inner()
}

#[test]
fn pictures_of_a_phone_come_the_right_way_up() {
    let test = "turned::pictures_of_a_phone_come_the_right_way_up";
    let Some(folder) = networks::folder(test, "SIGN_LANGUAGE_DIR") else {
        return;
    };
    let files = lying(&folder);
    assert!(!files.is_empty(), "SIGN_LANGUAGE_DIR: no picture is turned");
    for path in files {
        let file = fs::read(&path).unwrap();
        // The decoder leaves the turning to its caller.
        let decoded = image::load_from_memory(&file).unwrap();
        let [lying, upright] = [png(&decoded), png(&decoded.rotate90())];
        for fit in Fit::ALL {
            let pixels = |file: &[u8]| picture::fitted(file, SHAPE, fit).unwrap();
            assert!(pixels(&file) == pixels(&upright), "{}", path.display());
            assert!(pixels(&file) != pixels(&lying), "{}", path.display());
        }
        let raw = |file: &[u8]| picture::raw(file, SHAPE[2]).unwrap();
        assert!(raw(&file) == raw(&upright), "{}", path.display());
    }
}
