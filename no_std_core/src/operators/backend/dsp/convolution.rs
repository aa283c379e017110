//! The products of a patch with filters, and the values that their sums become.
//!
//! `SXTB16` widens bytes 0 and 2 of a word, after a rotation bytes 1 and 3, and `SMLAD` adds the two products of such
//! pairs to a sum.

use core::arch::naked_asm;

use super::requantize::{prepare, scale, scale_exactly};
use crate::operators::backend;

/// The value of a lane, which is stored.
macro_rules! value {
    ($sum:literal, $at:literal, $unclear:literal, $back:literal) => {
        concat!(
            scale!($sum, $unclear),
            $back,
            ":\nssat ",
            $sum,
            ", #8, ",
            $sum,
            "\nstrb.w ",
            $sum,
            ", ",
            $at
        )
    };
}

/// Where the value of a lane is not clear.
macro_rules! unclear {
    ($sum:literal, $here:literal, $back:literal) => {
        concat!(
            $here,
            ":\npush {{r0-r3, lr}}\nmov r0, ",
            $sum,
            "\nbl 60f\nmov ",
            $sum,
            ", r0\npop {{r0-r3, lr}}\nb.w ",
            $back
        )
    };
}

/// Meets a patch of so many windows with at least one filter, over at least one group. With `sums`, whose end is
/// `biases_end`, the products are added to them. Without, sums start from the biases and become values, whose first place
/// is `output`, and that of the next window `stride` further: as many as there are `windows`, or the greatest one for 0.
///
/// After what is read of the weights of a filter, those of the next one begin `skip` bytes further, and `multipliers` is
/// the way from its bias to its multiplier. `zero` is twice the zero point, and 1.
///
/// A round has four groups; where the groups are no multiple of four, each filter enters its first round in the middle.
#[unsafe(naked)]
#[allow(clippy::too_many_arguments, reason = "they are registers")]
pub unsafe extern "C" fn convolve<const LANES: usize>(
    weights: *const u8,
    groups: usize,
    sums: *mut [i32; backend::LANES],
    windows: usize,
    patch: *const u32,
    patch_end: *const u32,
    skip: usize,
    biases: *const [u8; 4],
    multipliers: usize,
    biases_end: usize,
    zero: i32,
    output: *mut i8,
    stride: usize,
) {
    // r0 weights, r1 patch, r3 and r12 pairs of weights, r4 to r8 the sums. Of four windows r8 to r11 are pairs of values,
    // r2 is the end of the patch and lr the place of the sums, of five r2, r9 to r11 and lr are pairs of values. For values:
    // r1 the place of the first one, r2 the way to the next one, lr the second one, the others as in `prepare`.
    //
    // On the stack: at 0 the entry, 4 where a filter ends, 8 where it becomes values; at 52 the patch, 56 its end, 60 the
    // skip, 64 the bias, 68 the way to the multiplier, 72 the end, 76 the zero, 80 the place, 84 the way to the next one.
    naked_asm!(
        processor!(),
        "push {{r0-r11, lr}}",
        "mov lr, r2",
        "rsb r4, r1, #0",
        "and r4, r4, #3",
        "mov r5, #(20 + 8 * {lanes})",
        "adr.w r6, 6f",
        "mla r4, r4, r5, r6",
        "add r4, r4, #1",
        "adr.w r6, 40f",
        "mov r7, #24",
        "rsb r8, r3, #{lanes}",
        "mla r6, r8, r7, r6",
        "cmp r3, #0",
        "it eq",
        "adreq.w r6, 30f",
        "add r6, r6, #1",
        "adr.w r5, 7f",
        "cmp lr, #0",
        "it ne",
        "adrne.w r5, 8f",
        "add r5, r5, #1",
        "stm sp, {{r4-r6}}",
        "bne 3f",
        "2:", // From the bias.
        "ldrd r1, r2, [sp, #52]",
        "ldr r12, [sp, #64]",
        "ldr r4, [r12]",
        "mov r5, r4",
        "mov r6, r4",
        "mov r7, r4",
        ".if {lanes} == 5",
        "mov r8, r4",
        ".endif",
        "ldr pc, [sp]",
        "3:", // From the sums.
        "ldrd r1, r2, [sp, #52]",
        "ldm lr, {{r4-r7}}",
        "ldr pc, [sp]",
        ".p2align 2",
        "6:",
        ".rept 4",
        "ldr r12, [r0], #4",
        ".if {lanes} == 4",
        "ldmia.w r1!, {{r8-r11}}",
        "sxtb16 r3, r12",
        "sxtb16 r12, r12, ror #8",
        "smlad r4, r8, r3, r4",
        "smlad r5, r9, r3, r5",
        "smlad r6, r10, r3, r6",
        "smlad r7, r11, r3, r7",
        "ldmia.w r1!, {{r8-r11}}",
        "smlad r4, r8, r12, r4",
        "smlad r5, r9, r12, r5",
        "smlad r6, r10, r12, r6",
        "smlad r7, r11, r12, r7",
        ".else",
        "ldmia.w r1!, {{r2, r9-r11, lr}}",
        "sxtb16 r3, r12",
        "sxtb16 r12, r12, ror #8",
        "smlad r4, r2, r3, r4",
        "smlad r5, r9, r3, r5",
        "smlad r6, r10, r3, r6",
        "smlad r7, r11, r3, r7",
        "smlad r8, lr, r3, r8",
        "ldmia.w r1!, {{r2, r9-r11, lr}}",
        "smlad r4, r2, r12, r4",
        "smlad r5, r9, r12, r5",
        "smlad r6, r10, r12, r6",
        "smlad r7, r11, r12, r7",
        "smlad r8, lr, r12, r8",
        ".endif",
        ".endr",
        ".if {lanes} == 5",
        "ldr r2, [sp, #56]",
        ".endif",
        "cmp r1, r2",
        "bne 6b",
        "ldr pc, [sp, #4]",
        "7:", // To values.
        "ldrd r12, r3, [sp, #64]",
        "ldr r3, [r12, r3]",
        "add r12, r12, #4",
        "str r12, [sp, #64]",
        "ldr lr, [sp, #76]",
        prepare!(),
        "ldrd r1, r2, [sp, #80]",
        "add lr, r1, r2",
        "ldr pc, [sp, #8]",
        "8:", // To sums.
        "stm lr!, {{r4-r7}}",
        "ldr r3, [sp, #60]",
        "add r0, r0, r3",
        "ldr r3, [sp, #72]",
        "cmp lr, r3",
        "bne 3b",
        "b 9f",
        "30:", // The greatest.
        "cmp r5, r4",
        "it gt",
        "movgt r4, r5",
        "cmp r6, r4",
        "it gt",
        "movgt r4, r6",
        "cmp r7, r4",
        "it gt",
        "movgt r4, r7",
        "b 41f",
        ".p2align 2",
        "40:",
        ".if {lanes} == 5",
        value!("r8", "[r1, r2, lsl #2]", "58f", "48"),
        ".endif",
        value!("r7", "[lr, r2, lsl #1]", "57f", "47"),
        value!("r6", "[r1, r2, lsl #1]", "56f", "46"),
        value!("r5", "[r1, r2]", "55f", "45"),
        "41:",
        value!("r4", "[r1]", "54f", "44"),
        "add r1, r1, #1",
        "str r1, [sp, #80]",
        "ldr r3, [sp, #60]",
        "add r0, r0, r3",
        "ldr r12, [sp, #64]",
        "ldr r3, [sp, #72]",
        "cmp r12, r3",
        "bne 2b",
        "9:",
        "add sp, sp, #16",
        "pop {{r4-r11, pc}}",
        unclear!("r4", "54", "44b"),
        unclear!("r5", "55", "45b"),
        unclear!("r6", "56", "46b"),
        unclear!("r7", "57", "47b"),
        ".if {lanes} == 5",
        unclear!("r8", "58", "48b"),
        ".endif",
        "60:", // The arguments, after five words more on the stack.
        "ldrd r1, r2, [sp, #84]",
        "add r1, r1, r2",
        "ldr r1, [r1, #-4]",
        "ldr r2, [sp, #96]",
        "b.w {scale_exactly}",
        lanes = const LANES,
        scale_exactly = sym scale_exactly,
    )
}
