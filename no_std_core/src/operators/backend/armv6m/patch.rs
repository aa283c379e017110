//! The patch: values as words, so that one instruction fetches those of four windows, ready to be multiplied and lost.

use core::arch::{asm, naked_asm};

use super::four::add_products_of_lane;
use crate::operators::backend::{self, LANES};

/// Filters whose sums in one window are worked on at a time.
const FILTERS: usize = 4;

/// The most windows that take longer all at once than one by one.
const MOST_ONE_BY_ONE: usize = 2;

/// Values of four windows, from which their zero point is taken off.
pub struct Patch<const LEN: usize> {
    values: [[i32; LANES]; LEN],
}

impl<const LEN: usize> backend::Patch for Patch<LEN> {
    const LEN: usize = LEN;

    const EMPTY: Self = Self {
        values: [[0; LANES]; LEN],
    };

    type Staging = [i8; LEN];

    const STAGING: Self::Staging = [0; LEN];

    fn staged(staging: &mut Self::Staging) -> &mut [i8] {
        staging
    }

    fn set(&mut self, lane: usize, values: &[i8], zero_point: i8) {
        let Some(places) = self.values.get_mut(..values.len()) else {
            return;
        };
        if values.is_empty() {
            return;
        }
        // SAFETY: there is a value, as many places as values, and of each place the word `lane` is set.
        unsafe {
            widen(
                values.as_ptr_range().end,
                values.len().wrapping_neg(),
                places.as_mut_ptr().cast::<i32>().add(lane % LANES),
                -i32::from(zero_point),
            );
        }
    }

    fn add_products(
        &self,
        [lanes, len]: [usize; 2],
        weights: &[u8],
        stride: usize,
        sums: &mut [[i32; LANES]],
    ) {
        let len = len.min(self.values.len());
        let Some(others) = sums.len().checked_sub(1) else {
            return;
        };
        let there = weights.len() >= others.saturating_mul(stride).saturating_add(len);
        debug_assert!(there, "the loader has seen all weights");
        if len == 0 || !there {
            return;
        }
        let fours = if lanes <= MOST_ONE_BY_ONE {
            sums.len() / FILTERS
        } else {
            0
        };
        let values = self.values.as_ptr();
        let weights = weights.as_ptr().wrapping_add(len);
        if fours > 0 {
            for lane in 0..lanes {
                // SAFETY: there is a value, a lane and four filters, the patch has so many values, and the last of the
                // weights that are read lies inside `weights`.
                unsafe {
                    add_products_of_lane(
                        values.cast::<i32>().add(lane),
                        len.wrapping_neg(),
                        weights.wrapping_sub(stride),
                        stride,
                        sums.as_mut_ptr().cast::<i32>().add(lane),
                        fours,
                    );
                }
            }
        }
        let done = fours * FILTERS;
        if let Some(rest) = sums.get_mut(done..)
            && !rest.is_empty()
        {
            // SAFETY: as above, and there is a filter.
            unsafe {
                add_products_of_values(
                    weights.wrapping_add(done * stride),
                    stride,
                    values,
                    len,
                    rest.as_mut_ptr(),
                    rest.len(),
                );
            }
        }
    }
}

/// Adds `offset` to each value, of which there is one at least, and puts them in every fourth word of `places`. The first
/// value is `next`, less than 0, from where they `end`.
#[inline]
unsafe fn widen(end: *const i8, next: usize, places: *mut i32, offset: i32) {
    // SAFETY: what the caller says about the values and places.
    unsafe {
        asm!(
            "b 3f",
            "2:", // One by one until four by four come out even.
            "ldrsb {value}, [{end}, {next}]",
            "adds {value}, {value}, {offset}",
            "str {value}, [{places}]",
            "adds {places}, #16",
            "adds {next}, #1",
            "beq 5f",
            "3:",
            "lsls {value}, {next}, #30",
            "bne 2b",
            "4:",
            "ldrsb {value}, [{end}, {next}]",
            "adds {value}, {value}, {offset}",
            "str {value}, [{places}]",
            "adds {next}, #1",
            "ldrsb {value}, [{end}, {next}]",
            "adds {value}, {value}, {offset}",
            "str {value}, [{places}, #16]",
            "adds {next}, #1",
            "ldrsb {value}, [{end}, {next}]",
            "adds {value}, {value}, {offset}",
            "str {value}, [{places}, #32]",
            "adds {next}, #1",
            "ldrsb {value}, [{end}, {next}]",
            "adds {value}, {value}, {offset}",
            "str {value}, [{places}, #48]",
            "adds {places}, #64",
            "adds {next}, #1",
            "bne 4b",
            "5:",
            value = out(reg) _,
            end = in(reg) end,
            next = inout(reg) next => _,
            places = inout(reg) places => _,
            offset = in(reg) offset,
            options(nostack),
        );
    }
}

/// [`Patch::add_products`] for at least one value and one filter. `weights` is where those of the first filter end.
///
/// A round has four values of 11 instructions, each of them two bytes; where the values are no multiple of four, each
/// filter enters its first round in the middle.
#[unsafe(naked)]
unsafe extern "C" fn add_products_of_values(
    weights: *const u8,
    stride: usize,
    patch: *const [i32; LANES],
    len: usize,
    sums: *mut [i32; LANES],
    filters: usize,
) {
    // r0 the end of the weights, r1 the next one, from there, r2 the patch, r3 to r6 values and products, r7 a weight, r8
    // to r11 the sums, r12 the stride, lr where the first round begins. On the stack: at 0 the first weight, 4 the sums'
    // end, 8 the patch, 48 the sums.
    naked_asm!(
        "push {{r4-r7, lr}}",
        "mov r4, r8",
        "mov r5, r9",
        "mov r6, r10",
        "mov r7, r11",
        "push {{r4-r7}}",
        "mov r12, r1",
        "rsbs r1, r3, #0",
        "movs r4, #3",
        "ands r4, r1",
        "movs r5, #22",
        "muls r4, r5, r4",
        "adr r5, 3f",
        "adds r4, r4, r5",
        "adds r4, r4, #1",
        "mov lr, r4",
        "ldr r3, [sp, #40]",
        "lsls r3, r3, #4",
        "mov r4, r2",
        "ldr r2, [sp, #36]",
        "adds r3, r3, r2",
        "push {{r1, r3, r4}}",
        "2:",
        "ldmia r2!, {{r3-r6}}",
        "mov r8, r3",
        "mov r9, r4",
        "mov r10, r5",
        "mov r11, r6",
        "ldr r2, [sp, #8]",
        "ldr r1, [sp]",
        "bx lr",
        ".p2align 2",
        "3:",
        ".rept 4",
        "ldrsb r7, [r0, r1]",
        "ldmia r2!, {{r3-r6}}",
        "muls r3, r7, r3",
        "add r8, r3",
        "muls r4, r7, r4",
        "add r9, r4",
        "muls r5, r7, r5",
        "add r10, r5",
        "muls r6, r7, r6",
        "add r11, r6",
        "adds r1, r1, #1",
        ".endr",
        "bne 3b",
        "mov r3, r8",
        "mov r4, r9",
        "mov r5, r10",
        "mov r6, r11",
        "ldr r2, [sp, #48]",
        "stmia r2!, {{r3-r6}}",
        "str r2, [sp, #48]",
        "add r0, r12",
        "ldr r1, [sp, #4]",
        "cmp r2, r1",
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
