//! Class, probabilities and rejection.

use no_std_core::format::ONE;
use no_std_core::{Classes, Model, Output, run};

use crate::random::Random;
use crate::support::{Contents, dense, file, shape, tensor, tiny};

/// What follows from logits.
struct Scores {
    class: usize,
    probabilities: Vec<u32>,
    probability: u32,
    accepted: bool,
}

impl Scores {
    fn of(classes: &Classes) -> Self {
        Self {
            class: classes.class(),
            probabilities: classes.probabilities().collect(),
            probability: classes.probability(),
            accepted: classes.accepted(),
        }
    }
}

/// A model whose logits are its biases, with the probabilities of one logit step being a factor `e^scale` apart.
fn scores(logits: &[i8], scale: f64, threshold: u32) -> Scores {
    let biases = logits.iter().copied().map(i32::from).collect();
    let operator = dense(0, vec![0; logits.len()], biases, 1.0);
    let mut contents = Contents::new(tensor(shape(1, 1, 1), 0), vec![operator]);
    let probability = |d| (f64::from(ONE) * (-f64::from(d) * scale).exp()).round() as u32;
    contents.probabilities = (0..256).map(probability).collect();
    contents.threshold = threshold;
    let file = file(&contents);
    let model = Model::new(&file).unwrap();
    let mut arena = vec![0; model.arena_len()];
    let Output::Classes(classes) = run(&model, &[0], &mut arena).unwrap() else {
        panic!("the model has classes");
    };
    assert_eq!(classes.logits(), logits);
    Scores::of(&classes)
}

#[test]
fn the_first_of_equal_logits_wins() {
    let logits: [&[i8]; 4] = [&[3, 7, -1, 7, 7], &[-128; 32], &[-128, 127], &[5]];
    let classes = logits.map(|logits| scores(logits, 0.1, 0).class);
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
        for (logit, found) in logits.iter().zip(scores(&logits, scale, 0).probabilities) {
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
    assert_eq!(scores(&[9], 0.5, 0).probabilities, [ONE]);
    assert_eq!(scores(&[127, -128], 0.5, 0).probabilities, [ONE, 0]);
    assert_eq!(scores(&[1, 1, 1], 0.5, 0).probabilities, [ONE / 3; 3]);
    assert_eq!(scores(&[-128; 32], 0.5, 0).probabilities, [ONE / 32; 32]);
}

#[test]
fn logits_from_elsewhere_have_the_same_scores() {
    let file = file(&tiny());
    let model = Model::new(&file).unwrap();
    // More than there are classes, none, and fewer.
    let scores = |logits: &[i8]| {
        let Output::Classes(classes) = Output::new(&model, logits, &[]) else {
            panic!("the model has classes");
        };
        (classes.logits().to_vec(), Scores::of(&classes))
    };
    let (logits, more) = scores(&vec![5; 100_000]);
    assert_eq!((logits, more.probabilities), (vec![5, 5], vec![ONE / 2; 2]));
    let (logits, none) = scores(&[]);
    assert_eq!(
        (logits, none.probability, none.accepted),
        (vec![], 0, false)
    );
    assert_eq!(scores(&[-3]).1.probabilities, [ONE]);
}

/// The sum of as many entries as there may be just fits.
#[test]
fn as_many_classes_as_there_may_be() {
    let scores = scores(&vec![7; 65_535], 0.5, 1);
    assert_eq!((scores.class, scores.probability), (0, 1));
    assert!(scores.accepted);
    let mut logits = vec![-128; 65_535];
    logits[40_000] = 127;
    let scores = self::scores(&logits, 1.0, ONE);
    assert_eq!((scores.class, scores.probability), (40_000, ONE));
}

#[test]
fn the_threshold_itself_is_accepted() {
    let accepted = |threshold| scores(&[4, 4], 0.5, threshold).accepted;
    let thresholds = [0, ONE / 2, ONE / 2 + 1, ONE];
    assert_eq!(thresholds.map(accepted), [true, true, false, false]);
    assert!(scores(&[4], 0.5, ONE).accepted);
    assert_eq!(scores(&[4, 4], 0.5, 0).probability, ONE / 2);
}
