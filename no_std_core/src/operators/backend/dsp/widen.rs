//! Laying out windows: the loop that widens their values.

use core::arch::naked_asm;

/// Takes the zero point off the `len` values of so many windows, one at least of each, and puts the pairs of each group in
/// the windows' `places`, the second one `lanes` bytes behind the first. Values after them in the last group become what
/// adds nothing. Windows of `others` rows besides the first are put together in the staging first.
#[unsafe(naked)]
#[allow(clippy::too_many_arguments, reason = "they are registers")]
pub unsafe extern "C" fn widen(
    values: *const i8,
    len: usize,
    places: *mut u32,
    lanes: usize,
    windows: usize,
    step: usize,
    offsets: u32,
    zero_points: u32,
    staging: *mut i8,
    others: usize,
    row_step: usize,
    width: usize,
) {
    // r0 the next window, r4 its next values, r5 windows left, r6 the offsets, r7 the next place, r8 groups, values or rows
    // left, r9 and r10 pairs or values, r11 the width, r12 the next row, lr values left of a row. On the stack: at 36 the
    // windows, 40 the step, 44 the offsets, 48 the zero points, 52 the staging, 56 the other rows, 60 the row step, 64 the
    // width.
    naked_asm!(
        processor!(),
        "push {{r4-r11, lr}}",
        "ldr r5, [sp, #36]",
        "ldr r6, [sp, #44]",
        "2:",
        "mov r4, r0",
        "ldr r8, [sp, #56]",
        "cmp r8, #0",
        "beq 8f",
        "mov r12, r0",
        "ldrd r9, r11, [sp, #60]",
        "ldr r7, [sp, #52]",
        "3:", // Row by row.
        "mov r4, r12",
        "subs lr, r11, #4",
        "bmi 5f",
        "4:",
        "ldr r10, [r4], #4",
        "str r10, [r7], #4",
        "subs lr, lr, #4",
        "bpl 4b",
        "5:",
        "adds lr, lr, #4",
        "beq 7f",
        "6:",
        "ldrb r10, [r4], #1",
        "strb r10, [r7], #1",
        "subs lr, lr, #1",
        "bne 6b",
        "7:",
        "add r12, r12, r9",
        "subs r8, r8, #1",
        "bpl 3b",
        "ldr r4, [sp, #52]",
        "8:", // Group by group.
        "mov r7, r2",
        "lsrs r8, r1, #2",
        "beq 22f",
        "tst r8, #1",
        "bne 21f",
        "20:",
        "ldr r9, [r4], #4",
        "sxtab16 r10, r6, r9",
        "sxtab16 r9, r6, r9, ror #8",
        "str r10, [r7]",
        "str r9, [r7, r3]",
        "add r7, r7, r3, lsl #1",
        "21:",
        "ldr r9, [r4], #4",
        "sxtab16 r10, r6, r9",
        "sxtab16 r9, r6, r9, ror #8",
        "str r10, [r7]",
        "str r9, [r7, r3]",
        "add r7, r7, r3, lsl #1",
        "subs r8, r8, #2",
        "bgt 20b",
        "22:",
        "ands r8, r1, #3",
        "beq 24f",
        // Values come in at the bottom of a word of zero points, the last one first.
        "ldr r9, [sp, #48]",
        "23:",
        "subs r8, r8, #1",
        "ldrb r10, [r4, r8]",
        "orr r9, r10, r9, lsl #8",
        "bne 23b",
        "sxtab16 r10, r6, r9",
        "sxtab16 r9, r6, r9, ror #8",
        "str r10, [r7]",
        "str r9, [r7, r3]",
        "24:",
        "ldr r9, [sp, #40]",
        "add r0, r0, r9",
        "add r2, r2, #4",
        "subs r5, r5, #1",
        "bne 2b",
        "pop {{r4-r11, pc}}",
    )
}
