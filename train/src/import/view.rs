//! Which axes of an ONNX value are which of the network's tensor.
//!
//! Exporters transpose, flatten and reshape. None of that changes a number, so none of it is a layer: it changes the view
//! of a tensor, and two transpositions that undo each other leave the view that was. An axis of size 1 is in no view,
//! which makes a Reshape that stands for a Transpose the same as one.

use crate::network::{Integers, Shape};
use crate::ops::Quantization;

/// An axis of a tensor: its place in a [`Shape`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// Channels.
    Channel,
    /// Rows.
    Row,
    /// Columns.
    Column,
}

impl Axis {
    /// What messages call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Channel => "channels",
            Self::Row => "rows",
            Self::Column => "columns",
        }
    }
}

/// For each axis of an ONNX value the axes of a tensor that it is made of, the outermost first.
pub type Axes = Vec<Vec<Axis>>;

/// A tensor of the network as an ONNX value.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// The number of the tensor.
    pub tensor: usize,
    /// Its axes, but for those of size 1.
    pub axes: Axes,
    /// Zeros around rows and columns that the next layer shall add: top, left, bottom, right.
    pub pads: [usize; 4],
    /// Whether an operator of the end was left out, after which nothing may come but changes of the form.
    pub is_after_end: bool,
    /// What the value's integers stand for, where it is between `QuantizeLinear` and `DequantizeLinear`.
    pub integers: Option<Meaning>,
}

/// What integers of a type stand for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Meaning {
    /// The type.
    pub integers: Integers,
    /// The numbers, for integers from -128 on.
    pub given: Quantization,
}

impl Meaning {
    /// The number that one of the integers stands for.
    pub fn number(self, integer: i64) -> f32 {
        let first = match self.integers {
            Integers::Signed => 0,
            Integers::Unsigned => 128,
        };
        let steps = integer.saturating_sub(first + i64::from(self.given.zero_point));
        self.given.scale * steps as f32
    }
}

impl View {
    /// A tensor of this shape with these axes.
    pub fn new(tensor: usize, axes: &Axes, shape: Shape) -> Self {
        Self {
            tensor,
            axes: without_ones(axes, shape),
            pads: [0; 4],
            is_after_end: false,
            integers: None,
        }
    }

    /// The sizes of the ONNX value; padding is not counted.
    pub fn sizes(&self, shape: Shape) -> Vec<usize> {
        let size = |axes: &Vec<Axis>| axes.iter().map(|&axis| shape[axis as usize]).product();
        self.axes.iter().map(size).collect()
    }

    /// The sizes for messages, each with the axes of the tensor that it is of: `[1, 3 channels, 28 rows x columns]`.
    pub fn describe(&self, shape: Shape) -> String {
        let shown = |(axes, size): (&Vec<Axis>, usize)| {
            let names: Vec<&str> = axes.iter().map(|axis| axis.name()).collect();
            match &names[..] {
                [] => size.to_string(),
                names => format!("{size} {}", names.join(" x ")),
            }
        };
        let sizes = self.axes.iter().zip(self.sizes(shape)).map(shown);
        format!("[{}]", sizes.collect::<Vec<_>>().join(", "))
    }

    /// The same tensor in other sizes, row-major; `None` where they divide an axis of the tensor.
    pub fn reshaped(&self, shape: Shape, sizes: &[usize]) -> Option<Self> {
        let mut order = self.axes.iter().flatten().copied().peekable();
        let mut lists = Axes::new();
        for &size in sizes {
            let (mut list, mut product) = (Vec::new(), 1);
            while product < size {
                let axis = order.next()?;
                product *= shape[axis as usize];
                list.push(axis);
            }
            if product != size {
                return None;
            }
            lists.push(list);
        }
        let view = Self {
            axes: lists,
            ..self.clone()
        };
        order.peek().is_none().then_some(view)
    }

    /// Axis `i` of the result is axis `permutation[i]` of this one; `None` where it is no permutation.
    pub fn transposed(&self, permutation: &[usize]) -> Option<Self> {
        let mut sorted = permutation.to_vec();
        sorted.sort_unstable();
        let axes = permutation.iter().map(|&axis| self.axes.get(axis).cloned());
        let view = Self {
            axes: axes.collect::<Option<_>>()?,
            ..self.clone()
        };
        sorted.into_iter().eq(0..self.axes.len()).then_some(view)
    }

    /// The full axes of `candidates` that this view of a tensor of `shape` has, those of size 1 included.
    pub fn matching(&self, shape: Shape, candidates: &[Axes]) -> Option<Axes> {
        let mut candidates = candidates.iter();
        let found = candidates.find(|axes| without_ones(axes, shape) == self.axes);
        found.cloned()
    }

    /// The order of the axes in memory.
    pub fn order(&self) -> Vec<Axis> {
        self.axes.iter().flatten().copied().collect()
    }
}

fn without_ones(axes: &Axes, shape: Shape) -> Axes {
    let is_seen = |axis: &Axis| shape[*axis as usize] > 1;
    let seen = |axes: &Vec<Axis>| axes.iter().copied().filter(is_seen).collect();
    axes.iter().map(seen).collect()
}

#[cfg(test)]
mod tests {
    use super::Axis::{Channel, Column, Row};
    use super::*;

    const SHAPE: Shape = [3, 4, 5];

    fn image(shape: Shape) -> View {
        let axes = vec![vec![], vec![Channel], vec![Row], vec![Column]];
        View::new(1, &axes, shape)
    }

    #[test]
    fn transpositions_that_undo_each_other_leave_nothing() {
        let last = image(SHAPE).transposed(&[0, 2, 3, 1]).unwrap();
        assert_eq!(last.sizes(SHAPE), [1, 4, 5, 3]);
        assert_eq!(last.transposed(&[0, 3, 1, 2]).unwrap(), image(SHAPE));
        assert_eq!(image(SHAPE).transposed(&[0, 1, 1, 2]), None);
        assert_eq!(image(SHAPE).transposed(&[0, 1, 2]), None);
    }

    #[test]
    fn flattening_keeps_the_order_and_can_be_undone() {
        let last = image(SHAPE).transposed(&[0, 2, 3, 1]).unwrap();
        let flat = last.reshaped(SHAPE, &[1, 60]).unwrap();
        assert_eq!(flat.axes, [vec![], vec![Row, Column, Channel]]);
        assert_eq!(flat.reshaped(SHAPE, &[1, 4, 5, 3]).unwrap(), last);
        // An axis cannot be divided, and no element be lost.
        for sizes in [&[1, 30, 2][..], &[1, 20], &[120]] {
            assert_eq!(flat.reshaped(SHAPE, sizes), None, "{sizes:?}");
        }
    }

    #[test]
    fn with_one_channel_a_reshape_is_a_transposition() {
        let shape = [1, 4, 5];
        let last = image(shape).transposed(&[0, 2, 3, 1]).unwrap();
        assert_eq!(last.reshaped(shape, &[1, 1, 4, 5]).unwrap(), image(shape));
    }
}
