//! Models at the edges of what the format allows, and runs that are refused.

use no_std_core::format::Axis;
use no_std_core::prepare::Preparation;
use no_std_core::{Model, RunError, arena_len, quantize_pixel, run};

use crate::oracle;
use crate::random::{Random, digits};
use crate::support::{Contents, LayerContents, axis, convolution, file, shape, tiny};

/// A layer of one weight that hands its input on.
fn identity() -> LayerContents {
    convolution(axis(1, 1, [0, 0], 1), shape(2, 3, 1), vec![1], vec![0], 1.0)
}

#[test]
fn as_many_layers_as_a_byte_counts() {
    let file = file(&Contents::new(shape(2, 3, 1), 0, vec![identity(); 255]));
    let model = Model::new(&file).unwrap();
    let image = [-128, -1, 0, 1, 2, 127];
    assert_eq!(model.layers().count(), 255);
    assert_eq!(run(&model, &image, &mut [99; 12]).unwrap().logits(), image);
}

#[test]
fn one_class_and_thirty_two() {
    for classes in [1, 32] {
        let weights = (0..classes).map(|class| class as i8 - 16).collect();
        let output = shape(1, 1, classes);
        let biases = vec![5; usize::from(classes)];
        let layer = convolution(axis(1, 1, [0, 0], 1), output, weights, biases, 0.75);
        let spec = Contents::new(shape(1, 1, 1), -7, vec![layer]);
        let file = file(&spec);
        let model = Model::new(&file).unwrap();
        let scores = run(&model, &[3], &mut vec![0; model.arena_len()]).unwrap();
        assert_eq!(scores.logits(), oracle::outputs(&spec, &[3])[0]);
    }
}

/// Places of a window of 255, of which many lie mostly in the padding.
#[test]
fn the_largest_kernel_padding_and_tile() {
    let long = axis(255, 2, [254, 254], 255);
    let short = axis(3, 255, [2, 2], 1);
    for [rows, columns] in [[long, short], [short, long]] {
        let side = |axis: Axis| if axis == long { (511, 1) } else { (258, 2) };
        let ((height, down), (width, right)) = (side(rows), side(columns));
        let weights = (0..765).map(|at| (at % 255 - 127) as i8).collect();
        let layer = LayerContents {
            columns,
            ..convolution(rows, shape(down, right, 1), weights, vec![0], 1e-4)
        };
        let spec = Contents::new(shape(height, width, 1), 100, vec![layer]);
        let pixels = 0..spec.input.elements();
        let image: Vec<i8> = pixels.map(|at| (at * 37 % 256) as i8).collect();
        let file = file(&spec);
        let model = Model::new(&file).unwrap();
        assert_eq!(model.multiply_adds(), 2 * 255 * 765);
        let scores = run(&model, &image, &mut vec![0; model.arena_len()]).unwrap();
        assert_eq!(scores.logits(), oracle::outputs(&spec, &image)[0]);
    }
}

#[test]
fn what_a_model_says_of_itself() {
    let mut spec = tiny();
    spec.labels[0] = "zeile – ряд".into();
    let file = file(&spec);
    let model = Model::new(&file).unwrap();
    assert_eq!(model.preparation(), Preparation::PLAIN);
    assert!(model.labels().eq(["zeile – ряд", "column"]));
    assert_eq!((model.label(1), model.label(2)), (Some("column"), None));
    let input = (model.input(), model.input_len(), model.input_zero_point());
    assert_eq!(input, (shape(4, 4, 1), 16, -128));
    let numbers = (model.classes(), model.threshold(), model.arena_len());
    assert_eq!(numbers, (2, 49_152, 10));
    let layers = model.layers();
    let layers = layers.map(|layer| (layer.name(), layer.flash_len(), layer.multiply_adds()));
    assert!(layers.eq([("convolution", 34, 16 * 2 * 9), ("dense", 32, 16)]));
    assert_eq!(model.multiply_adds(), 16 * 2 * 9 + 16);
}

#[test]
fn centred_preparations_are_those_of_the_file() {
    for box_side in 1..=28 {
        let mut spec = digits(&mut Random(2));
        let preparation = Preparation::centred(box_side).unwrap();
        spec.preparation = preparation;
        let file = file(&spec);
        assert_eq!(Model::new(&file).unwrap().preparation(), preparation);
    }
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
    for found in [0, 15, 17] {
        let error = run(&model, &vec![0; found], &mut [0; 10]).unwrap_err();
        let expected = 16;
        assert_eq!(error, RunError::Image { expected, found });
        let message = format!("expected an image of 16 values, found {found}");
        assert_eq!(error.to_string(), message);
    }
    for found in [0, 9] {
        let error = run(&model, &[0; 16], &mut vec![0; found]).unwrap_err();
        let expected = 10;
        assert_eq!(error, RunError::Arena { expected, found });
        let message = format!("expected an arena of at least 10 bytes, found {found}");
        assert_eq!(error.to_string(), message);
    }
    let in_larger_arena = run(&model, &[0; 16], &mut [0; 11]);
    assert!(in_larger_arena.is_ok());
}

#[test]
fn arenas_are_planned_from_whole_files_of_this_version_only() {
    let file = file(&tiny());
    assert_eq!(arena_len(&file), 10);
    let refuses = |file: &[u8]| std::panic::catch_unwind(|| arena_len(file)).is_err();
    for (at, value) in [(0, b'b'), (7, 0), (8, 2), (9, 1), (31, 1)] {
        let mut other = file.clone();
        other[at] = value;
        assert!(refuses(&other), "{at}");
    }
    for len in 0..160 {
        assert!(refuses(&file[..len]), "{len}");
    }
}
