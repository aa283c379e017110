//! `infer predict` with so many inputs that all cores are at work.

use std::fs;

use image::imageops::{FilterType, resize};
use image::{Rgb, RgbImage};

use crate::arrays::floats;
use crate::program::{Outcome, Workplace, drawing};

/// What becomes of a number's picture.
fn label(number: usize) -> &'static str {
    ["dark", "bright", "bright", "dark", "dark"][number * 7 % 5]
}

fn is_broken(number: usize) -> bool {
    number % 9 == 4
}

/// A folder of pictures, of which some are broken and some take far longer than others.
fn fill(workplace: &Workplace, folder: &str, count: usize) {
    for number in 0..count {
        let name = format!("{folder}/{number}.png");
        let grey = if label(number) == "dark" { 0 } else { 255 };
        if is_broken(number) {
            fs::write(workplace.path(&name), "no picture").unwrap();
        } else if number % 40 == 0 {
            fs::create_dir_all(workplace.path(folder)).unwrap();
            let large = resize(&drawing(grey), 1200, 1200, FilterType::Nearest);
            large.save(workplace.path(&name)).unwrap();
        } else {
            workplace.picture(&name, grey);
        }
    }
}

/// What a run says of such a folder.
fn expected(folder: &str, count: usize) -> Outcome {
    let line = |number| format!("{number}. CNN thinks it's a {} (73.1%)\n", label(number));
    let error = |number| {
        format!(
            "error: {folder}/{number}.png: expected a picture (PNG, JPEG, BMP, GIF, PGM or WebP), found a file of another kind\n"
        )
    };
    Outcome {
        code: 1,
        output: (0..count)
            .filter(|&number| !is_broken(number))
            .map(line)
            .collect(),
        errors: (0..count)
            .filter(|&number| is_broken(number))
            .map(error)
            .collect(),
    }
}

/// Tells the first lines that differ, not all.
#[track_caller]
fn assert_same(found: &Outcome, expected: &Outcome) {
    for (found, expected) in [
        (&found.output, &expected.output),
        (&found.errors, &expected.errors),
    ] {
        for (found, expected) in found.lines().zip(expected.lines()) {
            assert_eq!(found, expected);
        }
    }
    assert!(found == expected, "one has more lines");
}

#[test]
fn everything_is_said_in_the_order_of_the_inputs() {
    let workplace = Workplace::new();
    fill(&workplace, "many", 400);
    let predict = |arguments: &[&str]| workplace.predict_with("brightness.onnx", arguments);
    assert_same(&predict(&["many"]), &expected("many", 400));
    let paths: Vec<String> = (0..400)
        .map(|number| format!("many/{number}.png\n"))
        .collect();
    let command = ["predict", "--model", "brightness.onnx", "--list", "-"];
    let listed = workplace.run_with_input(&command, paths.concat().as_bytes());
    assert_same(&listed, &expected("many", 400));
}

#[test]
fn samples_keep_their_order_among_pictures() {
    let workplace = Workplace::new();
    workplace.picture("a.png", 0);
    let values: Vec<f32> = (0..100)
        .flat_map(|sample| [f32::from(u8::from(sample % 2 == 1)); 784])
        .collect();
    fs::write(workplace.path("b.npy"), floats(&[100, 1, 28, 28], &values)).unwrap();
    let arguments = ["a.png", "b.npy"].repeat(10);
    let found = workplace
        .predict_with("brightness.onnx", &arguments)
        .succeeded();
    let picture = "a. CNN thinks it's a dark (73.1%)\n".to_owned();
    let sample = |sample: usize| {
        let label = ["dark", "bright"][sample % 2];
        format!("b[{sample}]. CNN thinks it's a {label} (73.1%)\n")
    };
    let round = picture + &(0..100).map(sample).collect::<String>();
    assert_eq!(found, round.repeat(10));
}

#[test]
fn copies_are_named_in_the_order_of_the_inputs() {
    let workplace = Workplace::new();
    for number in 0..60_u8 {
        workplace.picture(&format!("first/{number}.png"), number);
        workplace.picture(&format!("second/{number}.png"), 255 - number);
    }
    let command = ["--annotate", "copies", "first", "second"];
    workplace
        .predict_with("brightness.onnx", &command)
        .succeeded();
    let middle = |name: String| {
        let copy: RgbImage = image::open(workplace.path(&name)).unwrap().into_rgb8();
        *copy.get_pixel(139, 139)
    };
    for number in 0..60 {
        assert_eq!(middle(format!("copies/{number}.png")), Rgb([number; 3]));
        assert_eq!(
            middle(format!("copies/{number}-2.png")),
            Rgb([255 - number; 3])
        );
    }
}
