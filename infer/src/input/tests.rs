use super::*;
use crate::spec::Quantization;

const MEANING: Quantization = Quantization {
    scale: 0.5,
    zero_point: -128,
};

fn spec(layout: Layout, sizes: &[usize]) -> InputSpec {
    InputSpec {
        sizes: sizes.to_vec(),
        layout,
        quantization: None,
        preparation: Preparation::NONE,
    }
}

fn floats(shape: &[usize]) -> Array {
    let count: usize = shape.iter().product();
    Array {
        shape: shape.to_vec(),
        elements: Elements::Float32((0..count).map(|at| at as f32).collect()),
    }
}

/// Of `[row][column][channel]` of a shape, each value's place.
fn places([rows, columns, channels]: [usize; 3]) -> Vec<[usize; 3]> {
    let places = |row| {
        (0..columns)
            .flat_map(move |column| (0..channels).map(move |channel| [row, column, channel]))
    };
    (0..rows).flat_map(places).collect()
}

#[test]
fn channels_may_come_first_or_last() {
    for shape in [[2, 3, 4], [5, 1, 3], [1, 1, 6], [3, 2, 1], [1, 7, 2]] {
        let [rows, columns, channels] = shape;
        let last = places(shape);
        let at_last =
            |[row, column, channel]: [usize; 3]| (row * columns + column) * channels + channel;
        let at_first =
            |[row, column, channel]: [usize; 3]| (channel * rows + row) * columns + column;
        let mut first = last.clone();
        first.sort_by_key(|&place| at_first(place));
        for (layout, order, sizes) in [
            (Layout::ChannelsLast, &last, shape),
            (Layout::ChannelsFirst, &first, [channels, rows, columns]),
        ] {
            let spec = spec(layout, &sizes);
            for (sizes, at) in [
                (shape, &at_last as &dyn Fn([usize; 3]) -> usize),
                ([channels, rows, columns], &at_first),
            ] {
                for several in [None, Some(1), Some(3)] {
                    let count = several.unwrap_or(1);
                    let shape = several.into_iter().chain(sizes).collect::<Vec<_>>();
                    let array = floats(&shape);
                    let tensors = spec.of_array(&array).unwrap();
                    assert_eq!(tensors.count, count);
                    let start = (count - 1) * spec.elements();
                    let expected = order.iter().map(|&place| (start + at(place)) as f32);
                    let input = tensors.input(count - 1).unwrap();
                    assert_eq!(
                        input,
                        Input::Floats(expected.collect()),
                        "{layout:?} {shape:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn axes_of_one_place_do_not_count() {
    let signal = spec(Layout::ChannelsLast, &[1, 8, 2]);
    for shape in [
        &[8, 2][..],
        &[2, 8],
        &[1, 8, 1, 2],
        &[5, 8, 2],
        &[5, 2, 1, 8],
    ] {
        assert!(signal.of_array(&floats(shape)).is_ok(), "{shape:?}");
    }
    let picture = spec(Layout::ChannelsFirst, &[1, 4, 6]);
    for shape in [&[24][..], &[4, 6], &[9, 24], &[4, 6, 1]] {
        assert!(picture.of_array(&floats(shape)).is_ok(), "{shape:?}");
    }
    let other = spec(Layout::Unknown, &[4, 6, 3]);
    assert!(other.of_array(&floats(&[2, 4, 6, 3])).is_ok());
}

#[test]
fn all_sizes_decide_where_those_of_several_places_do_not() {
    // Two channels of two rows of one column, in both orders of two axes.
    let signal = spec(Layout::ChannelsLast, &[2, 1, 2]);
    let first_input = |shape: &[usize]| signal.of_array(&floats(shape))?.input(0);
    let own = Input::Floats(vec![0.0, 1.0, 2.0, 3.0]);
    let turned = Input::Floats(vec![0.0, 2.0, 1.0, 3.0]);
    for (shape, expected) in [
        (&[2, 1, 2][..], &own),
        (&[2, 2, 1], &turned),
        (&[5, 2, 1, 2], &own),
        (&[5, 2, 2, 1], &turned),
    ] {
        assert_eq!(&first_input(shape).unwrap(), expected, "{shape:?}");
    }
    for shape in [&[2, 2][..], &[7, 2, 2]] {
        let error = first_input(shape).unwrap_err().to_string();
        let expected = format!(
            "expected samples of shape [2, 1, 2], or [2, 2, 1] with channels first, found an array of shape {shape:?}, which \
             may be either: give it all axes"
        );
        assert_eq!(error, expected);
    }
    let cube = spec(Layout::ChannelsFirst, &[2, 2, 2]);
    let input = cube
        .of_array(&floats(&[2, 2, 2]))
        .unwrap()
        .input(0)
        .unwrap();
    assert_eq!(
        input,
        Input::Floats([0, 2, 4, 6, 1, 3, 5, 7].map(|at| at as f32).to_vec())
    );
}

#[test]
fn other_shapes_are_refused() {
    let coloured = spec(Layout::ChannelsLast, &[4, 6, 3]);
    let either = "an array of shape [4, 6, 3] or [3, 4, 6], or of several samples";
    let unknown = spec(Layout::Unknown, &[4, 6, 3]);
    let own = "an array of shape [4, 6, 3], or of several samples";
    for (spec, shape, expected) in [
        (&coloured, &[6, 4, 3][..], either),
        (&coloured, &[72], either),
        (&coloured, &[], either),
        (&coloured, &[0, 4, 6, 3], either),
        (&coloured, &[2, 2, 4, 6, 3], either),
        (&unknown, &[3, 4, 6], own),
        (&unknown, &[72], own),
    ] {
        let error = spec.of_array(&floats(shape)).unwrap_err().to_string();
        let expected = format!("expected {expected}, found an array of shape {shape:?}");
        assert_eq!(error, expected);
    }
}

#[test]
fn numbers_become_what_the_model_takes() {
    let mut spec = spec(Layout::ChannelsLast, &[1, 3, 1]);
    let array = |elements| Array {
        shape: vec![3],
        elements,
    };
    let input = |spec: &InputSpec, elements| {
        let array = array(elements);
        let tensors = spec.of_array(&array)?;
        tensors.input(0)
    };
    let refused = |spec: &InputSpec, elements| input(spec, elements).unwrap_err().to_string();
    let floats = || Elements::Float32(vec![0.0, 0.75, 1e9]);
    let int8 = || Elements::Int8(vec![1, 2, 3]);
    let uint8 = || Elements::Uint8(vec![1, 2, 3]);
    assert_eq!(
        refused(&spec, int8()),
        "expected an array of float32 or float64, found one of int8; convert it with .astype"
    );
    spec.quantization = Some(MEANING);
    let integers = Input::Integers(vec![-128, -126, 127]);
    assert_eq!(input(&spec, floats()).unwrap(), integers);
    assert_eq!(
        input(&spec, int8()).unwrap(),
        Input::Integers(vec![1, 2, 3])
    );
    let doubles = || Elements::Float64(vec![0.0, 0.75, 1e9]);
    assert_eq!(input(&spec, doubles()).unwrap(), integers);
    let message = refused(&spec, uint8());
    assert!(
        message.contains("found uint8, which are pixels"),
        "{message}"
    );
    spec.preparation = Preparation::PLAIN;
    assert_eq!(input(&spec, uint8()).unwrap(), Input::Pixels(vec![1, 2, 3]));
    spec.quantization = None;
    assert_eq!(
        input(&spec, floats()).unwrap(),
        Input::Floats(vec![0.0, 0.75, 1e9])
    );
    assert_eq!(
        input(&spec, doubles()).unwrap(),
        Input::Floats(vec![0.0, 0.75, 1e9])
    );
    // Beyond what floats of 32 bits hold.
    let error = refused(&spec, Elements::Float64(vec![0.0, 0.0, 1e300]));
    assert!(error.contains("found inf at index 2"), "{error}");
    assert!(refused(&spec, int8()).contains("found one of int8"));
    for bad in [f32::NAN, f32::INFINITY] {
        let error = refused(&spec, Elements::Float32(vec![0.0, bad, 0.0]));
        let expected = format!("expected finite numbers, found {bad} at index 1 of sample 0");
        assert_eq!(error, expected);
    }
}

#[test]
fn pictures_are_for_models_of_pictures() {
    let mut spec = spec(Layout::ChannelsFirst, &[3, 2, 2]);
    for (file, found) in [
        (&b"\x89PNG\r\n\x1a\n"[..], "a picture"),
        (b"1.0,2.5\n", "a file of another kind"),
    ] {
        let error = spec.of_picture(file, Preparation::PLAIN).unwrap_err();
        let expected = format!(
            "expected an array of shape [2, 2, 3] or [3, 2, 2], or of several samples (.npy or .npz), for this model takes \
             no pictures, found {found}; a model that `train quantize` was told the --range of pixels takes them"
        );
        assert_eq!(error.to_string(), expected);
    }
    spec.preparation = Preparation::PLAIN;
    let pixels = spec.of_pixels((0..12).collect());
    assert_eq!(
        pixels,
        Input::Pixels(vec![0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11])
    );
    let Ok(Input::Pixels(inverted)) = pixels.inverted() else {
        panic!("pixels stay pixels");
    };
    assert_eq!(inverted[..3], [255, 252, 249]);
    let error = Input::Integers(vec![1]).inverted().unwrap_err().to_string();
    assert!(error.starts_with("expected pictures to invert"), "{error}");
    // Four channels are no colours.
    spec.sizes = vec![4, 2, 2];
    assert!(spec.of_picture(&[], Preparation::PLAIN).is_err());
}
