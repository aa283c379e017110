//! What holds for every file that the loader accepts, whatever is in it: the fuzz target and the tests run the same code.

use no_std_core::format::{self, ONE, OutputKind, Shape};
use no_std_core::host::{Backend, Engine, Memory};
use no_std_core::{Classes, Model, Output, Run, Values, arena_len, run};

/// Files that would take longer are not run. The digits network takes three quarters of that.
const MAX_MULTIPLY_ADDS: u64 = 1 << 22;

/// Files that would take more memory, or have more values to compute, are not run.
const MAX_LEN: u64 = 1 << 20;

/// Gives the file the length and the checksum that it should have, loads it, and runs it if it is accepted.
/// Returns whether it was.
pub fn load_and_run(file: &[u8]) -> bool {
    let mut file = file.to_vec();
    let _ = format::seal(&mut file);
    let Ok(model) = Model::new(&file) else {
        return false;
    };
    assert_eq!(model.arena_len(), arena_len(&file));
    let values: u64 = model.operations().map(|operation| work(&operation)).sum();
    if model.multiply_adds() <= MAX_MULTIPLY_ADDS && values.max(model.arena_len() as u64) <= MAX_LEN
    {
        let values = file.iter().cycle().map(|byte| byte.cast_signed());
        let len = model.input().shape.elements() as usize;
        let image: Vec<i8> = values.take(len).collect();
        let mut arena = vec![0; model.arena_len()];
        let output = run(&model, &image, &mut arena).expect("image and arena fit");
        check_output(&model, &output);
        assert_eq!(stepped(&model, &image), output.values());
        for backend in Backend::all() {
            let engine = Engine::new(model.clone(), backend);
            let mut memory = Memory::default();
            let found = engine.run(&image, &mut memory).expect("the image fits");
            assert_eq!(found.values(), output.values(), "{backend:?}");
        }
    }
    true
}

/// Values that windows without weights look at, or that are made.
fn work(operation: &no_std_core::Operation) -> u64 {
    let record = operation.record();
    let window = u64::from(record.rows.kernel.max(1)) * u64::from(record.columns.kernel.max(1));
    operation.output().shape.elements().saturating_mul(window)
}

/// The values of a run in steps, in an arena that is larger than it must be and full of other values.
fn stepped(model: &Model, image: &[i8]) -> Vec<i8> {
    let mut arena = vec![0x55; model.arena_len() + 3];
    let mut run = Run::new(model, &mut arena).expect("the arena fits");
    run.input().copy_from_slice(image);
    let outputs = model.operations().map(|operation| operation.output().shape);
    let steps: u64 = outputs.map(Shape::elements).sum();
    for _ in 0..steps {
        if run.step().is_ready() {
            break;
        }
    }
    assert!(run.step().is_ready() && run.step().is_ready());
    assert_eq!(run.operator(), model.operators_len());
    let values = run.into_output().values().to_vec();
    assert_eq!(arena[model.arena_len()..], [0x55; 3]);
    values
}

fn check_output(model: &Model, output: &Output) {
    let len = model.output().shape.elements() as usize;
    assert_eq!(output.values().len(), len);
    match output {
        Output::Classes(classes) => check_classes(model, classes),
        Output::Values(values) => check_values(model, values),
    }
}

fn check_classes(model: &Model, classes: &Classes) {
    assert_eq!(model.output_kind(), OutputKind::Classes);
    let logits = classes.logits();
    assert!([0, logits.len()].contains(&model.labels().count()));
    let total: u32 = classes.probabilities().sum();
    let least = ONE.saturating_sub(logits.len() as u32 - 1);
    assert!((least..=ONE).contains(&total), "{total}");
    let best = logits[classes.class()];
    assert!(logits.iter().all(|&logit| logit <= best));
    let accepted = classes.probability() >= model.threshold();
    assert_eq!(classes.accepted(), accepted);
}

fn check_values(model: &Model, values: &Values) {
    assert_eq!(model.labels().count(), 0);
    assert_eq!(values.tensor(), &model.output());
    let is_reconstruction = model.output_kind() == OutputKind::Reconstruction;
    assert_eq!(values.difference().is_some(), is_reconstruction);
    if let Some(difference) = values.difference() {
        assert_eq!(difference.accepted, difference.mean <= model.threshold());
    }
}
