//! What holds for every file that the loader accepts, whatever is in it: the fuzz target and the tests run the same code.

use std::task::Poll;

use no_std_core::format::{self, ONE, Shape};
use no_std_core::{Model, Run, Scores, arena_len, run};

/// Files that would take longer are not run. The digits network takes three quarters of that.
const MAX_MULTIPLY_ADDS: u64 = 1 << 22;

/// Files that would take more memory are not run.
const MAX_LEN: usize = 1 << 20;

/// Gives the file the length and the checksum that it should have, loads it, and runs it if it is accepted.
/// Returns whether it was.
pub fn load_and_run(file: &[u8]) -> bool {
    let mut file = file.to_vec();
    let _ = format::seal(&mut file);
    let Ok(model) = Model::new(&file) else {
        return false;
    };
    assert_eq!(model.labels().count(), model.classes());
    assert_eq!(model.arena_len(), arena_len(&file));
    let len = model.arena_len().max(model.input_len());
    if model.multiply_adds() <= MAX_MULTIPLY_ADDS && len <= MAX_LEN {
        let values = file.iter().cycle().map(|byte| byte.cast_signed());
        let image: Vec<i8> = values.take(model.input_len()).collect();
        let mut arena = vec![0; model.arena_len()];
        let scores = run(&model, &image, &mut arena).expect("image and arena fit");
        check_scores(&model, &scores);
        assert_eq!(stepped(&model, &image), scores);
    }
    true
}

/// The scores of a run in steps, in an arena that is larger than it must be and full of other values.
fn stepped(model: &Model, image: &[i8]) -> Scores {
    let mut arena = vec![0x55; model.arena_len() + 3];
    let mut run = Run::new(model, image, &mut arena).expect("image and arena fit");
    let outputs = model.layers().map(|layer| layer.record().output);
    let steps: u64 = outputs.map(Shape::elements).sum();
    for _ in 0..steps {
        if run.step().is_ready() {
            break;
        }
    }
    let (Poll::Ready(first), Poll::Ready(second)) = (run.step(), run.step()) else {
        panic!("a step computes at least one value");
    };
    assert_eq!(first, second);
    assert_eq!(arena[model.arena_len()..], [0x55; 3]);
    first
}

fn check_scores(model: &Model, scores: &Scores) {
    assert_eq!(scores.logits().len(), model.classes());
    assert_eq!(scores.probabilities().len(), model.classes());
    let total: u32 = scores.probabilities().iter().sum();
    assert!(
        (ONE + 1 - model.classes() as u32..=ONE).contains(&total),
        "{total}"
    );
    let best = scores.logits()[scores.class()];
    assert!(scores.logits().iter().all(|&logit| logit <= best));
    assert_eq!(scores.accepted(), scores.probability() >= model.threshold());
}
