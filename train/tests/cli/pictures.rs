//! Pictures of the user's own: what `data` says of them, and what `fit` makes of them.

use std::path::Path;

use image::{Rgb, RgbImage};
use no_std_core::prepare::Fit;
use serde_json::Value;
use train::checkpoint::Checkpoint;
use train::data::synthetic;

use crate::sandbox::Sandbox;

fn with_pictures() -> Sandbox {
    let sandbox = Sandbox::new();
    write_pictures(&sandbox);
    sandbox
}

/// Digits drawn by code as RGB pictures of 56 x 56, a folder for each class, 20 of each.
fn write_pictures(sandbox: &Sandbox) {
    let digits = synthetic::digits(200, 1, 9).train;
    let images = digits.images().unwrap();
    for (index, (image, label)) in images.outer_iter().zip(digits.labels()).enumerate() {
        let picture = RgbImage::from_fn(56, 56, |x, y| {
            let ink = image[[0, y as usize / 2, x as usize / 2]];
            Rgb([ink, ink / 2, 40])
        });
        save(
            &sandbox.path(&format!("pictures/{label}/{index}.png")),
            &picture,
        );
    }
}

fn save(path: &Path, picture: &RgbImage) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    picture.save(path).unwrap();
}

#[test]
fn data_says_what_is_there_as_text_as_json_and_as_a_picture() {
    let sandbox = with_pictures();
    sandbox.write("pictures/3/notes.txt", "x");
    sandbox.write("pictures/.hidden/1.png", "x");
    let copy = sandbox.read("pictures/3/13.png");
    sandbox.write("pictures/4/copy of 13.png", copy);
    let json = sandbox.succeeds("data --data pictures --json --preview sheet.png");
    let survey: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(survey["input"], serde_json::json!([3, 56, 56]));
    assert_eq!(survey["classes"].as_array().unwrap().len(), 10);
    assert_eq!(survey["sizes"][0]["count"], 201);
    assert_eq!(survey["same"][0]["classes_differ"], true);
    assert_eq!(survey["passed_over"].as_array().unwrap().len(), 2);
    let sheet = image::load_from_memory(&sandbox.read("sheet.png")).unwrap();
    assert!(sheet.height() > 10 * 56);
    let text = sandbox.succeeds("data --data pictures");
    for part in [
        "images to learn from",
        "3/13.png and 4/copy of 13.png",
        "looks wrong: 1 pairs of pictures are the same in two classes",
        "3/notes.txt: no picture's name",
        "\ndecoded pixels are kept in ",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    sandbox.refuses(
        "data --data pictures --preview pictures/3/33.png",
        &["--data"],
    );
}

#[test]
fn a_recipe_is_shown_before_training() {
    let sandbox = with_pictures();
    sandbox.write("r.toml", "augment = [{ rotate = 20 }, { mixup = 0.5 }]");
    let line = "data --data pictures --recipe r.toml --preview";
    sandbox.succeeds(&format!("{line} changed.png"));
    let sheet = image::load_from_memory(&sandbox.read("changed.png")).unwrap();
    // Ten columns of 56 pixels, and 16 rows with a line above and one below.
    assert_eq!((sheet.width(), sheet.height()), (4 + 10 * 60, 4 + 16 * 96));
    sandbox.refuses(&format!("{line} r.toml"), &["r.toml", "--recipe"]);
    sandbox.misuses("data --data pictures --recipe r.toml", &["--preview"]);
    sandbox.write("r.toml", "augment = [{ rotat = 20 }]");
    sandbox.refuses(&format!("{line} changed.png"), &["r.toml, line 1", "rotat"]);
}

#[test]
fn a_fit_learns_from_a_folder_and_measures_on_pictures_that_chose_nothing() {
    let sandbox = with_pictures();
    let form = "--data pictures --size 28x28 --colour grey";
    let line = format!("fit {form} --batch 16 --runtime tract --epochs 2");
    let printed = sandbox.succeeds(&format!("{line} --out run"));
    let first = printed.lines().next().unwrap();
    assert!(
        first.ends_with("140 images to learn from, 30 to choose by, 30 to measure on"),
        "{first}"
    );
    let test = printed
        .lines()
        .find(|line| line.starts_with("test set, by which nothing is chosen: "))
        .unwrap();
    assert!(test.contains("of 30 right"), "{test}");
    let report = std::fs::read_to_string(sandbox.path("run/digits-report.html")).unwrap();
    assert!(report.contains("of 30 right") && report.contains("<svg"));
    let evaluate = format!("evaluate --model run/digits.onnx {form} --runtime tract");
    let measured = sandbox.succeeds(&evaluate);
    let accuracy = measured.split_whitespace().nth(1).unwrap();
    assert!(
        test.contains(&format!("accuracy {accuracy} ")),
        "{test} {measured}"
    );
    // The model says what its pictures are.
    let evaluate = "evaluate --model run/digits.onnx --data pictures --runtime tract";
    assert_eq!(sandbox.succeeds(evaluate), measured);
    // The second run takes the pixels from the cache, and the same bits come out.
    sandbox.succeeds(&format!("{line} --out again"));
    assert_eq!(sandbox.files("again"), sandbox.files("run"));
    let cached = sandbox.files("cache/pixels");
    assert_eq!(cached.len(), 2);
    // So does the run.
    let resume = "fit --data pictures --runtime tract --resume run --epochs 1 --out other";
    sandbox.succeeds(resume);
    let refused = sandbox.train(&format!("{resume} --fit pad --overwrite"));
    refused.refusal(&["--fit pad: expected stretch"]);
    let refused = sandbox.train(&format!("{resume}2 --size 56x56 --colour rgb"));
    refused.refusal(&[
        "28 x 28 in 1 channels",
        "found 56 x 56 in 3 channels",
        "--size",
    ]);
    assert!(sandbox.files("other2").is_empty());
}

#[test]
fn a_model_that_says_no_more_than_its_size_takes_pictures_of_others() {
    let sandbox = Sandbox::with_run();
    write_pictures(&sandbox);
    let line = "--model run/digits.onnx --data pictures --runtime tract";
    let form = "--size 28x28 --colour grey";
    let measured = sandbox.succeeds(&format!("evaluate {line}"));
    assert_eq!(
        sandbox.succeeds(&format!("evaluate {line} {form}")),
        measured
    );
    for (options, out) in [("", "int8"), (form, "again")] {
        let quantize = format!("quantize {line} {options} --force --out {out}");
        sandbox.train(&quantize).expect_code(0);
    }
    assert_eq!(sandbox.files("int8"), sandbox.files("again"));
}

/// How a run says that its pictures are scaled.
fn fit_of(sandbox: &Sandbox, run: &str) -> Option<Fit> {
    let (checkpoint, _) = Checkpoint::load(&sandbox.path(run)).unwrap();
    checkpoint.record.picture_input.map(|input| input.fit)
}

#[test]
fn a_model_to_begin_with_says_how_pictures_are_scaled_as_its_run_does() {
    let sandbox = with_pictures();
    let line = "fit --data pictures --batch 16 --runtime tract --epochs 1 --out";
    sandbox.succeeds(&format!("{line} run --size 28x28 --colour grey --fit crop"));
    for (from, out) in [("run", "of-run"), ("run/digits.onnx", "of-model")] {
        let tune = format!("{line} {out} --from {from}");
        sandbox.train(&tune).expect_code(0);
        assert_eq!(fit_of(&sandbox, out), Some(Fit::Crop), "{from}");
    }
}

#[test]
fn a_run_of_arrays_goes_on_with_pictures_and_says_how_they_are_scaled() {
    let sandbox = Sandbox::with_run();
    write_pictures(&sandbox);
    assert_eq!(fit_of(&sandbox, "run"), None);
    let resume =
        "fit --data pictures --runtime tract --resume run --epochs 1 --fit crop --out other";
    sandbox.train(resume).expect_code(0);
    assert_eq!(fit_of(&sandbox, "other"), Some(Fit::Crop));
}

#[test]
fn lists_and_arrays_give_the_same_pictures() {
    let sandbox = with_pictures();
    let list =
        (0..200).map(|index| format!("pictures/{}/{index}.png,{}\n", index % 10, index % 10));
    sandbox.write("list.csv", list.collect::<String>());
    let line = |data: &str| {
        let json = sandbox.succeeds(&format!("data --data {data} --size 28x28 --json"));
        let survey: Value = serde_json::from_str(&json).unwrap();
        (survey["classes"].clone(), survey["statistics"].clone())
    };
    assert_eq!(line("list.csv"), line("pictures"));
}

#[test]
fn what_is_no_data_set_is_refused_with_what_is_there() {
    let sandbox = Sandbox::new();
    sandbox.write("flat/a.txt", "");
    sandbox.refuses(
        "data --data flat",
        &[
            "flat: expected a folder of pictures",
            "for each class",
            "found a.txt",
        ],
    );
    sandbox.write("broken/a/1.png", "no picture");
    sandbox.write("broken/b/1.png", "");
    let parts = [
        "2 of 2 pictures cannot be read",
        "a/1.png (",
        "b/1.png (",
        "an empty file",
    ];
    sandbox.train("data --data broken").refusal(&parts);
    sandbox.write("list.csv", "1.png\n");
    sandbox.refuses(
        "data --data list.csv",
        &["list.csv: expected a path and a class in line 1"],
    );
    sandbox.write("data.zip", "PK");
    sandbox.refuses(
        "data --data data.zip",
        &["data.zip: expected a folder, or a list"],
    );
    sandbox.refuses(
        "data --data broken --transpose",
        &["--transpose: expected images in arrays"],
    );
    sandbox.misuses("data --size 28", &["--size", "64x64"]);
}
