//! The inner loops for Armv6-M, which multiplies one value at a time, in its eight low registers, and overwrites a factor.
//!
//! Values are stored as words, so that one instruction fetches those of four windows, ready to be multiplied and lost.
#![allow(unsafe_code)] // Compilers do not keep four sums in the registers that only moves and additions reach.

mod average_pool;
mod depthwise;

use core::arch::{asm, naked_asm};

use super::plain::{self, Channels, Places, add_one_by_one};
use super::{Backend, Filters, LANES, Outputs, Sums, UNITS, thumb};
use crate::format::SUM_ENTRIES;

/// The processors that this is for.
pub struct Armv6m;

impl Backend for Armv6m {
    type Patch = Patch<40>;
    type SmallPatch = Patch<24>;

    #[inline]
    fn copy(places: &mut [i8], values: &[i8]) {
        copy(places, values);
    }

    #[inline]
    fn dense(input: &[i8], zero_point: i8, units: &Filters<'_>, outputs: &mut [i8]) {
        plain::dense::<Self>(input, zero_point, units, outputs, add_products);
    }

    #[inline]
    fn requantize(
        sums: &Sums<'_>,
        multipliers: &[[u8; 4]],
        zero_point: i8,
        outputs: &mut [i8],
        stride: usize,
    ) {
        plain::requantize(sums, multipliers, zero_point, outputs, stride);
    }

    #[inline]
    fn add_channels(channels: &Channels<'_>, sums: &mut [i32]) {
        depthwise::add_channels(channels, sums);
    }

    #[inline]
    fn accumulate(sums: &mut [i32], places: &Places<'_>) {
        average_pool::accumulate(sums, places);
    }

    #[inline]
    fn add(output: &mut [i8], other: &[i8], table: &[u8; SUM_ENTRIES]) {
        thumb::add(output, other, table);
    }
}

/// Values of four windows, from which their zero point is taken off.
pub struct Patch<const LEN: usize> {
    values: [[i32; LANES]; LEN],
}

impl<const LEN: usize> super::Patch for Patch<LEN> {
    const LEN: usize = LEN;

    #[inline(always)]
    fn empty() -> Self {
        Self {
            values: [[0; LANES]; LEN],
        }
    }

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

    fn add_products(&self, len: usize, weights: &[u8], stride: usize, sums: &mut [[i32; LANES]]) {
        let len = len.min(self.values.len());
        let Some(others) = sums.len().checked_sub(1) else {
            return;
        };
        let there = weights.len() >= others.saturating_mul(stride).saturating_add(len);
        debug_assert!(there, "the loader has seen all weights");
        if len == 0 || !there {
            return;
        }
        // SAFETY: there is a value and a filter, the patch has so many values, and the last of the weights that are read
        // lies inside `weights`.
        unsafe {
            add_products_of_values(
                weights.as_ptr().add(len),
                stride,
                self.values.as_ptr(),
                len,
                sums.as_mut_ptr(),
                sums.len(),
            );
        }
    }

    fn convolve(&self, len: usize, filters: &Filters<'_>, outputs: Outputs<'_>) {
        plain::convolve::<Armv6m, Self>(self, len, filters, outputs);
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
    // to r11 the sums, r12 the stride. On the stack: at 0 the patch, 4 the first weight, 8 the entry, 48 the sums, 52 the
    // filters left.
    naked_asm!(
        "push {{r4-r7, lr}}",
        "mov r4, r8",
        "mov r5, r9",
        "mov r6, r10",
        "mov r7, r11",
        "push {{r4-r7}}",
        "sub sp, #12",
        "mov r12, r1",
        "str r2, [sp]",
        "rsbs r3, r3, #0",
        "str r3, [sp, #4]",
        "movs r4, #3",
        "ands r4, r3",
        "movs r5, #22",
        "muls r4, r5, r4",
        "adr r5, 3f",
        "adds r4, r4, r5",
        "adds r4, r4, #1",
        "str r4, [sp, #8]",
        "2:",
        "ldr r2, [sp, #48]",
        "ldmia r2!, {{r3-r6}}",
        "mov r8, r3",
        "mov r9, r4",
        "mov r10, r5",
        "mov r11, r6",
        "ldr r2, [sp]",
        "ldr r1, [sp, #4]",
        "ldr r7, [sp, #8]",
        "bx r7",
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
        "ldr r1, [sp, #52]",
        "subs r1, r1, #1",
        "str r1, [sp, #52]",
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

/// See [`Backend::add_products`].
fn add_products(input: &[i8], zero_point: i8, weights: &[u8], sums: &mut [i32; UNITS]) {
    let len = input.len();
    if len > 0 && weights.len() >= len.saturating_mul(UNITS) {
        // SAFETY: there is an input, and all units have a weight for each.
        unsafe {
            add_products_of_units(
                input.as_ptr().add(len),
                len,
                weights.as_ptr().add(len),
                -i32::from(zero_point),
                sums,
            );
        }
        return;
    }
    add_one_by_one(input, 0, zero_point, weights, sums);
}

/// [`add_products`] for at least one value. `input` is where it ends, `weights` where those of the first unit do.
#[unsafe(naked)]
unsafe extern "C" fn add_products_of_units(
    input: *const i8,
    len: usize,
    weights: *const u8,
    offset: i32,
    sums: *mut [i32; UNITS],
) {
    // r0 the end of the input, r1 the next value, from there, r2 to r5 the ends of the units' weights, r6 a value, r7 a
    // weight and a product, r8 to r11 the sums, r12 the offset. On the stack: at 36 the sums.
    naked_asm!(
        "push {{r4-r7, lr}}",
        "mov r4, r8",
        "mov r5, r9",
        "mov r6, r10",
        "mov r7, r11",
        "push {{r4-r7}}",
        "mov r12, r3",
        "ldr r7, [sp, #36]",
        "ldmia r7!, {{r3-r6}}",
        "mov r8, r3",
        "mov r9, r4",
        "mov r10, r5",
        "mov r11, r6",
        "adds r3, r2, r1",
        "adds r4, r3, r1",
        "adds r5, r4, r1",
        "rsbs r1, r1, #0",
        "2:",
        "ldrsb r6, [r0, r1]",
        "add r6, r12",
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
        "adds r1, r1, #1",
        "bne 2b",
        "mov r3, r8",
        "mov r4, r9",
        "mov r5, r10",
        "mov r6, r11",
        "ldr r7, [sp, #36]",
        "stmia r7!, {{r3-r6}}",
        "pop {{r4-r7}}",
        "mov r8, r4",
        "mov r9, r5",
        "mov r10, r6",
        "mov r11, r7",
        "pop {{r4-r7, pc}}",
    )
}

/// Copies values to all `places` that there are values for.
fn copy(places: &mut [i8], values: &[i8]) {
    // SAFETY: both slices have at least so many values, and they cannot overlap.
    unsafe {
        asm!(
            "b 3f",
            "2:",
            "ldrb {value}, [{from}, {left}]",
            "strb {value}, [{to}, {left}]",
            "3:",
            "subs {left}, #1",
            "bhs 2b",
            value = out(reg) _,
            from = in(reg) values.as_ptr(),
            to = in(reg) places.as_mut_ptr(),
            left = inout(reg) places.len().min(values.len()) => _,
            options(nostack),
        );
    }
}
