//! Operators that cannot be.

use no_std_core::format::{
    KIND_AVERAGE_POOL, KIND_DEPTHWISE, KIND_MAX_POOL, NO_TENSOR, OperatorRecord, Shape,
};
use no_std_core::{Fault, Model};

use super::{
    BIASES, CLASSES, LINES, LOGITS, MULTIPLIERS, PLACES, WEIGHTS, found, refuse, refuse_changed,
    refuse_with,
};
use crate::random::Random;
use crate::support::{
    Contents, OperatorContents, axis, file, file_apart, multiplier, shape, tensor, tiny,
};

/// That the tiny model is refused where an operator has another output.
#[track_caller]
fn refuse_output(operator: usize, output: Shape, fault: Fault) {
    let at = [PLACES, LOGITS][operator];
    let change = |contents: &mut Contents| {
        contents.operators[operator].output.shape = output;
        contents.labels.clear();
    };
    refuse_changed(change, at, fault);
}

#[test]
fn unknown_kinds_and_directions() {
    for kind in [0, 9, 255] {
        refuse_with(CLASSES, &[kind], CLASSES, found(Fault::Kind, kind.into()));
    }
    for direction in [2, 255] {
        refuse_with(LINES + 1, &[direction], LINES + 1, Fault::Direction);
    }
}

#[test]
fn windows_that_do_not_move_or_miss_the_input() {
    for axis in [8, 18] {
        let at = LINES + axis;
        for field in [2, 8] {
            refuse_with(at + field, &[0, 0], at, Fault::Window);
        }
        // Without a kernel there are no weights.
        let nowhere = found(Fault::Offset, WEIGHTS as u32);
        refuse_with(at, &[0, 0], LINES + 28, nowhere);
        for padding in [3_u16, 4, 255, u16::MAX] {
            for field in [4, 6] {
                refuse_with(at + field, &padding.to_le_bytes(), at, Fault::Padding);
            }
        }
        for field in 0..10 {
            refuse_with(CLASSES + axis + field, &[1], CLASSES + axis, Fault::Window);
        }
    }
}

#[test]
fn outputs_that_do_not_follow_from_the_input() {
    // A kernel that does not fit, strides and tiles that give less, a tile that does not fit.
    let fields: [(usize, &[u8]); 4] = [
        (0, &[7, 255]),
        (2, &[2, 255]),
        (4, &[0]),
        (8, &[1, 3, 5, 255]),
    ];
    for (field, values) in fields {
        for value in values {
            for axis in [8, 18] {
                let at = LINES + axis + field;
                // Another kernel has other weights, too.
                if field > 0 {
                    refuse_with(at, &[*value], PLACES, Fault::Shape);
                }
            }
        }
    }
    for (rows, columns) in [(1, 2), (2, 1), (3, 2), (2, u16::MAX)] {
        refuse_output(0, shape(rows, columns, 2), Fault::Shape);
    }
    for (rows, columns) in [(1, 2), (2, 1)] {
        refuse_output(1, shape(rows, columns, 2), Fault::Shape);
    }
}

#[test]
fn groups_that_do_not_divide_the_channels() {
    for groups in [0_u16, 2, 3] {
        let mut contents = tiny();
        let operator = &mut contents.operators[0];
        operator.record.groups = groups;
        // As many weights as the loader expects.
        operator.weights.truncate(if groups == 1 { 18 } else { 0 });
        refuse(&file_apart(&contents), LINES + 6, Fault::Groups);
    }
}

/// An operator over windows of 2 x 2 that gives 2 x 3 places of 2 channels.
fn single(kind: u8, output: Shape) -> Contents {
    let [rows, columns] = [axis(2, 1, [0, 0], 1), axis(2, 1, [0, 0], 1)];
    let record = OperatorRecord {
        rows,
        columns,
        ..OperatorRecord::new(kind, 0)
    };
    let input = tensor(shape(3, 4, 2), 0);
    let mut operator = OperatorContents::new(record, tensor(output, 0));
    if kind == KIND_DEPTHWISE {
        operator.weights = vec![1; 4 * usize::from(output.channels)];
        operator.biases = vec![0; output.channels.into()];
        operator.multipliers = vec![multiplier(0.25); output.channels.into()];
    }
    if kind == KIND_AVERAGE_POOL {
        operator.multipliers = vec![multiplier(0.25)];
    }
    Contents::values(input, vec![operator])
}

#[test]
fn windows_that_keep_channels() {
    for kind in [KIND_DEPTHWISE, KIND_MAX_POOL, KIND_AVERAGE_POOL] {
        let output = shape(2, 3, 2);
        assert!(Model::new(&file(&single(kind, output))).is_ok());
        for other in [
            shape(2, 3, 1),
            shape(2, 3, 4),
            shape(3, 3, 2),
            shape(2, 2, 2),
        ] {
            refuse(&file_apart(&single(kind, other)), 64 + 16, Fault::Shape);
        }
        // Tiles are for convolutions.
        let mut tiled = single(kind, shape(1, 1, 2));
        (
            tiled.operators[0].record.rows.pool,
            tiled.operators[0].record.columns.pool,
        ) = (2, 2);
        refuse(&file_apart(&tiled), 64 + 32 + 8, Fault::Window);
    }
    for (zero_point, scale) in [(1, 0.5), (0, 0.25)] {
        let mut pool = single(KIND_MAX_POOL, shape(2, 3, 2));
        let output = &mut pool.operators[0].output;
        (output.zero_point, output.scale) = (zero_point, f32::to_bits(scale));
        refuse(&file_apart(&pool), 64 + 16 + 6, Fault::Meaning);
    }
}

/// Sums of values need another shape than their own.
#[test]
fn elementwise_operators_keep_the_shape() {
    let input = tensor(shape(2, 3, 2), 0);
    for wrong in [shape(3, 2, 2), shape(2, 3, 1), shape(1, 6, 2)] {
        let mut table = Random(1).table((0, input.shape));
        table.output.shape = wrong;
        refuse(
            &file_apart(&Contents::values(input, vec![table])),
            80,
            Fault::Shape,
        );
        let copy = Random(1).table((0, input.shape));
        let copy = OperatorContents {
            output: input,
            ..copy
        };
        let mut sum = Random(1).add([0, 1], &input);
        sum.output.shape = wrong;
        let contents = Contents::values(input, vec![copy, sum]);
        refuse(&file_apart(&contents), 96, Fault::Shape);
    }
}

#[test]
fn sections_of_operators_that_have_none() {
    let mut pool = single(KIND_MAX_POOL, shape(2, 3, 2));
    pool.operators[0].weights = vec![1];
    let (record, at) = (64 + 32, 64 + 32 + 48);
    let fault = found(Fault::Offset, at);
    refuse(&file_apart(&pool), record + 28, fault);
}

#[test]
fn weights_and_multipliers_that_are_none() {
    for at in [WEIGHTS + 17, MULTIPLIERS + 16] {
        refuse_with(at, &[0x80], at, Fault::Weight);
    }
    let mantissas = [[0, 0, 0, 26], [255, 255, 127, 26]];
    let shifts = [[0, 0, 128, 150], [0, 0, 128, 255]];
    for multiplier in [mantissas, shifts].as_flattened() {
        let at = MULTIPLIERS + 4;
        refuse_with(at, multiplier, at, Fault::Multiplier);
    }
}

#[test]
fn sums_that_could_overflow() {
    // The second filter's weights have a sum of 3 * 2 + 6 * 1.
    let most = i32::MAX - 12 * 255;
    let with = |bias| move |contents: &mut Contents| contents.operators[0].biases[1] = bias;
    for bias in [most + 1, -most - 1, i32::MAX, i32::MIN, -i32::MAX] {
        refuse_changed(with(bias), BIASES + 4, Fault::Accumulator);
    }
    for bias in [most, -most] {
        let mut contents = tiny();
        with(bias)(&mut contents);
        assert!(Model::new(&file(&contents)).is_ok(), "{bias}");
    }
}

/// The mean of so many values would be of a sum that does not fit.
#[test]
fn means_of_too_many_values() {
    let mut pool = single(KIND_AVERAGE_POOL, shape(1, 1, 1));
    let side = |len| axis(len, 1, [0, 0], 1);
    for (rows, columns, refused) in [(128, 65_535, false), (129, 65_535, true)] {
        pool.input.shape = shape(rows, columns, 1);
        let record = &mut pool.operators[0].record;
        (record.rows, record.columns) = (side(rows), side(columns));
        let file = file_apart(&pool);
        if refused {
            refuse(&file, 64 + 32 + 8, Fault::Window);
        } else {
            assert!(Model::new(&file).is_ok());
        }
    }
    assert_eq!(pool.operators[0].record.inputs[1], NO_TENSOR);
}
