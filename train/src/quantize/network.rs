//! A float model as a chain of layers that integers can compute.

use ndarray::{Array1, Array4};

use crate::ops::Window;

/// Which of the layers that can be quantised one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A kernel that moves over its input.
    Convolution,
    /// A kernel that covers its input.
    Dense,
}

/// One layer of a float model.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// Name, counted by kind: `conv1`.
    pub name: String,
    /// The node that it comes from, with its operator: `Conv_0 (Conv)`.
    pub node: String,
    pub kind: Kind,
    /// How the kernel moves.
    pub window: Window,
    /// `[filters, channels, kernel rows, kernel columns]`, finite and not all zero.
    pub weight: Array4<f32>,
    /// `[filters]`, finite.
    pub bias: Array1<f32>,
    /// Whether negative outputs become zero.
    pub relu: bool,
    /// Tiles of the output of which the maximum is taken.
    pub pool: Option<Window>,
    /// Channels, rows and columns of the input.
    pub input: [usize; 3],
    /// Channels, rows and columns of the output, after pooling.
    pub output: [usize; 3],
}

/// A float model as a chain of layers.
#[derive(Clone, Debug, PartialEq)]
pub struct FloatNetwork {
    /// Channels, rows and columns of an image.
    pub input: [usize; 3],
    /// The layers, at least one; the last one yields the logits, with one row and one column.
    pub layers: Vec<Layer>,
    /// The Softmax or `LogSoftmax` after the logits, if there was one: it is no part of the layers.
    pub dropped: Option<String>,
    /// What the model tells about itself.
    pub metadata: Vec<(String, String)>,
}

impl FloatNetwork {
    /// Number of logits.
    pub fn classes(&self) -> usize {
        self.layers.last().map_or(0, |layer| layer.output[0])
    }

    /// The text that the model's metadata has under a key.
    pub fn metadata(&self, key: &str) -> Option<&str> {
        let mut entries = self.metadata.iter();
        let entry = entries.find(|(other, _)| other == key);
        entry.map(|(_, value)| value.as_str())
    }
}
