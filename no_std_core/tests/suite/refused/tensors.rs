//! Tensors that cannot be.

use no_std_core::format::{KIND_CONCATENATE, KIND_MAX_POOL, OperatorRecord, TensorRecord};
use no_std_core::{Fault, Model};

use super::{IMAGE, LINES, LOGITS, PLACES, refuse, refuse_changed, refuse_with};
use crate::support::{Contents, OperatorContents, axis, file, file_apart, shape, tensor, tiny};

#[test]
fn shapes_of_nothing_or_too_much() {
    let empty = [shape(0, 4, 1), shape(4, 0, 1), shape(4, 4, 0)];
    let large = shape(u16::MAX, u16::MAX, u16::MAX);
    for wrong in empty.into_iter().chain([large]) {
        refuse_changed(|contents| contents.input.shape = wrong, IMAGE, Fault::Shape);
        let change = |contents: &mut Contents| {
            contents.operators[0].output.shape = wrong;
        };
        refuse_changed(change, PLACES, Fault::Shape);
    }
}

#[test]
fn scales_that_are_none() {
    for record in [IMAGE, PLACES, LOGITS] {
        for scale in [0.0, -1.0, 1e-40, f32::NAN, f32::INFINITY] {
            let bytes = scale.to_bits().to_le_bytes();
            refuse_with(record + 12, &bytes, record + 12, Fault::Scale);
        }
    }
}

/// Of an input of 2^30 values there is one, and nothing beside it.
#[test]
fn more_memory_than_there_may_be() {
    let mut contents = tiny();
    contents.input.shape = shape(32_768, 32_768, 1);
    refuse(&file_apart(&contents), 20, Fault::Memory);
    let far = |contents: &mut Contents| contents.input.at = 1 << 31;
    let mut contents = tiny();
    far(&mut contents);
    refuse(&contents.to_file().unwrap(), 20, Fault::Memory);
}

#[test]
fn inputs_that_are_not_there() {
    let (first, second) = (LINES + 2, LINES + 4);
    for input in [1, 2, 3, u16::MAX] {
        refuse_with(first, &input.to_le_bytes(), first, Fault::Input);
    }
    for input in [0, 1, u16::MAX - 1] {
        refuse_with(second, &input.to_le_bytes(), second, Fault::Input);
    }
}

/// Two tensors of one meaning, side by side.
fn joined() -> Contents {
    let same = axis(1, 1, [0, 0], 1);
    let record = OperatorRecord {
        rows: same,
        columns: same,
        ..OperatorRecord::new(KIND_MAX_POOL, 0)
    };
    let one = tensor(shape(2, 2, 3), 5);
    let both = TensorRecord {
        shape: shape(2, 2, 6),
        ..one
    };
    let record_of_both = OperatorRecord {
        inputs: [0, 1],
        ..OperatorRecord::new(KIND_CONCATENATE, 0)
    };
    let operators = vec![
        OperatorContents::new(record, one),
        OperatorContents::new(record_of_both, both),
    ];
    Contents::values(one, operators)
}

#[test]
fn two_inputs_that_do_not_fit_each_other() {
    assert!(Model::new(&file(&joined())).is_ok());
    let second = 64 + 3 * 16 + 48 + 4;
    let refused = |change: &dyn Fn(&mut Contents), at: usize, fault| {
        let mut contents = joined();
        change(&mut contents);
        refuse(&file_apart(&contents), at, fault);
    };
    for input in [0, 2, u16::MAX] {
        let change = |contents: &mut Contents| contents.operators[1].record.inputs[1] = input;
        refused(&change, second, Fault::Input);
    }
    let [made, both] = [64 + 16, 64 + 32];
    let output = |index: usize| {
        move |contents: &mut Contents, zero_point, scale: f32| {
            let output = &mut contents.operators[index].output;
            (output.zero_point, output.scale) = (zero_point, scale.to_bits());
        }
    };
    for (zero_point, scale) in [(6, 0.5), (5, 0.25)] {
        refused(
            &|contents| output(0)(contents, zero_point, scale),
            made + 6,
            Fault::Meaning,
        );
        refused(
            &|contents| output(1)(contents, zero_point, scale),
            both + 6,
            Fault::Meaning,
        );
    }
    for channels in [3, 5, 7] {
        let change = |contents: &mut Contents| {
            contents.operators[1].output.shape.channels = channels;
        };
        refused(&change, both, Fault::Shape);
    }
    for wrong in [shape(1, 2, 6), shape(2, 1, 6)] {
        let change = |contents: &mut Contents| contents.operators[1].output.shape = wrong;
        refused(&change, both, Fault::Shape);
    }
}
