use super::*;
use crate::checkpoint::Epoch;
use crate::data::synthetic;
use crate::optimizer::Optimizer;

/// A run whose epochs had these accuracies on the validation set, without variables.
fn after(accuracies: &[f64]) -> Checkpoint {
    let epoch = |&val_accuracy: &f64| Epoch {
        augment: Augment::None,
        loss: 1.0,
        accuracy: Some(0.5),
        val_loss: 1.0,
        val_accuracy: Some(val_accuracy),
    };
    let mut record = Record::new(&Network::digits(), Optimizer::Adam, 8, 0);
    record.epochs = accuracies.iter().map(epoch).collect();
    Checkpoint {
        record,
        variables: Vec::new(),
    }
}

fn sets(has_validation: bool) -> Sets {
    let digits = synthetic::digits(8, 8, 1);
    Sets {
        validation: has_validation.then(|| digits.test.clone()),
        ..digits
    }
}

/// The number of epochs after which a fit is best that goes on from the first ones of a run.
fn best_of(sets: &Sets, resumed: &[f64], others: &[f64]) -> Result<usize, FitError> {
    let first = after(resumed);
    let mut best = Best::new(
        sets,
        &first.record,
        Some(&first).filter(|_| !resumed.is_empty()),
    );
    let all = [resumed, others].concat();
    for count in resumed.len() + 1..=all.len() {
        best.add(after(&all[..count]));
    }
    let best = best.of_finished(resumed.len(), &after(&all).record)?;
    Ok(best.record.epochs.len())
}

#[test]
fn the_best_epoch_is_kept_also_of_a_run_that_is_resumed() {
    let (chosen, last) = (sets(true), sets(false));
    for (resumed, others, expected) in [
        (&[][..], &[0.5, 0.9, 0.8][..], 2),
        (&[], &[0.9, 0.9], 1),
        (&[0.7, 0.95], &[0.9, 0.8], 2),
        (&[0.7, 0.8], &[0.75, 0.85, 0.8], 4),
    ] {
        assert_eq!(best_of(&chosen, resumed, others).unwrap(), expected);
        let all = resumed.len() + others.len();
        assert_eq!(best_of(&last, resumed, others).unwrap(), all);
    }
    // Nothing that was there before is the result of a fit without an epoch.
    for sets in [&chosen, &last] {
        let none = best_of(sets, &[0.9], &[]);
        assert!(matches!(none, Err(FitError::Interrupted)));
    }
}

#[test]
fn a_run_on_other_pictures_is_no_measure() {
    let mut first = after(&[0.99]);
    first.record.data_sha256 = "others".into();
    let record = after(&[0.99]).record;
    let mut best = Best::new(&sets(true), &record, Some(&first));
    best.add(after(&[0.99, 0.5]));
    let mut run = after(&[0.99, 0.5, 0.4]).record;
    for (patience, expected) in [(None, false), (Some(1), true), (Some(2), false)] {
        run.recipe.patience = patience;
        assert_eq!(best.is_long_ago(&run), expected);
    }
}
