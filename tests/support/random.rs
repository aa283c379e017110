//! Reproducible numbers for tests, independent of the code under test.

use ndarray::{ArrayD, IxDyn};

/// A linear congruential generator with Knuth's constants for 64 bits.
pub struct Numbers(u64);

impl Numbers {
    /// Numbers that follow from a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number of `low..high`.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        low + (high - low) * (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A tensor of such numbers, each exact in 32-bit floats so that both sides of a comparison see the same.
    pub fn tensor(&mut self, shape: &[usize], low: f64, high: f64) -> ArrayD<f64> {
        ArrayD::from_shape_simple_fn(IxDyn(shape), || f64::from(self.between(low, high) as f32))
    }
}
