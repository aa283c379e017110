//! Data that is missing, damaged or hostile. An earlier run and the data stay as they are.

use std::fs;

use crate::idx::{
    TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS, gzip, images_file, labels_file,
};
use crate::sandbox::{QUICK, Sandbox};

/// Puts `content` in the place of one file of the data folder; its name ends in `.gz` or not.
fn replace(sandbox: &Sandbox, name: &str, content: &[u8]) {
    let _ = fs::remove_file(sandbox.path(&format!("digits/{}", name.trim_end_matches(".gz"))));
    sandbox.write(&format!("digits/{name}"), content);
}

/// A fit into the folder of an earlier run must be refused with one line that names the file and has all of `parts`.
fn assert_refused(name: &str, content: &[u8], parts: &[&str]) {
    let sandbox = Sandbox::with_digits();
    sandbox.write("run/checkpoint.safetensors", "earlier checkpoint");
    sandbox.write("run/digits.onnx", "earlier model");
    replace(&sandbox, name, content);
    let file = format!("digits/{name}: expected ");
    let parts = [&[file.as_str(), ", found "], parts].concat();
    sandbox.refuses(
        &format!("fit {QUICK} --epochs 1 --out run --overwrite"),
        &parts,
    );
    sandbox.refuses("data --data digits", &parts);
}

/// 64 grey images, as many as the data folder has labels.
fn images() -> Vec<u8> {
    images_file([64, 28, 28], &vec![100; 64 * 784])
}

#[test]
fn packed_files_are_as_good_as_plain_ones() {
    let sandbox = Sandbox::with_digits();
    let plain = sandbox.train("data --data digits").success().to_owned();
    assert_eq!(
        plain,
        "IDX files other than MNIST, from digits: 64 + 20 images\n"
    );
    for name in [TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS] {
        let content = gzip(&sandbox.read(&format!("digits/{name}")));
        replace(&sandbox, &format!("{name}.gz"), &content);
    }
    assert_eq!(sandbox.files("digits").len(), 4);
    assert_eq!(sandbox.train("data --data digits").success(), plain);
}

#[test]
fn a_missing_folder_is_named_with_the_other_ways() {
    let parts = [
        "\"nowhere\"",
        "`mnist`",
        "`synthetic`",
        "directory of the four IDX files",
    ];
    Sandbox::new().refuses("data --data nowhere", &parts);
    Sandbox::new().refuses("fit --data nowhere --runtime tract", &parts);
}

#[test]
fn a_missing_file_is_named() {
    for name in [TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS] {
        let sandbox = Sandbox::with_digits();
        fs::remove_file(sandbox.path(&format!("digits/{name}"))).unwrap();
        sandbox.refuses(
            "data --data digits",
            &["digits: expected a file", name, "found neither"],
        );
    }
}

#[test]
fn truncated_files_are_refused() {
    let whole = images();
    assert_refused(
        TRAIN_IMAGES,
        &whole[..whole.len() - 1],
        &["50192 bytes", "only 50191"],
    );
    assert_refused(TRAIN_IMAGES, &whole[..16], &["50192 bytes", "only 16"]);
    assert_refused(
        TRAIN_IMAGES,
        &whole[..10],
        &["a header of 16 bytes", "10 bytes in all"],
    );
    assert_refused(TRAIN_IMAGES, &[], &["an images file", "0 bytes in all"]);
    assert_refused(
        TEST_LABELS,
        &labels_file(&[1; 20])[..27],
        &["28 bytes", "only 27"],
    );
}

#[test]
fn truncated_packed_files_are_refused() {
    let whole = gzip(&images());
    for length in [3, 9, 20, whole.len() / 2, whole.len() - 9, whole.len() - 1] {
        let name = format!("{TRAIN_IMAGES}.gz");
        assert_refused(
            &name,
            &whole[..length],
            &["a sound gzip stream", "one that is cut short"],
        );
    }
}

#[test]
fn corrupt_packed_files_are_refused() {
    let whole = gzip(&images());
    // The header's method, the compressed data, the checksum, the length.
    for position in [2, 12, whole.len() - 8, whole.len() - 4] {
        let mut corrupt = whole.clone();
        corrupt[position] ^= 0x55;
        let name = format!("{TRAIN_IMAGES}.gz");
        assert_refused(
            &name,
            &corrupt,
            &["a sound gzip stream", "one that does not unpack"],
        );
    }
}

#[test]
fn files_of_another_kind_are_refused() {
    let labels = labels_file(&[1; 64]);
    assert_refused(TRAIN_IMAGES, &labels, &["an images file", "a labels file"]);
    assert_refused(
        TRAIN_LABELS,
        &images(),
        &["a labels file", "an images file"],
    );
    assert_refused(
        TRAIN_IMAGES,
        b"<html>Not here</html>",
        &["an images file", "0x3c68746d"],
    );
    let mut floats = images();
    floats[2] = 0x0d;
    assert_refused(TRAIN_IMAGES, &floats, &["an images file", "0x00000d03"]);
    assert_refused(
        &format!("{TRAIN_IMAGES}.gz"),
        &gzip(&labels),
        &["a labels file"],
    );
}

#[test]
fn images_of_other_sizes_are_refused() {
    for (rows, columns) in [(27, 28), (28, 32), (0, 0), (u32::MAX, u32::MAX)] {
        let pixels = vec![0; 64 * 28 * 32];
        let file = images_file([64, rows, columns], &pixels);
        assert_refused(
            TRAIN_IMAGES,
            &file,
            &["28x28 images", &format!("{rows}x{columns}")],
        );
    }
}

#[test]
fn labels_that_are_no_digits_are_refused() {
    let mut labels = [3; 64];
    labels[40] = 10;
    let parts = ["labels 0 to 9", "label 10 at index 40"];
    assert_refused(TRAIN_LABELS, &labels_file(&labels), &parts);
}

#[test]
fn images_without_labels_and_the_reverse_are_refused() {
    let parts = [
        "64 labels, one for each image of digits",
        TRAIN_IMAGES,
        "found 63",
    ];
    assert_refused(TRAIN_LABELS, &labels_file(&[1; 63]), &parts);
    assert_refused(
        TEST_LABELS,
        &labels_file(&[1; 21]),
        &["20 labels", TEST_IMAGES, "found 21"],
    );
}

#[test]
fn files_without_images_are_refused() {
    assert_refused(
        TRAIN_IMAGES,
        &images_file([0, 28, 28], &[]),
        &["one element or more", "none"],
    );
    assert_refused(
        TEST_LABELS,
        &labels_file(&[]),
        &["one element or more", "none"],
    );
}

#[test]
fn bytes_after_the_end_are_refused() {
    let longer = [&images()[..], b"x"].concat();
    let parts = ["50192 bytes, as its header says", "bytes after them"];
    assert_refused(TRAIN_IMAGES, &longer, &parts);
    assert_refused(&format!("{TRAIN_IMAGES}.gz"), &gzip(&longer), &parts);
    let members = [gzip(&images()), gzip(b"x")].concat();
    assert_refused(&format!("{TRAIN_IMAGES}.gz"), &members, &parts);
}

/// Nothing is allocated or unpacked beyond what is needed to see that the file is wrong.
#[cfg(target_os = "linux")]
#[test]
fn gzip_bombs_are_refused_with_little_memory() {
    // 16 KB that unpack to 16 MiB, 256 times: together 4 GiB in 4 MB.
    let zeros = gzip(&vec![0; 16 << 20]);
    let bomb = |header: Vec<u8>| [gzip(&header), zeros.repeat(256)].concat();
    let announced = bomb(images_file([u32::MAX, 28, 28], &[]));
    let hidden = bomb(images_file([64, 28, 28], &[]));
    for (content, found) in [(announced, "announced"), (hidden, "bytes after them")] {
        let sandbox = Sandbox::with_digits();
        replace(&sandbox, &format!("{TRAIN_IMAGES}.gz"), &content);
        let mut command = sandbox.isolated("/bin/sh");
        command.args(["-c", r#"ulimit -v 262144; exec "$0" data --data digits"#]);
        command.arg(env!("CARGO_BIN_EXE_train"));
        sandbox.refuses_command(
            &mut command,
            &["train-images-idx3-ubyte.gz: expected", found],
        );
    }
}

#[test]
fn more_images_a_step_than_there_are_is_refused() {
    let sandbox = Sandbox::with_run();
    for (line, found) in [
        ("--batch 65 --epochs 1", "64 samples, found 65"),
        ("--batch 32 --limit 31 --epochs 1", "31 samples, found 32"),
        ("--batch 129 --augment invert", "128 samples, found 129"),
        ("--batch 4294967295", "found 4294967295"),
    ] {
        let line = format!("fit --data digits --runtime tract --out run --overwrite {line}");
        sandbox.refuses(&line, &["--batch: expected 1 or more", found]);
    }
}
