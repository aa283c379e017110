//! Operators of which each value is made of one value of each input.

use alloc::boxed::Box;

use super::simd::{LANES, Simd};
use crate::format::{SUM_ENTRIES, VALUE_ENTRIES};
use crate::operators::Operands;
use crate::requantize::Multiplier;

/// The sum of two tensors.
pub(super) struct Sum {
    zero_points: [i8; 2],
    table: Box<[u8; SUM_ENTRIES]>,
    /// What makes a sum a value, if the table is what the rule gives with some multiplier.
    multiplier: Option<f32>,
}

/// The least sum of two values.
const LEAST: i32 = 2 * i8::MIN as i32;

impl Sum {
    pub fn new(operands: &Operands<'_>) -> Option<Self> {
        let table = operands.table::<SUM_ENTRIES>()?;
        let zero_points = [operands.input(), operands.output()].map(|tensor| tensor.zero_point);
        Some(Self {
            zero_points,
            multiplier: multiplier(table, zero_points),
            table: Box::new(*table),
        })
    }

    /// Makes the output of the inputs.
    #[inline(always)]
    pub fn run<S: Simd>(&self, simd: S, one: &[i8], other: &[i8], output: &mut [i8]) {
        let Some(multiplier) = self.multiplier else {
            return self.look_up(one, other, output);
        };
        let ([input, zero_point], multipliers) = (self.zero_points, [multiplier; LANES]);
        let zero = 2 * i16::from(input);
        let (values, values_left) = one.as_chunks::<LANES>();
        let (others, others_left) = other.as_chunks::<LANES>();
        let (outputs, outputs_left) = output.as_chunks_mut::<LANES>();
        for ((one, other), output) in values.iter().zip(others).zip(outputs) {
            *output = simd.requantize(simd.add(one, other, zero), &multipliers, zero_point);
        }
        self.look_up(values_left, others_left, outputs_left);
    }

    fn look_up(&self, one: &[i8], other: &[i8], output: &mut [i8]) {
        for ((output, &one), &other) in output.iter_mut().zip(one).zip(other) {
            let sum = i32::from(one) + i32::from(other);
            *output = self.table[(sum - LEAST) as usize].cast_signed();
        }
    }
}

/// The multiplier with which the rule of [`requantize`](crate::requantize) gives all of a table's values, if there is one.
fn multiplier(table: &[u8; SUM_ENTRIES], [input, output]: [i8; 2]) -> Option<f32> {
    let entries = || {
        let sums = (LEAST..).map(|sum| sum - 2 * i32::from(input));
        let values = table.iter().map(|&value| value.cast_signed());
        sums.zip(values).take(SUM_ENTRIES)
    };
    let (mut least, mut most) = (0.0_f64, f64::from(1 << 23));
    for (sum, value) in entries().filter(|&(sum, _)| sum != 0) {
        let real = f64::from(value) - f64::from(output);
        let sum = f64::from(sum);
        // Saturated values bound the multiplier on one side.
        let ends = [
            (value > i8::MIN).then_some((real - 0.5) / sum),
            (value < i8::MAX).then_some((real + 0.5) / sum),
        ];
        let [low, high] = if sum > 0.0 { ends } else { [ends[1], ends[0]] };
        least = least.max(low.unwrap_or(least));
        most = most.min(high.unwrap_or(most));
    }
    let middle = f64::midpoint(least, most) as f32;
    let multiplier = Multiplier::from_f32_bits(middle.to_bits())?;
    let fits = entries().all(|(sum, value)| multiplier.requantize(sum, output) == value);
    fits.then_some(middle)
}

/// A function of one value.
pub(super) struct Table(Box<[u8; VALUE_ENTRIES]>);

impl Table {
    pub fn new(operands: &Operands<'_>) -> Option<Self> {
        operands.table().map(|table| Self(Box::new(*table)))
    }

    /// Makes the output of the input.
    #[inline(always)]
    pub fn run<S: Simd>(&self, simd: S, input: &[i8], output: &mut [i8]) {
        let (values, values_left) = input.as_chunks::<LANES>();
        let (outputs, outputs_left) = output.as_chunks_mut::<LANES>();
        for (output, values) in outputs.iter_mut().zip(values) {
            *output = simd.look_up(&self.0, values);
        }
        let mut values = [0; LANES];
        values[..values_left.len()].copy_from_slice(values_left);
        let values = simd.look_up(&self.0, &values);
        outputs_left.copy_from_slice(&values[..values_left.len()]);
    }
}

/// The channels of two tensors side by side.
pub(super) struct Concatenation {
    channels: [usize; 2],
}

impl Concatenation {
    pub fn new(operands: &Operands<'_>) -> Self {
        let [first, all] =
            [operands.input(), operands.output()].map(|tensor| usize::from(tensor.shape.channels));
        Self {
            channels: [first, all - first],
        }
    }

    /// Makes the output of the inputs.
    pub fn run(&self, one: &[i8], other: &[i8], output: &mut [i8]) {
        let [first, second] = self.channels;
        let inputs = one.chunks_exact(first).zip(other.chunks_exact(second));
        for ((one, other), output) in inputs.zip(output.chunks_exact_mut(first + second)) {
            let (left, right) = output.split_at_mut(first);
            left.copy_from_slice(one);
            right.copy_from_slice(other);
        }
    }
}
