//! Layers of integers from layers of floats and the ranges of their outputs.

mod agree;

use ndarray::{Array1, Array4, Axis};

use super::QuantizeError;
use super::network::Layer;
use super::range::Range;
use crate::ops::{Quantization, QuantizedFilters};
use agree::Agreeing;

/// Images: the byte `pixel` of `0..=255` stands for `pixel / 255`, its integer is `pixel - 128`.
pub const IMAGE: Quantization = Quantization {
    scale: 1.0 / 255.0,
    zero_point: -128,
};

/// The largest distance of an int8 input from its zero point.
const LARGEST_INPUT: f64 = 255.0;
/// A filter's scale is at least this share of the layer's largest. The integers of the output are common to all filters,
/// so weights of less are lost in any case; and a filter of zeros gets a scale in which its bias is an exact enough integer.
const LEAST_SCALE: f32 = 1.0 / 1024.0;

/// A layer computed by integers.
#[derive(Clone, Debug, PartialEq)]
pub struct Int8Layer<'a> {
    /// The layer in floats.
    pub layer: &'a Layer,
    /// Where its output has been seen.
    pub range: Range,
    /// Weights, their scales and biases.
    pub filters: QuantizedFilters,
    /// For each filter the factor from accumulators to outputs, positive and normal.
    pub multipliers: Array1<f32>,
    /// What the integers of the input stand for.
    pub from: Quantization,
    /// What the integers of the output stand for.
    pub to: Quantization,
}

impl<'a> Int8Layer<'a> {
    /// Quantises a layer whose input means `from` and whose output has been seen in `range`.
    pub fn new(layer: &'a Layer, from: Quantization, range: Range) -> Result<Self, QuantizeError> {
        let to = range.quantization();
        if !to.scale.is_normal() {
            let Range { low, high } = range;
            return Err(QuantizeError::Range {
                node: layer.node.clone(),
                low,
                high,
            });
        }
        let Agreeing {
            to: scale,
            weights: scales,
            factors: multipliers,
        } = Agreeing::near(from.scale, &weight_scales(layer), to.scale).map_err(
            |(filter, factor)| QuantizeError::Multiplier {
                node: layer.node.clone(),
                filter,
                factor,
            },
        )?;
        let weight = Array4::from_shape_fn(layer.weight.dim(), |index| {
            let steps = (layer.weight[index] / scales[index.0]).round_ties_even();
            steps.clamp(-127.0, 127.0) as i8
        });
        let bias = bias(layer, from.scale, &scales, &weight)?;
        let filters = QuantizedFilters {
            weight,
            scales,
            bias,
        };
        Ok(Self {
            layer,
            range,
            filters,
            multipliers,
            from,
            to: Quantization { scale, ..to },
        })
    }

    /// The weights that the integers stand for.
    pub fn rounded_weight(&self) -> Array4<f32> {
        let QuantizedFilters { weight, scales, .. } = &self.filters;
        Array4::from_shape_fn(weight.dim(), |index| {
            f32::from(weight[index]) * scales[index.0]
        })
    }
}

/// The biases in steps of the input's scale times the filter's, if no sum that begins with them leaves 32 bits.
fn bias(
    layer: &Layer,
    from: f32,
    scales: &Array1<f32>,
    weight: &Array4<i8>,
) -> Result<Array1<i32>, QuantizeError> {
    let mut steps = Array1::zeros(scales.len());
    for (filter, weights) in weight.outer_iter().enumerate() {
        let scale = f64::from(from) * f64::from(scales[filter]);
        let bias = (f64::from(layer.bias[filter]) / scale).round_ties_even();
        let weights: f64 = weights.iter().map(|&weight| f64::from(weight).abs()).sum();
        let bound = bias.abs() + weights * LARGEST_INPUT;
        if bound >= f64::from(1u32 << 31) {
            return Err(QuantizeError::Overflow {
                node: layer.node.clone(),
                filter,
                bound,
            });
        }
        steps[filter] = bias as i32;
    }
    Ok(steps)
}

/// For each filter the scale with which -127 to 127 cover its weights.
fn weight_scales(layer: &Layer) -> Array1<f32> {
    let largest = |weights: ndarray::ArrayViewD<f32>| {
        weights
            .iter()
            .fold(0.0, |largest: f32, weight| largest.max(weight.abs()))
    };
    let least = largest(layer.weight.view().into_dyn()) * LEAST_SCALE;
    let filters = layer.weight.axis_iter(Axis(0));
    filters
        .map(|filter| largest(filter.into_dyn()).max(least) / 127.0)
        .collect()
}

#[cfg(test)]
mod tests;
