//! `infer evaluate` on models of every kind, on arrays and on folders of classes.

use std::fs;

use image::{Rgb, RgbImage};
use serde_json::Value;

use crate::arrays::{floats, npy, npz};
use crate::kinds::workplace;
use crate::program::{Outcome, Workplace};

fn evaluate(workplace: &Workplace, model: &str, data: &str, more: &[&str]) -> Outcome {
    let command = ["evaluate", "--model", model, "--data", data];
    workplace.run(&[&command, more].concat())
}

/// The table of an evaluation without its speed.
fn table(workplace: &Workplace, model: &str, data: &str, more: &[&str]) -> String {
    let table = evaluate(workplace, model, data, more).succeeded();
    let lines = table.split_inclusive('\n');
    lines.filter(|line| !line.starts_with("speed")).collect()
}

/// Four inputs for the small models of numbers, the last two far from their halves.
fn write_samples(workplace: &Workplace, labels: Option<(&str, Vec<u8>)>) {
    let near = [1.0, -1.0, 1.0, 1.0, 0.0, 2.0, 0.0, 0.0];
    let far = [9.0, 9.0, 9.0, 9.0, 1.0, 9.0, 8.0, 0.0];
    let inputs = floats(&[4, 1, 2, 2], &[near, far].concat());
    let arrays: Vec<_> = [("x", inputs)].into_iter().chain(labels).collect();
    fs::write(workplace.path("samples.npz"), npz(&arrays)).unwrap();
}

#[test]
fn reconstructions_have_an_area_where_there_are_labels() {
    let workplace = workplace();
    let of_all =
        "inputs   4\nscore    29.88 on average, threshold 5.00\naccepted 0.5000 (2 of 4)\n";
    write_samples(&workplace, None);
    assert_eq!(table(&workplace, "again.q8", "samples.npz", &[]), of_all);
    for (labels, area) in [
        ([0, 0, 1, 1], "1.0000"),
        ([0, 1, 0, 1], "0.3750"),
        ([1, 1, 0, 0], "0.0000"),
    ] {
        write_samples(&workplace, Some(("y", npy("|u1", &[4], &labels))));
        let found = table(&workplace, "again.q8", "samples.npz", &[]);
        let [start, end] = [of_all, "AUC      "];
        assert_eq!(found, format!("{start}{end}{area}\n"), "{labels:?}");
        let object = evaluate(&workplace, "again.q8", "samples.npz", &["--json"]).succeeded();
        let object: Value = serde_json::from_str(&object).unwrap();
        assert_eq!(object["auc"].as_f64(), area.parse().ok());
        assert_eq!(
            (&object["inputs"], &object["accepted"]),
            (&4.into(), &2.into())
        );
    }
    write_samples(&workplace, Some(("y", npy("|u1", &[4], &[0, 1, 2, 0]))));
    let error = evaluate(&workplace, "again.q8", "samples.npz", &[]).failed();
    let expected = "error: samples.npz: expected labels 0 to 1, found label 2 at index 2\n";
    assert_eq!(error, expected);
}

#[test]
fn numbers_have_a_range_and_are_written() {
    let workplace = workplace();
    write_samples(&workplace, None);
    let found = table(
        &workplace,
        "values.q8",
        "samples.npz",
        &["--limit", "2", "--scores", "raw"],
    );
    assert_eq!(found, "inputs   2\nvalues   -0.5 to 1, 0.2500 on average\n");
    let raw = fs::read(workplace.path("raw")).unwrap();
    assert_eq!(raw, [1, 255, 1, 1, 0, 2, 0, 0]);
}

#[test]
fn classes_in_arrays_and_in_folders() {
    let workplace = workplace();
    let colours = [[250, 0, 10], [200, 9, 30], [0, 40, 250], [255, 0, 0]];
    let classes = [0_u8, 0, 1, 1];
    let mut pixels = Vec::new();
    for (index, (colour, class)) in colours.into_iter().zip(classes).enumerate() {
        let picture = RgbImage::from_pixel(3, 2, Rgb(colour));
        pixels.extend(picture.as_raw());
        let folder = workplace.path(if index % 2 == 0 { "set" } else { "set/." });
        let folder = folder.join(["red", "blue"][usize::from(class)]);
        fs::create_dir_all(&folder).unwrap();
        picture.save(folder.join(format!("{index}.png"))).unwrap();
    }
    let labels = classes.map(|class| i64::from(class).to_le_bytes());
    let labels = npy("<i8", &[4], labels.as_flattened());
    let arrays = [
        ("x_test", npy("|u1", &[4, 2, 3, 3], &pixels)),
        ("y_test", labels),
    ];
    fs::write(workplace.path("set.npz"), npz(&arrays)).unwrap();
    for data in ["set", "set.npz"] {
        let found = table(&workplace, "colours.q8", data, &[]);
        let expected = "accuracy 0.7500 (3 of 4 right)\naccepted 1.0000 (4 of 4)\n\n\
                        rows: truth, columns: prediction\n      red  blue\n red    2     0\nblue    1     1\n";
        assert_eq!(found, expected, "{data}");
    }
    let inverted = table(&workplace, "colours.q8", "set.npz", &["--invert"]);
    assert!(inverted.starts_with("accuracy 0.2500"), "{inverted}");

    fs::create_dir(workplace.path("set/green")).unwrap();
    let expected = "error: set: expected folders of pictures named like the model's classes (red, blue), found green\n";
    assert_eq!(
        evaluate(&workplace, "colours.q8", "set", &[]).failed(),
        expected
    );
    fs::copy(
        workplace.path("set/red/0.png"),
        workplace.path("set/green/0.png"),
    )
    .unwrap();
    for name in ["red", "blue"] {
        fs::remove_dir_all(workplace.path("set").join(name)).unwrap();
    }
    assert_eq!(
        evaluate(&workplace, "colours.q8", "set", &[]).failed(),
        expected
    );
}

#[test]
fn labels_are_as_many_as_inputs_though_one_has_no_axis_of_its_own() {
    let workplace = workplace();
    for (labels, right) in [([0, 0].as_slice(), None), (&[0], Some("1.0000"))] {
        let pixels = npy("|u1", &[2, 3, 3], &[250, 0, 10].repeat(6));
        let arrays = [("x", pixels), ("y", npy("|u1", &[labels.len()], labels))];
        fs::write(workplace.path("one.npz"), npz(&arrays)).unwrap();
        let outcome = evaluate(&workplace, "colours.q8", "one.npz", &[]);
        match right {
            Some(right) => assert!(outcome.succeeded().contains(right)),
            None => assert!(outcome.failed().contains("class of each of 1 samples")),
        }
    }
}

#[test]
fn data_for_another_model_are_refused() {
    let workplace = workplace();
    write_samples(&workplace, None);
    let labels = npy("|u1", &[3], &[0; 3]);
    let pixels = npy("|u1", &[2, 2, 3, 3], &[7; 36]);
    fs::write(
        workplace.path("pixels.npz"),
        npz(&[("x", pixels), ("y", labels)]),
    )
    .unwrap();
    fs::create_dir(workplace.path("data")).unwrap();
    fs::write(workplace.path("text"), "notes").unwrap();
    let other = npy("|u1", &[2, 2, 3, 3], &[7; 36]);
    fs::write(workplace.path("alone.npz"), npz(&[("x", other)])).unwrap();
    let no_labels = "alone.npz: expected an array of a label for each of 2 inputs, named y or label, found x: uint8 [2, 2, 3, 3]";
    let few_labels = "pixels.npz: y: expected the class of each of 2 samples, a whole number from 0, or a row with one 1 among zeros, found an array of shape [3]; correct it, or give it a name that does not begin with y or label";
    for (model, data, more, expected) in [
        ("colours.q8", "alone.npz", &[][..], no_labels),
        ("colours.q8", "pixels.npz", &[], few_labels),
        (
            "colours.q8",
            "samples.npz",
            &[],
            "samples.npz: expected an array of shape [2, 3, 3] or [3, 2, 3], or of several samples, found an array of shape [4, 1, 2, 2]",
        ),
        (
            "values.q8",
            "data",
            &[],
            "data: expected a .npz file, for this model takes no pictures, found a folder",
        ),
        (
            "values.q8",
            "none",
            &[],
            "none: expected a folder of IDX files, found nothing of that name",
        ),
        (
            "values.q8",
            "text",
            &[],
            "text: expected a .npy or .npz file, found a file of another kind",
        ),
        (
            "values.q8",
            "samples.npz",
            &["--invert"],
            "--invert: expected pictures to invert, found an array that is none; leave out --invert",
        ),
    ] {
        let error = evaluate(&workplace, model, data, more).failed();
        assert_eq!(error, format!("error: {expected}\n"), "{model}");
    }
}
