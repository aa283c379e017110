//! Units of a dense layer, four at a time: what they share is widened once.

use core::arch::naked_asm;

use super::requantize::{halves, scale_exactly};
use super::{GROUP, offsets};
use crate::operators::backend::plain::sum_products;
use crate::operators::backend::{Filters, UNITS};

/// See [`Backend::dense`](crate::operators::backend::Backend::dense).
pub fn dense(input: &[i8], zero_point: i8, units: &Filters<'_>, outputs: &mut [i8]) {
    let count = outputs.len();
    let there = units.weights.len() >= units.stride.saturating_mul(count)
        && units.biases.len().min(units.multipliers.len()) >= count
        && units.stride >= input.len();
    if count < UNITS || input.len() < GROUP || !there {
        add_one_by_one(input, zero_point, units, outputs);
        return;
    }
    let mut first = 0;
    while first < count {
        let rest = count - first;
        let mut blocks = rest / UNITS;
        if blocks == 0 {
            // The last ones again: some of them get the same value once more.
            (first, blocks) = (count - UNITS, 1);
        }
        let groups = input.len() / GROUP;
        let (biases, multipliers) = (units.biases.as_ptr(), units.multipliers.as_ptr());
        // SAFETY: there is a group of input and a block of units, and there are as many weights, biases, multipliers and
        // outputs as that takes.
        unsafe {
            add_blocks(&mut Task {
                input: input.as_ptr(),
                rounds: groups.div_ceil(4),
                weights: units.weights.as_ptr().add(first * units.stride),
                stride: units.stride,
                offsets: offsets(zero_point),
                biases: biases.add(first),
                entry: groups.wrapping_neg() % 4,
                multipliers: multipliers.addr().wrapping_sub(biases.addr()),
                halves: halves(units.zero_point),
                output: outputs.as_mut_ptr().add(first),
                blocks,
                rest: input.len() % GROUP,
                sums: [0; UNITS],
            });
        }
        first += blocks * UNITS;
    }
}

/// What the loops have too few units or too little input for.
fn add_one_by_one(input: &[i8], zero_point: i8, units: &Filters<'_>, outputs: &mut [i8]) {
    let weights = units.weights.chunks(units.stride.max(1));
    let ends = units.biases.iter().zip(units.multipliers);
    for ((output, weights), (&bias, &multiplier)) in outputs.iter_mut().zip(weights).zip(ends) {
        let sum = i32::from_le_bytes(bias) + sum_products(input, zero_point, weights);
        let multiplier = u32::from_le_bytes(multiplier);
        let value = scale_exactly(sum, multiplier, halves(units.zero_point));
        *output = value.clamp(i8::MIN.into(), i8::MAX.into()) as i8;
    }
}

/// What the loops are called with, and keep in memory.
#[repr(C)]
struct Task {
    input: *const i8,
    /// Rounds of four groups of input.
    rounds: usize,
    /// The weights of a block of units, and the way from one unit to the next.
    weights: *const u8,
    stride: usize,
    /// What takes the zero point off a pair.
    offsets: u32,
    /// The biases of a block.
    biases: *const [u8; 4],
    /// The groups that the first round has too few of; then where the loop is entered.
    entry: usize,
    /// The way from a bias to its multiplier.
    multipliers: usize,
    /// Twice the zero point, and 1.
    halves: i32,
    output: *mut i8,
    /// Blocks left, and values of the input behind the last group.
    blocks: usize,
    rest: usize,
    sums: [i32; UNITS],
}

/// At least one block of units, over at least one group of input.
#[unsafe(naked)]
unsafe extern "C" fn add_blocks(task: &mut Task) {
    // r0 input, r1 rounds left, r2 weights of units 0 and 1, r12 of 2 and 3, r3 from one to the other, r4 to r7 the sums,
    // r8 the offsets, r9 and r10 pairs of values, r11 and lr pairs of weights. For values: r0 the next multiplier, r2 the
    // next place, r4 a sum, r6 the end of the sums, r8 the next one, the others as in `prepare`.
    naked_asm!(
        processor!(),
        "push {{r0, r4-r11, lr}}",
        "ldr r1, [r0, #24]",
        "mov r2, #92",
        "adr.w r3, 3f",
        "mla r1, r1, r2, r3",
        "add r1, r1, #1",
        "str r1, [r0, #24]",
        "mov r12, r0",
        "2:",
        "ldm r12, {{r0-r3, r8-r10}}",
        "ldr r4, [r9]",
        "ldr r5, [r9, #4]",
        "ldr r6, [r9, #8]",
        "ldr r7, [r9, #12]",
        "add r12, r2, r3, lsl #1",
        "bx r10",
        ".p2align 2",
        "3:",
        ".rept 4",
        "ldr r9, [r0], #4",
        "sxtab16 r10, r8, r9, ror #8",
        "sxtab16 r9, r8, r9",
        "ldr r11, [r2, r3]",
        "sxtb16 lr, r11",
        "sxtb16 r11, r11, ror #8",
        "smlad r5, r9, lr, r5",
        "smlad r5, r10, r11, r5",
        "ldr r11, [r2], #4",
        "sxtb16 lr, r11",
        "sxtb16 r11, r11, ror #8",
        "smlad r4, r9, lr, r4",
        "smlad r4, r10, r11, r4",
        "ldr r11, [r12, r3]",
        "sxtb16 lr, r11",
        "sxtb16 r11, r11, ror #8",
        "smlad r7, r9, lr, r7",
        "smlad r7, r10, r11, r7",
        "ldr r11, [r12], #4",
        "sxtb16 lr, r11",
        "sxtb16 r11, r11, ror #8",
        "smlad r6, r9, lr, r6",
        "smlad r6, r10, r11, r6",
        ".endr",
        "subs r1, r1, #1",
        "bne 3b",
        "ldr lr, [sp]",
        "ldr r1, [lr, #44]",
        "cbz r1, 5f",
        "4:", // What is left of the input.
        "ldrsb r9, [r0], #1",
        "sxtah r9, r9, r8",
        "ldrsb r11, [r2, r3]",
        "mla r5, r9, r11, r5",
        "ldrsb r11, [r2], #1",
        "mla r4, r9, r11, r4",
        "ldrsb r11, [r12, r3]",
        "mla r7, r9, r11, r7",
        "ldrsb r11, [r12], #1",
        "mla r6, r9, r11, r6",
        "subs r1, r1, #1",
        "bne 4b",
        "5:",
        "mov r12, lr",
        "add r8, r12, #48",
        "stm r8, {{r4-r7}}",
        "add r6, r8, #16",
        "ldr r2, [r12, #8]",
        "add r2, r2, r3, lsl #2",
        "str r2, [r12, #8]",
        "ldr r1, [r12, #20]",
        "add r2, r1, #16",
        "str r2, [r12, #20]",
        "ldr r0, [r12, #28]",
        "add r0, r0, r1",
        "ldr lr, [r12, #32]",
        "ldr r2, [r12, #36]",
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
        "str r2, [r12, #36]",
        "ldr r1, [r12, #40]",
        "subs r1, r1, #1",
        "str r1, [r12, #40]",
        "bne 2b",
        "pop {{r0, r4-r11, pc}}",
        unusual!("61", "51b"),
        "8:",
        "push {{r0-r2, lr}}",
        "ldr r1, [r0, #-4]",
        "mov r2, lr",
        "mov r0, r4",
        "bl {scale_exactly}",
        "mov r4, r0",
        "pop {{r0-r2, lr}}",
        "b 7b",
        scale_exactly = sym scale_exactly,
    )
}
