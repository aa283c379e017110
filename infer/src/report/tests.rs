use std::time::Duration;

use no_std_core::prepare::Preparation;
use serde_json::Value;

use super::*;
use crate::output::{Classes, Distance, Numbers, Output, Values};
use crate::spec::{InputSpec, Layout, OutputSpec, Quantization};

/// A model of pictures of digits with this output.
fn spec(output: OutputSpec) -> Spec {
    Spec {
        input: InputSpec {
            sizes: vec![1, 28, 28],
            layout: Layout::ChannelsFirst,
            quantization: None,
            preparation: Preparation::PLAIN,
        },
        output,
    }
}

fn of_classes(labels: &[&str]) -> Spec {
    let labels = labels.iter().map(ToString::to_string).collect();
    spec(OutputSpec::Classes { labels })
}

fn prediction(output: Output) -> Prediction {
    Prediction {
        output,
        elapsed: Duration::from_nanos(149_900),
        cost: None,
        prepared: None,
    }
}

fn classes(class: usize, probabilities: &[f64], accepted: Option<bool>) -> Prediction {
    prediction(Output::Classes(Classes {
        class,
        probabilities: probabilities.to_vec(),
        accepted,
        logits: Numbers::Float(Vec::new()),
    }))
}

fn json(report: &Report) -> Value {
    serde_json::to_value(report).unwrap()
}

#[test]
fn json_has_microseconds_and_the_probability_of_the_truth() {
    let spec = of_classes(&["0", "1"]);
    let prediction = classes(1, &[0.25, 0.75], None);
    let source = Source("p/0.png".into());
    let report = Report::new(&source, &spec, &prediction).with_truth_from_name(spec.labels());
    let expected = serde_json::json!({
        "file": "p/0.png", "label": "1", "class": 1, "probability": 0.75, "probabilities": [0.25, 0.75],
        "truth": "0", "truth_probability": 0.25, "elapsed_microseconds": 149,
    });
    assert_eq!(json(&report), expected);
}

#[test]
fn table_lines() {
    let spec = of_classes(&["0", "1", "2", "a\nb"]);
    let certain = classes(2, &[0.0, 0.0, 1.0, 0.0], None);
    let doubtful = classes(3, &[0.0, 0.039, 0.525, 0.436], Some(true));
    let rejected = classes(2, &[0.0, 0.0, 1.0, 0.0], Some(false));
    for (path, prediction, line) in [
        (
            "p/1.png",
            &doubtful,
            r"1 at  3.9%. CNN thinks it's a a\nb (43.6%)",
        ),
        (
            "dog.v2.png",
            &doubtful,
            r"dog.v2. CNN thinks it's a a\nb (43.6%)",
        ),
        ("x\ny.png", &certain, r"x\ny. CNN thinks it's a 2 (100.0%)"),
        (
            "2.png",
            &certain,
            "2 at 100.0%. CNN thinks it's a 2 (100.0%)",
        ),
        (
            "a\nb.png",
            &certain,
            r"a\nb at  0.0%. CNN thinks it's a 2 (100.0%)",
        ),
        (
            "-",
            &rejected,
            "-. CNN thinks it's a 2 (100.0%), not sure it is any of the classes",
        ),
    ] {
        let source = Source(path.into());
        let report = Report::new(&source, &spec, prediction);
        let report = report.with_truth_from_name(spec.labels());
        assert_eq!(report.to_string(), line);
    }
    let digits = of_classes(&["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    let rejected = classes(
        2,
        &[0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        Some(false),
    );
    let source = Source("x.npy".into());
    let line = |spec: &Spec| {
        let report = Report::new(&source, spec, &rejected).of_sample(3);
        report.to_string()
    };
    let expected = "x[3]. CNN thinks it's a 2 (100.0%), not sure it is a digit";
    assert_eq!(line(&digits), expected);
    let mut other = digits.clone();
    other.input.sizes = vec![1, 96, 96];
    let expected = "x[3]. CNN thinks it's a 2 (100.0%), not sure it is any of the classes";
    assert_eq!(line(&other), expected);
}

#[test]
fn numbers_are_told_with_their_integers() {
    let spec = spec(OutputSpec::Values { outputs: 2 });
    let of = Quantization {
        scale: 0.5,
        zero_point: -1,
    };
    let values = |numbers| {
        prediction(Output::Values(Values {
            shape: vec![2, 1],
            numbers,
        }))
    };
    let source = Source("x.npy".into());
    let floats = values(Numbers::Float(vec![0.1, -2e9]));
    let integers = values(Numbers::Int8(vec![3, -128], of));
    let floats = Report::new(&source, &spec, &floats);
    assert_eq!(floats.to_string(), "x. CNN gives 0.1 -2000000000");
    let integers = Report::new(&source, &spec, &integers).of_sample(0);
    assert_eq!(integers.to_string(), "x[0]. CNN gives 2 -63.5");
    let expected = serde_json::json!({
        "file": "x.npy", "sample": 0, "shape": [2, 1], "values": [2.0, -63.5], "integers": [3, -128], "scale": 0.5,
        "zero_point": -1, "elapsed_microseconds": 149,
    });
    assert_eq!(json(&integers), expected);
    assert_eq!(json(&floats)["shape"], serde_json::json!([2, 1]));
    assert!(json(&floats).get("scale").is_none());
}

#[test]
fn reconstructions_are_scored() {
    let source = Source("x.npy".into());
    let found = |score, accepted| {
        prediction(Output::Reconstruction {
            values: Values {
                shape: Vec::new(),
                numbers: Numbers::Float(Vec::new()),
            },
            difference: Distance { score, accepted },
        })
    };
    let of_file = spec(OutputSpec::Reconstruction {
        threshold: Some(2.0),
    });
    let of_board = spec(OutputSpec::Reconstruction { threshold: None });
    let like = found(1.25, true);
    let unlike = found(2.5, false);
    for (spec, prediction, line) in [
        (
            &of_file,
            &like,
            "x. CNN thinks it's like what it was made for (score 1.25, threshold 2.00)",
        ),
        (
            &of_board,
            &unlike,
            "x. CNN thinks it's unlike what it was made for (score 2.50)",
        ),
    ] {
        assert_eq!(Report::new(&source, spec, prediction).to_string(), line);
    }
    let expected = serde_json::json!({
        "file": "x.npy", "score": 1.25, "threshold": 2.0, "accepted": true, "elapsed_microseconds": 149,
    });
    assert_eq!(json(&Report::new(&source, &of_file, &like)), expected);
}

#[test]
fn the_likeliest_classes_begin_with_the_answer() {
    let spec = of_classes(&["a", "b", "c", "d"]);
    // The answer is the first one of the greatest logit, whatever rounding makes of probabilities.
    let prediction = classes(2, &[0.1, 0.4, 0.4, 0.1], Some(false));
    let source = Source("x.png".into());
    let top = |count| Report::new(&source, &spec, &prediction).with_top(count, spec.labels());
    let captions = |count| top(count).measured().captions().join(" ");
    assert_eq!(captions(1), "c 40.0%");
    assert_eq!(captions(3), "c 40.0% b 40.0% a 10.0%");
    assert_eq!(captions(9), "c 40.0% b 40.0% a 10.0% d 10.0%");
    let line = "x. CNN thinks it's a c (40.0%), not sure it is any of the classes; else b (40.0%)";
    assert_eq!(top(2).to_string(), line);
    assert!(!top(1).measured().accepted());
    let expected = serde_json::json!([
        { "label": "c", "class": 2, "probability": 0.4 }, { "label": "b", "class": 1, "probability": 0.4 },
    ]);
    assert_eq!(json(&top(2))["top"], expected);
    assert!(json(&top(1)).get("top").is_none());
}
