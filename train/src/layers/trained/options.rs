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
#[serde(rename_all = "lowercase")]
pub(in crate::layers) enum Padding {
    /// As many zeros as give a window to each step of the picture, the odd one behind it.
    #[default]
    Same,
    /// Nothing.
    Valid,
}

impl Padding {
    /// Rows and columns of what windows over a picture make.
    pub(in crate::layers) fn output(
        self,
        kernel: [usize; 2],
        strides: [usize; 2],
        [_, rows, columns]: [usize; 3],
    ) -> Result<[usize; 2], String> {
        let window = self.window(kernel, strides, [rows, columns]);
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
        let around = [0, 1].map(|axis| {
            let reach = (sizes[axis].div_ceil(strides[axis]) - 1) * strides[axis] + kernel[axis];
            match self {
                Self::Same => reach.saturating_sub(sizes[axis]),
                Self::Valid => 0,
            }
        });
        let [top, left] = around.map(|zeros| zeros / 2);
        Window {
            pads: [top, left, around[0] - top, around[1] - left],
            strides,
            ..Window::tiles(kernel)
        }
    }
}

/// The windows of a pool; without a step they touch each other.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::layers) struct Windows {
    #[serde(deserialize_with = "sizes")]
    pub size: [usize; 2],
    #[serde(default, deserialize_with = "some_sizes")]
    stride: Option<[usize; 2]>,
}

impl Windows {
    /// The shape of what windows over a picture make.
    pub fn output(&self, inputs: &[&[usize]]) -> Result<Vec<usize>, String> {
        let [channels, rows, columns] = picture(inputs)?;
        let [rows, columns] = self.window().output([rows, columns])?;
        Ok(vec![channels, rows, columns])
    }

    pub fn window(&self) -> Window {
        Window {
            strides: self.stride.unwrap_or(self.size),
            ..Window::tiles(self.size)
        }
    }
}
