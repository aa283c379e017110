//! Sixteen channels of an output: what their sums start from, and what they become.

use super::simd::{LANES, Simd};
use crate::operators::Operands;

/// Sixteen neighbouring channels, or the last ones, which are fewer.
pub(super) struct Channels {
    /// The first one, and their number.
    pub first: usize,
    pub len: usize,
    /// What the sums start from, in the order of the lanes.
    pub biases: [i32; LANES],
    multipliers: [f32; LANES],
}

impl Channels {
    /// The channels from one on, at most `most` of them. Of each channel `pack` packs the weights, which it is told with the
    /// channel's lane, and gives their sum; values come with an offset that must not count.
    pub fn new<S: Simd>(
        operands: &Operands<'_>,
        [first, most]: [usize; 2],
        offset: i32,
        mut pack: impl FnMut(usize, usize) -> i32,
    ) -> Self {
        let mut channels = Self {
            first,
            len: most.min(LANES),
            biases: [0; LANES],
            multipliers: [0.0; LANES],
        };
        for (lane, channel) in S::ORDER.into_iter().enumerate() {
            if channel < channels.len {
                let channel = first + channel;
                let bias = operands.biases(channel).next().unwrap_or(0);
                let surplus = offset.wrapping_mul(pack(lane, channel));
                channels.biases[lane] = bias.wrapping_sub(surplus);
                channels.multipliers[lane] = operands.multiplier(channel);
            }
        }
        channels
    }

    /// Makes sums at some places values. The first ones go where `output` begins, the others each `stride` values further.
    #[inline(always)]
    pub fn store<S: Simd, const PLACES: usize>(
        &self,
        simd: S,
        sums: &[S::Sums; PLACES],
        zero_point: i8,
        output: &mut [i8],
        stride: usize,
    ) {
        let mut values = [[0; LANES]; PLACES];
        for (values, sums) in values.iter_mut().zip(sums) {
            *values = simd.requantize(*sums, &self.multipliers, zero_point);
        }
        for (place, values) in values.iter().enumerate() {
            store(values, self.len, &mut output[place * stride..]);
        }
    }
}

/// Puts the first values where `output` begins.
#[inline(always)]
pub(super) fn store(values: &[i8; LANES], len: usize, output: &mut [i8]) {
    const HALF: usize = LANES / 2;
    if len == LANES {
        output[..LANES].copy_from_slice(values);
    } else if len >= HALF {
        // Both ends, which overlap.
        output[..HALF].copy_from_slice(&values[..HALF]);
        output[len - HALF..len].copy_from_slice(&values[len - HALF..len]);
    } else {
        for (output, value) in output[..len].iter_mut().zip(values) {
            *output = *value;
        }
    }
}
