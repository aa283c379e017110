//! What the loops of a host are written with: sixteen sums side by side.

use super::conversion::Conversion;
use super::memory::Scratch;
use super::operator::Operator;
use crate::format::VALUE_ENTRIES;

/// Filters, or channels of a depthwise convolution, whose sums are made side by side.
pub(super) const LANES: usize = 16;

/// What a conversion makes of a value.
pub(super) type ValueOf<C> = <C as Conversion>::Value;

/// The instructions of a family of processors, which a value of this type proves to be there.
///
/// Convolutions multiply a few values of a window, one after the other, with their weights in sixteen filters at a time.
/// Depthwise ones multiply two values of each of sixteen channels.
pub(super) trait Simd: Copy {
    /// What values become for convolutions.
    type Values: Conversion;
    /// What they become for depthwise convolutions.
    type ChannelValues: Conversion;
    /// Values of a window that are multiplied at a time: an array of [`Self::Values`].
    type Step;
    /// Their weights in sixteen filters: an array of int8, in the order of [`Self::weight_place`].
    type StepWeights;
    /// Sixteen sums, in registers.
    type Sums: Copy;

    /// Values in a [`Self::Step`].
    const DEPTH: usize;
    /// Windows for whose sums, in sixteen filters each, there are registers: 4, 5, 6 or 8.
    const WINDOWS: usize;
    /// The filter or channel that each of the sixteen sums belongs to.
    const ORDER: [usize; LANES];

    /// Runs an operator with the instructions at hand. What that calls has them if it is inlined.
    fn run(self, operator: &Operator, inputs: [&[i8]; 2], output: &mut [i8], scratch: &mut Scratch);

    /// Where in [`Self::StepWeights`] the weight for a value of the step in a filter, of which the sum is in this lane, lies.
    fn weight_place(lane: usize, value: usize) -> usize;

    fn steps(values: &[ValueOf<Self::Values>]) -> &[Self::Step];
    fn step_weights(weights: &[i8]) -> &[Self::StepWeights];

    fn load(self, sums: &[i32; LANES]) -> Self::Sums;

    /// Adds the products of as many steps of some windows as there are weights for to the sums of each window.
    fn multiply_add<const WINDOWS: usize>(
        self,
        sums: &mut [Self::Sums; WINDOWS],
        weights: &[Self::StepWeights],
        windows: &[&[Self::Step]; WINDOWS],
    );

    /// Where among the weights for two values of each channel that for one of them, of which the sum is in this lane, lies.
    fn channel_place(lane: usize, value: usize) -> usize;

    /// Adds the products of two values of each of sixteen channels, which lie side by side, with their weights.
    fn multiply_add_channels(
        self,
        sums: Self::Sums,
        weights: &[i8; 2 * LANES],
        values: [&[ValueOf<Self::ChannelValues>; LANES]; 2],
    ) -> Self::Sums;

    /// The sums of two values of each of sixteen channels, less those of two that stand for 0.
    fn add(self, one: &[i8; LANES], other: &[i8; LANES], zero: i16) -> Self::Sums;

    /// Looks up the entries of a table, -128's first.
    #[inline(always)]
    fn look_up(self, table: &[u8; VALUE_ENTRIES], values: &[i8; LANES]) -> [i8; LANES] {
        values.map(|value| {
            let entry = i32::from(value) - i32::from(i8::MIN);
            table[entry as usize].cast_signed()
        })
    }

    fn max(self, sums: Self::Sums, others: Self::Sums) -> Self::Sums;

    /// Makes sums values, in the order of the channels: each times its multiplier, rounded to nearest, ties to even, plus the
    /// zero point, saturated.
    fn requantize(
        self,
        sums: Self::Sums,
        multipliers: &[f32; LANES],
        zero_point: i8,
    ) -> [i8; LANES];
}
