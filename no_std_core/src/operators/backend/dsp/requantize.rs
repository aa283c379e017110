//! Sums become values: the product's most significant word, the rounding and the zero point in one instruction, `SMMLAR`.
//!
//! That word of a sum times the multiplier's mantissa, moved up by 7 bits, has `shift` bits of fraction. A half and the
//! zero point are added in the same units. Single precision rounds sum and product, too: as far as values do not saturate
//! that moves them by 2^-15 at most, less than half a unit. So it can matter only where the fraction has become 0.

use core::arch::naked_asm;

use crate::operators::backend::Sums;
use crate::requantize::Multiplier;

/// Takes the multiplier in r3, as a file has it, and in lr twice the zero point and 1. Then r3 is what sums are multiplied
/// with, r9 what is added, r10 the bits of the fraction and r11 their number. Of multipliers out of the ordinary r10 is 0,
/// so that nothing is clear.
macro_rules! prepare {
    () => {
        concat!(
            "lsr r11, r3, #24\n",
            "sub r11, r11, #25\n",
            "lsl r3, r3, #8\n",
            "lsr r3, r3, #1\n",
            "lsl r9, lr, r11\n",
            "asr r9, r9, #1\n",
            "mov r10, #1\n",
            "lsl r10, r10, r11\n",
            "sub r10, r10, #1\n",
            "cmp r11, #13\n",
            "it hi\n",
            "movhi r10, #0\n",
        )
    };
}

/// Makes the sum in a register its value, which may have to be saturated. Where it is not clear it goes on at a label, and
/// comes back behind itself with the value. Takes r12; 16 bytes.
macro_rules! scale {
    ($sum:literal, $unclear:literal) => {
        concat!(
            "smmlar r12, ",
            $sum,
            ", r3, r9\ntst r12, r10\nbeq.w ",
            $unclear,
            "\nasr.w ",
            $sum,
            ", r12, r11\n"
        )
    };
}

pub(super) use {prepare, scale};

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
            zero(zero_point),
        );
    }
}

/// Twice the zero point, and 1: the zero point and a half in halves.
pub(super) fn zero(zero_point: i8) -> i32 {
    2 * i32::from(zero_point) + 1
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
    zero: i32,
) {
    // r0 the next sum, r1 the next multiplier, r2 the first place of the filter, r4 filters left, r5 from one lane's place
    // to the next, r6 lanes left, r7 the place, r8 a sum, then its value; the others as in `prepare`. On the stack: at 40
    // the filters, 44 the lanes, 48 the skip, 52 the zero.
    naked_asm!(
        processor!(),
        "push {{r3-r11, lr}}",
        "mov r5, r3",
        "ldr r4, [sp, #40]",
        "2:",
        "ldr r3, [r1], #4",
        "ldr lr, [sp, #52]",
        prepare!(),
        "ldr r6, [sp, #44]",
        "mov r7, r2",
        "3:",
        "ldr r8, [r0], #4",
        scale!("r8", "5f"),
        "4:",
        "ssat r8, #8, r8",
        "strb r8, [r7]",
        "add r7, r7, r5",
        "subs r6, r6, #1",
        "bne 3b",
        "ldr r12, [sp, #48]",
        "add r0, r0, r12",
        "add r2, r2, #1",
        "subs r4, r4, #1",
        "bne 2b",
        "pop {{r3-r11, pc}}",
        "5:",
        "push {{r0-r3}}",
        "mov r0, r8",
        "ldr r1, [r1, #-4]",
        "ldr r2, [sp, #68]",
        "bl {scale_exactly}",
        "mov r8, r0",
        "pop {{r0-r3}}",
        "b 4b",
        scale_exactly = sym scale_exactly,
    )
}

/// Bits of a product that are below its most significant word, less those that the mantissa is moved up by.
const DROPPED: u32 = 25;

/// What the instructions come to where it is not clear: the value of a sum that stands beside a tie, or whose multiplier is
/// out of the ordinary.
pub(super) extern "C" fn scale_exactly(sum: i32, multiplier: u32, zero: i32) -> i32 {
    let multiplier = Multiplier::of_checked(multiplier.to_le_bytes());
    let fraction_bits = u32::from(multiplier.shift()).wrapping_sub(DROPPED);
    if (1..=13).contains(&fraction_bits) {
        let product = i64::from(sum) * i64::from(multiplier.mantissa() << 7);
        // The tie is where the lower word is 0. What single precision can miss it by:
        let error = 1 << (fraction_bits + 17);
        if (product as u32).wrapping_add(error) > 2 * error {
            let word = (product >> 32) as i32 + (zero << (fraction_bits - 1));
            return word >> fraction_bits;
        }
    }
    multiplier.scale(sum) + (zero >> 1)
}
