//! Loops that a compiler can make vector instructions of, whatever the processor.

use crate::host::conversion::Differences;
use crate::host::memory::Scratch;
use crate::host::operator::Operator;
use crate::host::simd::{LANES, Simd};

/// Any processor.
#[derive(Clone, Copy)]
pub struct Portable;

/// The sum of it and a number is rounded to an integer, ties to even, which are the last bits of the sum then.
const ROUNDING: f32 = 12_582_912.0;

impl Simd for Portable {
    type Values = Differences;
    type ChannelValues = Differences;
    type Step = [i16; 1];
    type StepWeights = [i8; LANES];
    type Sums = [i32; LANES];

    const DEPTH: usize = 1;
    const WINDOWS: usize = 4;
    const ORDER: [usize; LANES] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

    fn run(
        self,
        operator: &Operator,
        inputs: [&[i8]; 2],
        output: &mut [i8],
        scratch: &mut Scratch,
    ) {
        operator.run(self, inputs, output, scratch);
    }

    fn weight_place(lane: usize, _: usize) -> usize {
        lane
    }

    fn channel_place(lane: usize, value: usize) -> usize {
        value * LANES + lane
    }

    #[inline(always)]
    fn steps(values: &[i16]) -> &[[i16; 1]] {
        values.as_chunks().0
    }

    #[inline(always)]
    fn step_weights(weights: &[i8]) -> &[[i8; LANES]] {
        weights.as_chunks().0
    }

    #[inline(always)]
    fn load(self, sums: &[i32; LANES]) -> [i32; LANES] {
        *sums
    }

    #[inline(always)]
    fn multiply_add<const WINDOWS: usize>(
        self,
        sums: &mut [[i32; LANES]; WINDOWS],
        weights: &[[i8; LANES]],
        windows: &[&[[i16; 1]]; WINDOWS],
    ) {
        for (step, weights) in weights.iter().enumerate() {
            for (sums, steps) in sums.iter_mut().zip(windows) {
                let [value] = steps[step];
                for (sum, &weight) in sums.iter_mut().zip(weights) {
                    // At most 255 times 127 either way.
                    *sum += i32::from(value.wrapping_mul(weight.into()));
                }
            }
        }
    }

    #[inline(always)]
    fn multiply_add_channels(
        self,
        mut sums: [i32; LANES],
        weights: &[i8; 2 * LANES],
        [values, others]: [&[i16; LANES]; 2],
    ) -> [i32; LANES] {
        for lane in 0..LANES {
            let [weight, other] = [weights[lane], weights[LANES + lane]].map(i16::from);
            sums[lane] += i32::from(values[lane].wrapping_mul(weight));
            sums[lane] += i32::from(others[lane].wrapping_mul(other));
        }
        sums
    }

    #[inline(always)]
    fn add(self, one: &[i8; LANES], other: &[i8; LANES], zero: i16) -> [i32; LANES] {
        core::array::from_fn(|lane| i32::from(i16::from(one[lane]) + i16::from(other[lane]) - zero))
    }

    #[inline(always)]
    fn max(self, sums: [i32; LANES], others: [i32; LANES]) -> [i32; LANES] {
        core::array::from_fn(|lane| sums[lane].max(others[lane]))
    }

    #[inline(always)]
    fn requantize(
        self,
        sums: [i32; LANES],
        multipliers: &[f32; LANES],
        zero_point: i8,
    ) -> [i8; LANES] {
        core::array::from_fn(|lane| {
            // More than int8 and its zero points hold either way is saturated below.
            let scaled = (sums[lane] as f32 * multipliers[lane]).clamp(-512.0, 512.0);
            let rounded = (scaled + ROUNDING).to_bits().cast_signed();
            let value = rounded - ROUNDING.to_bits().cast_signed() + i32::from(zero_point);
            value.clamp(i8::MIN.into(), i8::MAX.into()) as i8
        })
    }
}
