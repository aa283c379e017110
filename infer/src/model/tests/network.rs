//! A network with every kind of layer that the digits network has, and its logits by definition.

use tract_onnx::pb::ModelProto;

use crate::picture::Pixels;
use crate::support::{model, node, tensor, with_ints};

pub const FILTERS: usize = 3;
pub const CLASSES: usize = 4;

/// Weights between -1 and 1 from a linear congruential generator.
fn weights(count: usize, mut state: u32) -> Vec<f32> {
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

/// Convolution 5x5, rectifier, max pooling 2x2, dense.
pub struct Network {
    kernels: Vec<f32>,
    biases: Vec<f32>,
    dense: Vec<f32>,
    dense_bias: Vec<f32>,
}

impl Network {
    pub fn new() -> Self {
        Self {
            kernels: weights(FILTERS * 25, 1),
            biases: weights(FILTERS, 2),
            dense: weights(FILTERS * 14 * 14 * CLASSES, 3),
            dense_bias: weights(CLASSES, 4),
        }
    }

    pub fn proto(&self) -> ModelProto {
        let conv = node("Conv", &["pixels", "kernels", "biases"], "conv");
        let pool = with_ints(node("MaxPool", &["relu"], "pool"), "kernel_shape", &[2, 2]);
        model(
            vec![
                with_ints(conv, "pads", &[2; 4]),
                node("Relu", &["conv"], "relu"),
                with_ints(pool, "strides", &[2, 2]),
                node("Flatten", &["pool"], "flat"),
                node("Gemm", &["flat", "dense", "dense_bias"], "logits"),
            ],
            vec![
                tensor("kernels", &[FILTERS, 1, 5, 5], &self.kernels),
                tensor("biases", &[FILTERS], &self.biases),
                tensor("dense", &[FILTERS * 14 * 14, CLASSES], &self.dense),
                tensor("dense_bias", &[CLASSES], &self.dense_bias),
            ],
            CLASSES,
        )
    }

    fn convolution(&self, pixels: &Pixels, filter: usize, y: usize, x: usize) -> f64 {
        let mut sum = f64::from(self.biases[filter]);
        for ky in 0..5 {
            for kx in 0..5 {
                let (py, px) = ((y + ky).wrapping_sub(2), (x + kx).wrapping_sub(2));
                if py < 28 && px < 28 {
                    let pixel = f64::from(pixels[py * 28 + px]) / 255.0;
                    sum += pixel * f64::from(self.kernels[filter * 25 + ky * 5 + kx]);
                }
            }
        }
        sum
    }

    /// The logits by the definitions of the layers, in f64.
    pub fn logits(&self, pixels: &Pixels) -> Vec<f64> {
        let mut logits: Vec<f64> = self.dense_bias.iter().map(|&bias| bias.into()).collect();
        for filter in 0..FILTERS {
            for cell in 0..14 * 14 {
                let (y, x) = (cell / 14 * 2, cell % 14 * 2);
                let pooled = [(y, x), (y, x + 1), (y + 1, x), (y + 1, x + 1)]
                    .map(|(y, x)| self.convolution(pixels, filter, y, x))
                    .into_iter()
                    .fold(0.0, f64::max);
                for (class, logit) in logits.iter_mut().enumerate() {
                    let row = filter * 14 * 14 + cell;
                    *logit += pooled * f64::from(self.dense[row * CLASSES + class]);
                }
            }
        }
        logits
    }
}
