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
    rows: 2,
    columns: 3,
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
        let start = format!("{}: ", path.display());
        assert!(
            message.starts_with(&start) && !message.contains('\n'),
            "{message}"
        );
        message[start.len()..].to_owned()
    })
}

fn classes(content: &[u8]) -> Result<Vec<u8>, String> {
    tried(content, Labels::read).map(|labels| labels.classes)
}

fn images_refusal(content: &[u8]) -> String {
    tried(content, Images::read).unwrap_err()
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
        assert_eq!(
            (&labels.classes[..], labels.file()),
            (&[9, 0, 5][..], &content[..])
        );
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
            assert_eq!(
                classes(&[packed, padding].concat()).unwrap(),
                [1, 2, 3, 4],
                "{padding:?}"
            );
        }
    }
    let more = [members, gzip(b"x"), vec![0; 9]].concat();
    assert!(
        classes(&more)
            .unwrap_err()
            .ends_with("found bytes after them")
    );
    let begun = [gzip(&content), GZIP_MAGIC.to_vec()].concat();
    assert!(
        classes(&begun)
            .unwrap_err()
            .ends_with("found one that is cut short")
    );
}

#[test]
fn wide_labels_are_classes_too() {
    let wide = |numbers: &[i32]| {
        numbers
            .iter()
            .flat_map(|number| number.to_be_bytes())
            .collect::<Vec<u8>>()
    };
    assert_eq!(
        classes(&file(0x0c, &[3], &wide(&[7, 0, 9]))).unwrap(),
        [7, 0, 9]
    );
    assert_eq!(
        classes(&file(0x0c, &[2, 1], &wide(&[7, 3]))).unwrap(),
        [7, 3]
    );
    assert_eq!(classes(&file(BYTES, &[2, 1], &[7, 3])).unwrap(), [7, 3]);
    let qmnist = wide(&[5, 3, 2600, 11, 35, 1, 0, 0, 0, -1, 1000, 12, 30, 2, 0, 0]);
    assert_eq!(classes(&file(0x0c, &[2, 8], &qmnist)).unwrap(), [5, 0]);
    for number in [-1, 10, 256, i32::MAX] {
        let found = classes(&file(0x0c, &[2], &wide(&[0, number]))).unwrap_err();
        assert_eq!(
            found,
            format!("expected labels 0 to 9, found label {number} at index 1")
        );
    }
    for (element, elements) in [(BYTES, vec![0; 20]), (0x0c, vec![0; 80])] {
        let found = classes(&file(element, &[2, 10], &elements)).unwrap_err();
        assert_eq!(
            found,
            "expected one label for each image, found 10 numbers for each"
        );
    }
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
        let found = images_refusal(&file(element, &[1, 2, 3], &[0; 48]));
        assert_eq!(
            found,
            format!("{images_wanted}{words} (magic number 0x0000{element:02x}03)")
        );
    }
    let floats = classes(&file(0x0d, &[1], &[0; 4])).unwrap_err();
    assert_eq!(
        floats,
        format!("{labels_wanted}32-bit floats (magic number 0x00000d01)")
    );
    let swapped = classes(&images(1)).unwrap_err();
    assert_eq!(
        swapped,
        format!("{labels_wanted}an images file (magic number 0x00000803)")
    );
    let swapped = images_refusal(&labels(&[1]));
    assert_eq!(
        swapped,
        format!("{images_wanted}a labels file (magic number 0x00000801)")
    );
    assert!(images_refusal(b"<html>").ends_with("found the magic number 0x3c68746d"));
    assert!(images_refusal(b"").ends_with("found 0 bytes in all"));
}

#[test]
fn every_truncation_and_every_longer_file_is_refused() {
    let content = labels(&[1, 2, 3, 4]);
    for whole in [content.clone(), gzip(&content)] {
        for len in 0..whole.len() {
            assert!(classes(&whole[..len]).is_err(), "{len} bytes");
        }
    }
    let refusal = |content: &[u8]| classes(content).unwrap_err();
    assert_eq!(
        refusal(&content[..7]),
        "expected a header of 8 bytes, found 7 bytes in all"
    );
    let wanted = "expected 12 bytes, as its header says, found ";
    assert_eq!(refusal(&content[..11]), format!("{wanted}only 11"));
    assert_eq!(
        refusal(&gzip(&content)[..20]),
        "expected a sound gzip stream, found one that is cut short"
    );
    let longer = [content, vec![0]].concat();
    assert_eq!(refusal(&longer), format!("{wanted}bytes after them"));
    assert_eq!(refusal(&gzip(&longer)), format!("{wanted}bytes after them"));
}

#[test]
fn damaged_gzip_streams_are_refused() {
    let sound = gzip(&images(1));
    for position in [2, 15, sound.len() - 6, sound.len() - 1] {
        let mut damaged = sound.clone();
        damaged[position] ^= 0xff;
        let message = images_refusal(&damaged);
        // What comes out before the checksum may contradict its own header first.
        let at_once = position != 15;
        assert!(
            !at_once || message.starts_with("expected a sound gzip stream"),
            "{message}"
        );
    }
}

#[test]
fn unpacking_stops_where_the_header_says() {
    // Packed a thousandfold: 200 MB behind a header that announces one image.
    let bomb = gzip(&[images(1), vec![0; 200 << 20]].concat());
    assert!(bomb.len() < 2 << 20);
    assert!(images_refusal(&bomb).ends_with("found bytes after them"));
    let announced = images_refusal(&file(BYTES, &[u32::MAX, 2, 3], &[]));
    assert_eq!(
        announced,
        "expected 268435456 bytes at the most, found 25769803786 announced"
    );
    let most = [u32::MAX; 4];
    assert!(classes(&file(0x0e, &most, &[])).is_err());
}

#[test]
fn wrong_sizes_and_labels_are_refused() {
    for (sizes, found) in [([1, 2, 4], "2x4"), ([1, 3, 2], "3x2"), ([1, 0, 0], "0x0")] {
        let expected = format!("expected 2x3 images, found {found}");
        assert_eq!(images_refusal(&file(BYTES, &sizes, &[0; 8])), expected);
    }
    assert_eq!(
        images_refusal(&images(0)),
        "expected one element or more, found none"
    );
    assert_eq!(
        classes(&labels(&[])).unwrap_err(),
        "expected one element or more, found none"
    );
    let found = classes(&labels(&[3, 9, 10])).unwrap_err();
    assert_eq!(found, "expected labels 0 to 9, found label 10 at index 2");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let message = Images::read(Path::new("no/such/file"), FORM)
        .unwrap_err()
        .to_string();
    assert_eq!(
        message,
        "no/such/file: expected a file, found nothing of that name"
    );
}
