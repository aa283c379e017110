use ndarray::arr2;

use super::*;
use crate::data::random::Random;

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn each_class_is_counted_by_its_own_and_by_what_was_found() {
    let logits = arr2(&[
        [2.0, 0.0, 0.0],
        [0.0, 1.0, 0.0],
        [3.0, 0.0, 0.0],
        [0.0, 0.0, 0.5],
        [5.0, 5.0, 0.0],
    ]);
    let report = Report::new(&names(&["a", "b", "c"]), &[0, 1, 1, 2, 0], &logits);
    assert_eq!((report.samples, report.correct), (5, 4));
    assert_eq!(report.confusion, [[2, 0, 0], [1, 1, 0], [0, 0, 1]]);
    let shares: Vec<_> = report
        .classes
        .iter()
        .map(|class| (class.found, class.samples, class.precision, class.recall))
        .collect();
    let expected = [
        (3, 2, Some(2.0 / 3.0), Some(1.0)),
        (1, 2, Some(1.0), Some(0.5)),
        (1, 1, Some(1.0), Some(1.0)),
    ];
    assert_eq!(shares, expected);
    let [mistake] = report.mistakes[..] else {
        panic!("{:?}", report.mistakes)
    };
    assert_eq!((mistake.sample, mistake.label, mistake.answer), (2, 1, 0));
    let expected = 3f64.exp() / (3f64.exp() + 2.0);
    assert!((mistake.confidence - expected).abs() < 1e-9);
    let text = report.text();
    for part in ["0.8000 (4 of 5 right)", "\nb ", "1 of 2", "1 times a for b"] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn a_class_without_samples_has_no_recall() {
    let report = Report::new(&names(&["a", "b"]), &[0], &arr2(&[[1.0, 0.0]]));
    assert_eq!(
        (report.classes[1].precision, report.classes[1].recall),
        (None, None)
    );
    assert!(report.text().contains('-'));
}

/// The ends solve `(share - end)^2 = z^2 * end * (1 - end) / all`, which defines the interval.
#[test]
fn the_interval_is_wilsons() {
    for (correct, all) in [(0, 10), (10, 10), (9, 10), (9_910, 10_000), (1, 3)] {
        let share = f64::from(correct) / f64::from(all);
        for end in interval(correct as usize, all as usize) {
            let left = (share - end).powi(2);
            let right = DEVIATIONS.powi(2) * end * (1.0 - end) / f64::from(all);
            assert!((left - right).abs() < 1e-12, "{correct} of {all}: {end}");
        }
    }
}

/// Labels that are drawn with the probabilities that the network says are calibrated; always the likeliest class is not.
#[test]
fn calibration_is_the_distance_of_confidence_and_accuracy() {
    let mut random = Random::new(1, 0);
    let count = 40_000;
    let mut logits = Array2::zeros((count, 2));
    let mut labels = Vec::new();
    let mut confidence = 0.0;
    for mut row in logits.rows_mut() {
        let logit = random.between(0.0, 3.0);
        row[0] = logit;
        let probability = 1.0 / (1.0 + (-logit).exp());
        confidence += f64::from(probability);
        labels.push(u16::from(random.between(0.0, 1.0) >= probability));
    }
    let classes = names(&["a", "b"]);
    let drawn = Report::new(&classes, &labels, &logits).calibration;
    assert!(drawn.error < 0.02, "{}", drawn.error);
    assert_eq!(
        drawn.bins.iter().map(|bin| bin.samples).sum::<usize>(),
        count
    );
    let sure = Report::new(&classes, &vec![0; count], &logits).calibration;
    let expected = 1.0 - confidence / count as f64;
    assert!((sure.error - expected).abs() < 1e-6, "{}", sure.error);
}

#[test]
fn a_page_has_all_of_it_and_nothing_of_elsewhere() {
    let logits = arr2(&[[2.0, 0.0], [3.0, 0.0], [0.0, 1.0]]);
    let report = Report::new(&names(&["<a> & \"b\"", "c"]), &[0, 1, 1], &logits);
    let page = Page {
        title: "digits & more",
        report: &report,
        epochs: &[],
        mistakes: vec![b"PNG".to_vec()],
    };
    let html = page.to_string();
    for part in [
        "<!DOCTYPE html>",
        "digits &amp; more",
        "&lt;a&gt; &amp; &quot;b&quot;",
        "0.6667",
        "<svg",
        "data:image/png;base64,UE5H",
    ] {
        assert!(html.contains(part), "{part}: {html}");
    }
    for part in ["<a>", "http://", "<script", "<link", "src=\"/"] {
        assert!(!html.contains(part), "{part}");
    }
}
