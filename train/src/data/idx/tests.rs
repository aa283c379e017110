use std::fs;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::tempdir;

use super::*;

fn file(magic: u32, sizes: &[u32], elements: &[u8]) -> Vec<u8> {
    let header = [&[magic], sizes]
        .concat()
        .into_iter()
        .flat_map(u32::to_be_bytes);
    header.chain(elements.iter().copied()).collect()
}

/// An images file of `count` images, each pixel unlike its neighbours.
pub fn images_file(count: u32) -> Vec<u8> {
    let elements: Vec<u8> = (0..count * 784).map(|index| (index % 251) as u8).collect();
    file(0x803, &[count, 28, 28], &elements)
}

/// A labels file.
pub fn labels_file(labels: &[u8]) -> Vec<u8> {
    file(0x801, &[labels.len() as u32], labels)
}

/// `content` packed.
pub fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// What is said of `content` as an images file, and after that as a labels file, without the path.
fn refusals(content: &[u8]) -> [String; 2] {
    let folder = tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, content).unwrap();
    let errors = [Idx::images(&path).err(), Idx::labels(&path).err()];
    errors.map(|error| {
        let message = error.map_or("none".to_owned(), |error| error.to_string());
        assert!(!message.contains('\n'));
        message
            .trim_start_matches(&format!("{}: ", path.display()))
            .to_owned()
    })
}

fn images_refusal(content: &[u8]) -> String {
    let [refusal, _] = refusals(content);
    refusal
}

#[test]
fn sound_files_are_read_packed_or_not() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("file");
    for pack in [<[u8]>::to_vec, gzip] {
        fs::write(&path, pack(&images_file(3))).unwrap();
        let images = Idx::images(&path).unwrap();
        assert_eq!(images.bytes(), images_file(3));
        assert_eq!(images.view().shape(), [3, 28, 28]);
        assert_eq!(images.view()[[2, 1, 5]], ((2 * 784 + 28 + 5) % 251) as u8);
        fs::write(&path, pack(&labels_file(&[9, 0, 5]))).unwrap();
        assert_eq!(Idx::labels(&path).unwrap().view().to_vec(), [9, 0, 5]);
    }
}

#[test]
fn a_gzip_file_of_several_members_is_read_whole() {
    let content = images_file(2);
    let packed = [gzip(&content[..500]), gzip(&content[500..])].concat();
    assert_eq!(images_refusal(&packed), "none");
}

#[test]
fn the_wrong_magic_number_is_named() {
    let [_, of_labels] = refusals(&images_file(1));
    let labels = "a labels file (magic number 0x00000801)";
    let images = "an images file (magic number 0x00000803)";
    assert_eq!(of_labels, format!("expected {labels}, found {images}"));
    assert_eq!(
        images_refusal(&labels_file(&[1])),
        format!("expected {images}, found {labels}")
    );
    let floats = images_refusal(&file(0xd03, &[1, 28, 28], &[0; 784]));
    assert_eq!(
        floats,
        format!("expected {images}, found the magic number 0x00000d03")
    );
    assert!(images_refusal(b"<html>").ends_with("found the magic number 0x3c68746d"));
    assert!(images_refusal(b"").ends_with("found 0 bytes in all"));
}

#[test]
fn every_truncation_is_refused() {
    let content = labels_file(&[1, 2, 3, 4]);
    let packed = gzip(&content);
    for length in 0..content.len() {
        assert_ne!(refusals(&content[..length])[1], "none", "{length} bytes");
    }
    for length in 0..packed.len() {
        assert_ne!(
            refusals(&packed[..length])[1],
            "none",
            "{length} packed bytes"
        );
    }
    assert_eq!(
        refusals(&content[..7])[1],
        "expected a header of 8 bytes, found 7 bytes in all"
    );
    assert_eq!(
        refusals(&content[..11])[1],
        "expected 12 bytes, as its header says, found only 11"
    );
    assert_eq!(
        refusals(&packed[..20])[1],
        "expected a sound gzip stream, found one that is cut short"
    );
}

#[test]
fn trailing_bytes_are_refused() {
    let longer = [images_file(1), vec![0]].concat();
    for content in [gzip(&longer), longer] {
        assert_eq!(
            images_refusal(&content),
            "expected 800 bytes, as its header says, found bytes after them"
        );
    }
}

#[test]
fn damaged_gzip_streams_are_refused() {
    let sound = gzip(&images_file(1));
    for position in [2, 15, sound.len() - 6, sound.len() - 1] {
        let mut damaged = sound.clone();
        damaged[position] ^= 0xff;
        let message = images_refusal(&damaged);
        assert!(
            message.starts_with("expected a sound gzip stream") || message.contains("bytes"),
            "{message}"
        );
    }
    let followed = [sound, b"junk after the stream".to_vec()].concat();
    assert!(images_refusal(&followed).starts_with("expected a sound gzip stream"));
}

#[test]
fn unpacking_stops_where_the_header_says() {
    // Packed a thousandfold: 200 MB behind a header that announces one image.
    let bomb = gzip(&[images_file(1), vec![0; 200 << 20]].concat());
    assert!(bomb.len() < 2 << 20);
    assert!(images_refusal(&bomb).ends_with("found bytes after them"));
    let announced = file(0x803, &[u32::MAX, 28, 28], &[]);
    assert_eq!(
        images_refusal(&announced),
        "expected 268435456 bytes at the most, found 3367254359296 announced"
    );
}

#[test]
fn wrong_sizes_and_labels_are_refused() {
    let narrow = file(0x803, &[1, 28, 27], &[0; 28 * 27]);
    assert_eq!(
        images_refusal(&narrow),
        "expected 28x28 images, found 28x27"
    );
    assert_eq!(
        images_refusal(&images_file(0)),
        "expected one element or more, found none"
    );
    assert_eq!(
        refusals(&labels_file(&[]))[1],
        "expected one element or more, found none"
    );
    assert_eq!(
        refusals(&labels_file(&[3, 9, 10]))[1],
        "expected labels 0 to 9, found label 10 at index 2"
    );
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let message = Idx::images(Path::new("no/such/file"))
        .unwrap_err()
        .to_string();
    assert!(message.starts_with("no/such/file: "), "{message}");
}
