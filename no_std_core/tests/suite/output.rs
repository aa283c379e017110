//! Class, probabilities and rejection.

use no_std_core::format::ONE;
use no_std_core::{Model, Scores, run};

use crate::random::Random;
use crate::support::{Contents, dense, file, shape, tiny};

/// A model whose logits are its biases, with the probabilities of one logit step being a factor `e^scale` apart.
fn scores(logits: &[i8], scale: f64, threshold: u32) -> Scores {
    let biases = logits.iter().copied().map(i32::from).collect();
    let layer = dense(vec![0; logits.len()], biases, 1.0);
    let mut spec = Contents::new(shape(1, 1, 1), 0, vec![layer]);
    let probability = |d| (f64::from(ONE) * (-f64::from(d) * scale).exp()).round() as u32;
    spec.probabilities = (0..256).map(probability).collect();
    spec.threshold = threshold;
    let file = file(&spec);
    let model = Model::new(&file).unwrap();
    let scores = run(&model, &[0], &mut vec![0; logits.len()]).unwrap();
    assert_eq!(scores.logits(), logits);
    scores
}

#[test]
fn the_first_of_equal_logits_wins() {
    let logits: [&[i8]; 4] = [&[3, 7, -1, 7, 7], &[-128; 32], &[-128, 127], &[5]];
    let classes = logits.map(|logits| scores(logits, 0.1, 0).class());
    assert_eq!(classes, [1, 0, 1, 0]);
}

#[test]
fn probabilities_are_those_of_softmax() {
    let mut random = Random(1);
    for _ in 0..500 {
        let classes = random.within(1, 32);
        let logits: Vec<i8> = (0..classes).map(|_| random.bits() as i8).collect();
        let scale = random.within(1, 1000) as f64 / 2000.0;
        let weight = |&logit: &i8| (f64::from(logit) * scale).exp();
        let total: f64 = logits.iter().map(weight).sum();
        for (logit, &found) in logits.iter().zip(scores(&logits, scale, 0).probabilities()) {
            let expected = weight(logit) / total * f64::from(ONE);
            // One for the final rounding, and half a unit for each entry that the table rounded.
            assert!(
                (f64::from(found) - expected).abs() < 2.0 + logits.len() as f64 / 2.0,
                "{found} {expected}"
            );
        }
    }
}

#[test]
fn certainty_is_one_and_equality_is_shared() {
    assert_eq!(scores(&[9], 0.5, 0).probabilities(), [ONE]);
    assert_eq!(scores(&[127, -128], 0.5, 0).probabilities(), [ONE, 0]);
    assert_eq!(scores(&[1, 1, 1], 0.5, 0).probabilities(), [ONE / 3; 3]);
    assert_eq!(scores(&[-128; 32], 0.5, 0).probabilities(), [ONE / 32; 32]);
}

#[test]
fn logits_from_elsewhere_have_the_same_scores() {
    let file = file(&tiny());
    let model = Model::new(&file).unwrap();
    let image = Random(4).image(&tiny());
    let of_image = run(&model, &image, &mut vec![0; model.arena_len()]).unwrap();
    assert_eq!(Scores::new(&model, of_image.logits()), of_image);
    // More than there are classes, none, and fewer.
    let more = Scores::new(&model, &vec![5; 100_000]);
    assert_eq!(more, Scores::new(&model, &[5, 5]));
    let none = Scores::new(&model, &[]);
    assert_eq!((none.logits(), none.probability()), (&[][..], 0));
    assert!(!none.accepted());
    assert_eq!(Scores::new(&model, &[-3]).probabilities(), [ONE]);
}

#[test]
fn the_threshold_itself_is_accepted() {
    let accepted = |threshold| scores(&[4, 4], 0.5, threshold).accepted();
    let thresholds = [0, ONE / 2, ONE / 2 + 1, ONE];
    assert_eq!(thresholds.map(accepted), [true, true, false, false]);
    assert!(scores(&[4], 0.5, ONE).accepted());
    assert_eq!(scores(&[4, 4], 0.5, 0).probability(), ONE / 2);
}
