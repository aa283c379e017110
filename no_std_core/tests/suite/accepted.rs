//! Models at the edges of what the format allows, and runs that are refused.

use no_std_core::format::{
    Contents as File, KIND_AVERAGE_POOL, KIND_CONCATENATE, KIND_DEPTHWISE, KIND_MAX_POOL,
    OperatorRecord, OutputKind, TensorRecord,
};
use no_std_core::prepare::{Pixels, Preparation, PrepareError, Rows};
use no_std_core::{Model, Output, RunError, arena_len, quantize_pixel, run};

use crate::oracle;
use crate::random::{Random, digits};
use crate::support::{
    Contents, OperatorContents, axis, convolution, file, multiplier, shape, tensor, tiny,
};

/// The output of a model on an image.
fn output(contents: &Contents, image: &[i8]) -> Vec<i8> {
    let file = file(contents);
    let model = Model::new(&file).unwrap();
    let mut arena = vec![0; model.arena_len()];
    run(&model, image, &mut arena).unwrap().values().to_vec()
}

/// A convolution of one weight that hands its input on.
fn identity(input: u16) -> OperatorContents {
    convolution(
        input,
        axis(1, 1, [0, 0], 1),
        shape(2, 3, 1),
        vec![1],
        vec![0],
        1.0,
    )
}

#[test]
fn many_operators() {
    let operators = (0..1000).map(identity).collect();
    let mut contents = File::values(tensor(shape(2, 3, 1), 0), operators);
    let image = [-128, -1, 0, 1, 2, 127];
    // One behind the other, since a search for the best plan takes its time.
    for (index, operator) in contents.operators.iter_mut().enumerate() {
        operator.output.at = (index as u32 + 1) % 2 * 6;
    }
    let file = contents.to_file().unwrap();
    let model = Model::new(&file).unwrap();
    assert_eq!((model.operations().count(), model.arena_len()), (1000, 12));
    let mut arena = [99; 12];
    assert_eq!(run(&model, &image, &mut arena).unwrap().values(), image);
}

#[test]
fn one_class_and_a_thousand() {
    for classes in [1, 32, 1000] {
        let weights = (0..classes)
            .map(|class| (class % 255 - 127) as i8)
            .collect();
        let biases = vec![5; classes as usize];
        let output = shape(1, 1, classes as u16);
        let operator = convolution(0, axis(1, 1, [0, 0], 1), output, weights, biases, 0.25);
        let contents = Contents::new(tensor(shape(1, 1, 1), -7), vec![operator]);
        let file = file(&contents);
        let model = Model::new(&file).unwrap();
        let mut arena = vec![0; model.arena_len()];
        let Output::Classes(found) = run(&model, &[3], &mut arena).unwrap() else {
            panic!("the model has classes");
        };
        assert_eq!(found.logits(), oracle::tensors(&contents, &[3])[1]);
        assert_eq!(found.probabilities().count(), classes as usize);
    }
}

/// Places of a large window, of which many lie mostly in the padding.
#[test]
fn large_kernels_paddings_and_tiles() {
    let long = axis(300, 2, [299, 299], 300);
    let short = axis(3, 255, [2, 2], 1);
    for [rows, columns] in [[long, short], [short, long]] {
        let side = |one| if one == long { (601, 1) } else { (258, 2) };
        let ((height, down), (width, right)) = (side(rows), side(columns));
        let weights = (0..900).map(|at| (at % 255 - 127) as i8).collect();
        let mut operator = convolution(0, rows, shape(down, right, 1), weights, vec![0], 1e-4);
        operator.record.columns = columns;
        let input = tensor(shape(height, width, 1), 100);
        let contents = Contents::new(input, vec![operator]);
        let pixels = 0..input.shape.elements();
        let image: Vec<i8> = pixels.map(|at| (at * 37 % 256) as i8).collect();
        assert_eq!(
            output(&contents, &image),
            oracle::tensors(&contents, &image)[1]
        );
    }
}

/// A signal of 40,000 values, its mean and its greatest value.
#[test]
fn long_signals() {
    let input = tensor(shape(1, 40_000, 2), -3);
    let whole = |kind| OperatorRecord {
        rows: axis(1, 1, [0, 0], 1),
        columns: axis(40_000, 1, [0, 0], 1),
        ..OperatorRecord::new(kind, 0)
    };
    let mean = OperatorContents {
        multipliers: vec![multiplier(1.0 / 20_000.0)],
        ..OperatorContents::new(whole(KIND_AVERAGE_POOL), tensor(shape(1, 1, 2), -3))
    };
    let greatest = OperatorContents::new(whole(KIND_MAX_POOL), tensor(shape(1, 1, 2), -3));
    let both = OperatorRecord {
        inputs: [1, 2],
        ..OperatorRecord::new(KIND_CONCATENATE, 0)
    };
    let both = OperatorContents::new(both, tensor(shape(1, 1, 4), -3));
    let contents = File::values(input, vec![mean, greatest, both]);
    let image: Vec<i8> = (0..80_000_u32).map(|at| (at * 77 % 251) as i8).collect();
    let tensors = oracle::tensors(&contents, &image);
    assert_eq!(output(&contents, &image), tensors[3]);
}

#[test]
fn what_a_model_says_of_itself() {
    let mut contents = tiny();
    contents.labels[0] = "zeile – ряд".into();
    let file = file(&contents);
    let model = Model::new(&file).unwrap();
    assert_eq!(model.preparation(), Preparation::PLAIN);
    assert_eq!(model.output_kind(), OutputKind::Classes);
    assert!(model.labels().eq(["zeile – ряд", "column"]));
    assert_eq!((model.label(1), model.label(2)), (Some("column"), None));
    let input = model.input();
    assert_eq!((input.shape, input.zero_point), (shape(4, 4, 1), -128));
    let numbers = (model.operators_len(), model.threshold(), model.arena_len());
    assert_eq!(numbers, (2, 49_152, arena_len(&file)));
    let operations = model.operations();
    let operations = operations.map(|one| (one.name(), one.flash_len(), one.multiply_adds()));
    assert!(operations.eq([("convolution", 34, 16 * 2 * 9), ("dense", 32, 16)]));
    assert_eq!(model.multiply_adds(), 16 * 2 * 9 + 16);
    assert_eq!((model.tensor(2).is_some(), model.tensor(3)), (true, None));
}

#[test]
fn labels_may_be_missing() {
    let mut contents = tiny();
    contents.labels.clear();
    let file = file(&contents);
    let model = Model::new(&file).unwrap();
    assert_eq!((model.labels().count(), model.label(0)), (0, None));
}

#[test]
fn values_mean_what_their_tensor_says() {
    let mut contents = tiny();
    (contents.output, contents.threshold) = (OutputKind::Values, 0);
    contents.labels.clear();
    contents.probabilities.clear();
    let file = file(&contents);
    let model = Model::new(&file).unwrap();
    let image = Random(4).image(&contents);
    let mut arena = vec![0; model.arena_len()];
    let Output::Values(found) = run(&model, &image, &mut arena).unwrap() else {
        panic!("the model gives values");
    };
    assert_eq!(found.values(), oracle::tensors(&contents, &image)[2]);
    assert_eq!(
        (found.tensor(), found.difference()),
        (&model.output(), None)
    );
    let reals = [-128, 0, 127].map(|value| model.output().real(value).to_bits());
    assert_eq!(reals, [-64.0, 0.0, 63.5].map(f32::to_bits));
}

#[test]
fn centred_preparations_are_those_of_the_file() {
    for box_side in 1..=28 {
        let mut contents = digits(&mut Random(2));
        let preparation = Preparation::centred(box_side).unwrap();
        contents.preparation = preparation;
        let file = file(&contents);
        assert_eq!(Model::new(&file).unwrap().preparation(), preparation);
    }
}

/// A picture with colours.
struct Colours<'a>(Pixels<'a>, u32);

impl Rows for Colours<'_> {
    fn width(&self) -> u32 {
        self.0.width() / self.1
    }
    fn height(&self) -> u32 {
        self.0.height()
    }
    fn channels(&self) -> u32 {
        self.1
    }
    fn row(&mut self, y: u32) -> Option<&[u8]> {
        self.0.row(y)
    }
}

/// A depthwise convolution that hands pictures of 5 x 4 pixels with three colours on.
fn coloured(pixels: Vec<i8>) -> Contents {
    let shape = shape(4, 5, 3);
    let one = axis(1, 1, [0, 0], 1);
    let record = OperatorRecord {
        rows: one,
        columns: one,
        ..OperatorRecord::new(KIND_DEPTHWISE, 0)
    };
    let copy = OperatorContents {
        weights: vec![1; 3],
        biases: vec![0; 3],
        multipliers: vec![multiplier(1.0); 3],
        ..OperatorContents::new(record, tensor(shape, 0))
    };
    Contents {
        pixels,
        preparation: Preparation::PLAIN,
        ..File::values(tensor(shape, 0), vec![copy])
    }
}

#[test]
fn pictures_with_colours_become_the_input() {
    let table: Vec<i8> = (0..768_u32).map(|at| (at * 91 % 253) as i8).collect();
    let bytes: Vec<u8> = (0..60_u8).map(|at| at.wrapping_mul(37)).collect();
    for pixels in [Vec::new(), table] {
        let file = file(&coloured(pixels.clone()));
        let model = Model::new(&file).unwrap();
        let mut input = [0; 60];
        let mut picture = Colours(Pixels::new(&bytes, 15, 4).unwrap(), 3);
        model.prepare(&mut picture, &mut input).unwrap();
        for (at, (&value, &pixel)) in input.iter().zip(&bytes).enumerate() {
            let place = at % 3 * 256 + usize::from(pixel);
            let expected = pixels.get(place).copied();
            assert_eq!(value, expected.unwrap_or(quantize_pixel(pixel)), "{at}");
        }
        let grey = model.prepare(&mut Pixels::new(&bytes, 15, 4).unwrap(), &mut input);
        assert!(matches!(
            grey,
            Err(PrepareError::NotPlain {
                width: 15,
                channels: 1,
                ..
            })
        ));
    }
}

#[test]
fn an_input_that_is_no_picture_is_taken_as_it_is() {
    let mut contents = coloured(Vec::new());
    contents.preparation = Preparation::NONE;
    let file = file(&contents);
    let model = Model::new(&file).unwrap();
    let bytes: Vec<u8> = (0..60_u8).map(|at| at.wrapping_mul(37)).collect();
    let mut input = [0; 60];
    let mut rows = Colours(Pixels::new(&bytes, 15, 4).unwrap(), 3);
    model.prepare(&mut rows, &mut input).unwrap();
    assert!(
        input
            .iter()
            .zip(bytes)
            .all(|(&value, byte)| value == byte.cast_signed())
    );
}

#[test]
fn a_pixel_less_128() {
    for pixel in 0..=255 {
        assert_eq!(i32::from(quantize_pixel(pixel)), i32::from(pixel) - 128);
    }
}

#[test]
fn images_and_arenas_that_do_not_fit() {
    let file = file(&tiny());
    let model = Model::new(&file).unwrap();
    let len = model.arena_len();
    for found in [0, 15, 17] {
        let error = run(&model, &vec![0; found], &mut vec![0; len]).unwrap_err();
        let expected = 16;
        assert_eq!(error, RunError::Image { expected, found });
        let message = format!("expected an image of 16 values, found {found}");
        assert_eq!(error.to_string(), message);
    }
    for found in [0, len - 1] {
        let error = run(&model, &[0; 16], &mut vec![0; found]).unwrap_err();
        let expected = len;
        assert_eq!(error, RunError::Arena { expected, found });
        let message = format!("expected an arena of at least {len} bytes, found {found}");
        assert_eq!(error.to_string(), message);
    }
    assert!(run(&model, &[0; 16], &mut vec![0; len + 1]).is_ok());
}

#[test]
fn arenas_are_known_from_whole_files_of_this_version_only() {
    let file = file(&tiny());
    let refuses = |file: &[u8]| std::panic::catch_unwind(|| arena_len(file)).is_err();
    assert!(!refuses(&file));
    for (at, value) in [(0, b'b'), (7, 0), (8, 1), (9, 1), (13, 0)] {
        let mut other = file.clone();
        other[at] = value;
        assert!(refuses(&other), "{at}");
    }
    for len in 0..file.len() {
        assert!(refuses(&file[..len]), "{len}");
    }
}

/// An autoencoder is measured against its input, which no tensor overwrites and which may be a picture of one channel.
#[test]
fn reconstructions_are_compared_with_their_input() {
    for seed in 0..300 {
        let mut random = Random(seed);
        let len = random_len(seed);
        let (of_input, len) = if seed % 2 == 1 {
            (shape(2, len, 1), 2 * len)
        } else {
            (shape(1, 1, len), len)
        };
        let input: TensorRecord = random.tensor(of_input);
        let mut small = random.dense((0, input.shape), 3);
        small.output = tensor(shape(1, 1, 3), 0);
        let mut large = random.dense((1, small.output.shape), len);
        large.output = TensorRecord {
            shape: shape(1, 1, len),
            ..input
        };
        let mut contents = File::values(input, vec![small, large]);
        contents.output = OutputKind::Reconstruction;
        let image = random.image(&contents);
        let made = oracle::tensors(&contents, &image).pop().unwrap();
        let square = |(&a, &b): (&i8, &i8)| (i64::from(a) - i64::from(b)).pow(2);
        let sum: i64 = made.iter().zip(&image).map(square).sum();
        let mean = (sum * 256 / made.len().cast_signed() as i64) as u32;
        for (threshold, accepted) in [(mean, true), (mean.wrapping_sub(1), mean == 0)] {
            contents.threshold = threshold;
            let file = file(&contents);
            let model = Model::new(&file).unwrap();
            let mut arena = vec![0; model.arena_len()];
            let output = run(&model, &image, &mut arena).unwrap();
            assert_eq!((output.values(), output.accepted()), (&made[..], accepted));
            let Output::Values(values) = output else {
                panic!("the model gives values");
            };
            assert_eq!(values.difference().map(|found| found.mean), Some(mean));
        }
    }
}

/// From 1 to more than are compared at a time.
fn random_len(seed: u64) -> u16 {
    if seed == 0 {
        40_000
    } else {
        Random(seed + 99).within(1, 50) as u16
    }
}
