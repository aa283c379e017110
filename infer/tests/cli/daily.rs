//! `infer predict` in daily use: where inputs come from, and where results go.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use image::{Rgb, RgbImage};
use serde_json::Value;

use crate::program::{Outcome, Workplace, drawing};

const DARK: &str = "CNN thinks it's a dark (73.1%)\n";
const BRIGHT: &str = "CNN thinks it's a bright (73.1%)\n";

fn predict(workplace: &Workplace, arguments: &[&str]) -> Outcome {
    workplace.predict_with("brightness.onnx", arguments)
}

#[test]
fn folders_below_folders() {
    let workplace = Workplace::new();
    for name in [
        "top/2.png",
        "top/10/b.png",
        "top/9/a.png",
        "top/.hidden/c.png",
    ] {
        workplace.picture(name, 0);
    }
    assert_eq!(
        predict(&workplace, &["top"]).succeeded(),
        format!("2. {DARK}")
    );
    let found = predict(&workplace, &["top", "--recursive"]).succeeded();
    assert_eq!(found, format!("2. {DARK}a. {DARK}b. {DARK}"));
    fs::create_dir_all(workplace.path("empty/below")).unwrap();
    assert_eq!(
        predict(&workplace, &["-r", "empty"]).failed(),
        "error: empty: expected picture files (PNG, JPEG, BMP, GIF, PGM or WebP) in the folder or in folders below, \
         found none\n"
    );
}

#[test]
fn patterns_that_no_shell_has_expanded() {
    let workplace = Workplace::new();
    for name in ["a10.png", "a9.png", "b.png", "a[1].png"] {
        workplace.picture(name, 0);
    }
    let lines = |names: &[&str]| {
        let lines = names.iter().map(|name| format!("{name}. {DARK}"));
        lines.collect::<Vec<_>>().concat()
    };
    let found = |pattern| predict(&workplace, &[pattern]).succeeded();
    assert_eq!(found("a?*.png"), lines(&["a9", "a10", "a[1]"]));
    assert_eq!(found("[ab].png"), lines(&["b"]));
    // A file of that name is meant, whatever else would match.
    workplace.picture("a1.png", 255);
    assert_eq!(found("a[1].png"), lines(&["a[1]"]));
    let error = |pattern| predict(&workplace, &[pattern]).failed();
    assert_eq!(
        error("c*.png"),
        "error: c*.png: expected files that match this pattern, found none\n"
    );
    assert_eq!(found("{b,a9}.png"), lines(&["a9", "b"]));
    assert_eq!(found("./b*.png"), lines(&["b"]));
    workplace
        .picture("folder/c.png", 0)
        .picture(".hidden/c.png", 0);
    assert_eq!(found("**/c.png"), lines(&["c"]));
}

/// Names that are no UTF-8 are files as others, and links to nothing are told.
#[cfg(target_os = "linux")]
#[test]
fn strange_names_and_links() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let workplace = Workplace::new();
    workplace.picture("s1.png", 0);
    let strange = workplace.path("").join(OsStr::from_bytes(b"s\xff.png"));
    fs::copy(workplace.path("s1.png"), strange).unwrap();
    let found = predict(&workplace, &["s*.png"]).succeeded();
    assert_eq!(found.lines().count(), 2, "{found}");
    std::os::unix::fs::symlink("nowhere", workplace.path("s2.png")).unwrap();
    let outcome = predict(&workplace, &["--recursive", "."]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.errors.contains("s2.png"), "{}", outcome.errors);
    assert_eq!(outcome.output.lines().count(), 2);
}

#[test]
fn lists_of_paths() {
    let workplace = Workplace::new();
    workplace.picture("a b.png", 0).picture("folder/c.png", 255);
    let list = "a b.png\r\n\nmissing.png\nfolder\n-\na b.png";
    fs::write(workplace.path("list.txt"), list).unwrap();
    let expected = Outcome {
        code: 1,
        output: format!("a b. {DARK}c. {BRIGHT}a b. {DARK}"),
        errors: "error: missing.png: expected a file, found nothing of that name\n\
                 error: ./-: expected a file, found nothing of that name\n"
            .into(),
    };
    let command = ["predict", "--model", "brightness.onnx", "--list"];
    let with = |rest: &[&'static str]| [&command[..], rest].concat();
    assert_eq!(workplace.run(&with(&["list.txt"])), expected);
    let from_input = workplace.run_with_input(&with(&["-"]), list.as_bytes());
    assert_eq!(from_input, expected);
    assert_eq!(
        workplace.run(&with(&["-", "-"])).failed(),
        "error: --list -: expected one use of standard input, found - among the inputs, too; leave one of them out\n"
    );
    assert_eq!(
        workplace.run(&with(&["none"])).failed(),
        "error: none: expected a file, found nothing of that name\n"
    );
}

#[test]
fn each_path_is_taken_as_it_comes() {
    let workplace = Workplace::new();
    workplace.picture("a.png", 0);
    let mut command = workplace.infer(&["predict", "--model", "brightness.onnx", "--list", "-"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut paths = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for _ in 0..3 {
        paths.write_all(b"a.png\n").unwrap();
        assert_eq!(lines.next().unwrap().unwrap() + "\n", format!("a. {DARK}"));
    }
    drop(paths);
    assert!(child.wait().unwrap().success());
}

#[test]
fn new_pictures_in_a_folder() {
    let workplace = Workplace::new();
    workplace
        .picture("folder/old.png", 0)
        .picture("first.png", 0);
    let arguments = ["--json", "first.png", "--watch", "folder"];
    let command = ["predict", "--model", "brightness.onnx"];
    let mut command = workplace.infer(&[&command[..], &arguments].concat());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || -> Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    // Then the folder has been looked at.
    assert_eq!(next()["file"], "first.png");
    fs::write(workplace.path("folder/broken.png"), "no picture").unwrap();
    workplace.picture("folder/new.png", 255);
    let found = next();
    assert!(found["file"].as_str().unwrap().ends_with("new.png"));
    assert_eq!(found["label"], "bright");
    child.kill().unwrap();
    let errors = child.wait_with_output().unwrap().stderr;
    let errors = String::from_utf8(errors).unwrap();
    assert!(
        errors.contains("broken.png: expected a picture"),
        "{errors}"
    );
    assert!(
        predict(&workplace, &["--watch", "none"])
            .failed()
            .contains("none: expected")
    );
}

#[test]
fn tables_for_spreadsheets() {
    let workplace = Workplace::new();
    workplace
        .picture("a, \"b\".png", 0)
        .picture("dark.png", 255);
    let arguments = ["--csv", "--truth-from-name", "a, \"b\".png", "dark.png"];
    let rows = |model: &str, more: &[&str]| -> Vec<Vec<String>> {
        let found = workplace.predict_with(model, &[&arguments, more].concat());
        let found = found.succeeded();
        assert_eq!(found.matches("\r\n").count(), found.matches('\n').count());
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(found.as_bytes());
        let rows = reader.records().map(Result::unwrap);
        let cells = |row: csv::StringRecord| row.iter().map(String::from).collect();
        rows.map(cells).collect()
    };
    let int8 = rows("brightness.q8", &["--top", "2"]);
    let expected = "file sample label class probability accepted truth truth_probability label_2 class_2 probability_2 \
                    elapsed_microseconds";
    assert_eq!(int8[0].join(" "), expected);
    assert_eq!(
        int8[1][..11].join("|"),
        "a, \"b\".png||dark|0|1|true|||bright|1|0"
    );
    assert_eq!(
        int8[2][..11].join("|"),
        "dark.png||bright|1|1|true|dark|0|dark|0|0"
    );
    let float = rows("brightness.onnx", &[]);
    assert_eq!([float.len(), float[0].len()], [3, 9]);
    assert_eq!(float[1][5], "");
    assert_eq!(
        predict(&workplace, &["--csv", "--json", "dark.png"]).code,
        2
    );
}

#[test]
fn the_likeliest_classes() {
    let workplace = Workplace::new();
    workplace.picture("a.png", 0);
    let top = |count, more: &[&str]| {
        let arguments = [&["a.png", "--top", count], more].concat();
        workplace
            .predict_with("digits.onnx", &arguments)
            .succeeded()
    };
    let three = "a. CNN thinks it's a 3 (43.6%); else 0 (10.0%), 2 (10.0%)\n";
    assert_eq!(top("3", &[]), three);
    assert_eq!(top("1", &[]), "a. CNN thinks it's a 3 (43.6%)\n");
    let object: Value = serde_json::from_str(&top("99", &["--json"])).unwrap();
    let classes = object["top"].as_array().unwrap().iter();
    let classes: Vec<_> = classes.map(|one| one["class"].as_u64().unwrap()).collect();
    assert_eq!(classes, [3, 0, 2, 4, 5, 7, 1, 6, 8, 9]);
    assert_eq!(workplace.predict(&["--top", "0", "a.png"]).code, 2);
}

#[test]
fn annotated_copies() {
    let workplace = Workplace::new();
    workplace.picture("in/a.png", 0).picture("other/a.png", 255);
    let coloured = RgbImage::from_fn(300, 200, |x, _| Rgb([200, (x / 2) as u8, 7]));
    coloured.save(workplace.path("in/b.png")).unwrap();
    let command = ["--annotate", "copies/here", "in", "other"];
    let lines = predict(&workplace, &command).succeeded();
    assert_eq!(lines.lines().count(), 3);
    let copy = |name: &str| {
        let path = workplace.path("copies/here").join(name);
        image::open(path).unwrap().into_rgb8()
    };
    let (a, second, b) = (copy("a.png"), copy("a-2.png"), copy("b.png"));
    // The picture in its colours, enlarged if it is small, and letters below it.
    for (x, y, pixel) in coloured.enumerate_pixels() {
        assert_eq!(b.get_pixel(x, y), pixel);
    }
    assert_eq!(a.width(), 280);
    assert_eq!(*a.get_pixel(139, 139), Rgb([0; 3]));
    assert_eq!(*second.get_pixel(139, 139), Rgb([255; 3]));
    let letters = |picture: &RgbImage, top| {
        let below = picture.rows().skip(top).flatten();
        below.filter(|pixel| pixel.0[0] < 128).count()
    };
    assert!(letters(&a, 280) > 100 && letters(&second, 280) > 100 && letters(&b, 200) > 100);
    // Copies take the place of nothing.
    predict(&workplace, &command).succeeded();
    assert_eq!(copy("a.png"), a);
    let copies = fs::read_dir(workplace.path("copies/here")).unwrap();
    assert_eq!(copies.count(), 6);
    let before = fs::read(workplace.path("in/a.png")).unwrap();
    let outcome = predict(&workplace, &["--annotate", "in/../in", "in/a.png"]);
    assert_eq!(
        (outcome.code, &*outcome.output),
        (1, &*format!("a. {DARK}"))
    );
    assert_eq!(
        outcome.errors,
        "error: in/a.png: expected inputs outside of the folder of annotated copies, found this one in it; give \
         --annotate another folder\n"
    );
    assert_eq!(fs::read(workplace.path("in/a.png")).unwrap(), before);
    drawing(0).save(workplace.path("file.png")).unwrap();
    let outcome = predict(&workplace, &["--annotate", "file.png", "in/a.png"]);
    assert!(outcome.failed().contains("expected a folder, found a file"));
}
