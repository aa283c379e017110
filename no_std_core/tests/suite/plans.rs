//! Memory plans: tensors held in part, from the first row down and from the last one up.

use no_std_core::format::{
    KIND_ADD, KIND_CONCATENATE, KIND_DENSE, KIND_TABLE, MAX_CHAIN, OperatorContents, OperatorRecord,
};
use no_std_core::{Fault, Model, run};
use proptest::prelude::*;

use crate::models::{config, models};
use crate::network::network;
use crate::oracle;
use crate::random::Random;
use crate::support::{Contents, axis, dense, file, file_apart, shape, tensor};

/// Rows of a tensor that an operator reads for a row of its output, from the first to the last.
fn rows_read(contents: &Contents, index: usize, row: u16, tensor: usize) -> std::ops::Range<u16> {
    let record = &contents.operators[index].record;
    let len = contents.tensors().nth(tensor).unwrap().shape.rows;
    match record.kind {
        KIND_ADD | KIND_CONCATENATE | KIND_TABLE => row..row + 1,
        KIND_DENSE => 0..len,
        _ => {
            let axis = record.rows;
            let windows = (0..axis.pool).map(|tile| (row * axis.pool + tile) * axis.stride);
            let places = windows.flat_map(|start| start..start + axis.kernel);
            let inside = |place: u16| place.checked_sub(axis.pad_begin).filter(|&at| at < len);
            let rows: Vec<u16> = places.filter_map(inside).collect();
            *rows.iter().min().unwrap()..rows.iter().max().unwrap() + 1
        }
    }
}

/// The only operator that reads a tensor, and the most rows of it that it reads at a time. `None` if those are all, or others
/// read it, too.
fn rows_to_hold(contents: &Contents, tensor: usize) -> Option<(usize, u16)> {
    let readers = contents.operators.iter().enumerate();
    let readers = readers.filter(|(_, one)| one.record.inputs.contains(&(tensor as u16)));
    let readers: Vec<usize> = readers.map(|(index, _)| index).collect();
    let &[reader] = &readers[..] else { return None };
    let rows = 0..contents.operators[reader].output.shape.rows;
    let most = rows
        .map(|row| rows_read(contents, reader, row, tensor).len() as u16)
        .max()?;
    (most < contents.operators[tensor - 1].output.shape.rows).then_some((reader, most))
}

/// Holds tensors in part at random, in chains of random directions, and lays all of them out one behind the other. Also
/// gives how many are held in part.
fn held_at_random(contents: &Contents, random: &mut Random) -> (Contents, usize) {
    let mut planned = contents.clone();
    let (mut at, mut count, mut first) = (0, 0, 0);
    while first < planned.operators.len() {
        // As many operators as may work together, each of whose outputs but the last is read by one of them.
        let longest = (first + 1..=planned.operators.len()).take(MAX_CHAIN);
        let lasts = longest.filter(|&last| {
            let mut inner = first + 1..last;
            inner.all(|tensor| {
                rows_to_hold(contents, tensor).is_some_and(|(reader, _)| reader < last)
            })
        });
        let lasts: Vec<usize> = lasts.collect();
        let last = lasts[random.within(0, lasts.len().cast_signed() as i64 - 1) as usize];
        let upwards = random.once_in(2);
        for index in first..last {
            let operator = &mut planned.operators[index];
            operator.record.upwards = upwards;
            if index + 1 < last {
                let (_, most) = rows_to_hold(contents, index + 1).unwrap();
                let rows = i64::from(operator.output.shape.rows);
                operator.output.held = random.within(most.into(), rows - 1) as u8;
                count += 1;
            }
        }
        first = last;
    }
    let outputs = planned
        .operators
        .iter_mut()
        .map(|operator| &mut operator.output);
    for tensor in std::iter::once(&mut planned.input).chain(outputs) {
        tensor.at = at;
        let rows = if tensor.held > 0 {
            tensor.held.into()
        } else {
            tensor.shape.rows
        };
        at += u32::from(rows) * tensor.shape.row_len();
    }
    (planned, count)
}

proptest! {
    #![proptest_config(config(3000))]

    #[test]
    fn tensors_held_in_part_give_the_same((contents, image) in models(), seed in any::<u64>()) {
        let (planned, _) = held_at_random(&contents, &mut Random(seed));
        let file = planned.to_file().expect("it is small");
        let model = Model::new(&file).expect("a model that fits its plan");
        let mut arena = vec![0; model.arena_len()];
        let output = run(&model, &image, &mut arena).expect("image and arena fit");
        let expected = oracle::tensors(&contents, &image);
        prop_assert_eq!(Some(&output.values().to_vec()), expected.last());
    }

    /// Plans that are moved about at random are refused, or give the same as any.
    #[test]
    fn other_places_are_refused_or_harmless((contents, image) in models(), seed in any::<u64>()) {
        let mut random = Random(seed);
        let mut contents = contents;
        contents.plan();
        let expected = oracle::tensors(&contents, &image).pop().unwrap();
        for _ in 0..20 {
            let mut moved = contents.clone();
            let index = random.within(0, moved.operators.len().cast_signed() as i64 - 1) as usize;
            let operator = &mut moved.operators[index];
            match random.within(0, 3) {
                0 => operator.record.upwards ^= true,
                1 => operator.output.held = random.within(0, 4) as u8,
                _ => operator.output.at = (i64::from(operator.output.at) + random.within(-9, 9)).max(0) as u32,
            }
            let file = moved.to_file().expect("it is small");
            match Model::new(&file) {
                Ok(model) => {
                    let mut arena = vec![0; model.arena_len()];
                    let output = run(&model, &image, &mut arena).expect("image and arena fit");
                    prop_assert_eq!(output.values(), &expected);
                }
                Err(error) => prop_assert!(
                    matches!(error.fault, Fault::Overlap | Fault::Held),
                    "{}", error
                ),
            }
        }
    }
}

/// A row of a depthwise convolution takes the place of the first one that it is made of, channel on channel, where all of it
/// is summed at once; one value further or with one place more, it is refused.
#[test]
fn depthwise_rows_lie_on_what_they_are_made_of() {
    let mut random = Random(1);
    for (columns, channels) in [(1, 1), (3, 8), (5, 64), (48, 1), (48, 5), (49, 1), (49, 5)] {
        let input = random.tensor(shape(6, columns, channels));
        let depthwise = random.depthwise((0, input.shape), [axis(3, 1, [1, 1], 1); 2]);
        let mut contents = Contents::values(input, vec![depthwise]);
        let image = random.image(&contents);
        let expected = oracle::tensors(&contents, &image).pop();
        let row_len = input.shape.row_len();
        for further in 0..=2 * u32::from(channels) {
            contents.input.at = row_len + further;
            let file = contents.to_file().expect("it is small");
            let model = Model::new(&file);
            let strictly = further >= row_len;
            if strictly || columns <= 48 && further.is_multiple_of(channels.into()) {
                let model = model.expect("a place that is free");
                let mut arena = vec![0; model.arena_len()];
                let output = run(&model, &image, &mut arena).expect("image and arena fit");
                assert_eq!(
                    Some(output.values().to_vec()),
                    expected,
                    "{columns} {further}"
                );
            } else {
                assert_eq!(
                    model.unwrap_err().fault,
                    Fault::Overlap,
                    "{columns} {further}"
                );
            }
        }
    }
}

/// The plan needs less memory than tensors one behind the other, most often much less, and holds some in part.
#[test]
fn plans_are_small() {
    let (mut apart, mut planned, mut held) = (0, 0, 0);
    for seed in 0..500 {
        let (mut contents, _) = network(&mut Random(seed));
        let before = no_std_core::arena_len(&file_apart(&contents));
        contents.plan();
        let after = no_std_core::arena_len(&contents.to_file().unwrap());
        assert!(after <= before, "{seed}: {before} and {after}");
        (apart, planned) = (apart + before, planned + after);
        held += contents.tensors().filter(|tensor| tensor.held > 0).count();
    }
    assert!(2 * planned < apart, "{planned} of {apart}");
    assert!(held > 50, "{held}");
}

#[test]
fn many_tensors_are_held_in_part_at_random() {
    let mut random = Random(1);
    let counts = (0..500).map(|_| {
        let (contents, _) = network(&mut random);
        held_at_random(&contents, &mut random).1
    });
    assert!(counts.sum::<usize>() > 100);
}

/// An operator that reads what comes after it, or is none: nothing is planned.
#[test]
fn contents_that_cannot_be_a_model_stay_as_they_are() {
    let (contents, _) = network(&mut Random(2));
    let mut planned = contents.clone();
    planned.plan();
    assert!(!planned.tensors().eq(contents.tensors()));
    let last = contents.operators.len() as u16;
    let read = move |input: u16| {
        move |contents: &mut Contents| contents.operators[0].record.inputs[0] = input
    };
    let other = |contents: &mut Contents| contents.operators[0].record.kind = 99;
    let large = |contents: &mut Contents| contents.input.shape = shape(u16::MAX, u16::MAX, 9);
    let changes: [&dyn Fn(&mut Contents); 5] =
        [&read(1), &read(last), &read(last + 1), &other, &large];
    for change in changes {
        let mut wrong = contents.clone();
        change(&mut wrong);
        let before: Vec<_> = wrong.tensors().copied().collect();
        wrong.plan();
        assert!(wrong.tensors().eq(&before));
    }
}

/// Functions of tensors of one row have read all of it when they write: nothing bounds where they may.
#[test]
fn rows_that_are_all_read_before_have_a_plan() {
    let row = tensor(shape(1, 4, 9), -128);
    for functions in 1..9_u16 {
        let function = |index| OperatorContents {
            weights: vec![3; 256],
            ..OperatorContents::new(OperatorRecord::new(KIND_TABLE, index), row)
        };
        let mut operators: Vec<_> = (0..functions).map(function).collect();
        operators.push(dense(functions, vec![1; 36 * 18], vec![0; 18], 0.5));
        let file = file(&Contents::values(row, operators));
        let model = Model::new(&file).unwrap();
        // The last tensor but one, and the output beside it.
        assert!(model.arena_len() <= 36 + 18 + 16, "{}", model.arena_len());
    }
}
