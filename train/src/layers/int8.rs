//! Layers in integers.

use ndarray::{Array1, Array4};
use no_std_core::format::{Axis, OperatorContents, TensorRecord, TooLarge};
use no_std_core::requantize::Multiplier;

use super::activation::Table;
use super::add::Int8Add;
use super::average_pool::Int8AveragePool;
use super::{Concat, MaxPool, Sums};
use crate::graph::{Graph, GraphError, ValueId};
use crate::network::Shape;
use crate::ops::{Quantization, QuantizedFilters, Window};

/// What the integers of a layer's inputs, and of its output, stand for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Meaning {
    /// Of the first input, and of others that must have the same.
    pub from: Quantization,
    /// Of the output.
    pub to: Quantization,
}

impl Meaning {
    /// Of the inputs, and of the output.
    pub fn both(self) -> [Quantization; 2] {
        [self.from, self.to]
    }
}

/// A layer that integers compute.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "each is documented where it is defined")]
pub enum Int8Layer {
    Add(Int8Add),
    AveragePool(Int8AveragePool),
    Concat(Concat),
    MaxPool(MaxPool),
    Sums(Sums),
    Table(Table),
}

impl Int8Layer {
    /// What the layer can do, whichever it is.
    pub fn form(&self) -> &dyn Int8Form {
        match self {
            Self::Add(layer) => layer,
            Self::AveragePool(layer) => layer,
            Self::Concat(layer) => layer,
            Self::MaxPool(layer) => layer,
            Self::Sums(layer) => layer,
            Self::Table(layer) => layer,
        }
    }
}

/// Which channels of its inputs a channel of a layer's output is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channels {
    /// The same one of each input.
    Apart,
    /// One after the other those of the first input, then those of the second.
    Joined,
    /// All, by weights.
    Mixed,
    /// Those of its group, by weights.
    Grouped,
}

/// What each layer can do in integers.
pub trait Int8Form {
    /// Adds the layer; inputs and output are `[1, channels, rows, columns]` in int8.
    fn graph(
        &self,
        graph: &mut Graph,
        inputs: &[ValueId],
        meaning: Meaning,
    ) -> Result<ValueId, GraphError>;

    /// The layer in a flash file, where it reads these tensors and makes `output`.
    fn operator(
        &self,
        inputs: &[u16],
        meaning: Meaning,
        output: TensorRecord,
    ) -> Result<OperatorContents, TooLarge>;

    /// Where the values of each channel of the output lie, if those of the inputs lie in these intervals.
    fn reach(&self, inputs: &[&[Interval]], meaning: Meaning) -> Vec<Interval>;

    /// Which channels of the inputs a channel of the output is made of.
    fn channels(&self) -> Channels;

    /// Number of weights, or of entries of a table.
    fn weights(&self) -> usize {
        0
    }

    /// Multiplications and additions for one input.
    fn multiply_adds(&self, _inputs: &[Shape], _output: Shape) -> usize {
        0
    }
}

/// Integers from `low` to `high`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// The least one.
    pub low: i32,
    /// The greatest one.
    pub high: i32,
}

impl Interval {
    /// All int8 values.
    pub const ALL: Self = Self {
        low: i8::MIN as i32,
        high: i8::MAX as i32,
    };

    /// The value, if it is one alone.
    pub fn constant(self) -> Option<i8> {
        (self.low == self.high).then_some(self.low as i8)
    }

    /// All of them less a zero point.
    #[must_use]
    pub fn less(self, zero_point: i8) -> Self {
        let zero_point = i32::from(zero_point);
        Self {
            low: self.low - zero_point,
            high: self.high - zero_point,
        }
    }

    /// With 0 among them, as in windows that reach into padding.
    #[must_use]
    pub fn or_zero(self, is_padded: bool) -> Self {
        if is_padded {
            Self {
                low: self.low.min(0),
                high: self.high.max(0),
            }
        } else {
            self
        }
    }

    /// All of them times a factor.
    #[must_use]
    pub fn times(self, factor: i32) -> Self {
        let [one, other] = [self.low * factor, self.high * factor];
        Self {
            low: one.min(other),
            high: one.max(other),
        }
    }

    /// Sums of one of these and one of the others.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            low: self.low + other.low,
            high: self.high + other.high,
        }
    }

    /// What the core makes of sums in this interval; it never falls as they rise.
    #[must_use]
    pub fn requantized(self, multiplier: Multiplier, zero_point: i8) -> Self {
        let [low, high] =
            [self.low, self.high].map(|sum| i32::from(multiplier.requantize(sum, zero_point)));
        Self { low, high }
    }
}

/// Factors as the core has them.
pub(super) fn multipliers(factors: &Array1<f32>) -> Vec<Multiplier> {
    let multiplier = |&factor: &f32| {
        Multiplier::from_f32_bits(factor.to_bits()).expect("other factors have been refused")
    };
    factors.iter().map(multiplier).collect()
}

/// Kernels of ones, one a channel, with this scale.
pub(super) fn ones(channels: usize, [rows, columns]: [usize; 2], scale: f32) -> QuantizedFilters {
    QuantizedFilters {
        weight: Array4::ones((channels, 1, rows, columns)),
        scales: Array1::from_elem(channels, scale),
        bias: Array1::zeros(channels),
    }
}

/// How windows move down, and to the right.
pub(super) fn axes(window: &Window, pool: Option<Window>) -> Result<[Axis; 2], TooLarge> {
    let axis = |side: usize| {
        Ok(Axis {
            kernel: size(window.kernel[side])?,
            stride: size(window.strides[side])?,
            pad_begin: size(window.pads[side])?,
            pad_end: size(window.pads[side + 2])?,
            pool: size(pool.map_or(1, |pool| pool.kernel[side]))?,
        })
    };
    Ok([axis(0)?, axis(1)?])
}

/// A size as a flash file can say it.
pub(crate) fn size(size: usize) -> Result<u16, TooLarge> {
    u16::try_from(size).map_err(|_| TooLarge {
        name: "size of an axis or a window".into(),
        limit: u16::MAX.into(),
        found: size,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_hold_all_results_and_touch_the_outermost() {
        let values = Interval { low: -3, high: 5 };
        assert_eq!(values.less(4), Interval { low: -7, high: 1 });
        assert_eq!(values.times(-2), Interval { low: -10, high: 6 });
        assert_eq!(values.plus(values), Interval { low: -6, high: 10 });
        let above = Interval { low: 2, high: 5 };
        assert_eq!(above.or_zero(true), Interval { low: 0, high: 5 });
        assert_eq!(above.or_zero(false), above);
        let half = Multiplier::from_f32_bits(0.5_f32.to_bits()).unwrap();
        // Ties go to even: -1.5 to -2, 2.5 to 2.
        assert_eq!(values.requantized(half, 10), Interval { low: 8, high: 12 });
        assert_eq!(values.constant(), None);
        assert_eq!(Interval { low: 7, high: 7 }.constant(), Some(7));
    }
}
