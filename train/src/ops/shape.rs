//! Shape arithmetic that several operators share.

use super::{Attributes, Range};
use crate::graph::Operand;
use crate::tensor::{ElementType, TensorType};

/// Fails unless there are `count` inputs.
pub(super) fn expect_inputs(inputs: &[Operand], count: usize) -> Result<(), String> {
    if inputs.len() == count {
        Ok(())
    } else {
        Err(format!("expected {count} inputs, found {}", inputs.len()))
    }
}

/// Fails unless the input is a float tensor of `rank` dimensions.
pub(super) fn expect_f32(input: Operand, rank: usize) -> Result<(), String> {
    expect(input, &[ElementType::F32], rank)
}

/// Fails unless the input has one of these element types, and `rank` dimensions.
pub(super) fn expect(input: Operand, elements: &[ElementType], rank: usize) -> Result<(), String> {
    if elements.contains(&input.element()) && input.shape().len() == rank {
        return Ok(());
    }
    let names: Vec<String> = elements.iter().map(|one| format!("{one:?}")).collect();
    let names = names.join(" or ");
    Err(format!(
        "expected an {names} tensor of {rank} dimensions, found {input}"
    ))
}

/// Shape rule of an elementwise function of one float tensor.
pub(super) fn unary(inputs: &[Operand], _: &Attributes) -> Result<TensorType, String> {
    expect_inputs(inputs, 1)?;
    expect_f32(inputs[0], inputs[0].shape().len())?;
    Ok(inputs[0].tensor_type.clone())
}

/// Shape rule of an elementwise function of two tensors of one type, broadcast against each other.
pub(super) fn binary(inputs: &[Operand], _: &Attributes) -> Result<TensorType, String> {
    expect_inputs(inputs, 2)?;
    if inputs[0].element() != inputs[1].element() {
        return Err("expected equal element types".into());
    }
    let shape = broadcast(inputs[0].shape(), inputs[1].shape())?;
    Ok(TensorType::new(inputs[0].element(), &shape))
}

/// The common shape under [ONNX broadcasting](https://onnx.ai/onnx/repo-docs/Broadcasting.html).
pub(super) fn broadcast(a: &[usize], b: &[usize]) -> Result<Vec<usize>, String> {
    let rank = a.len().max(b.len());
    let size = |shape: &[usize], axis: usize| {
        (axis + shape.len())
            .checked_sub(rank)
            .map_or(1, |index| shape[index])
    };
    (0..rank)
        .map(|axis| match (size(a, axis), size(b, axis)) {
            (x, y) if x == y || y == 1 => Ok(x),
            (1, y) => Ok(y),
            (x, y) => Err(format!(
                "sizes {x} and {y} at axis {axis} of {a:?} and {b:?} do not broadcast"
            )),
        })
        .collect()
}

/// The sliding window of a convolution or pooling over two spatial axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Height and width.
    pub kernel: [usize; 2],
    /// Steps between windows, down and right.
    pub strides: [usize; 2],
    /// Padding: top, left, bottom, right.
    pub pads: [usize; 4],
    /// Steps between the taps of one window.
    pub dilations: [usize; 2],
}

impl Window {
    /// Windows that touch each other: the kernel is the stride, and nothing is padded.
    pub fn tiles(kernel: [usize; 2]) -> Self {
        Self {
            kernel,
            strides: kernel,
            pads: [0; 4],
            dilations: [1; 2],
        }
    }

    /// Windows of an odd kernel, one around each pixel, so that the output has the input's size.
    pub fn same(kernel: [usize; 2]) -> Self {
        let [rows, columns] = kernel.map(|size| (size - 1) / 2);
        Self {
            kernel,
            strides: [1; 2],
            pads: [rows, columns, rows, columns],
            dilations: [1; 2],
        }
    }

    /// Number of windows down and right over a padded input of this height and width.
    pub fn output(&self, input: [usize; 2]) -> Result<[usize; 2], String> {
        let [Some(down), Some(across)] = [0, 1].map(|axis| self.room(input, axis)) else {
            return Err(format!("{self:?} does not fit into an input of {input:?}"));
        };
        Ok([down / self.strides[0] + 1, across / self.strides[1] + 1])
    }

    /// Row and column of each tap.
    pub(super) fn taps(&self) -> impl Iterator<Item = [usize; 2]> + use<> {
        let [rows, columns] = self.kernel;
        (0..rows).flat_map(move |row| (0..columns).map(move |column| [row, column]))
    }

    /// The rows and columns of the padded input that one tap sees, for an output of this shape `[N, C, H, W]`.
    pub(super) fn seen_by(&self, tap: [usize; 2], output: &[usize]) -> [Range; 2] {
        [0, 1].map(|axis| {
            let start = tap[axis] * self.dilations[axis];
            let last = start + (output[axis + 2] - 1) * self.strides[axis];
            Range {
                start,
                end: last + 1,
                step: self.strides[axis],
            }
        })
    }

    /// For each tap in turn the pixels of the padded input, `columns` wide, that it sees, for an output of this shape
    /// `[N, C, H, W]`.
    pub(super) fn seen_pixels(&self, output: &[usize], columns: usize) -> Vec<usize> {
        let positions = |range: Range| (range.start..range.end).step_by(range.step);
        let pixels = |tap| {
            let [down, across] = self.seen_by(tap, output);
            let in_row = move |row| positions(across).map(move |column| row * columns + column);
            positions(down).flat_map(in_row)
        };
        self.taps().flat_map(pixels).collect()
    }

    /// The same windows over pixels of which `count` lie side by side in each column.
    pub(super) fn widened(&self, count: usize) -> Self {
        let [top, left, bottom, right] = self.pads;
        Self {
            pads: [top, left * count, bottom, right * count],
            dilations: [self.dilations[0], self.dilations[1] * count],
            ..*self
        }
    }

    /// Rows and columns of the padded input behind the last window.
    pub(super) fn rest(&self, input: [usize; 2]) -> [usize; 2] {
        let behind = |axis| Some(self.room(input, axis)? % self.strides[axis]);
        [0, 1].map(|axis| behind(axis).unwrap_or(0))
    }

    pub(super) fn extent(&self, axis: usize) -> usize {
        self.dilations[axis] * (self.kernel[axis] - 1) + 1
    }

    /// Positions that the first window can move by; `None` if it does not fit or is degenerate.
    fn room(&self, input: [usize; 2], axis: usize) -> Option<usize> {
        if self.kernel[axis] == 0 || self.strides[axis] == 0 || self.dilations[axis] == 0 {
            return None;
        }
        (input[axis] + self.pads[axis] + self.pads[axis + 2]).checked_sub(self.extent(axis))
    }

    pub fn attributes(&self) -> Attributes {
        Attributes::none()
            .sizes("kernel_shape", &self.kernel)
            .sizes("strides", &self.strides)
            .sizes("pads", &self.pads)
            .sizes("dilations", &self.dilations)
    }

    pub fn from_attributes(attributes: &Attributes) -> Self {
        let pair = |name| {
            let sizes = attributes.get_sizes(name);
            [sizes.first(), sizes.get(1)].map(|size| size.copied().unwrap_or(1))
        };
        let pads = attributes.get_sizes("pads");
        Self {
            kernel: pair("kernel_shape"),
            strides: pair("strides"),
            pads: [0, 1, 2, 3].map(|side| pads.get(side).copied().unwrap_or(0)),
            dilations: pair("dilations"),
        }
    }
}
