//! Sums of products in integers: convolutions, depthwise ones and dense layers.

use ndarray::{Array1, Array4, ArrayView3, Axis as ArrayAxis};
use no_std_core::format::{
    KIND_CONVOLUTION, KIND_DENSE, KIND_DEPTHWISE, OperatorContents, OperatorRecord, TensorRecord,
    TooLarge,
};

use super::int8::{axes, multipliers, size};
use super::{Channels, Factors, Int8Form, Interval, Meaning};
use crate::graph::{Graph, GraphError, ValueId};
use crate::network::{Shape, elements};
use crate::ops::{QuantizedFilters, Window};

/// The largest distance of an int8 input from its zero point.
pub const LARGEST_STEP: usize = 255;
/// Sums of 32 bits stay below.
pub const BEYOND: f64 = (1_u64 << 31) as f64;
/// A filter's scale is at least this share of the layer's largest. The integers of the output are common to all filters,
/// so weights of less are lost in any case; and a filter of zeros gets a scale in which its bias is an exact enough integer.
const LEAST_SCALE: f32 = 1.0 / 1024.0;

/// So near to a whole number of steps are weights that were rounded to some: beyond what 32-bit floats change in them.
const WHOLE: f32 = 1e-3;

/// Why a layer cannot become integers: a sum could leave 32 bits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Overflow {
    /// Index of the filter.
    pub filter: usize,
    /// The greatest magnitude that its sum could reach.
    pub bound: f64,
}

/// A layer of filters in integers.
#[derive(Clone, Debug, PartialEq)]
pub struct Sums {
    /// Weights, their scales and biases.
    pub filters: QuantizedFilters,
    /// For each filter the factor from sums to outputs, positive and normal.
    pub multipliers: Array1<f32>,
    /// How the filters move.
    pub window: Window,
    /// Groups of channels, at least 1.
    pub groups: usize,
    /// Tiles of the output of which the maximum is taken.
    pub pool: Option<Window>,
    /// Whether the filters cover the input, and do not move.
    pub is_dense: bool,
}

impl Sums {
    /// Filters of these weights and biases, for an input of this scale; they do not move yet.
    pub fn new(
        (weight, bias): (&Array4<f32>, &Array1<f32>),
        from: f32,
        Factors {
            weights: scales,
            multipliers,
        }: Factors,
    ) -> Result<Self, Overflow> {
        let weight = Array4::from_shape_fn(weight.dim(), |index| {
            let steps = (weight[index] / scales[index.0]).round_ties_even();
            steps.clamp(-127.0, 127.0) as i8
        });
        let bias = biases(bias, from, &scales, &weight)?;
        let (.., rows, columns) = weight.dim();
        Ok(Self {
            filters: QuantizedFilters {
                weight,
                scales,
                bias,
            },
            multipliers,
            window: Window {
                strides: [1; 2],
                ..Window::tiles([rows, columns])
            },
            groups: 1,
            pool: None,
            is_dense: false,
        })
    }

    /// The weights that the integers stand for.
    pub fn rounded_weight(&self) -> Array4<f32> {
        let QuantizedFilters { weight, scales, .. } = &self.filters;
        Array4::from_shape_fn(weight.dim(), |index| {
            f32::from(weight[index]) * scales[index.0]
        })
    }

    fn is_depthwise(&self) -> bool {
        let (filters, channels, ..) = self.filters.weight.dim();
        channels == 1 && self.groups == filters && filters > 1
    }

    /// Keeps these filters alone; of a depthwise layer also their channels.
    pub fn keep_filters(&mut self, kept: &[usize]) {
        if self.is_depthwise() {
            self.groups = kept.len();
        }
        let filters = &mut self.filters;
        filters.weight = filters.weight.select(ArrayAxis(0), kept);
        filters.scales = filters.scales.select(ArrayAxis(0), kept);
        filters.bias = filters.bias.select(ArrayAxis(0), kept);
        self.multipliers = self.multipliers.select(ArrayAxis(0), kept);
    }

    /// Adds what a channel of the input that is this far from its zero point everywhere adds to the sums of all filters.
    pub fn fold_channel(&mut self, channel: usize, steps: i32) {
        let filters = &mut self.filters;
        for (bias, filter) in filters.bias.iter_mut().zip(filters.weight.outer_iter()) {
            let weights = filter.index_axis(ArrayAxis(0), channel);
            *bias += weights.iter().map(|&weight| i32::from(weight)).sum::<i32>() * steps;
        }
    }

    /// Keeps these channels of the input alone.
    pub fn keep_channels(&mut self, kept: &[usize]) {
        self.filters.weight = self.filters.weight.select(ArrayAxis(1), kept);
    }

    /// Whether all weights of a channel of the input are 0.
    pub fn ignores(&self, channel: usize) -> bool {
        let weights = self.filters.weight.index_axis(ArrayAxis(1), channel);
        weights.iter().all(|&weight| weight == 0)
    }

    fn filter_reach(&self, filter: usize, inputs: &[Interval], zero_point: i8) -> Interval {
        let (filters, of_group, ..) = self.filters.weight.dim();
        let first = filter / (filters / self.groups) * of_group;
        let is_padded = self.window.pads != [0; 4];
        let weights: ArrayView3<i8> = self.filters.weight.index_axis(ArrayAxis(0), filter);
        let bias = self.filters.bias[filter];
        let mut sum = Interval {
            low: bias,
            high: bias,
        };
        for (channel, weights) in weights.outer_iter().enumerate() {
            let steps = inputs[first + channel].less(zero_point).or_zero(is_padded);
            for &weight in weights {
                sum = sum.plus(steps.times(weight.into()));
            }
        }
        sum
    }
}

impl Int8Form for Sums {
    fn graph(
        &self,
        graph: &mut Graph,
        inputs: &[ValueId],
        meaning: Meaning,
    ) -> Result<ValueId, GraphError> {
        let moved = (self.window, self.groups);
        let y = graph.q_linear_conv(inputs[0], self.filters.clone(), moved, meaning.both())?;
        self.pool.map_or(Ok(y), |pool| graph.max_pool(y, pool))
    }

    fn operator(
        &self,
        inputs: &[u16],
        _: Meaning,
        output: TensorRecord,
    ) -> Result<OperatorContents, TooLarge> {
        let kind = match self.is_dense {
            true => KIND_DENSE,
            false if self.is_depthwise() && self.pool.is_none() => KIND_DEPTHWISE,
            false => KIND_CONVOLUTION,
        };
        let mut record = OperatorRecord::new(kind, inputs[0]);
        if !self.is_dense {
            [record.rows, record.columns] = axes(&self.window, self.pool)?;
        }
        if kind == KIND_CONVOLUTION {
            record.groups = size(self.groups)?;
        }
        // In the order of the activations, for dense layers too: the channels of a place are neighbours.
        let weights = self.filters.weight.view().permuted_axes([0, 2, 3, 1]);
        Ok(OperatorContents {
            weights: weights.iter().copied().collect(),
            biases: self.filters.bias.to_vec(),
            multipliers: multipliers(&self.multipliers),
            ..OperatorContents::new(record, output)
        })
    }

    fn reach(&self, inputs: &[&[Interval]], meaning: Meaning) -> Vec<Interval> {
        let multipliers = multipliers(&self.multipliers);
        let reach = |(filter, multiplier)| {
            let sums = self.filter_reach(filter, inputs[0], meaning.from.zero_point);
            sums.requantized(multiplier, meaning.to.zero_point)
        };
        multipliers.into_iter().enumerate().map(reach).collect()
    }

    fn channels(&self) -> Channels {
        match self.groups {
            1 => Channels::Mixed,
            _ if self.is_depthwise() => Channels::Apart,
            _ => Channels::Grouped,
        }
    }

    fn weights(&self) -> usize {
        self.filters.weight.len()
    }

    fn multiply_adds(&self, inputs: &[Shape], output: Shape) -> usize {
        let [_, rows, columns] = inputs[0];
        let places = self.window.output([rows, columns]);
        let [rows, columns] = places.unwrap_or([output[1], output[2]]);
        let outputs = elements([output[0], rows, columns]);
        outputs * self.filters.weight.len() / self.filters.weight.dim().0.max(1)
    }
}

/// The biases in steps of the input's scale times the filter's, if no sum that begins with them leaves 32 bits.
fn biases(
    bias: &Array1<f32>,
    from: f32,
    scales: &Array1<f32>,
    weight: &Array4<i8>,
) -> Result<Array1<i32>, Overflow> {
    let mut steps = Array1::zeros(scales.len());
    for (filter, weights) in weight.outer_iter().enumerate() {
        let scale = f64::from(from) * f64::from(scales[filter]);
        let bias = (f64::from(bias[filter]) / scale).round_ties_even();
        let weights: f64 = weights.iter().map(|&weight| f64::from(weight).abs()).sum();
        let bound = bias.abs() + weights * LARGEST_STEP as f64;
        if bound >= BEYOND {
            return Err(Overflow { filter, bound });
        }
        steps[filter] = bias as i32;
    }
    Ok(steps)
}

/// For each filter the scale with which -127 to 127 cover its weights; of one that is in integers already, theirs.
pub(super) fn weight_scales(weight: &Array4<f32>) -> Array1<f32> {
    let least = largest(weight) * LEAST_SCALE;
    let scale = |filter: ArrayView3<f32>| match largest(filter) {
        largest if largest > least => largest / steps(&filter, largest),
        _ => least / 127.0,
    };
    weight.axis_iter(ArrayAxis(0)).map(scale).collect()
}

fn largest<'a>(weights: impl IntoIterator<Item = &'a f32>) -> f32 {
    let magnitudes = weights.into_iter().map(|weight| weight.abs());
    magnitudes.fold(0.0, f32::max)
}

/// How many steps the largest weight has: the most, up to 127, with which all weights are whole numbers of steps; 127 where
/// none is.
fn steps(filter: &ArrayView3<f32>, largest: f32) -> f32 {
    let are_whole = |steps: &f32| {
        let weights = filter.iter().map(|weight| weight / largest * steps);
        weights
            .into_iter()
            .all(|one| (one - one.round_ties_even()).abs() < WHOLE)
    };
    let mut all = (1..=127_u8).rev().map(f32::from);
    all.find(are_whole).unwrap_or(127.0)
}

#[cfg(test)]
mod tests;
