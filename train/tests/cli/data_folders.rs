//! Data that is missing, damaged or hostile, or in another layout. An earlier run and the data stay as they are.

use std::fs;

use crate::idx::{
    TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS, gzip, images_file, labels_file,
};
use crate::sandbox::{EVALUATE, EXPORT, Finished, QUICK, Sandbox};

const NAMES: [&str; 4] = [TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS];

/// Puts `content` in the place of one file of the data folder; its name ends in `.gz` or not.
fn replace(sandbox: &Sandbox, name: &str, content: &[u8]) {
    let _ = fs::remove_file(sandbox.path(&format!("digits/{}", name.trim_end_matches(".gz"))));
    sandbox.write(&format!("digits/{name}"), content);
}

#[test]
fn wrong_files_are_refused_and_named() {
    let images = images_file([64, 28, 28], &vec![100; 64 * 784]);
    let packed = gzip(&images);
    let images_gz = &format!("{TRAIN_IMAGES}.gz");
    for (name, content, parts) in [
        (
            TRAIN_IMAGES,
            &images[..50_191],
            &["50192 bytes", "only 50191"][..],
        ),
        (
            TRAIN_IMAGES,
            b"<html>Not here</html>",
            &["an IDX file", "0x3c68746d"],
        ),
        (TRAIN_LABELS, &images, &["a labels file", "an images file"]),
        (
            images_gz,
            &packed[..99],
            &["a sound gzip stream", "one that is cut short"],
        ),
        (
            TEST_LABELS,
            &labels_file(&[1; 21]),
            &["20 labels", TEST_IMAGES, "found 21"],
        ),
    ] {
        let sandbox = Sandbox::with_digits();
        sandbox.write("run/checkpoint.safetensors", "earlier checkpoint");
        sandbox.write("run/digits.onnx", "earlier model");
        replace(&sandbox, name, content);
        let file = format!("digits/{name}: expected ");
        let parts = [&[file.as_str(), ", found "], parts].concat();
        let fit = format!("fit {QUICK} --epochs 1 --out run --overwrite");
        sandbox.refuses(&fit, &parts);
        sandbox.refuses("data --data digits", &parts);
    }
}

#[test]
fn a_missing_folder_is_named_with_the_other_ways() {
    let parts = ["\"nowhere\"", "`mnist`", "`synthetic`", "four IDX files"];
    Sandbox::new().refuses("data --data nowhere", &parts);
    Sandbox::new().refuses("fit --data nowhere --runtime tract", &parts);
}

#[test]
fn missing_files_are_named_and_what_is_there_is_listed() {
    for name in NAMES {
        let sandbox = Sandbox::with_digits();
        fs::remove_file(sandbox.path(&format!("digits/{name}"))).unwrap();
        sandbox.write("digits/photo.png", "");
        let expected =
            format!("digits: expected {name} (packed with gzip or not), found photo.png, t");
        sandbox.refuses("data --data digits", &[&expected]);
    }
}

#[test]
fn other_layouts_and_spellings_are_as_good() {
    let layouts: [fn(&str) -> String; 5] = [
        |name| format!("{name}.gz"),
        |name| format!("MNIST/raw/{name}"),
        |name| format!("{name}/{name}"),
        |name| name.replace("t10k", "test").to_uppercase(),
        |name| format!("emnist-digits-{}.gz", name.replace("t10k", "test")),
    ];
    for layout in layouts {
        let sandbox = Sandbox::with_digits();
        for name in NAMES {
            let content = sandbox.read(&format!("digits/{name}"));
            // Padding after what is packed, as tapes and archives leave it.
            let packed = [gzip(&content), vec![0; 512]].concat();
            sandbox.write(&format!("other/{}", layout(name)), packed);
        }
        let said = sandbox.succeeds("data --data other");
        let first = said.lines().next().unwrap();
        assert!(first.ends_with(": 64 + 20 images"), "{said}");
    }
}

#[test]
fn the_test_files_are_enough_where_only_they_are_used() {
    let sandbox = Sandbox::with_run();
    for name in [TRAIN_IMAGES, TRAIN_LABELS] {
        fs::remove_file(sandbox.path(&format!("digits/{name}"))).unwrap();
    }
    let measured = sandbox.train(EVALUATE);
    assert!(measured.first_line().ends_with(" on 20 images"));
    sandbox.succeeds(&format!("{EXPORT} --out again.onnx"));
    assert!(sandbox.read("again.onnx") == sandbox.read("run/digits.onnx"));
    sandbox.refuses("data --data digits", &[TRAIN_IMAGES]);
}

#[test]
fn folders_with_difficult_names_are_used_to_the_end() {
    let sandbox = Sandbox::with_digits();
    fs::rename(sandbox.path("digits"), sandbox.path("-few")).unwrap();
    sandbox.succeeds("fit --data=-few --batch 16 --runtime tract --epochs 1 --out run");
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::ffi::OsStringExt;
        let name = std::ffi::OsString::from_vec(b"caf\xe9".to_vec());
        fs::rename(sandbox.path("-few"), sandbox.path("").join(&name)).unwrap();
        let mut command = sandbox.command("data --data");
        Finished::of(command.arg(name)).success();
    }
}

#[test]
fn letters_are_called_so_and_said_to_be_transposed() {
    let sandbox = Sandbox::with_digits();
    let letters: Vec<u8> = (0..64).map(|at| at % 26 + 1).collect();
    replace(&sandbox, TRAIN_LABELS, &labels_file(&letters));
    replace(&sandbox, TEST_LABELS, &labels_file(&letters[..20]));
    let said = sandbox.succeeds("data --data digits");
    assert!(
        said.starts_with("EMNIST's letters, from digits: 64 + 20 images\n"),
        "{said}"
    );
    assert!(said.contains("\nZ "), "{said}");
    let note = "these have the labels of EMNIST's letters";
    assert!(said.contains(&format!("looks wrong: {note}")), "{said}");
    let turned = sandbox.succeeds("data --data digits --transpose");
    assert!(!turned.contains(note), "{turned}");
    let fit = sandbox
        .train(&format!("fit {QUICK} --epochs 1"))
        .expect_code(0);
    assert!(fit.stderr.contains(&format!("note: {note}")), "{fit:?}");
}

#[test]
fn transposed_images_are_noticed() {
    let sandbox = Sandbox::with_digits();
    let mut images = sandbox.read(&format!("digits/{TEST_IMAGES}"));
    for image in images[16..].chunks_mut(784) {
        let upright = image.to_vec();
        for (index, pixel) in image.iter_mut().enumerate() {
            *pixel = upright[index % 28 * 28 + index / 28];
        }
    }
    sandbox.write(&format!("digits/{TEST_IMAGES}"), images);
    let said = sandbox.succeeds("data --data digits");
    assert!(
        said.contains("looks wrong: these images are transposed"),
        "{said}"
    );
    let fit = format!("fit {QUICK} --epochs 1 --out run --overwrite");
    let finished = sandbox.train(&fit).expect_code(0);
    let note = "note: these images are transposed";
    assert!(finished.stderr.starts_with(note), "{finished:?}");
    // Told to, they are learnt upright: the test set is as good as new.
    let upright = sandbox.succeeds("data --data digits --transpose");
    assert!(!upright.contains("transposed"), "{upright}");
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
        let expected = format!("{TRAIN_IMAGES}.gz: expected");
        sandbox.refuses_command(&mut command, &[&expected, found]);
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
