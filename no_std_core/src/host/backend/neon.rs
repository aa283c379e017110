//! aarch64: products of 8-bit integers that fit 16 bits, two of which are added before they are widened.
//!
//! Weights are -127 to 127, so that the sum of two products is at most 2 x 127 x 128 either way.
#![allow(unsafe_code)] // Instructions of some processors only, and loads of vectors.
#![allow(
    clippy::needless_range_loop,
    reason = "slices of one length are indexed, so that the compiler sees it"
)]

use core::arch::aarch64::{int8x16_t, int32x4_t};
use core::arch::asm;

use super::common;
use crate::format::VALUE_ENTRIES;
use crate::host::conversion::Conversion;
use crate::host::memory::Scratch;
use crate::host::operator::Operator;
use crate::host::simd::{LANES, Simd};

/// A processor with NEON.
#[derive(Clone, Copy)]
pub struct Neon(());

impl Neon {
    /// `None` if this processor has not got it.
    pub fn detect() -> Option<Self> {
        std::arch::is_aarch64_feature_detected!("neon").then_some(Self(()))
    }
}

/// Four sums are in each of four registers. Of a step the weights for the first two values lie before those for the others.
impl Simd for Neon {
    type Values = Unchanged;
    type ChannelValues = Unchanged;
    type Step = [i8; 4];
    type StepWeights = [i8; 4 * LANES];
    type Sums = [int32x4_t; 4];

    const DEPTH: usize = 4;
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

    fn weight_place(lane: usize, value: usize) -> usize {
        2 * LANES * (value / 2) + 2 * lane + value % 2
    }

    fn channel_place(lane: usize, value: usize) -> usize {
        LANES * value + lane
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
            add_products::<0, 1, WINDOWS>(sums, &weights[0], values);
            add_products::<2, 3, WINDOWS>(sums, &weights[1], values);
            add_products::<4, 5, WINDOWS>(sums, &weights[2], values);
            add_products::<6, 7, WINDOWS>(sums, &weights[3], values);
        }
        for step in weights.len() - rest.len()..weights.len() {
            add_products::<0, 1, WINDOWS>(sums, &weights[step], common::one_step(windows, step));
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

/// Adds the products of two pairs of values of each window with their weights in sixteen filters to the sums.
#[inline(always)]
fn add_products<const PAIR: u32, const OTHER: u32, const WINDOWS: usize>(
    sums: &mut [[int32x4_t; 4]; WINDOWS],
    weights: &[i8; 4 * LANES],
    values: [int8x16_t; WINDOWS],
) {
    let [first, second, others_first, others_second] = common::quarters(weights);
    for ([a, b, c, d], values) in sums.iter_mut().zip(values) {
        // Left to the compiler, products of several windows are under way at once, for which there are no registers.
        // SAFETY: as in `common::load`; nothing is read or written but registers.
        unsafe {
            asm!(
                "dup {pair:v}.8h, {values:v}.h[{PAIR}]",
                "dup {other:v}.8h, {values:v}.h[{OTHER}]",
                "smull {low:v}.8h, {first:v}.8b, {pair:v}.8b",
                "smull2 {high:v}.8h, {first:v}.16b, {pair:v}.16b",
                "smlal {low:v}.8h, {others_first:v}.8b, {other:v}.8b",
                "smlal2 {high:v}.8h, {others_first:v}.16b, {other:v}.16b",
                "sadalp {a:v}.4s, {low:v}.8h",
                "smull {low:v}.8h, {second:v}.8b, {pair:v}.8b",
                "sadalp {b:v}.4s, {high:v}.8h",
                "smull2 {high:v}.8h, {second:v}.16b, {pair:v}.16b",
                "smlal {low:v}.8h, {others_second:v}.8b, {other:v}.8b",
                "smlal2 {high:v}.8h, {others_second:v}.16b, {other:v}.16b",
                "sadalp {c:v}.4s, {low:v}.8h",
                "sadalp {d:v}.4s, {high:v}.8h",
                PAIR = const PAIR,
                OTHER = const OTHER,
                a = inout(vreg) *a,
                b = inout(vreg) *b,
                c = inout(vreg) *c,
                d = inout(vreg) *d,
                values = in(vreg) values,
                first = in(vreg) first,
                second = in(vreg) second,
                others_first = in(vreg) others_first,
                others_second = in(vreg) others_second,
                pair = out(vreg) _,
                other = out(vreg) _,
                low = out(vreg) _,
                high = out(vreg) _,
                options(pure, nomem, nostack, preserves_flags),
            );
        }
    }
}

/// The values as they are.
pub struct Unchanged;

impl Conversion for Unchanged {
    type Value = i8;

    #[inline(always)]
    fn convert(values: &[i8], _: i8, converted: &mut [i8]) {
        converted.copy_from_slice(values);
    }

    fn zero(zero_point: i8) -> i8 {
        zero_point
    }

    fn offset(zero_point: i8) -> i32 {
        zero_point.into()
    }
}
