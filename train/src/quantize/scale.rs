//! Layers of integers from layers of floats and the ranges of their outputs.

use ndarray::{Array1, Axis, Zip};

use super::QuantizeError;
use super::lower::Layer;
use super::range::Range;
use crate::ops::{Quantization, QuantizedFilters};

/// Images: the byte `pixel` of `0..=255` stands for `pixel / 255`, its integer is `pixel - 128`.
pub const IMAGE: Quantization = Quantization { scale: 1.0 / 255.0, zero_point: -128 };

/// The largest distance of an int8 input from its zero point.
const LARGEST_INPUT: f64 = 255.0;
/// A filter's scale is at least this share of the layer's largest. The integers of the output are common to all filters,
/// so weights of less are lost in any case; and a filter of zeros gets a scale in which its bias is an exact enough integer.
const LEAST_SCALE: f32 = 1.0 / 1024.0;

/// A layer computed by integers.
#[derive(Clone, Debug, PartialEq)]
pub struct Int8Layer {
    /// Weights, their scales and biases.
    pub filters: QuantizedFilters,
    /// For each filter the factor from accumulators to outputs, positive and normal.
    pub multipliers: Array1<f32>,
    /// What the integers of the input stand for.
    pub from: Quantization,
    /// What the integers of the output stand for.
    pub to: Quantization,
}

impl Int8Layer {
    /// Quantises a layer whose input means `from` and whose output has been seen in `range`.
    pub fn new(layer: &Layer, from: Quantization, range: Range) -> Result<Self, QuantizeError> {
        let to = range.quantization();
        if !to.scale.is_normal() {
            return Err(QuantizeError::Range {
                node: layer.node.clone(),
                low: range.low,
                high: range.high,
            });
        }
        let scales = weight_scales(layer);
        let mut weight = layer.weight.mapv(|_| 0);
        for (index, mut filter) in weight.axis_iter_mut(Axis(0)).enumerate() {
            let reals = layer.weight.index_axis(Axis(0), index);
            Zip::from(&mut filter).and(&reals).for_each(|integer, &real| {
                *integer = (real / scales[index]).round_ties_even().clamp(-127.0, 127.0) as i8;
            });
        }
        let bias = Zip::from(&layer.bias).and(&scales).map_collect(|&bias, &scale| {
            (f64::from(bias) / (f64::from(from.scale) * f64::from(scale))).round_ties_even()
        });
        let multipliers = scales.mapv(|scale| (from.scale * scale) / to.scale);
        for (index, filter) in weight.axis_iter(Axis(0)).enumerate() {
            let weights: f64 = filter.iter().map(|&weight| f64::from(weight).abs()).sum();
            let node = || layer.node.clone();
            let bound = bias[index].abs() + weights * LARGEST_INPUT;
            if bound >= f64::from(1u32 << 31) {
                return Err(QuantizeError::Overflow { node: node(), filter: index, bound });
            }
            let factor = multipliers[index];
            if no_std_core::requantize::Multiplier::from_f32_bits(factor.to_bits()).is_none() {
                return Err(QuantizeError::Multiplier { node: node(), filter: index, factor });
            }
        }
        let bias = bias.mapv(|bias| bias as i32);
        Ok(Self { filters: QuantizedFilters { weight, scales, bias }, multipliers, from, to })
    }
}

/// For each filter the scale with which -127 to 127 cover its weights.
fn weight_scales(layer: &Layer) -> Array1<f32> {
    let largest = |weights: ndarray::ArrayViewD<f32>| {
        weights.iter().fold(0.0, |largest: f32, weight| largest.max(weight.abs()))
    };
    let least = largest(layer.weight.view().into_dyn()) * LEAST_SCALE;
    let filters = layer.weight.axis_iter(Axis(0));
    filters.map(|filter| largest(filter.into_dyn()).max(least) / 127.0).collect()
}

#[cfg(test)]
mod tests;
