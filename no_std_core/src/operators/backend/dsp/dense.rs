//! Units of a dense layer, four at a time: what they share is widened once.

use core::arch::naked_asm;

use super::offsets;
use super::requantize::{halves, scale_exactly};
use crate::format::DENSE_GROUP;
use crate::operators::backend::Filters;
use crate::operators::backend::plain::dense_one_by_one;

/// See [`Backend::dense`](crate::operators::backend::Backend::dense).
pub fn dense(input: &[i8], zero_point: i8, units: &Filters<'_>, outputs: &mut [i8]) {
    let count = outputs.len();
    let there = units.weights.len() >= units.stride.saturating_mul(count)
        && units.biases.len().min(units.multipliers.len()) >= count
        && units.stride == input.len();
    debug_assert!(there, "the loader has seen all weights");
    let (groups, rest) = input.as_chunks::<DENSE_GROUP>();
    // Words of weights are read several at once, for which they must be aligned.
    let aligned = units
        .weights
        .as_ptr()
        .addr()
        .is_multiple_of(align_of::<u32>());
    let blocks = if aligned { count / DENSE_GROUP } else { 0 };
    if there && blocks > 0 {
        let (biases, multipliers) = (units.biases.as_ptr(), units.multipliers.as_ptr());
        // SAFETY: there is a block of units, and there are as many weights, biases, multipliers and outputs as that takes.
        unsafe {
            add_blocks(&mut Task {
                input: input.as_ptr(),
                entry: match groups.len() {
                    0 => 4,
                    groups => groups.wrapping_neg() % 4,
                },
                weights: units.weights.as_ptr(),
                biases,
                offsets: offsets(zero_point),
                multipliers: multipliers.addr().wrapping_sub(biases.addr()),
                halves: halves(units.zero_point),
                output: outputs.as_mut_ptr(),
                blocks,
                rest: rest.len(),
                input_end: groups.as_ptr_range().end.cast(),
                sums: [0; DENSE_GROUP],
            });
        }
    }
    let done = blocks * DENSE_GROUP;
    if done < count {
        dense_one_by_one(input, zero_point, units, done, outputs);
    }
}

/// What the loops are called with, and keep in memory.
#[repr(C)]
struct Task {
    input: *const i8,
    /// The groups that the first round has too few of; then where the loop is entered.
    entry: usize,
    /// The weights of a block of units.
    weights: *const u8,
    /// The biases of a block.
    biases: *const [u8; 4],
    /// What takes the zero point off a pair.
    offsets: u32,
    /// The way from a bias to its multiplier.
    multipliers: usize,
    /// Twice the zero point, and 1.
    halves: i32,
    output: *mut i8,
    /// Blocks left, and values of the input behind the last group.
    blocks: usize,
    rest: usize,
    /// Where the last group of the input ends.
    input_end: *const i8,
    sums: [i32; DENSE_GROUP],
}

/// At least one block of units. A round has four groups.
#[unsafe(naked)]
unsafe extern "C" fn add_blocks(task: &mut Task) {
    // r0 input, r2 weights, r4 to r7 the sums, r8 the offsets, r9 and r10 pairs of values, r3, r11, r12 and lr the weights of
    // a group, r1 and each of them pairs of weights. For values: r0 the next multiplier, r2 the next place, r4 a sum, r6 the
    // end of the sums, r8 the next one, the others as in `prepare`. On the stack: at 0 the task, 4 the end of the input.
    naked_asm!(
        processor!(),
        "ldr r1, [r0, #40]",
        "push {{r0, r1, r4-r11, lr}}",
        "ldr r1, [r0, #4]",
        "mov r2, #80",
        "adr.w r3, 3f",
        "mla r1, r1, r2, r3",
        "add r1, r1, #1",
        "str r1, [r0, #4]",
        "mov r12, r0",
        "2:",
        "ldm r12, {{r0-r3, r8}}",
        "ldr r4, [r3]",
        "ldr r5, [r3, #4]",
        "ldr r6, [r3, #8]",
        "ldr r7, [r3, #12]",
        "bx r1",
        ".p2align 2",
        "3:",
        ".rept 4",
        "ldr r9, [r0], #4",
        "sxtab16 r10, r8, r9, ror #8",
        "sxtab16 r9, r8, r9",
        "ldmia.w r2!, {{r3, r11, r12, lr}}",
        "sxtb16 r1, r3",
        "sxtb16 r3, r3, ror #8",
        "smlad r4, r9, r1, r4",
        "smlad r4, r10, r3, r4",
        "sxtb16 r1, r11",
        "sxtb16 r11, r11, ror #8",
        "smlad r5, r9, r1, r5",
        "smlad r5, r10, r11, r5",
        "sxtb16 r1, r12",
        "sxtb16 r12, r12, ror #8",
        "smlad r6, r9, r1, r6",
        "smlad r6, r10, r12, r6",
        "sxtb16 r1, lr",
        "sxtb16 lr, lr, ror #8",
        "smlad r7, r9, r1, r7",
        "smlad r7, r10, lr, r7",
        ".endr",
        "ldr r1, [sp, #4]",
        "cmp r0, r1",
        "bne 3b",
        "ldr r12, [sp]",
        "ldr r1, [r12, #36]",
        "cbz r1, 5f",
        "4:", // What is left of the input.
        "ldrsb r9, [r0], #1",
        "sxtah r9, r9, r8",
        "ldrsb r11, [r2], #1",
        "mla r4, r9, r11, r4",
        "ldrsb r11, [r2], #1",
        "mla r5, r9, r11, r5",
        "ldrsb r11, [r2], #1",
        "mla r6, r9, r11, r6",
        "ldrsb r11, [r2], #1",
        "mla r7, r9, r11, r7",
        "subs r1, r1, #1",
        "bne 4b",
        "5:",
        "str r2, [r12, #8]",
        "add r8, r12, #44",
        "stm r8, {{r4-r7}}",
        "add r6, r8, #16",
        "ldr r1, [r12, #12]",
        "add r2, r1, #16",
        "str r2, [r12, #12]",
        "ldrd r0, lr, [r12, #20]",
        "add r0, r0, r1",
        "ldr r2, [r12, #28]",
        "6:",
        "ldr r4, [r8], #4",
        "ldr r3, [r0], #4",
        prepare!("61f", "51"),
        scale!("r4", "8f"),
        "7:",
        "ssat r4, #8, r4",
        "strb r4, [r2], #1",
        "cmp r8, r6",
        "bne 6b",
        "ldr r12, [sp]",
        "str r2, [r12, #28]",
        "ldr r1, [r12, #32]",
        "subs r1, r1, #1",
        "str r1, [r12, #32]",
        "bne 2b",
        "pop {{r0, r1, r4-r11, pc}}",
        unusual!("61", "51b"),
        "8:",
        "push {{r0-r3, lr}}",
        "ldr r1, [r0, #-4]",
        "mov r2, lr",
        "mov r0, r4",
        "bl {scale_exactly}",
        "mov r4, r0",
        "pop {{r0-r3, lr}}",
        "b 7b",
        scale_exactly = sym scale_exactly,
    )
}
