//! The dense layer: an input value is read once for four units.

use core::arch::naked_asm;

use super::requantize;
use crate::operators::backend::plain::sum_products;
use crate::operators::backend::{Filters, Sums, UNITS};

/// Units that are requantised at a time.
const BLOCK: usize = 4 * UNITS;

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
        let (fours, rest) = sums.as_chunks_mut::<UNITS>();
        if !fours.is_empty() {
            // SAFETY: there is an input and a unit, and all units have a weight for each input.
            unsafe {
                add_products(
                    input.as_ptr_range().end,
                    stride.wrapping_neg(),
                    weights.as_ptr(),
                    stride,
                    fours.as_mut_ptr(),
                    fours.len(),
                    -i32::from(zero_point),
                );
            }
        }
        let done = weights.get(fours.len() * UNITS * stride..);
        for (sum, weights) in rest.iter_mut().zip(done.unwrap_or_default().chunks(stride)) {
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

/// Adds to the sums of units, four by four, the products of at least one input. `input` is where it ends, `next`, less than
/// 0, its first value from there, and `weights` where those of a unit before the first one would end.
///
/// A round has four values of 17 instructions, each of them two bytes; where the values are no multiple of four, the units
/// enter their first round in the middle.
#[unsafe(naked)]
unsafe extern "C" fn add_products(
    input: *const i8,
    next: usize,
    weights: *const u8,
    stride: usize,
    sums: *mut [i32; UNITS],
    fours: usize,
    offset: i32,
) {
    // r0 the end of the input, r1 the next value and weight, from where they end, r2 to r5 the ends of the four's weights,
    // r6 a value, r7 a weight and a product, r8 to r11 the sums, r12 the offset, lr from one's weights to the next one's.
    // On the stack: at 0 what r0, r1 and the program begin with, 48 the sums, 52 the fours left.
    naked_asm!(
        "push {{r4-r7, lr}}",
        "mov r4, r8",
        "mov r5, r9",
        "mov r6, r10",
        "mov r7, r11",
        "push {{r4-r7}}",
        "mov lr, r3",
        "mov r5, r2",
        "ldr r6, [sp, #44]",
        "mov r12, r6",
        "movs r6, #3",
        "ands r6, r1",
        "movs r7, #34",
        "muls r6, r7, r6",
        "adr r7, 3f",
        "adds r6, r6, r7",
        "adds r6, r6, #1",
        "push {{r0, r1, r6}}",
        "2:",
        "ldr r7, [sp, #48]",
        "ldmia r7!, {{r0-r3}}",
        "mov r8, r0",
        "mov r9, r1",
        "mov r10, r2",
        "mov r11, r3",
        "mov r6, lr",
        "adds r2, r5, r6",
        "adds r3, r2, r6",
        "adds r4, r3, r6",
        "adds r5, r4, r6",
        "mov r7, sp",
        "ldmia r7!, {{r0, r1, r6}}",
        "bx r6",
        ".p2align 2",
        "3:",
        ".rept 4",
        "ldrsb r6, [r0, r1]",
        "add r6, r12",
        "cmp r6, #0",
        "beq 4f",
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
