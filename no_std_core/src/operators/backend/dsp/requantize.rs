//! Sums become values: the product's most significant word and the rounding in one instruction, `SMMLA`.

use core::arch::naked_asm;

use crate::operators::backend::Sums;
use crate::requantize::Multiplier;

/// See [`Backend::requantize`](crate::operators::backend::Backend::requantize).
pub fn requantize(
    sums: &Sums<'_>,
    multipliers: &[[u8; 4]],
    zero_point: i8,
    outputs: &mut [i8],
    stride: usize,
) {
    let filters = sums.filters().min(multipliers.len());
    let Some(others) = sums.lanes.checked_sub(1) else {
        return;
    };
    let end = others.saturating_mul(stride).saturating_add(filters);
    if filters == 0 || sums.lanes > sums.group || end > outputs.len() {
        return;
    }
    // SAFETY: there is a filter and a lane, and there are as many sums, multipliers and places as that takes.
    unsafe {
        requantize_filters(
            sums.values.as_ptr(),
            multipliers.as_ptr(),
            outputs.as_mut_ptr(),
            stride,
            filters,
            sums.lanes,
            (sums.group - sums.lanes) * size_of::<i32>(),
            zero_point.into(),
        );
    }
}

/// [`requantize`] for at least one filter and one lane; after the lanes of a filter its sums are `skip` bytes from those of
/// the next one.
#[unsafe(naked)]
#[allow(clippy::too_many_arguments, reason = "they are registers")]
unsafe extern "C" fn requantize_filters(
    sums: *const i32,
    multipliers: *const [u8; 4],
    outputs: *mut i8,
    stride: usize,
    filters: usize,
    lanes: usize,
    skip: usize,
    zero_point: i32,
) {
    // r0 the next sum, r1 the next multiplier, r2 the first place of the filter, r3 from one lane's place to the next, r4
    // filters left, r5 the zero point, r6 the mantissa, r7 the fraction's bits, r8 what of them tells a tie, r9 the half,
    // r10 lanes left, r11 the place, r12 a sum, lr its value. On the stack: at 44 the lanes, 48 the skip.
    naked_asm!(
        processor!(),
        "push {{r4-r11, lr}}",
        "sub sp, sp, #4",
        "ldr r4, [sp, #40]",
        "ldr r5, [sp, #52]",
        "2:",
        "ldr r6, [r1], #4",
        "lsr r7, r6, #24",
        "sub r7, r7, #24",
        "bic r6, r6, #0xff000000",
        "sub r8, r7, #1",
        "mov r9, #1",
        // Multipliers out of the ordinary have a half of 1, by which every sum is a tie.
        "cmp r8, #30",
        "it hs",
        "movhs r8, #0",
        "lsl r9, r9, r8",
        "sub r8, r9, #1",
        "lsl r8, r8, #1",
        "ldr r10, [sp, #44]",
        "mov r11, r2",
        "3:",
        "ldr r12, [r0], #4",
        "lsl lr, r12, #8",
        "cmp r12, lr, asr #8",
        "bne 5f",
        "smmla lr, lr, r6, r9",
        "add r12, lr, #1",
        "tst r12, r8",
        "beq 5f",
        "asr lr, lr, r7",
        "4:",
        "add lr, lr, r5",
        "ssat lr, #8, lr",
        "strb lr, [r11]",
        "add r11, r11, r3",
        "subs r10, r10, #1",
        "bne 3b",
        "ldr r12, [sp, #48]",
        "add r0, r0, r12",
        "add r2, r2, #1",
        "subs r4, r4, #1",
        "bne 2b",
        "add sp, sp, #4",
        "pop {{r4-r11, pc}}",
        "5:",
        "push {{r0-r3}}",
        "ldr r0, [r0, #-4]",
        "ldr r1, [r1, #-4]",
        "bl {scale}",
        "mov lr, r0",
        "pop {{r0-r3}}",
        "b 4b",
        scale = sym scale,
    )
}

/// `sum` times the multiplier in the bytes of a word, where one instruction does not tell.
extern "C" fn scale(sum: i32, multiplier: u32) -> i32 {
    Multiplier::of_checked(multiplier.to_le_bytes()).scale(sum)
}
