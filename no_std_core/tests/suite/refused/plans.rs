//! Plans in which a tensor is overwritten too early, or held in part where it cannot be.

use no_std_core::Fault;
use no_std_core::format::{OutputKind, TensorRecord};

use super::{LOGITS, PLACES, refuse};
use crate::random::Random;
use crate::support::{Contents, OperatorContents, axis, convolution, file_apart, shape, tensor};

/// Three convolutions of 3 x 3 over 6 x 6 places, their tensors one behind the other.
fn three() -> Contents {
    let same = axis(3, 1, [1, 1], 1);
    let place = shape(6, 6, 1);
    let layer = |input: u16| convolution(input, same, place, vec![1; 9], vec![0], 0.1);
    let mut contents = Contents::values(tensor(place, 0), vec![layer(0), layer(1), layer(2)]);
    for (index, operator) in contents.operators.iter_mut().enumerate() {
        operator.output.at = 36 * (index as u32 + 1);
    }
    contents
}

#[track_caller]
fn accepted(contents: &Contents) {
    let file = contents.to_file().unwrap();
    assert_eq!(no_std_core::Model::new(&file).map(|_| ()), Ok(()));
}

#[track_caller]
fn refused(contents: &Contents, at: usize, fault: Fault) {
    refuse(&contents.to_file().unwrap(), at, fault);
}

/// Two rows behind what is read next, a row can be written; one row behind, it cannot.
#[test]
fn outputs_follow_their_input_at_a_distance() {
    let mut contents = three();
    accepted(&contents);
    contents.input.at = 12;
    contents.operators[0].output.at = 0;
    accepted(&contents);
    contents.input.at = 11;
    refused(&contents, PLACES + 8, Fault::Overlap);
    // Upwards it is the other way round.
    contents.operators[0].record.upwards = true;
    refused(&contents, PLACES + 8, Fault::Overlap);
    (contents.input.at, contents.operators[0].output.at) = (0, 12);
    accepted(&contents);
    contents.operators[0].output.at = 11;
    refused(&contents, PLACES + 8, Fault::Overlap);
}

#[test]
fn tensors_that_are_read_later_stay_whole() {
    let mut contents = three();
    // The second operator's output where the input was, which the first one has read.
    contents.operators[1].output.at = 0;
    accepted(&contents);
    let mut branched = three();
    branched.operators[1].output.at = 0;
    // But not if the third reads it again.
    branched.operators[2] = OperatorContents {
        output: tensor(shape(6, 6, 1), 0),
        ..Random(1).add([2, 0], &tensor(shape(6, 6, 1), 0))
    };
    branched.operators[2].output.at = 108;
    refused(&branched, LOGITS + 8, Fault::Overlap);
}

#[test]
fn an_input_that_is_compared_stays_whole() {
    let mut contents = three();
    contents.output = OutputKind::Reconstruction;
    accepted(&contents);
    contents.operators[1].output.at = 0;
    refused(&contents, LOGITS + 8, Fault::Overlap);
}

/// Rows of 3 are held where 3 are read at a time.
#[test]
fn as_many_rows_are_held_as_are_read() {
    let mut contents = three();
    for held in 3..6 {
        contents.operators[0].output.held = held;
        accepted(&contents);
    }
    for held in [1, 2, 6, 255] {
        contents.operators[0].output.held = held;
        refused(&contents, PLACES + 7, Fault::Held);
    }
    // In one direction only.
    contents.operators[0].output.held = 3;
    contents.operators[0].record.upwards = true;
    refused(&contents, PLACES + 7, Fault::Held);
    contents.operators[1].record.upwards = true;
    accepted(&contents);
}

#[test]
fn tensors_that_cannot_be_held_in_part() {
    let held = |tensor: &mut TensorRecord| tensor.held = 3;
    let mut contents = three();
    held(&mut contents.input);
    refused(&contents, 64 + 7, Fault::Held);
    let mut contents = three();
    held(&mut contents.operators[2].output);
    refused(&contents, 64 + 3 * 16 + 7, Fault::Held);
    // The output of the first operator is read twice.
    let mut contents = three();
    held(&mut contents.operators[0].output);
    contents.operators[2].record.inputs[0] = 1;
    contents.operators[1].output.at = 200;
    refused(&contents, PLACES + 7, Fault::Held);
}

#[test]
fn tensors_that_nothing_reads() {
    let mut contents = three();
    contents.operators[2].record.inputs[0] = 1;
    refused(&contents, LOGITS, Fault::Unread);
    contents.operators[1].record.inputs[0] = 0;
    refuse(&file_apart(&contents), LOGITS, Fault::Unread);
}

/// Nine operators cannot work together.
#[test]
fn chains_have_an_end() {
    let one = axis(1, 1, [0, 0], 1);
    let layer = |input: u16| convolution(input, one, shape(4, 1, 1), vec![1], vec![0], 0.5);
    for (count, fits) in [(8, true), (9, false)] {
        let operators = (0..count).map(layer).collect();
        let mut contents = Contents::values(tensor(shape(4, 1, 1), 0), operators);
        for (at, operator) in (4..).zip(&mut contents.operators) {
            (operator.output.at, operator.output.held) = (at, 1);
        }
        let last = contents.operators.len() - 1;
        contents.operators[last].output.held = 0;
        contents.operators[last].output.at = 30;
        if fits {
            accepted(&contents);
        } else {
            refused(&contents, PLACES + 7, Fault::Held);
        }
    }
}
