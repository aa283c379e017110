//! Sums become values by one multiplication to 32 bits of their and the multiplier's most significant bits, wherever these
//! tell the value.

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
    let words = multipliers.as_ptr();
    if !words.addr().is_multiple_of(align_of::<u32>()) {
        return requantize_elsewhere(sums, multipliers, zero_point, outputs, stride);
    }
    let filters = sums.filters().min(multipliers.len());
    let others = sums.lanes.checked_sub(1).map(u16::try_from);
    // Two factors of 16 bits have a product of 32.
    let (Some(Ok(others)), Ok(way)) = (others, u16::try_from(stride)) else {
        return;
    };
    let end = (usize::from(others) * usize::from(way)).saturating_add(filters);
    if filters == 0 || sums.lanes > sums.group || end > outputs.len() {
        return;
    }
    // SAFETY: there is a filter and a lane, and there are as many sums, multipliers and places as that takes.
    unsafe {
        requantize_filters(
            sums.values.as_ptr(),
            words,
            outputs.as_mut_ptr(),
            stride,
            words.add(filters),
            sums.lanes,
            (sums.group - sums.lanes) * size_of::<i32>(),
            zero_point.into(),
            if zero_point == i8::MIN { 0 } else { -1 },
        );
    }
}

/// [`requantize`] for a file that begins at no multiple of four, with words that do.
#[cold]
#[inline(never)] // What it needs on the stack is not there otherwise.
fn requantize_elsewhere(
    sums: &Sums<'_>,
    multipliers: &[[u8; 4]],
    zero_point: i8,
    outputs: &mut [i8],
    stride: usize,
) {
    #[repr(align(4))]
    struct Word([[u8; 4]; 1]);
    let filters = sums.values.chunks(sums.group.max(1)).zip(multipliers);
    for (first, (values, &multiplier)) in filters.enumerate() {
        let sums = Sums { values, ..*sums };
        let outputs = outputs.get_mut(first..).unwrap_or_default();
        requantize(&sums, &Word([multiplier]).0, zero_point, outputs, stride);
    }
}

/// [`requantize`] for at least one filter and one lane; after the lanes of a filter its sums are `skip` bytes from those of
/// the next one.
///
/// Of the multiplier's 24 significant bits 15 are kept, rounded, and of the sum so many that the product has 21 bits behind
/// the point. Unless the value is saturated, those of a multiplier `M`, 2^14 to 2^15, meet at most 2^29 / `M` of the sum:
/// rounding moves the product by half of that at most, either way, and what is dropped of the sum takes less than `M` + 1
/// away. So the true product is at most 2^14 + 1 less and `M` + 2^28 / `M` + 2 <= 0xa002 more, and single precision moves it
/// by 2^6 at most. Where that reaches a half, and for multipliers out of the ordinary, all bits are asked.
///
/// From 256 on a product saturates. Where the zero point is the least value, those less than 0 do, too, and the `mask` is 0
/// instead of -1.
#[unsafe(naked)]
#[allow(clippy::too_many_arguments, reason = "they are registers")]
#[allow(clippy::too_many_lines, reason = "they are instructions")]
unsafe extern "C" fn requantize_filters(
    sums: *const i32,
    multipliers: *const [u8; 4],
    outputs: *mut i8,
    stride: usize,
    multipliers_end: *const [u8; 4],
    lanes: usize,
    skip: usize,
    zero_point: i32,
    mask: i32,
) {
    // r0 the next sum, r1 a sum and its value, r2 for a moment, r3 the multiplier, r4 the bits dropped of a sum, r5 and r8
    // below and from where one saturates, r6 the place, r7 lanes left, r9 what rounds and is added, r10 what of the fraction
    // does not tell, r11 from one lane's place to the next, r12 the first place of the filter, lr the next multiplier. On
    // the stack: at 36 the multipliers' end, 40 the lanes, 44 the skip, 48 the zero point, 52 the mask of r5.
    naked_asm!(
        "push {{r4-r7, lr}}",
        "mov r4, r8",
        "mov r5, r9",
        "mov r6, r10",
        "mov r7, r11",
        "push {{r4-r7}}",
        "mov r11, r3",
        "mov r12, r2",
        "mov lr, r1",
        "movs r2, #0xe2",
        "lsls r2, r2, #19",
        "mov r10, r2", // 0x4100 + 0xa100, as a fraction.
        "ldr r2, [sp, #48]",
        "lsls r2, r2, #13",
        "movs r3, #0x10",
        "lsls r3, r3, #8",
        "adds r2, r2, r3",
        "adds r2, #0xa1",
        "lsls r2, r2, #8",
        "mov r9, r2",
        "2:",
        "mov r7, lr",
        "ldmia r7!, {{r3}}",
        "mov lr, r7",
        "lsrs r4, r3, #24",
        "lsls r3, r3, #8",
        "subs r4, #15",
        "movs r5, #1",
        "lsls r5, r5, #31",
        "movs r2, #31",
        "subs r2, r2, r4",
        "blo 3f", // A multiplier out of the ordinary: no sum is told by some of the bits.
        "asrs r5, r2",
        "3:",
        "rsbs r2, r5, #0",
        "mov r8, r2",
        "ldr r2, [sp, #52]",
        "ands r5, r2",
        "movs r6, #17",
        "subs r4, #15",
        "bpl 3f",
        "adds r6, r6, r4",
        "movs r4, #0",
        "3:",
        "lsrs r3, r6",
        "movs r6, #0",
        "adcs r3, r6",
        "mov r6, r12",
        "ldr r7, [sp, #40]",
        "4:",
        "ldmia r0!, {{r1}}",
        "cmp r1, r5",
        "blt 5f",
        "cmp r1, r8",
        "bge 7f",
        "asrs r1, r4",
        "muls r1, r3, r1",
        "add r1, r9",
        "lsls r2, r1, #11",
        "cmp r2, r10",
        "blo 8f",
        "asrs r1, r1, #21",
        "sxtb r2, r1",
        "cmp r1, r2",
        "beq 6f",
        "5:",
        "asrs r1, r1, #31",
        "movs r2, #127",
        "eors r1, r2",
        "6:",
        "strb r1, [r6]",
        "add r6, r11",
        "subs r7, r7, #1",
        "bne 4b",
        "ldr r7, [sp, #44]",
        "adds r0, r0, r7",
        "movs r7, #1",
        "add r12, r7",
        "ldr r7, [sp, #36]",
        "cmp lr, r7",
        "bne 2b",
        "pop {{r4-r7}}",
        "mov r8, r4",
        "mov r9, r5",
        "mov r10, r6",
        "mov r11, r7",
        "pop {{r4-r7, pc}}",
        "7:",
        "mov r2, r8",
        "cmp r2, #0",
        "bgt 5b",
        "8:",
        "mov r1, r12",
        "mov r2, lr",
        "push {{r0-r4}}", // Calls find the stack at a multiple of 8.
        "subs r0, #4",
        "ldr r0, [r0]",
        "subs r2, #4",
        "ldr r1, [r2]",
        "ldr r2, [sp, #68]",
        "bl {requantize_sum}",
        "mov r12, r0",
        "pop {{r0-r4}}",
        "mov lr, r2",
        "mov r2, r12",
        "mov r12, r1",
        "mov r1, r2",
        "b 6b",
        requantize_sum = sym requantize_sum,
    )
}

/// What becomes of a sum, by all bits of the multiplier in a word.
extern "C" fn requantize_sum(sum: i32, multiplier: u32, zero_point: i32) -> i32 {
    /// With this shift, a sum that is not saturated has 24 bits.
    const SHIFT: u32 = 38;
    let spare = SHIFT.saturating_sub(multiplier >> 24).min(31);
    // A power of two more and one less change no rounding, but leave fewer sums undecided by one multiplication.
    let (sum, multiplier) = match sum << spare {
        moved if moved >> spare == sum => (moved, multiplier + (spare << 24)),
        _ => (sum, multiplier),
    };
    let multiplier = Multiplier::of_checked(multiplier.to_le_bytes());
    multiplier.requantize(sum, zero_point as i8).into()
}
