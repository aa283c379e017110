//! Numbers less a mean and divided by a deviation, and back.

use ndarray::ArrayD;

use super::{Graph, GraphError, ValueId};
use crate::tensor::Tensor;

/// Means and deviations: one of each for all numbers, or one for each channel or feature.
pub type Moments<'a> = [&'a [f32]; 2];

impl Graph {
    /// Adds `x` of `[N, channels, ...]` or `[N, features]` less its mean, divided by its deviation.
    pub fn standardize(&mut self, x: ValueId, moments: Moments<'_>) -> Result<ValueId, GraphError> {
        let [mean, deviation] = moments.map(|numbers| self.of_channels(x, numbers));
        let centred = self.sub(x, mean)?;
        self.div(centred, deviation)
    }

    /// Adds what [`Graph::standardize`] makes `x` of.
    pub fn unstandardize(
        &mut self,
        x: ValueId,
        moments: Moments<'_>,
    ) -> Result<ValueId, GraphError> {
        let [mean, deviation] = moments.map(|numbers| self.of_channels(x, numbers));
        let scaled = self.mul(x, deviation)?;
        self.add(scaled, mean)
    }

    /// A constant that meets the channels of `x`.
    fn of_channels(&mut self, x: ValueId, numbers: &[f32]) -> ValueId {
        if let [one] = numbers {
            return self.scalar(*one);
        }
        let mut shape = vec![1; self.shape(x).len() - 1];
        shape[0] = numbers.len();
        let constant = ArrayD::from_shape_vec(shape, numbers.to_vec());
        self.constant(Tensor::from(
            constant.expect("the axis has as many numbers"),
        ))
    }
}
