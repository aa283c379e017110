//! aarch64 with the dot product: 16 products an instruction, which adds four neighbouring ones to a sum each.
#![allow(unsafe_code)] // Instructions of some processors only, and loads of vectors.
#![allow(
    clippy::needless_range_loop,
    reason = "slices of one length are indexed, so that the compiler sees it"
)]

use core::arch::aarch64::{int8x16_t, int32x4_t};
use core::arch::asm;

use super::common;
use super::neon::{Neon, Unchanged};
use crate::format::VALUE_ENTRIES;
use crate::host::memory::Scratch;
use crate::host::operator::Operator;
use crate::host::simd::{LANES, Simd};

/// A processor with NEON and its dot product.
#[derive(Clone, Copy)]
pub struct Dot(Neon);

impl Dot {
    /// `None` if this processor has not got it.
    pub fn detect() -> Option<Self> {
        let found = std::arch::is_aarch64_feature_detected!("dotprod");
        Neon::detect().filter(|_| found).map(Self)
    }
}

/// Like [`Neon`], but for the products of convolutions.
impl Simd for Dot {
    type Values = Unchanged;
    type ChannelValues = Unchanged;
    type Step = [i8; 4];
    type StepWeights = [i8; 4 * LANES];
    type Sums = [int32x4_t; 4];

    const DEPTH: usize = 4;
    const WINDOWS: usize = 5;
    const ORDER: [usize; LANES] = Neon::ORDER;

    fn run(
        self,
        operator: &Operator,
        inputs: [&[i8]; 2],
        output: &mut [i8],
        scratch: &mut Scratch,
    ) {
        operator.run(self, inputs, output, scratch);
    }

    fn weight_place(lane: usize, value: usize) -> usize {
        4 * lane + value
    }

    fn channel_place(lane: usize, value: usize) -> usize {
        Neon::channel_place(lane, value)
    }

    #[inline(always)]
    fn steps(values: &[i8]) -> &[[i8; 4]] {
        values.as_chunks().0
    }

    #[inline(always)]
    fn step_weights(weights: &[i8]) -> &[[i8; 4 * LANES]] {
        weights.as_chunks().0
    }

    #[inline(always)]
    fn load(self, sums: &[i32; LANES]) -> [int32x4_t; 4] {
        common::load(sums)
    }

    #[inline(always)]
    fn multiply_add<const WINDOWS: usize>(
        self,
        sums: &mut [[int32x4_t; 4]; WINDOWS],
        weights: &[[i8; 4 * LANES]],
        windows: &[&[[i8; 4]]; WINDOWS],
    ) {
        let (fours, rest) = weights.as_chunks::<4>();
        let windows_by_four = common::by_four(windows, fours.len());
        for at in 0..fours.len() {
            let weights = &fours[at];
            // SAFETY: each window has as many.
            let values = unsafe { common::four_steps(&windows_by_four, at) };
            dot::<0, WINDOWS>(sums, &weights[0], values);
            dot::<1, WINDOWS>(sums, &weights[1], values);
            dot::<2, WINDOWS>(sums, &weights[2], values);
            dot::<3, WINDOWS>(sums, &weights[3], values);
        }
        for step in weights.len() - rest.len()..weights.len() {
            dot::<0, WINDOWS>(sums, &weights[step], common::one_step(windows, step));
        }
    }

    #[inline(always)]
    fn multiply_add_channels(
        self,
        sums: [int32x4_t; 4],
        weights: &[i8; 2 * LANES],
        values: [&[i8; LANES]; 2],
    ) -> [int32x4_t; 4] {
        common::multiply_add_channels(sums, weights, values)
    }

    #[inline(always)]
    fn add(self, one: &[i8; LANES], other: &[i8; LANES], zero: i16) -> [int32x4_t; 4] {
        common::add(one, other, zero)
    }

    #[inline(always)]
    fn look_up(self, table: &[u8; VALUE_ENTRIES], values: &[i8; LANES]) -> [i8; LANES] {
        common::look_up(table, values)
    }

    #[inline(always)]
    fn max(self, sums: [int32x4_t; 4], others: [int32x4_t; 4]) -> [int32x4_t; 4] {
        common::max(sums, others)
    }

    #[inline(always)]
    fn requantize(
        self,
        sums: [int32x4_t; 4],
        multipliers: &[f32; LANES],
        zero_point: i8,
    ) -> [i8; LANES] {
        common::requantize(sums, multipliers, zero_point)
    }
}

/// Adds the products of the four values at an index of each window with their weights to the window's sums.
#[inline(always)]
fn dot<const INDEX: u32, const WINDOWS: usize>(
    sums: &mut [[int32x4_t; 4]; WINDOWS],
    weights: &[i8; 4 * LANES],
    values: [int8x16_t; WINDOWS],
) {
    let weights = common::quarters(weights);
    for (sums, values) in sums.iter_mut().zip(values) {
        for (sums, weights) in sums.iter_mut().zip(weights) {
            // Stable Rust has no name for it.
            // SAFETY: there is a value of the type above only where the processor has the instruction, which touches no
            // memory.
            unsafe {
                asm!(
                    ".arch_extension dotprod",
                    "sdot {sums:v}.4s, {weights:v}.16b, {values:v}.4b[{index}]",
                    sums = inout(vreg) *sums,
                    weights = in(vreg) weights,
                    values = in(vreg) values,
                    index = const INDEX,
                    options(pure, nomem, nostack, preserves_flags),
                );
            }
        }
    }
}
