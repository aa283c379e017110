//! Layers and whole networks against the oracle.

use no_std_core::{Model, Run, run};
use proptest::prelude::*;

use crate::models::{config, models};
use crate::oracle;
use crate::random::{Random, digits};
use crate::support::{Contents, file, tiny};

/// Runs a model and gives the arena that it leaves, too.
fn run_in(spec: &Contents, image: &[i8], filler: i8) -> (Vec<i8>, Vec<i8>) {
    let file = file(spec);
    let model = Model::new(&file).expect("a model as the trainer writes it");
    let mut arena = vec![filler; model.arena_len()];
    let scores = run(&model, image, &mut arena).expect("image and arena fit");
    (scores.logits().to_vec(), arena)
}

proptest! {
    #![proptest_config(config(3000))]

    #[test]
    fn logits_are_those_of_the_oracle((spec, image) in models()) {
        let expected = oracle::outputs(&spec, &image);
        let (logits, _) = run_in(&spec, &image, 0);
        prop_assert_eq!(Some(&logits), expected.last());
    }

    /// The output of the first layer is at the start of the arena, and a single layer after it cannot overwrite it: here
    /// every value of a convolution is seen, not only what dense layers make of it.
    #[test]
    fn a_convolution_is_that_of_the_oracle((mut spec, image) in models()) {
        let first = spec.layers.swap_remove(0);
        let last = Random(3).dense(first.output, 1);
        let spec = Contents::new(spec.input, spec.input_zero_point, vec![first, last]);
        let expected = oracle::outputs(&spec, &image);
        let (logits, arena) = run_in(&spec, &image, 0);
        prop_assert_eq!(&arena[..expected[0].len()], &expected[0][..]);
        prop_assert_eq!(&logits, &expected[1]);
    }

    #[test]
    fn steps_give_what_a_run_gives((spec, image) in models()) {
        let file = file(&spec);
        let model = Model::new(&file).expect("a model as the trainer writes it");
        let whole = run(&model, &image, &mut vec![0; model.arena_len()]).expect("image and arena fit");
        let mut arena = vec![0; model.arena_len()];
        let mut stepper = Run::new(&model, &image, &mut arena).expect("image and arena fit");
        let steps: usize = model.layers().map(|layer| {
            let output = layer.record().output;
            if layer.name() == "dense" { usize::from(output.channels).div_ceil(8) } else { usize::from(output.rows) }
        }).sum();
        for _ in 0..steps {
            prop_assert!(stepper.step().is_pending());
        }
        prop_assert_eq!(stepper.step(), std::task::Poll::Ready(whole.clone()));
        prop_assert_eq!(stepper.step(), std::task::Poll::Ready(whole));
    }
}

#[test]
fn what_the_arena_held_does_not_matter() {
    let spec = tiny();
    let image = Random(5).image(&spec);
    let expected = run_in(&spec, &image, 0);
    for filler in i8::MIN..=i8::MAX {
        assert_eq!(run_in(&spec, &image, filler).0, expected.0, "{filler}");
    }
}

#[test]
fn what_the_tiny_model_tells_apart() {
    let file = file(&tiny());
    let model = Model::new(&file).unwrap();
    for line in 0..4 {
        for (class, label) in ["row", "column"].into_iter().enumerate() {
            let place = |at: usize| if class == 0 { at / 4 } else { at % 4 };
            let pixel = |at| if place(at) == line { 127 } else { -128 };
            let image: [i8; 16] = std::array::from_fn(pixel);
            let scores = run(&model, &image, &mut vec![0; model.arena_len()]).unwrap();
            let found = (model.label(scores.class()), scores.accepted());
            assert_eq!(found, (Some(label), true), "{line}");
        }
    }
}

#[test]
fn the_digits_network_runs_in_3584_bytes() {
    let mut random = Random(1);
    let spec = digits(&mut random);
    let file = file(&spec);
    let model = Model::new(&file).unwrap();
    let lens = (model.arena_len(), model.input_len());
    assert_eq!(lens, (3136 + 2 * 224, 784));
    assert_eq!(model.multiply_adds(), 313_600 + 2_508_800 + 200_704 + 1_280);
    for _ in 0..3 {
        let image = random.image(&spec);
        let (logits, _) = run_in(&spec, &image, 77);
        assert_eq!(Some(&logits), oracle::outputs(&spec, &image).last());
    }
}
