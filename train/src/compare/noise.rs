//! How far the outputs of a layer in integers are from those in floats.

use ndarray::{Array4, ArrayD};

use crate::ops::Quantization;

/// A layer whose own error is greater, in steps of its integers, parts from its floats by more than rounding: that of its
/// output alone makes 0.29 (the root of 1/12) and that of its weights a little more.
pub const ROUNDING: f64 = 1.0;

/// What is counted of a layer over all samples.
#[derive(Clone, Copy, Debug, Default)]
pub struct Noise {
    values: usize,
    signal: f64,
    error: f64,
    greatest: f64,
    saturated: usize,
    own: f64,
}

impl Noise {
    /// Counts a sample: what the layer puts out in floats and in integers, each in its own network. Runtimes give integers as
    /// floats.
    pub fn add(&mut self, floats: &Array4<f32>, integers: &ArrayD<f32>, meaning: Quantization) {
        let step = f64::from(meaning.scale);
        let [low, high] = [i8::MIN, i8::MAX].map(|end| f64::from(meaning.real(end)));
        for (&float, &integer) in floats.iter().zip(integers) {
            let float = f64::from(float);
            let difference = f64::from(meaning.real(integer as i8)) - float;
            self.values += 1;
            self.signal += float * float;
            self.error += difference * difference;
            self.greatest = self.greatest.max((difference / step).abs());
            let is_beyond = float < low - step / 2.0 || float > high + step / 2.0;
            self.saturated += usize::from(is_beyond);
        }
    }

    /// Counts what the layer by itself makes of integers, and the layer in floats of what these stand for.
    pub fn add_own(&mut self, floats: &Array4<f32>, integers: &ArrayD<f32>, meaning: Quantization) {
        for (&float, &integer) in floats.iter().zip(integers) {
            let steps = f64::from(meaning.real(integer as i8) - float) / f64::from(meaning.scale);
            self.own += steps * steps;
        }
    }

    /// How much stronger the floats are than what the integers change in them, in decibels; infinite where that is
    /// nothing.
    pub fn signal_to_noise(&self) -> f64 {
        10.0 * (self.signal / self.error).log10()
    }

    /// The greatest difference from the floats, in steps of the integers.
    pub fn greatest(&self) -> f64 {
        self.greatest
    }

    /// The share of the floats that lie beyond what the integers reach.
    pub fn saturated(&self) -> f64 {
        self.saturated as f64 / self.values.max(1) as f64
    }

    /// What the layer adds by itself, the root of the mean square in steps of its integers.
    pub fn own(&self) -> f64 {
        (self.own / self.values.max(1) as f64).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_what_a_plain_count_says() {
        let meaning = Quantization {
            scale: 0.5,
            zero_point: -128,
        };
        // 0 to 127.5; one float is beyond, one on the way to it, one off by a step and a half.
        let floats = Array4::from_shape_vec((1, 4, 1, 1), vec![3.0, 127.7, 130.5, 7.75]).unwrap();
        let integers = [-122.0, 127.0, 127.0, -111.0_f32];
        let integers = Array4::from_shape_vec((1, 4, 1, 1), integers.to_vec()).unwrap();
        let mut noise = Noise::default();
        for _ in 0..3 {
            noise.add(&floats, &integers.clone().into_dyn(), meaning);
            noise.add_own(&floats, &integers.clone().into_dyn(), meaning);
        }
        let differences = [0.0, 0.2, 3.0, 0.75_f64];
        let squares: f64 = differences.iter().map(|one| one * one).sum();
        let signal = 9.0 + 127.7_f64.powi(2) + 130.5_f64.powi(2) + 7.75_f64.powi(2);
        let near = |found: f64, expected: f64| {
            assert!((found - expected).abs() < 1e-4, "{found} {expected}");
        };
        near(noise.signal_to_noise(), 10.0 * (signal / squares).log10());
        near(noise.greatest(), 6.0);
        near(noise.saturated(), 0.25);
        near(noise.own(), (squares / 4.0).sqrt() / 0.5);
    }
}
