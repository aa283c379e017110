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
/// so that nothing is clear: it goes on at the first label, where [`unusual`] comes back to the second one.
macro_rules! prepare {
    ($unusual:literal, $back:literal) => {
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
            "cmp r11, #13\nbhi.w ",
            $unusual,
            "\n",
            $back,
            ":\n",
        )
    };
}

/// Where [`prepare`] goes on with a multiplier out of the ordinary.
macro_rules! unusual {
    ($here:literal, $back:literal) => {
        concat!($here, ":\nmovs r10, #0\nb.w ", $back)
    };
}

/// Makes the sum in a register its value, which may have to be saturated. Where it is not clear it goes on at a label, and
/// comes back behind itself with the value. Takes r12.
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

/// The same, and stores the value. 24 bytes.
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

/// What is done where a value is not clear; the arguments of [`scale_exactly`] are fetched at 60.
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
            halves(zero_point),
        );
    }
}

/// Twice the zero point, and 1: the zero point and a half in halves.
pub(super) fn halves(zero_point: i8) -> i32 {
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
    halves: i32,
) {
    // r0 the next sum, r1 the next multiplier, r2 from one lane's place to the next, r4 to r7 sums, r8 the place, lr lanes
    // left; the others as in `prepare`. On the stack: at 0 the first place of the filter, 44 the filters, 48 the lanes, 52
    // the skip, 56 the halves.
    naked_asm!(
        processor!(),
        "push {{r2-r11, lr}}",
        "mov r2, r3",
        "2:",
        "ldr r3, [r1], #4",
        "ldr lr, [sp, #56]",
        prepare!("61f", "51"),
        "ldr lr, [sp, #48]",
        "ldr r8, [sp]",
        "subs lr, lr, #4",
        "blt 4f",
        "3:",
        "ldm r0!, {{r4-r7}}",
        value!("r4", "[r8]", "54f", "44"),
        value!("r5", "[r8, r2]", "55f", "45"),
        "add r8, r8, r2, lsl #1",
        value!("r6", "[r8]", "56f", "46"),
        value!("r7", "[r8, r2]", "57f", "47"),
        "add r8, r8, r2, lsl #1",
        "subs lr, lr, #4",
        "bge 3b",
        "4:",
        "adds lr, lr, #4",
        "beq 6f",
        "5:",
        "ldr r4, [r0], #4",
        value!("r4", "[r8]", "58f", "48"),
        "add r8, r8, r2",
        "subs lr, lr, #1",
        "bne 5b",
        "6:",
        "ldr r12, [sp]",
        "add r12, r12, #1",
        "str r12, [sp]",
        "ldr r12, [sp, #52]",
        "add r0, r0, r12",
        "ldr r12, [sp, #44]",
        "subs r12, r12, #1",
        "str r12, [sp, #44]",
        "bne 2b",
        "pop {{r2-r11, pc}}",
        unclear!("r4", "54", "44b"),
        unclear!("r5", "55", "45b"),
        unclear!("r6", "56", "46b"),
        unclear!("r7", "57", "47b"),
        unclear!("r4", "58", "48b"),
        unusual!("61", "51b"),
        "60:", // After five words more on the stack.
        "ldr r1, [r1, #-4]",
        "ldr r2, [sp, #76]",
        "b.w {scale_exactly}",
        scale_exactly = sym scale_exactly,
    )
}

/// Bits of a product that are below its most significant word, less those that the mantissa is moved up by.
const DROPPED: u32 = 25;

/// What the instructions come to where it is not clear: the value of a sum that stands beside a tie, or whose multiplier is
/// out of the ordinary.
pub(super) extern "C" fn scale_exactly(sum: i32, multiplier: u32, halves: i32) -> i32 {
    let multiplier = Multiplier::of_checked(multiplier.to_le_bytes());
    let fraction_bits = u32::from(multiplier.shift()).wrapping_sub(DROPPED);
    if (1..=13).contains(&fraction_bits) {
        let product = i64::from(sum) * i64::from(multiplier.mantissa() << 7);
        // The tie is where the lower word is 0. What single precision can miss it by:
        let error = 1 << (fraction_bits + 17);
        if (product as u32).wrapping_add(error) > 2 * error {
            let word = (product >> 32) as i32 + (halves << (fraction_bits - 1));
            return word >> fraction_bits;
        }
    }
    multiplier.scale(sum) + (halves >> 1)
}
