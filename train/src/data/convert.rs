//! Pixels in arrays brought to another shape.

use image::{DynamicImage, GrayImage, RgbImage};
use input::picture;
use no_std_core::prepare::PrepareError;
use rayon::prelude::*;

use super::choice::Choice;
use super::npz::planar;
use crate::network::Shape;

/// Rows and columns of each plane exchanged.
pub fn transposed(pixels: &[u8], [_, rows, columns]: Shape) -> Vec<u8> {
    let planes = pixels.chunks_exact(rows * columns);
    let column = |plane: &[u8], column: usize| -> Vec<u8> {
        plane
            .iter()
            .skip(column)
            .step_by(columns)
            .copied()
            .collect()
    };
    planes
        .flat_map(|plane| {
            (0..columns)
                .flat_map(|at| column(plane, at))
                .collect::<Vec<u8>>()
        })
        .collect()
}

/// Pictures `[pictures, channels, rows, columns]` of one shape as ones of another.
pub fn converted(pixels: Vec<u8>, from: Shape, choice: &Choice) -> Result<Vec<u8>, PrepareError> {
    if from == choice.shape {
        return Ok(pixels);
    }
    let [from_len, len] = [from, choice.shape].map(|shape| shape.iter().product::<usize>());
    let mut converted = vec![0; pixels.len() / from_len * len];
    let places = converted.par_chunks_exact_mut(len);
    let pictures = pixels.par_chunks_exact(from_len).zip(places);
    pictures.try_for_each(|(picture, place)| {
        place.copy_from_slice(&one(picture, from, choice)?);
        Ok(())
    })?;
    Ok(converted)
}

fn one(
    pixels: &[u8],
    [channels, rows, columns]: Shape,
    choice: &Choice,
) -> Result<Vec<u8>, PrepareError> {
    // As many rows as columns of planes: planes of pixels are pixels of planes.
    let interleaved = planar(pixels, rows * columns);
    let (width, height) = (columns as u32, rows as u32);
    let given = match channels {
        1 => GrayImage::from_raw(width, height, interleaved).map(DynamicImage::from),
        _ => RgbImage::from_raw(width, height, interleaved).map(DynamicImage::from),
    };
    let given = given.unwrap_or_default();
    let [channels, rows, columns] = choice.shape;
    let pixels = match channels {
        1 => picture::apply(choice.fit, &given.into_luma8(), [rows, columns]),
        _ => picture::apply(choice.fit, &given.into_rgb8(), [rows, columns]),
    };
    Ok(planar(&pixels?, channels))
}

#[cfg(test)]
mod tests {
    use no_std_core::prepare::Fit;

    use super::*;

    fn to(shape: Shape) -> Choice {
        Choice {
            shape,
            fit: Fit::Stretch,
            reasons: vec![],
        }
    }

    #[test]
    fn planes_are_transposed_one_by_one() {
        let pixels: Vec<u8> = (0..2 * 3 * 4).collect();
        let found = transposed(&pixels, [2, 3, 4]);
        for (index, &pixel) in found.iter().enumerate() {
            let (plane, row, column) = (index / 12, index % 12 / 3, index % 3);
            assert_eq!(usize::from(pixel), 12 * plane + 4 * column + row);
        }
        assert_eq!(transposed(&found, [2, 4, 3]), pixels);
    }

    #[test]
    fn sizes_and_colours_change() {
        let grey: Vec<u8> = (0..24).map(|value| 10 * value).collect();
        assert_eq!(
            converted(grey.clone(), [1, 3, 4], &to([1, 3, 4])).unwrap(),
            grey
        );
        let rgb = converted(grey.clone(), [1, 3, 4], &to([3, 3, 4])).unwrap();
        let expected: Vec<u8> = grey
            .chunks(12)
            .flat_map(|picture| picture.repeat(3))
            .collect();
        assert_eq!(rgb, expected);
        assert_eq!(converted(rgb, [3, 3, 4], &to([1, 3, 4])).unwrap(), grey);
        let planes: Vec<u8> = [200, 100, 0]
            .iter()
            .flat_map(|&value| [value; 36])
            .collect();
        let small = converted(planes, [3, 6, 6], &to([3, 2, 2])).unwrap();
        assert_eq!(small, [200, 200, 200, 200, 100, 100, 100, 100, 0, 0, 0, 0]);
    }
}
