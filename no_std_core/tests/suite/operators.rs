//! Operators and whole networks against the oracle.

use no_std_core::backend::Portable;
use no_std_core::{
    Convolutions, Fault, Model, OTHERS, Operator, Operators, Output, PLACES, Run, TILES, run,
};
use proptest::prelude::*;

use crate::models::{config, models};
use crate::oracle;
use crate::random::{Random, digits};
use crate::support::{Contents, file, file_apart, tiny};

/// Runs the model in a file and gives its output and the arena that it leaves.
fn run_in(file: &[u8], image: &[i8], filler: i8) -> (Vec<i8>, Vec<i8>) {
    let model = Model::new(file).expect("a model as the trainer writes it");
    let mut arena = vec![filler; model.arena_len()];
    let output = run(&model, image, &mut arena).expect("image and arena fit");
    (output.values().to_vec(), arena)
}

proptest! {
    #![proptest_config(config(3000))]

    #[test]
    fn outputs_are_those_of_the_oracle((contents, image) in models()) {
        let expected = oracle::tensors(&contents, &image);
        let (values, _) = run_in(&file(&contents), &image, 0);
        prop_assert_eq!(Some(&values), expected.last());
    }

    /// Where no tensor overlaps another, all of them are left in the end.
    #[test]
    fn every_tensor_is_that_of_the_oracle((contents, image) in models()) {
        let expected = oracle::tensors(&contents, &image).concat();
        let (_, arena) = run_in(&file_apart(&contents), &image, 0);
        prop_assert_eq!(arena, expected);
    }

    #[test]
    fn the_loops_of_any_processor_give_the_same((contents, image) in models()) {
        let file = file(&contents);
        let (expected, _) = run_in(&file, &image, 0);
        let model = Model::with(&file, Operators::<Portable>::ALL).expect("it has all operators");
        let mut arena = vec![0; model.arena_len()];
        let output = run(&model, &image, &mut arena).expect("image and arena fit");
        prop_assert_eq!(output.values(), expected);
    }

    #[test]
    fn steps_are_rows_at_most((contents, image) in models()) {
        let file = file(&contents);
        let model = Model::new(&file).expect("a model as the trainer writes it");
        let (whole, _) = run_in(&file, &image, 0);
        let mut arena = vec![0; model.arena_len()];
        let mut run = Run::new(&model, &mut arena).expect("the arena fits");
        run.input().copy_from_slice(&image);
        let rows = model.operations().map(|operation| operation.output().shape.rows);
        let rows: usize = rows.map(usize::from).sum();
        let steps = count_steps(&mut run);
        prop_assert!((model.operators_len().into()..=rows).contains(&steps));
        prop_assert_eq!(run.into_output().values(), whole);
    }

    /// Whatever the arena held before makes no difference.
    #[test]
    fn arenas_need_no_clearing((contents, image) in models(), filler in any::<i8>()) {
        let file = file(&contents);
        prop_assert_eq!(run_in(&file, &image, filler).0, run_in(&file, &image, 0).0);
    }
}

fn count_steps(run: &mut Run) -> usize {
    let mut steps = 0;
    while run.step().is_pending() {
        steps += 1;
    }
    steps
}

/// Rows of a pointwise operator are made at once, up to 64 places, where what it reads lies elsewhere.
#[test]
fn short_rows_are_made_at_once() {
    let mut random = Random(5);
    let shape = crate::support::shape(12, 12, 4);
    let point = crate::support::axis(1, 1, [0, 0], 1);
    let operator = crate::support::convolution(
        0,
        point,
        shape,
        random.values(16, -127, 127),
        vec![3; 4],
        0.01,
    );
    let contents = Contents::values(crate::support::tensor(shape, -3), vec![operator]);
    let image = random.values(12 * 12 * 4, -128, 127);
    let expected = oracle::tensors(&contents, &image).pop().unwrap();
    for (file, steps) in [(file_apart(&contents), 3), (file(&contents), 12)] {
        let model = Model::new(&file).unwrap();
        let mut arena = vec![0; model.arena_len()];
        let mut run = Run::new(&model, &mut arena).unwrap();
        run.input().copy_from_slice(&image);
        assert_eq!(count_steps(&mut run), steps);
        assert_eq!(run.into_output().values(), expected);
    }
}

/// The order of a dense layer's weights in the file, as the format page says it.
#[test]
fn weights_of_four_units_lie_side_by_side() {
    for (units, inputs) in [(1, 9), (4, 4), (5, 3), (9, 10), (12, 8)] {
        let weights: Vec<i8> = (0..units * inputs)
            .map(|index| (index % 127) as i8)
            .collect();
        let weight = |unit: usize, input: usize| weights[unit * inputs + input].cast_unsigned();
        let (blocks, groups) = (units / 4, inputs / 4);
        let mut expected = Vec::new();
        for block in 0..blocks {
            for group in 0..groups {
                for unit in 0..4 {
                    expected
                        .extend((0..4).map(|input| weight(4 * block + unit, 4 * group + input)));
                }
            }
            for input in 4 * groups..inputs {
                expected.extend((0..4).map(|unit| weight(4 * block + unit, input)));
            }
        }
        for unit in 4 * blocks..units {
            expected.extend((0..inputs).map(|input| weight(unit, input)));
        }
        let input = crate::support::tensor(crate::support::shape(1, 1, inputs as u16), 0);
        let dense = crate::support::dense(0, weights.clone(), vec![0; units], 0.5);
        let file = file(&Contents::values(input, vec![dense]));
        let record = Model::new(&file)
            .unwrap()
            .operations()
            .next()
            .unwrap()
            .record();
        assert_eq!(
            file[record.weights_at as usize..][..weights.len()],
            expected
        );
    }
}

#[test]
fn the_network_of_the_project() {
    for seed in 0..4 {
        let mut random = Random(seed);
        let contents = digits(&mut random);
        let image = random.image(&contents);
        let expected = oracle::tensors(&contents, &image);
        let (values, _) = run_in(&file(&contents), &image, 0);
        assert_eq!(Some(&values), expected.last(), "{seed}");
    }
}

#[test]
fn the_example_of_the_format_page() {
    for seed in 0..200 {
        let image = Random(seed).image(&tiny());
        let expected = oracle::tensors(&tiny(), &image);
        let (values, _) = run_in(&file(&tiny()), &image, 0);
        assert_eq!(Some(&values), expected.last(), "{seed}");
    }
}

/// Forms of convolutions, and windows of few values, have operators of their own, which refuse others.
#[test]
fn operators_for_some_convolutions_give_the_same() {
    type Some<const FORMS: u8, const GROUPS: usize> = Convolutions<Portable, FORMS, GROUPS>;
    type Table = &'static [&'static Operator];
    static TABLES: [(Table, u8, usize); 6] = [
        (&[Some::<PLACES, 0>::CONVOLUTION], PLACES, 0),
        (&[Some::<TILES, 0>::CONVOLUTION], TILES, 0),
        (&[Some::<OTHERS, 0>::CONVOLUTION], OTHERS, 0),
        (&[Some::<PLACES, 9>::CONVOLUTION], PLACES, 9),
        (&[Some::<TILES, 9>::CONVOLUTION], TILES, 9),
        (
            &[Some::<{ PLACES | TILES }, 16>::CONVOLUTION],
            PLACES | TILES,
            16,
        ),
    ];
    let mut ran = [0; TABLES.len()];
    for seed in 0..1000 {
        let mut random = Random(seed);
        let [rows, columns, channels] = [12, 12, 12].map(|most| random.within(1, most) as u16);
        let input = random.tensor(crate::support::shape(rows, columns, channels));
        let axes = random.axes(input.shape, 3);
        let groups = if channels % 2 == 0 && random.once_in(4) {
            2
        } else {
            1
        };
        let convolution = random.convolution((0, input.shape), axes, 10, groups);
        let len = convolution.weights.len() / 10;
        let contents = Contents::values(input, vec![convolution]);
        let (image, file) = (random.image(&contents), file(&contents));
        let expected = oracle::tensors(&contents, &image).pop().unwrap();
        let form = match (groups, axes[0].pool * axes[1].pool) {
            (1, 1) => PLACES,
            (1, 2..=4) => TILES,
            _ => OTHERS,
        };
        let is_point = axes[0].kernel * axes[1].kernel == 1;
        let len = len.next_multiple_of(4);
        let room = if is_point {
            len
        } else {
            len + len.div_ceil(10)
        };
        let operation = Model::new(&file).unwrap().operations().next().unwrap();
        assert_eq!(
            (operation.form(), operation.window()),
            (form, room),
            "{seed}"
        );
        for ((table, forms, most), ran) in TABLES.iter().zip(&mut ran) {
            let fits = forms & form != 0 && (*most == 0 || room <= 4 * most);
            match Model::with(&file, table) {
                Ok(model) => {
                    let mut arena = vec![0; model.arena_len()];
                    let output = run(&model, &image, &mut arena).unwrap();
                    assert_eq!((output.values(), fits), (&expected[..], true), "{seed}");
                    *ran += 1;
                }
                Err(error) => assert_eq!((error.fault, fits), (Fault::Large, false), "{seed}"),
            }
        }
    }
    assert!(ran.iter().all(|ran| (20..980).contains(ran)), "{ran:?}");
}

/// Only what a table names can run.
#[test]
fn models_run_with_the_operators_that_they_need() {
    static NEEDED: &[&Operator] = &[
        Operators::<Portable>::CONVOLUTION,
        Operators::<Portable>::DENSE,
    ];
    let file = file(&tiny());
    assert!(Model::with(&file, NEEDED).is_ok());
    let error = Model::with(&file, &NEEDED[..1]).unwrap_err();
    assert_eq!((error.fault, error.found), (Fault::Kind, 3));
    let convolutions: Contents = Random(3).chain(crate::support::shape(4, 4, 1), &[3], &[]).0;
    assert!(Model::with(&crate::support::file(&convolutions), &NEEDED[..1]).is_ok());
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
            let mut arena = vec![0; model.arena_len()];
            let Output::Classes(classes) = run(&model, &image, &mut arena).unwrap() else {
                panic!("the model has classes");
            };
            let found = (model.label(classes.class()), classes.accepted());
            assert_eq!(found, (Some(label), true), "{line}");
        }
    }
}

#[test]
fn the_digits_network_needs_little_memory() {
    let file = file(&digits(&mut Random(1)));
    let model = Model::new(&file).unwrap();
    assert!(model.arena_len() <= 3584, "{}", model.arena_len());
    assert_eq!(model.multiply_adds(), 313_600 + 2_508_800 + 200_704 + 1_280);
}
