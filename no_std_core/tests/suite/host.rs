//! The engine of hosts: every backend that this processor has, against the oracle.

use no_std_core::host::{Backend, Engine, Memory};
use no_std_core::{Model, RunError};
use proptest::prelude::*;

use crate::models::{config, models};
use crate::oracle;
use crate::random::{Random, digits};
use crate::support::{file, tiny};

/// The output of each backend, in memory that has been used before.
fn outputs(file: &[u8], image: &[i8], memory: &mut Memory) -> Vec<(Backend, Vec<i8>)> {
    let run = |backend| {
        let model = Model::new(file).expect("a model as the trainer writes it");
        let engine = Engine::new(model, backend);
        let output = engine.run(image, memory).expect("the image fits");
        (backend, output.values().to_vec())
    };
    Backend::all().into_iter().map(run).collect()
}

proptest! {
    #![proptest_config(config(3000))]

    #[test]
    fn outputs_are_those_of_the_oracle((contents, image) in models()) {
        let expected = oracle::tensors(&contents, &image);
        for (backend, values) in outputs(&file(&contents), &image, &mut Memory::default()) {
            prop_assert_eq!(Some(&values), expected.last(), "{:?}", backend);
        }
    }
}

#[test]
fn memory_can_be_used_for_one_model_after_the_other() {
    let mut random = Random(7);
    let mut memory = Memory::default();
    for contents in [digits(&mut random), tiny(), digits(&mut random)] {
        let image = random.image(&contents);
        let expected = oracle::tensors(&contents, &image).pop().unwrap();
        for (backend, values) in outputs(&file(&contents), &image, &mut memory) {
            assert_eq!(values, expected, "{backend:?}");
        }
    }
}

#[test]
fn every_operator_is_observed_in_order() {
    let file = file(&tiny());
    let engine = Engine::new(Model::new(&file).unwrap(), Backend::best());
    let mut seen = Vec::new();
    let mut memory = Memory::default();
    let observe = |operator| seen.push(operator);
    engine.run_observed(&[0; 16], &mut memory, observe).unwrap();
    assert_eq!(seen, [0, 1]);
}

#[test]
fn images_of_another_size_are_refused() {
    let file = file(&tiny());
    let engine = Engine::new(Model::new(&file).unwrap(), Backend::PORTABLE);
    let error = engine.run(&[0; 15], &mut Memory::default()).unwrap_err();
    let (expected, found) = (16, 15);
    assert_eq!(error, RunError::Image { expected, found });
}
