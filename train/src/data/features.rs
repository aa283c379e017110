//! Samples that are no pictures, and numbers that belong to samples, in arrays.

use input::arrays::{Array, Elements};
use ndarray::Array2;

use super::npz::planar;
use crate::network::Shape;

/// What was expected of an array, and what it holds.
type Refusal = (&'static str, String);

/// Whether an array holds numbers as models take them, and not pixels or counts.
pub fn are_numbers(array: &Array) -> bool {
    matches!(array.elements, Elements::Float32(_) | Elements::Float64(_))
}

/// Numbers `[samples, channels, rows, columns]` of an array of such: a vector is one of channels, a matrix has one channel, and
/// else channels come last, but for one or three that come first.
pub fn read(array: &Array) -> Result<(Shape, Vec<f32>), Refusal> {
    let (shape, is_planar) = match array.shape[..] {
        [_] => ([1, 1, 1], true),
        [_, features] => ([features, 1, 1], true),
        [_, rows, columns] => ([1, rows, columns], true),
        [_, rows, columns, channels @ (1 | 3)] => ([channels, rows, columns], false),
        [_, channels @ (1 | 3), rows, columns] => ([channels, rows, columns], true),
        [_, rows, columns, channels] => ([channels, rows, columns], false),
        _ => ([0; 3], true),
    };
    let expected = "samples as [samples, features], [samples, rows, columns] or [samples, rows, columns, channels]";
    if shape.contains(&0) || array.shape[0] == 0 {
        return Err((expected, format!("{:?}", array.shape)));
    }
    if !are_numbers(array) {
        let found = array.elements.type_name().to_owned();
        return Err((
            "numbers as float32 or float64 as in the other arrays",
            found,
        ));
    }
    let numbers = array.elements.to_floats();
    expect_finite(&numbers, shape.iter().product())?;
    if is_planar {
        return Ok((shape, numbers));
    }
    let samples = numbers.chunks_exact(shape.iter().product());
    Ok((
        shape,
        samples
            .flat_map(|sample| planar(sample, shape[0]))
            .collect(),
    ))
}

/// The numbers of an array that belong to each of so many samples.
pub fn targets(array: &Array, count: usize) -> Result<Array2<f32>, Refusal> {
    let width = match array.shape[..] {
        [found] if found == count => Some(1),
        [found, width] if found == count && width > 0 => Some(width),
        _ => None,
    };
    let expected = "a class or numbers for each of the samples, [samples] or [samples, numbers],";
    let refusal = || (expected, format!("{:?} for {count} samples", array.shape));
    let width = width.ok_or_else(refusal)?;
    let numbers = array.elements.to_floats();
    expect_finite(&numbers, width)?;
    Array2::from_shape_vec((count, width), numbers).map_err(|_| refusal())
}

/// The class of each of so many samples, if the array says such.
pub fn classes(array: &Array, count: usize) -> Option<Vec<u16>> {
    let classes = array.classes(count).ok()?.into_iter();
    classes.map(|class| u16::try_from(class).ok()).collect()
}

fn expect_finite(numbers: &[f32], width: usize) -> Result<(), Refusal> {
    let at = numbers.iter().position(|number| !number.is_finite());
    at.map_or(Ok(()), |at| {
        let found = format!("{} for sample {}", numbers[at], at / width);
        Err(("finite numbers", found))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn array(shape: &[usize], numbers: &[f32]) -> Array {
        Array {
            shape: shape.to_vec(),
            elements: Elements::Float32(numbers.to_vec()),
        }
    }

    #[test]
    fn sizes_say_what_is_a_channel() {
        let numbers: Vec<f32> = (0..24_u8).map(f32::from).collect();
        for (sizes, shape) in [
            (&[24][..], [1, 1, 1]),
            (&[2, 12], [12, 1, 1]),
            (&[2, 3, 4], [1, 3, 4]),
            (&[2, 2, 2, 3], [3, 2, 2]),
            (&[2, 3, 2, 2], [3, 2, 2]),
            (&[2, 3, 2, 2][..], [3, 2, 2]),
            (&[1, 3, 2, 4], [3, 2, 4]),
            (&[1, 2, 3, 4], [4, 2, 3]),
        ] {
            let (found, values) = read(&array(sizes, &numbers)).unwrap();
            assert_eq!(found, shape, "{sizes:?}");
            let is_last = sizes.len() == 4 && sizes[3] == shape[0];
            let second = if is_last { sizes[3] as f32 } else { 1.0 };
            assert!((values[1] - second).abs() < 1e-6, "{sizes:?}");
        }
    }

    #[test]
    fn what_is_no_number_for_each_sample_is_refused() {
        for sizes in [&[0, 3][..], &[2, 0], &[1, 2, 2, 2, 1]] {
            let numbers = vec![0.0; sizes.iter().product()];
            assert!(read(&array(sizes, &numbers)).is_err(), "{sizes:?}");
        }
        let (_, found) = read(&array(&[2, 2], &[0.0, 1.0, 2.0, f32::NAN])).unwrap_err();
        assert_eq!(found, "NaN for sample 1");
        let (_, found) = targets(&array(&[3], &[0.0, f32::INFINITY, 1.0]), 3).unwrap_err();
        assert_eq!(found, "inf for sample 1");
        for sizes in [&[2][..], &[3, 0], &[3, 2, 1]] {
            let numbers = vec![0.0; sizes.iter().product()];
            assert!(targets(&array(sizes, &numbers), 3).is_err(), "{sizes:?}");
        }
        assert_eq!(
            targets(&array(&[3, 2], &[0.5; 6]), 3).unwrap().dim(),
            (3, 2)
        );
        assert_eq!(classes(&array(&[2], &[0.0, 3.0]), 2), Some(vec![0, 3]));
        assert_eq!(classes(&array(&[2], &[0.0, 65536.0]), 2), None);
        assert_eq!(classes(&array(&[2], &[0.0, 0.5]), 2), None);
    }
}
