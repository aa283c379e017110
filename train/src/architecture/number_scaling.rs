//! Numbers of any size, which are no pixels, as a network learns from them: with mean 0 and deviation 1, which the graph makes of them itself.

use serde::{Deserialize, Serialize};

use super::Network;
use crate::graph::{Graph, GraphError, ValueId};

/// The scale of what goes in and of what comes out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NumberScaling {
    /// Of the input, one for all numbers or one for each channel; none where layers take it as it is, as pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<Scale>,
    /// Of the outputs, one for all numbers or one for each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Scale>,
}

impl NumberScaling {
    /// Fails unless it is of as many numbers as a network takes and gives.
    pub(crate) fn expect_fit(&self, network: &Network) -> Result<(), String> {
        for (scale, name, count) in [
            (&self.input, "channels", network.input[0]),
            (&self.output, "outputs", network.output_len()),
        ] {
            let Some(Scale { mean, deviation }) = scale else {
                continue;
            };
            let is_of = |numbers: &[f32]| [1, count].contains(&numbers.len());
            let is_divisor = |number: &f32| number.is_normal();
            if !is_of(mean) || mean.len() != deviation.len() || !deviation.iter().all(is_divisor) {
                return Err(format!("no scale of {count} {name}"));
            }
        }
        Ok(())
    }
}

/// `(number - mean) / deviation`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scale {
    pub mean: Vec<f32>,
    /// None of them 0.
    pub deviation: Vec<f32>,
}

impl Scale {
    /// The scale of numbers in groups of `width`: of each place of a group by itself, of each block of so many places, or of
    /// all alike. Numbers that are all the same have a deviation of 1.
    ///
    /// # Panics
    ///
    /// Unless `places` divides `width`.
    pub fn of(numbers: &[f32], width: usize, places: usize) -> Self {
        let block = |at: usize| at % width / places;
        let mut sums = vec![[0.0f64; 2]; width / places];
        for (at, &number) in numbers.iter().enumerate() {
            let [sum, count] = &mut sums[block(at)];
            (*sum, *count) = (*sum + f64::from(number), *count + 1.0);
        }
        let means: Vec<f64> = sums
            .iter()
            .map(|[sum, count]| sum / count.max(1.0))
            .collect();
        let mut squares = vec![0.0; means.len()];
        for (at, &number) in numbers.iter().enumerate() {
            squares[block(at)] += (f64::from(number) - means[block(at)]).powi(2);
        }
        let deviation = |(square, [_, count]): (f64, &[f64; 2])| {
            let deviation = (square / count.max(1.0)).sqrt() as f32;
            if deviation.is_normal() {
                deviation
            } else {
                1.0
            }
        };
        Self {
            deviation: squares.into_iter().zip(&sums).map(deviation).collect(),
            mean: means.into_iter().map(|mean| mean as f32).collect(),
        }
    }

    /// Mean and deviation.
    pub(crate) fn moments(&self) -> [&[f32]; 2] {
        [&self.mean, &self.deviation]
    }
}

impl Network {
    /// Adds the input in the scale of the layers.
    pub(crate) fn scaled_input(
        &self,
        graph: &mut Graph,
        x: ValueId,
    ) -> Result<ValueId, GraphError> {
        match &self.scaling.input {
            Some(scale) => graph.standardize(x, scale.moments()),
            None => Ok(x),
        }
    }

    /// Adds what the outputs of the layers stand for.
    pub(crate) fn unscaled_output(
        &self,
        graph: &mut Graph,
        x: ValueId,
    ) -> Result<ValueId, GraphError> {
        match &self.scaling.output {
            Some(scale) => graph.unstandardize(x, scale.moments()),
            None => Ok(x),
        }
    }

    /// The factor from a squared difference in the scale of the layers to that of what the outputs stand for, where there is
    /// one for all.
    pub fn squared_deviation(&self) -> f32 {
        match &self.scaling.output {
            Some(Scale { deviation, .. }) if deviation.len() == 1 => deviation[0].powi(2),
            _ => 1.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_block_of_places_has_its_own_scale() {
        let numbers = [1.0, 3.0, 5.0, 5.0, 3.0, 1.0, 5.0, 5.0];
        let of = |places| Scale::of(&numbers, 4, places);
        assert_eq!(of(2).mean, [2.0, 5.0]);
        assert_eq!(of(2).deviation, [1.0, 1.0]);
        assert_eq!(of(1).mean, [2.0, 2.0, 5.0, 5.0]);
        assert_eq!(of(4).mean, [3.5]);
        assert!((of(4).deviation[0] - 2.75f32.sqrt()).abs() < 1e-6);
    }
}
