//! The dense layer: an input value is read once for four units.

use core::arch::naked_asm;

use super::requantize;
use crate::format::DENSE_GROUP;
use crate::operators::backend::plain::add_values_of_four;
use crate::operators::backend::{Filters, Sums};

/// Units that are requantised at a time.
const BLOCK: usize = 4 * DENSE_GROUP;

/// Weights of a group of inputs for four units.
const GROUP_LEN: usize = DENSE_GROUP * DENSE_GROUP;

/// See [`Backend::dense`](crate::operators::backend::Backend::dense).
pub fn dense(input: &[i8], zero_point: i8, units: &Filters<'_>, outputs: &mut [i8]) {
    let stride = units.stride;
    let (mut weights, mut multipliers) = (units.weights, units.multipliers);
    let biases = units.biases.chunks(BLOCK);
    for (biases, outputs) in biases.zip(outputs.chunks_mut(BLOCK)) {
        let mut sums = [0; BLOCK];
        for (sum, &bias) in sums.iter_mut().zip(biases) {
            *sum = i32::from_le_bytes(bias);
        }
        let sums = sums.get_mut(..biases.len()).unwrap_or_default();
        let there = weights.len() >= sums.len().saturating_mul(stride);
        debug_assert!(there, "the loader has seen all weights");
        if !there || input.len() != stride || input.is_empty() {
            return;
        }
        let (fours, rest) = sums.as_chunks_mut::<DENSE_GROUP>();
        let (groups, values) = input.as_chunks::<DENSE_GROUP>();
        let (len, block_len) = (groups.len() * GROUP_LEN, DENSE_GROUP * stride);
        if !fours.is_empty() && !groups.is_empty() {
            let step = block_len - (GROUP_LEN - DENSE_GROUP);
            // SAFETY: there is a group and a block of units, and all units have a weight for each input.
            unsafe {
                add_products(
                    input.as_ptr().wrapping_add(len),
                    len.wrapping_neg(),
                    weights.as_ptr().wrapping_add(len).wrapping_sub(step),
                    step,
                    fours.as_mut_ptr(),
                    fours.len(),
                    zero_point.into(),
                );
            }
        }
        let split = weights.split_at_checked(fours.len() * block_len);
        let (blocks, others) = split.unwrap_or_default();
        for (sums, weights) in fours.iter_mut().zip(blocks.chunks(block_len.max(1))) {
            let weights = weights.get(len..).unwrap_or_default();
            add_values_of_four(values, zero_point, weights, sums);
        }
        for (sum, weights) in rest.iter_mut().zip(others.chunks(stride)) {
            *sum += sum_products(input, zero_point, weights);
        }
        let sums = Sums {
            values: sums,
            group: 1,
            lanes: 1,
        };
        requantize::requantize(&sums, multipliers, units.zero_point, outputs, 1);
        weights = weights.get(BLOCK * stride..).unwrap_or_default();
        multipliers = multipliers.get(BLOCK..).unwrap_or_default();
    }
}

/// The products of the input, less its zero point, with the weights of a unit.
fn sum_products(input: &[i8], zero_point: i8, weights: &[u8]) -> i32 {
    let zero_point = i32::from(zero_point);
    let products = input
        .iter()
        .zip(weights)
        .map(|(&value, weight)| (i32::from(value) - zero_point) * i32::from(weight.cast_signed()));
    products.sum()
}

/// Adds to the sums of units, four by four, the products of at least one group of input values. `next`, less than 0, is the
/// way from where the weights of a block's groups end to the next one, which goes 16 up with each group; so that it leads
/// from r0 to the next value as well, r0 goes 12 down. `weights` is `step` before where the groups of the first block end,
/// and `step` the way to those of the next one from the place of a block's last unit.
#[unsafe(naked)]
unsafe extern "C" fn add_products(
    input: *const i8,
    next: usize,
    weights: *const u8,
    step: usize,
    sums: *mut [i32; DENSE_GROUP],
    fours: usize,
    zero_point: i32,
) {
    // r0 to r1 as above, r2 to r5 the places of the four units where the groups end, r6 a value, r7 a weight and a product,
    // r8 to r11 the sums, r12 less the zero point, lr the zero point. On the stack: at 0 what r0 and r1 begin with, 8 the
    // step, 48 the sums, 52 the fours left.
    naked_asm!(
        "push {{r4-r7, lr}}",
        "mov r4, r8",
        "mov r5, r9",
        "mov r6, r10",
        "mov r7, r11",
        "push {{r4-r7}}",
        "mov r5, r2",
        "ldr r6, [sp, #44]",
        "mov lr, r6",
        "rsbs r6, r6, #0",
        "mov r12, r6",
        "push {{r0, r1, r3}}",
        "2:",
        "ldr r7, [sp, #48]",
        "ldmia r7!, {{r0-r3}}",
        "mov r8, r0",
        "mov r9, r1",
        "mov r10, r2",
        "mov r11, r3",
        "ldr r6, [sp, #8]",
        "adds r2, r5, r6",
        "adds r3, r2, #4",
        "adds r4, r3, #4",
        "adds r5, r4, #4",
        "ldr r0, [sp]",
        "ldr r1, [sp, #4]",
        "3:",
        ".rept 4",
        "ldrsb r6, [r0, r1]",
        "cmp r6, lr",
        "beq 4f",
        "add r6, r12",
        "ldrsb r7, [r2, r1]",
        "muls r7, r6, r7",
        "add r8, r7",
        "ldrsb r7, [r3, r1]",
        "muls r7, r6, r7",
        "add r9, r7",
        "ldrsb r7, [r4, r1]",
        "muls r7, r6, r7",
        "add r10, r7",
        "ldrsb r7, [r5, r1]",
        "muls r7, r6, r7",
        "add r11, r7",
        "4:",
        "adds r1, r1, #1",
        ".endr",
        "subs r0, #12",
        "adds r1, #12",
        "bne 3b",
        "ldr r7, [sp, #48]",
        "mov r0, r8",
        "mov r1, r9",
        "mov r2, r10",
        "mov r3, r11",
        "stmia r7!, {{r0-r3}}",
        "str r7, [sp, #48]",
        "ldr r6, [sp, #52]",
        "subs r6, r6, #1",
        "str r6, [sp, #52]",
        "bne 2b",
        "add sp, #12",
        "pop {{r4-r7}}",
        "mov r8, r4",
        "mov r9, r5",
        "mov r10, r6",
        "mov r11, r7",
        "pop {{r4-r7, pc}}",
    )
}
