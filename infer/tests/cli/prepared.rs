//! `--prepare auto`: of a picture as it is and the drawing in it centred, what the model is surer of.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use image::{GrayImage, Luma};
use no_std_core::format::{Contents, OutputKind};
use no_std_core::prepare::{Pixels, Preparation};
use serde_json::Value;

use crate::evaluate::write_test_set;
use crate::program::{Outcome, Workplace};

/// The digits model in each of its forms: float ONNX, int8 ONNX and flash file.
const DIGITS: [&str; 3] = ["digits.onnx", "digits-int8.onnx", "digits.q8"];

fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../models")
        .join(name)
}

/// The objects that `infer predict --json` prints of pictures, without the time, by the pictures; none of one that fails.
type Answers = BTreeMap<String, Value>;

fn answers(outcome: &Outcome) -> Answers {
    let answers = outcome.output.lines().map(|line| {
        let mut answer: Value = serde_json::from_str(line).unwrap();
        let fields = answer.as_object_mut().unwrap();
        fields.remove("elapsed_microseconds");
        (answer["file"].as_str().unwrap().to_owned(), answer)
    });
    answers.collect()
}

fn predict(workplace: &Workplace, model: &Path, prepare: &str, pictures: &[String]) -> Answers {
    let mut arguments = vec!["--json", "--prepare", prepare];
    arguments.extend(["--model", model.to_str().unwrap()]);
    arguments.extend(pictures.iter().map(String::as_str));
    answers(&workplace.predict(&arguments))
}

/// What follows from the answers to a picture that is prepared in both ways, as far as it can be.
fn chosen(plain: Option<&Value>, centred: Option<&Value>) -> Option<Value> {
    let sure = |answer: Option<&Value>| {
        answer.map_or(-1.0, |answer| answer["probability"].as_f64().unwrap())
    };
    let (answer, name) = if sure(centred) > sure(plain) {
        (centred, "centred")
    } else {
        (plain, "plain")
    };
    let mut answer = answer?.clone();
    answer["prepared"] = name.into();
    Some(answer)
}

fn count(answers: &Answers, prepared: &str) -> usize {
    let is_counted = |answer: &&Value| answer["prepared"] == prepared;
    answers.values().filter(is_counted).count()
}

/// Numerical Recipes' generator.
fn random() -> impl FnMut(u32) -> u32 {
    let mut state = 5_u32;
    move |below| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((u64::from(state) * u64::from(below)) >> 32) as u32
    }
}

const PICTURES: usize = 48;

/// Pictures with noise: of MNIST's digits with a blot, and of strokes in pictures of any size, light or dark.
fn random_pictures(workplace: &Workplace) -> Vec<String> {
    let mut next = random();
    let name = |at: usize| format!("random-{at}.png");
    for at in 0..PICTURES {
        let mut picture = match at % 3 {
            0 => blotted(of_mnist(1 + at / 3 % 9), &mut next),
            _ => stroke(&mut next),
        };
        let grain = 1 + next(40);
        for pixel in picture.pixels_mut() {
            pixel[0] = pixel[0].saturating_add(next(grain) as u8);
        }
        picture.save(workplace.path(&name(at))).unwrap();
    }
    (0..PICTURES).map(name).collect()
}

fn blotted(mut digit: GrayImage, next: &mut impl FnMut(u32) -> u32) -> GrayImage {
    let [left, top] = [25, 25].map(next);
    for (x, y) in (0..9).map(|at| (left + at % 3, top + at / 3)) {
        digit.put_pixel(x, y, Luma([255]));
    }
    digit
}

fn stroke(next: &mut impl FnMut(u32) -> u32) -> GrayImage {
    let [width, height] = [8, 8].map(|least| least + next(80));
    let [ground, ink] = [190, 190].map(&mut *next);
    let [left, top] = [width, height].map(&mut *next);
    GrayImage::from_fn(width, height, |x, y| {
        let is_ink = x.abs_diff(left) < width / 8 && y.abs_diff(top) < height / 2;
        Luma([(if is_ink { ink } else { ground }) as u8])
    })
}

/// A digit as MNIST has them: its ink fills a box of 20 x 20, whose centre of mass is in the middle.
fn of_mnist(digit: usize) -> GrayImage {
    let path = shipped(&format!("samples/{digit}.png"));
    let picture = image::open(path).unwrap().into_luma8();
    let (width, height) = picture.dimensions();
    let mut rows = Pixels::new(picture.as_raw(), width, height).unwrap();
    let mut image = [0; 784];
    Preparation::CENTRED.prepare(&mut rows, &mut image).unwrap();
    let pixels = image.map(|value: i8| value.cast_unsigned() ^ 0x80);
    GrayImage::from_raw(28, 28, pixels.to_vec()).unwrap()
}

#[test]
fn the_choice_is_what_follows_from_both_answers() {
    let workplace = Workplace::new();
    let pictures = random_pictures(&workplace);
    let mut of_integers = Vec::new();
    for model in DIGITS {
        let path = shipped(model);
        let predict = |prepare| predict(&workplace, &path, prepare, &pictures);
        let [plain, centred, auto] = ["plain", "centred", "auto"].map(predict);
        assert!(centred.len() < plain.len(), "noise has no drawing in it");
        for picture in &pictures {
            let expected = chosen(plain.get(picture), centred.get(picture));
            assert_eq!(auto.get(picture), expected.as_ref(), "{model} {picture}");
        }
        let [surer, centred] = [
            count(&auto, "plain") + centred.len() - plain.len(),
            count(&auto, "centred"),
        ];
        assert!(surer > 0 && centred > 0, "{surer} {centred}");
        if model != "digits.onnx" {
            of_integers.push(auto);
        }
    }
    assert_eq!(of_integers[0], of_integers[1]);
}

/// A seven, small and dark on a large sheet in the shadow of a hand.
fn photograph(workplace: &Workplace) {
    let digit = of_mnist(7);
    let sheet = GrayImage::from_fn(320, 240, |x, y| {
        let ground = 215 - (x + y) / 8 + (x * 7 + y * 13) % 5;
        let inside = |at: u32, start: u32| at.checked_sub(start).filter(|at| *at < 28 * 2);
        let ink = match (inside(x, 200), inside(y, 30)) {
            (Some(x), Some(y)) => u32::from(digit.get_pixel(x / 2, y / 2)[0]),
            _ => 0,
        };
        Luma([ground.saturating_sub(ink / 2) as u8])
    });
    sheet.save(workplace.path("photograph.png")).unwrap();
}

#[test]
fn a_digit_of_mnist_and_one_on_a_photograph_are_read() {
    let workplace = Workplace::new();
    of_mnist(7).save(workplace.path("digit.png")).unwrap();
    photograph(&workplace);
    let pictures = ["digit.png", "photograph.png"].map(String::from);
    for model in DIGITS {
        let found = predict(&workplace, &shipped(model), "auto", &pictures);
        assert_eq!(found["digit.png"]["label"], "7", "{model}");
        assert_eq!(found["photograph.png"]["label"], "7", "{model}");
        assert_eq!(found["photograph.png"]["prepared"], "centred", "{model}");
        let plain = predict(&workplace, &shipped(model), "plain", &pictures);
        assert_eq!(plain["digit.png"]["label"], "7", "{model}");
        assert_ne!(plain["photograph.png"]["label"], "7", "{model}");
    }
}

#[test]
fn what_was_chosen_is_said() {
    let workplace = Workplace::new();
    photograph(&workplace);
    fs::write(
        workplace.path("zeros.npy"),
        crate::arrays::floats(&[28, 28], &[0.0; 784]),
    )
    .unwrap();
    let auto = ["--prepare", "auto", "photograph.png"];
    let line = workplace.predict(&auto).succeeded();
    assert!(line.ends_with("%) [centred]\n"), "{line}");
    let table = workplace.predict(&[&["--csv"], &auto[..], &["zeros.npy"]].concat());
    let table = table.succeeded();
    let mut rows = table.lines().map(|row| row.rsplit_once(',').unwrap().1);
    assert_eq!(rows.next(), Some("prepared"));
    // An array is nothing to prepare.
    assert_eq!([rows.next(), rows.next()], [Some("centred"), Some("")]);
    let arrays = answers(&workplace.predict(&["--json", "--prepare", "auto", "zeros.npy"]));
    assert!(arrays["zeros.npy"].get("prepared").is_none());
    let single = workplace.predict(&["--csv", "photograph.png"]).succeeded();
    assert!(!single.contains("prepared"), "{single}");
    let annotate = |options: &[&str]| {
        workplace
            .predict(&[options, &["photograph.png"]].concat())
            .succeeded();
        let name = format!("{}/photograph.png", options[1]);
        image::open(workplace.path(&name)).unwrap().height()
    };
    let height = annotate(&["--annotate", "one"]);
    assert!(height < annotate(&["--annotate", "two", "--prepare", "auto"]));
}

#[test]
fn what_one_way_cannot_prepare_the_other_one_may() {
    let workplace = Workplace::new();
    // A line so thin that nothing of it is left where the whole picture is made small.
    let thin = GrayImage::from_fn(900, 900, |x, y| {
        let ink = x == 450 && (300..600).contains(&y);
        Luma([if ink { 160 } else { 200 }])
    });
    thin.save(workplace.path("thin.png")).unwrap();
    let blank = GrayImage::from_pixel(40, 40, Luma([255]));
    blank.save(workplace.path("blank.png")).unwrap();
    let expected = "expected a drawing, found a blank picture, or ink too faint\n";
    for model in DIGITS {
        let model = shipped(model);
        let run = |prepare, picture| {
            let model = model.to_str().unwrap();
            workplace.predict(&["--model", model, "--prepare", prepare, picture])
        };
        assert!(run("plain", "thin.png").failed().ends_with(expected));
        let centred = run("centred", "thin.png").succeeded();
        let auto = run("auto", "thin.png").succeeded();
        assert_eq!(auto, centred.trim_end().to_owned() + " [centred]\n");
        assert!(run("auto", "blank.png").failed().ends_with(expected));
    }
}

#[test]
fn models_between_whose_answers_nothing_is_to_choose() {
    let workplace = Workplace::new();
    let values = Contents {
        output: OutputKind::Values,
        labels: Vec::new(),
        probabilities: Vec::new(),
        threshold: 0,
        ..crate::support::flash::brightness()
    };
    fs::write(workplace.path("values.q8"), values.to_file().unwrap()).unwrap();
    workplace.picture("a.png", 9);
    let error = workplace.predict_with("values.q8", &["--prepare", "auto", "a.png"]);
    let expected = "error: --prepare auto: expected a model of 28 x 28 grey pixels that tells classes apart, found another one; leave it out\n";
    assert_eq!(error.failed(), expected);
}

#[test]
fn a_test_set_is_evaluated_as_its_pictures_are_chosen() {
    let workplace = Workplace::new();
    let pictures = random_pictures(&workplace);
    let truth = |at: usize| ["dark", "bright"][at % 2];
    for (at, picture) in pictures.iter().enumerate() {
        let folder = workplace.path("set").join(truth(at));
        fs::create_dir_all(&folder).unwrap();
        fs::copy(workplace.path(picture), folder.join(picture)).unwrap();
    }
    for model in ["brightness.onnx", "brightness-int8.onnx", "brightness.q8"] {
        let found = predict(&workplace, &workplace.path(model), "auto", &pictures);
        assert_eq!(found.len(), pictures.len());
        let is_right = |(at, picture): &(usize, &String)| found[*picture]["label"] == truth(*at);
        let right = pictures.iter().enumerate().filter(is_right).count();
        let [plain, centred] = ["plain", "centred"].map(|way| count(&found, way));
        let evaluate = |more: &[&str]| {
            let command = ["evaluate", "--prepare", "auto", "--data", "set", "--model"];
            workplace
                .run(&[&command[..], &[model], more].concat())
                .succeeded()
        };
        let object: Value = serde_json::from_str(&evaluate(&["--json"])).unwrap();
        assert_eq!(object["correct"], right, "{model}");
        assert_eq!(object["prepared"]["plain"], plain);
        assert_eq!(object["prepared"]["centred"], centred);
        assert!(plain > 0 && centred > 0, "{plain} {centred}");
        let line = format!("\nprepared {plain} plain, {centred} centred\n");
        let table = evaluate(&[]);
        assert!(table.contains(&line), "{table}");
    }
}

#[test]
fn images_of_a_test_set_are_prepared_where_that_is_said() {
    let workplace = Workplace::new();
    // One grey each: nothing to centre.
    write_test_set(&workplace, &[255, 0], &[1, 0]);
    let evaluate = |prepare| {
        let command = ["evaluate", "--data", "data", "--model", "brightness.q8"];
        workplace.run(&[&command[..], &["--json", "--prepare", prepare]].concat())
    };
    let object: Value = serde_json::from_str(&evaluate("plain").succeeded()).unwrap();
    assert_eq!(object["correct"], 2);
    assert!(object.get("prepared").is_none());
    let object: Value = serde_json::from_str(&evaluate("auto").succeeded()).unwrap();
    assert_eq!(object["prepared"]["plain"], 2);
    // It is no answer, and counts as a wrong one, but has no scores.
    let object: Value = serde_json::from_str(&evaluate("centred").succeeded()).unwrap();
    assert_eq!(
        (&object["correct"], &object["unread"]),
        (&0.into(), &2.into())
    );
    assert_eq!(
        (&object["images"], &object["images_per_second"]),
        (&2.into(), &0.0.into())
    );
    let command = [
        "evaluate",
        "--data",
        "data",
        "--model",
        "brightness.q8",
        "--prepare",
        "centred",
    ];
    let table = workplace.run(&command).succeeded();
    let line = "\nunread   1.0000 (2 of 2 blank, or of several drawings)\n";
    assert!(table.contains(line), "{table}");
    let error = workplace
        .run(&[&command[..], &["--scores", "scores"]].concat())
        .failed();
    let expected = "error: image 0 of the test set: expected a drawing, found a blank picture, or ink too faint\n";
    assert_eq!(error, expected);
}
