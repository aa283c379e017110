//! What the pixels of pictures are among the integers of an input.

use input::normalization::Normalization;

use super::range::Range;
use crate::ops::Quantization;

/// Scales at or just above the one that the range gives, among which one is sought.
const NEAR: usize = 64;
const PIXELS: std::ops::RangeInclusive<u8> = 0..=u8::MAX;

/// What the integers mean that cover all pixels. Runtimes divide by a scale, or multiply by its reciprocal: with this one
/// both give the same integer for every pixel; `None` if there is none near.
pub fn quantization(pixels: &Normalization) -> Option<Quantization> {
    let channels = 0..pixels.channels();
    let ends = channels.flat_map(|channel| [0, u8::MAX].map(|one| pixels.number(channel, one)));
    let range = ends.fold(Range::ZERO, |range, end| {
        range.hull(Range {
            low: end,
            high: end,
        })
    });
    let first = range.quantization();
    let scales = std::iter::successors(Some(first.scale), |scale| Some(scale.next_up()));
    let near = scales
        .take(NEAR)
        .map(|scale| Quantization { scale, ..first });
    near.filter(|one| one.scale.is_normal())
        .find(|&one| is_certain(pixels, one))
}

/// Whether both ways to divide by the scale give the same integers.
pub fn is_certain(pixels: &Normalization, meaning: Quantization) -> bool {
    let reciprocal = 1.0 / meaning.scale;
    let zero_point = f32::from(meaning.zero_point);
    let agrees = |(channel, pixel)| {
        let number = pixels.number(channel, pixel);
        let other = ((number * reciprocal).round_ties_even() + zero_point) as i8;
        meaning.integer(number) == other
    };
    all(pixels).all(agrees)
}

/// For each channel the integers of pixels 0 to 255; none where each is the pixel less 128.
pub fn table(pixels: &Normalization, meaning: Quantization) -> Vec<i8> {
    let integer = |(channel, pixel)| meaning.integer(pixels.number(channel, pixel));
    let table: Vec<i8> = all(pixels).map(integer).collect();
    let usual = all(pixels).map(|(_, pixel)| (pixel ^ 0x80).cast_signed());
    if usual.eq(table.iter().copied()) {
        return Vec::new();
    }
    table
}

fn all(pixels: &Normalization) -> impl Iterator<Item = (usize, u8)> {
    (0..pixels.channels()).flat_map(|channel| PIXELS.map(move |pixel| (channel, pixel)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::random::Random;

    #[test]
    fn pixels_over_a_number_are_their_own_integers() {
        for white in [1.0, 255.0, 0.3] {
            let pixels = Normalization::up_to(white, 3);
            let meaning = quantization(&pixels).unwrap();
            assert_eq!(meaning.zero_point, i8::MIN);
            assert!((meaning.scale / (white / 255.0) - 1.0).abs() < 1e-5);
            assert!(table(&pixels, meaning).is_empty());
        }
    }

    #[test]
    fn tables_hold_the_nearest_integers_in_double_precision() {
        let mut random = Random::new(3, 0);
        for _ in 0..50 {
            let mean = [0; 3].map(|_| random.between(-0.5, 1.5));
            let deviation = [0; 3].map(|_| random.between(0.05, 2.0));
            let range = [0.0, 1.0];
            let pixels = Normalization::new(range, [&mean, &deviation], 3).unwrap();
            let meaning = quantization(&pixels).unwrap();
            let table = table(&pixels, meaning);
            assert_eq!(table.len(), 3 * 256);
            for (at, &found) in table.iter().enumerate() {
                let (channel, pixel) = (at / 256, (at % 256) as f64);
                let of = |numbers: &[f32]| f64::from(numbers[channel]);
                let number = (pixel / 255.0 - of(&mean)) / of(&deviation);
                let exact = number / f64::from(meaning.scale) + f64::from(meaning.zero_point);
                let error = (f64::from(found) - exact).abs();
                assert!(error < 0.501 || exact.abs() > 127.0, "{found}, {exact}");
                assert!(error < 1.01, "{found}, {exact}");
            }
        }
    }
}
