use std::fs;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;

/// A file of elements of that type, whatever the sizes announce.
pub fn file(element: u8, sizes: &[u32], elements: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, element, sizes.len() as u8];
    file.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
    file.extend(elements);
    file
}

/// `content` packed, as one member.
pub fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// Images of 2 x 3 pixels, each pixel unlike its neighbours.
pub fn images(count: u32) -> Vec<u8> {
    let pixels: Vec<u8> = (0..count * 6).map(|index| (index % 251) as u8).collect();
    file(BYTES, &[count, 2, 3], &pixels)
}

pub fn labels(labels: &[u8]) -> Vec<u8> {
    file(BYTES, &[labels.len() as u32], labels)
}

pub const FORM: Form = Form {
    size: Some([2, 3]),
    classes: 10,
};

/// What `read` makes of a file with that content: its result, or the message without the path.
fn tried<T>(
    content: &[u8],
    read: fn(&Path, Form) -> Result<T, InFile<IdxError>>,
) -> Result<T, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, content).unwrap();
    read(&path, FORM).map_err(|error| {
        let message = error.to_string();
        assert!(!message.contains('\n'), "{message}");
        let start = format!("{}: ", path.display());
        message.strip_prefix(&start).expect(&message).to_owned()
    })
}

fn classes(content: &[u8]) -> Result<Vec<u16>, String> {
    tried(content, Labels::read).map(|labels| labels.classes)
}

#[track_caller]
fn assert_labels_refused(content: &[u8], end: &str) {
    let message = classes(content).unwrap_err();
    assert!(message.ends_with(end), "{message}");
}

#[track_caller]
fn assert_images_refused(content: &[u8], end: &str) {
    let message = tried(content, Images::read).unwrap_err();
    assert!(message.ends_with(end), "{message}");
}

#[test]
fn sound_files_are_read_packed_or_not() {
    let content = images(3);
    for file in [content.clone(), gzip(&content)] {
        let images = tried(&file, Images::read).unwrap();
        assert_eq!((images.count, images.file()), (3, &content[..]));
        assert_eq!(images.pixels(), (0..18).collect::<Vec<u8>>());
    }
    let content = labels(&[9, 0, 5]);
    for file in [content.clone(), gzip(&content)] {
        let labels = tried(&file, Labels::read).unwrap();
        assert_eq!(labels.classes, [9, 0, 5]);
        assert_eq!(labels.file(), content);
    }
}

#[test]
fn members_are_joined_and_what_follows_them_is_padding() {
    let content = labels(&[1, 2, 3, 4]);
    let members = [gzip(&content[..5]), gzip(&content[5..])].concat();
    for padding in [
        &b""[..],
        &[0; 512],
        &[0],
        b"junk",
        &[0x1f],
        &[0, 0x1f, 0x8b],
    ] {
        for packed in [&gzip(&content), &members] {
            let found = classes(&[packed, padding].concat()).unwrap();
            assert_eq!(found, [1, 2, 3, 4], "{padding:?}");
        }
    }
    let more = [members, gzip(b"x"), vec![0; 9]].concat();
    assert_labels_refused(&more, "found bytes after them");
    let begun = [&gzip(&content)[..], &GZIP_MAGIC].concat();
    assert_labels_refused(&begun, "found one that is cut short");
}

#[test]
fn wide_labels_are_classes_too() {
    let wide = |sizes: &[u32], numbers: &[i32]| {
        let bytes = numbers.iter().flat_map(|number| number.to_be_bytes());
        file(0x0c, sizes, &bytes.collect::<Vec<u8>>())
    };
    let qmnist = [5, 3, 2600, 11, 35, 1, 0, 0, 0, -1, 1000, 12, 30, 2, 0, 0];
    for (file, expected) in [
        (wide(&[3], &[7, 0, 9]), &[7, 0, 9][..]),
        (wide(&[2, 1], &[7, 3]), &[7, 3]),
        (file(BYTES, &[2, 1], &[7, 3]), &[7, 3]),
        (file(0x09, &[2], &[7, 3]), &[7, 3]),
        (file(0x0b, &[2], &[0, 7, 0, 3]), &[7, 3]),
        (wide(&[2, 8], &qmnist), &[5, 0]),
    ] {
        assert_eq!(classes(&file).unwrap(), expected);
    }
    for number in [-1, 10, 256, i32::MAX] {
        let expected = format!("expected labels 0 to 9, found label {number} at index 1");
        assert_labels_refused(&wide(&[2], &[0, number]), &expected);
    }
    for file in [file(BYTES, &[2, 10], &[0; 20]), wide(&[2, 10], &[0; 20])] {
        let expected = "expected one label for each image, found 10 numbers for each";
        assert_labels_refused(&file, expected);
    }
}

#[test]
fn any_form_takes_all_sizes_and_classes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, file(BYTES, &[2, 5, 4], &[1; 40])).unwrap();
    let images = Images::read(&path, Form::ANY).unwrap();
    assert_eq!((images.count, images.rows, images.columns), (2, 5, 4));
    fs::write(&path, file(0x0b, &[1], &999_u16.to_be_bytes())).unwrap();
    assert_eq!(Labels::read(&path, Form::ANY).unwrap().classes, [999]);
}

#[test]
fn files_of_another_kind_are_named() {
    let images_wanted = "expected an images file (magic number 0x00000803), found ";
    let labels_wanted = "expected a labels file (magic number 0x00000801), found ";
    for (element, words) in [
        (0x09, "signed bytes"),
        (0x0b, "16-bit integers"),
        (0x0c, "32-bit integers"),
        (0x0d, "32-bit floats"),
        (0x0e, "64-bit floats"),
    ] {
        let expected = format!("{images_wanted}{words} (magic number 0x0000{element:02x}03)");
        assert_images_refused(&file(element, &[1, 2, 3], &[0; 48]), &expected);
    }
    for (content, found) in [
        (
            file(0x0d, &[1], &[0; 4]),
            "32-bit floats (magic number 0x00000d01)",
        ),
        (images(1), "an images file (magic number 0x00000803)"),
    ] {
        assert_labels_refused(&content, &format!("{labels_wanted}{found}"));
    }
    let swapped = format!("{images_wanted}a labels file (magic number 0x00000801)");
    assert_images_refused(&labels(&[1]), &swapped);
    let expected = "expected an IDX file (magic number 0x000008..), found ";
    let html = format!("{expected}the magic number 0x3c68746d");
    assert_images_refused(b"<html>", &html);
    assert_images_refused(b"", &format!("{expected}0 bytes in all"));
}

#[test]
fn every_truncation_and_every_longer_file_is_refused() {
    let content = labels(&[1, 2, 3, 4]);
    let packed = gzip(&content);
    for whole in [&content, &packed] {
        for len in 0..whole.len() {
            assert!(classes(&whole[..len]).is_err(), "{len} bytes");
        }
    }
    let longer = [&content[..], &[0]].concat();
    for (content, message) in [
        (&content[..7], "a header of 8 bytes, found 7 bytes in all"),
        (
            &content[..11],
            "12 bytes, as its header says, found only 11",
        ),
        (
            &packed[..20],
            "a sound gzip stream, found one that is cut short",
        ),
        (
            &longer,
            "12 bytes, as its header says, found bytes after them",
        ),
        (
            &gzip(&longer),
            "12 bytes, as its header says, found bytes after them",
        ),
    ] {
        assert_labels_refused(content, &format!("expected {message}"));
    }
}

#[test]
fn damaged_gzip_streams_are_refused() {
    let sound = gzip(&images(1));
    for position in [2, 15, sound.len() - 6, sound.len() - 1] {
        let mut damaged = sound.clone();
        damaged[position] ^= 0xff;
        let message = tried(&damaged, Images::read).unwrap_err();
        // What comes out before the checksum may contradict its own header first.
        if position != 15 {
            assert!(
                message.starts_with("expected a sound gzip stream"),
                "{message}"
            );
        }
    }
}

#[test]
fn unpacking_stops_where_the_header_says() {
    // Packed a thousandfold: 200 MB behind a header that announces one image.
    let bomb = gzip(&[images(1), vec![0; 200 << 20]].concat());
    assert!(bomb.len() < 2 << 20);
    assert_images_refused(&bomb, "found bytes after them");
    let most = "expected 1073741824 bytes at the most, found 25769803786 announced";
    assert_images_refused(&file(BYTES, &[u32::MAX, 2, 3], &[]), most);
    assert!(classes(&file(0x0e, &[u32::MAX; 4], &[])).is_err());
}

#[test]
fn wrong_sizes_and_labels_are_refused() {
    for (sizes, found) in [([1, 2, 4], "2x4"), ([1, 3, 2], "3x2"), ([1, 0, 0], "0x0")] {
        let expected = format!("expected 2x3 images, found {found}");
        assert_images_refused(&file(BYTES, &sizes, &[0; 8]), &expected);
    }
    let empty = "expected one element or more, found none";
    assert_images_refused(&images(0), empty);
    assert_labels_refused(&labels(&[]), empty);
    let label = "expected labels 0 to 9, found label 10 at index 2";
    assert_labels_refused(&labels(&[3, 9, 10]), label);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = Images::read(Path::new("no/such/file"), FORM).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no/such/file: expected a file, found nothing of that name"
    );
}
