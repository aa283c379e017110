//! What the pixels of a data set are like.

use rayon::prelude::*;

use super::{DataError, Dataset};

/// Mean and standard deviation of a channel, where black is 0 and white 1.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Statistics {
    pub mean: f64,
    pub deviation: f64,
}

impl Statistics {
    /// The least deviation by which a channel is divided: a grey level.
    const LEAST: f64 = 1.0 / 255.0;

    /// Whether the channel is of one grey, so that there is nothing to divide by.
    pub fn is_constant(&self) -> bool {
        self.deviation < Self::LEAST
    }

    /// Mean and deviation as they are trained with: four digits of each, which metadata hold to the bit, and a deviation of 1
    /// for a channel of one grey.
    pub fn rounded(&self) -> [f32; 2] {
        let deviation = if self.is_constant() {
            1.0
        } else {
            self.deviation
        };
        // A number in decimals is read again as the nearest one.
        [self.mean, deviation]
            .map(|number| format!("{number:.3e}").parse().unwrap_or(number as f32))
    }
}

impl Dataset {
    /// Of each channel over all pictures, exact whatever the number of threads. A channel of one value has the deviation 0.
    pub fn statistics(&self) -> Result<Vec<Statistics>, DataError> {
        let channels = self.shape()[0];
        let plane = self.picture_len() / channels;
        let count = |(mut pixels, mut counts): (Vec<u8>, Vec<[u64; 256]>), picture: usize| {
            self.read(picture, &mut pixels)?;
            for (plane, counts) in pixels.chunks_exact(plane).zip(&mut counts) {
                for &pixel in plane {
                    counts[usize::from(pixel)] += 1;
                }
            }
            Ok((pixels, counts))
        };
        let none = || vec![[0; 256]; channels];
        let start = || (vec![0; self.picture_len()], none());
        let counted = (0..self.len()).into_par_iter().try_fold(start, count);
        let counts = counted
            .map(|counted| counted.map(|(_, counts)| counts))
            .try_reduce(none, |mut all, counts| {
                let pairs = all.iter_mut().flatten().zip(counts.iter().flatten());
                pairs.for_each(|(all, count)| *all += count);
                Ok::<_, DataError>(all)
            })?;
        Ok(counts.iter().map(of_counts).collect())
    }
}

/// Of numbers of which each from 0 to 255 is there so many times.
fn of_counts(counts: &[u64; 256]) -> Statistics {
    let sum = |power: fn(u128) -> u128| -> u128 {
        let counts = (0..).zip(counts);
        counts
            .map(|(value, &count)| power(value) * u128::from(count))
            .sum()
    };
    let [count, values, squares] = [sum(|_| 1), sum(|value| value), sum(|value| value * value)];
    let count = count.max(1);
    let variance = (count * squares - values * values) as f64 / (count * count) as f64;
    Statistics {
        mean: values as f64 / count as f64 / 255.0,
        deviation: variance.sqrt() / 255.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::numbers;
    use crate::data::random::Random;

    #[test]
    fn channels_have_their_own_mean_and_deviation() {
        let mut random = Random::new(5, 0);
        let (count, plane) = (50, 35);
        let ranges = [(0, 255), (100, 50), (7, 1)];
        let pixels = (0..count).flat_map(|_| ranges.iter().flat_map(|range| [range; 35]));
        let pixels: Vec<u8> = pixels
            .map(|&(from, len)| (from + random.below(len)) as u8)
            .collect();
        let dataset = Dataset::new([3, 5, 7], pixels.clone(), vec![0; count], numbers(0, 1));
        let found = dataset.statistics().unwrap();
        for (channel, found) in found.iter().enumerate() {
            let of_channel = |picture: &[u8]| picture[channel * plane..][..plane].to_vec();
            let values: Vec<f64> = pixels
                .chunks(3 * plane)
                .flat_map(of_channel)
                .map(|pixel| f64::from(pixel) / 255.0)
                .collect();
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let squares = values
                .iter()
                .map(|value| (value - mean).powi(2))
                .sum::<f64>();
            let deviation = (squares / values.len() as f64).sqrt();
            assert!((found.mean - mean).abs() < 1e-9);
            assert!((found.deviation - deviation).abs() < 1e-9);
        }
        assert!(found[2].deviation == 0.0 && found.len() == 3);
        for (found, is_constant) in found.iter().zip([false, false, true]) {
            let [mean, deviation] = found.rounded();
            assert_eq!(found.is_constant(), is_constant);
            assert!((f64::from(mean) / found.mean - 1.0).abs() < 6e-4);
            let expected = if is_constant { 1.0 } else { found.deviation };
            assert!((f64::from(deviation) / expected - 1.0).abs() < 6e-4);
            let text = mean.to_string();
            assert!(text.trim_start_matches(['0', '.']).len() <= 5, "{text}");
            assert_eq!(text.parse(), Ok(mean));
        }
    }
}
