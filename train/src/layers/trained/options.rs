//! Options that several layers have: sizes, steps, what lies around a picture.

use serde::de::Error;
use serde::{Deserialize, Deserializer};

use super::picture;
use crate::graph::{Graph, ValueId};
use crate::ops::Window;

/// The largest size that a file may name: no network for small machines is near it, and products stay numbers.
const LARGEST: usize = 1 << 16;

/// A number of things, at least 1.
pub(in crate::layers) fn size<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<usize, D::Error> {
    expect_size(usize::deserialize(deserializer)?)
}

fn expect_size<E: Error>(found: usize) -> Result<usize, E> {
    if (1..=LARGEST).contains(&found) {
        Ok(found)
    } else {
        Err(E::custom(format!("expected 1 to {LARGEST}, found {found}")))
    }
}

/// Rows and columns: two numbers, or one for both.
pub(in crate::layers) fn sizes<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<[usize; 2], D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected a number, or two: [rows, columns]")]
    enum Sizes {
        Both(usize),
        Each([usize; 2]),
    }
    let [rows, columns] = match Sizes::deserialize(deserializer)? {
        Sizes::Both(size) => [size; 2],
        Sizes::Each(sizes) => sizes,
    };
    Ok([expect_size(rows)?, expect_size(columns)?])
}

/// The same, where they are named.
fn some_sizes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<[usize; 2]>, D::Error> {
    sizes(deserializer).map(Some)
}

/// Steps of one place.
pub(in crate::layers) fn unit() -> [usize; 2] {
    [1; 2]
}

pub(in crate::layers) fn yes() -> bool {
    true
}

/// What lies around a picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(from = "PaddingForm")]
pub(in crate::layers) enum Padding {
    /// As many zeros as give a window to each step of the picture, the odd one behind it.
    #[default]
    Same,
    /// So many at the top, the left, the bottom and the right; none is what `valid` means.
    Explicit([usize; 4]),
}

/// How a file says it.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "expected `padding` to be \"same\", \"valid\" or [top, left, bottom, right]"
)]
enum PaddingForm {
    Named(PaddingName),
    Explicit([usize; 4]),
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum PaddingName {
    Same,
    Valid,
}

impl From<PaddingForm> for Padding {
    fn from(form: PaddingForm) -> Self {
        match form {
            PaddingForm::Named(PaddingName::Same) => Self::Same,
            PaddingForm::Named(PaddingName::Valid) => Self::VALID,
            PaddingForm::Explicit(pads) => Self::Explicit(pads),
        }
    }
}

impl Padding {
    /// Nothing.
    const VALID: Self = Self::Explicit([0; 4]);

    /// Rows and columns of what windows over a picture make.
    pub(in crate::layers) fn output(
        self,
        kernel: [usize; 2],
        strides: [usize; 2],
        [_, rows, columns]: [usize; 3],
    ) -> Result<[usize; 2], String> {
        let window = self.window(kernel, strides, [rows, columns]);
        if (0..4).any(|side| window.pads[side] >= kernel[side % 2]) {
            return Err(format!(
                "expected a padding of less than the kernel's {kernel:?}, found {:?}",
                window.pads
            ));
        }
        window.output([rows, columns]).map_err(|_| {
            let [height, width] = kernel;
            format!(
                "expected a picture of at least {height} x {width}, as the kernel is, found {rows} x {columns}; \
                 `padding = \"same\"` puts zeros around it"
            )
        })
    }

    /// The windows over a tensor `[N, C, H, W]`.
    pub(in crate::layers) fn over(
        self,
        graph: &Graph,
        x: ValueId,
        kernel: [usize; 2],
        strides: [usize; 2],
    ) -> Window {
        let shape = graph.shape(x);
        self.window(kernel, strides, [shape[2], shape[3]])
    }

    fn window(self, kernel: [usize; 2], strides: [usize; 2], sizes: [usize; 2]) -> Window {
        let pads = match self {
            Self::Explicit(pads) => pads,
            Self::Same => {
                let around = [0, 1].map(|axis| {
                    let last = (sizes[axis].div_ceil(strides[axis]) - 1) * strides[axis];
                    (last + kernel[axis]).saturating_sub(sizes[axis])
                });
                let [top, left] = around.map(|zeros| zeros / 2);
                [top, left, around[0] - top, around[1] - left]
            }
        };
        Window {
            strides,
            pads,
            ..Window::tiles(kernel)
        }
    }
}

/// The windows of a pool; without a step they touch each other, without padding they lie in the picture.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::layers) struct Windows {
    #[serde(deserialize_with = "sizes")]
    pub size: [usize; 2],
    #[serde(default, deserialize_with = "some_sizes")]
    stride: Option<[usize; 2]>,
    #[serde(default = "valid")]
    padding: Padding,
}

fn valid() -> Padding {
    Padding::VALID
}

impl Windows {
    /// The shape of what windows over a picture make.
    pub fn output(&self, inputs: &[&[usize]]) -> Result<Vec<usize>, String> {
        let input = picture(inputs)?;
        let [rows, columns] = self.padding.output(self.size, self.strides(), input)?;
        Ok(vec![input[0], rows, columns])
    }

    /// The windows over a tensor `[N, C, H, W]`.
    pub fn over(&self, graph: &Graph, x: ValueId) -> Window {
        self.padding.over(graph, x, self.size, self.strides())
    }

    fn strides(&self) -> [usize; 2] {
        self.stride.unwrap_or(self.size)
    }
}
