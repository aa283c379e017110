//! The inner loops for Armv7E-M and Armv8-M with the DSP extension: two products an instruction.
//!
//! `SXTB16` widens bytes 0 and 2 of a word, after a rotation bytes 1 and 3, and `SMLAD` adds the two products of such
//! pairs to a sum. Weights stay in the order of the file; it is the patch that is laid out in the order of those pairs.
#![allow(unsafe_code)] // What these processors can do for this has no name in Rust.

use core::arch::{asm, naked_asm};
use core::slice;

use super::plain::{Channels, Places, add_one_by_one};
use super::{Backend, LANES, Sums, UNITS, thumb};
use crate::format::SUM_ENTRIES;

/// What tells the assembler of a naked function, which knows only the target's name, that the extension is there.
#[cfg(armv8m)]
macro_rules! processor {
    () => {
        ".cpu cortex-m33"
    };
}
#[cfg(not(armv8m))]
macro_rules! processor {
    () => {
        ""
    };
}

mod average_pool;
mod depthwise;
mod requantize;

/// Values that a word of weights belongs to.
const GROUP: usize = 4;

/// The processors that this is for.
pub struct Dsp;

impl Backend for Dsp {
    type Patch = Patch<20>;
    type SmallPatch = Patch<16>;

    #[inline]
    fn copy(places: &mut [i8], values: &[i8]) {
        copy(places, values);
    }

    #[inline]
    fn add_products(input: &[i8], zero_point: i8, weights: &[u8], sums: &mut [i32; UNITS]) {
        add_products(input, zero_point, weights, sums);
    }

    #[inline]
    fn requantize(
        sums: &Sums<'_>,
        multipliers: &[[u8; 4]],
        zero_point: i8,
        outputs: &mut [i8],
        stride: usize,
    ) {
        requantize::requantize(sums, multipliers, zero_point, outputs, stride);
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

/// Values of four windows, from which their zero point is taken off, in groups of [`GROUP`]: of each window the pair of
/// values 0 and 2, then of each the pair of values 1 and 3.
pub struct Patch<const GROUPS: usize> {
    groups: [[[u32; LANES]; 2]; GROUPS],
}

impl<const GROUPS: usize> super::Patch for Patch<GROUPS> {
    const LEN: usize = GROUPS * GROUP;

    const EMPTY: Self = Self {
        groups: [[[0; LANES]; 2]; GROUPS],
    };

    type Staging = [[i8; GROUP]; GROUPS];

    const STAGING: Self::Staging = [[0; GROUP]; GROUPS];

    fn staged(staging: &mut Self::Staging) -> &mut [i8] {
        staging.as_flattened_mut()
    }

    /// Values after them in the last group become what adds nothing.
    fn set(&mut self, lane: usize, values: &[i8], zero_point: i8) {
        let (groups, rest) = values.as_chunks();
        let mut last = [zero_point; GROUP];
        copy(&mut last, rest);
        if let Some((places, others)) = self.groups.split_at_mut_checked(groups.len()) {
            widen(places, lane % LANES, groups, zero_point);
            if let ([place, ..], false) = (others, rest.is_empty()) {
                widen(slice::from_mut(place), lane % LANES, &[last], zero_point);
            }
        }
    }

    fn add_products(
        &self,
        [_, len]: [usize; 2],
        weights: &[u8],
        stride: usize,
        sums: &mut [[i32; LANES]],
    ) {
        let groups = len.div_ceil(GROUP).min(self.groups.len());
        let read = groups * GROUP;
        let Some(others) = sums.len().checked_sub(1) else {
            return;
        };
        let there = weights.len() >= others.saturating_mul(stride).saturating_add(read);
        debug_assert!(
            there,
            "the loader has seen all weights, and more behind them"
        );
        if groups == 0 || !there {
            return;
        }
        // SAFETY: there is a group and a filter, the patch has so many groups, and the last of the weights that are read
        // lies inside `weights`.
        unsafe {
            add_products_of_groups(
                weights.as_ptr(),
                stride.wrapping_sub(read),
                self.groups.as_ptr(),
                groups,
                sums.as_mut_ptr(),
                sums.len(),
            );
        }
    }
}

/// What widening adds to both values of a pair.
fn offsets(zero_point: i8) -> u32 {
    let offset = u32::from((-i16::from(zero_point)).cast_unsigned());
    offset << 16 | offset
}

/// Takes the zero point off the values of each group and puts the two pairs where the window `lane` has its own.
#[inline]
fn widen(places: &mut [[[u32; LANES]; 2]], lane: usize, groups: &[[i8; GROUP]], zero_point: i8) {
    let places = places.get_mut(..groups.len()).unwrap_or_default();
    if places.is_empty() {
        return;
    }
    // SAFETY: there is a group, as many places as groups, and of each place the words `lane` and `lane + 4` are set.
    unsafe {
        asm!(
            "sub {word}, {end}, {places}",
            "tst {word}, #32",
            "bne 3f",
            "2:",
            "ldr {word}, [{groups}], #4",
            "sxtab16 {pair}, {offsets}, {word}",
            "sxtab16 {word}, {offsets}, {word}, ror #8",
            "str {word}, [{places}, #16]",
            "str {pair}, [{places}], #32",
            "3:",
            "ldr {word}, [{groups}], #4",
            "sxtab16 {pair}, {offsets}, {word}",
            "sxtab16 {word}, {offsets}, {word}, ror #8",
            "str {word}, [{places}, #16]",
            "str {pair}, [{places}], #32",
            "cmp {places}, {end}",
            "bne 2b",
            groups = inout(reg) groups.as_ptr() => _,
            places = inout(reg) places.as_mut_ptr().cast::<u32>().add(lane % LANES) => _,
            end = in(reg) places.as_ptr_range().end.cast::<u32>().wrapping_add(lane % LANES),
            offsets = in(reg) offsets(zero_point),
            word = out(reg) _,
            pair = out(reg) _,
            options(nostack),
        );
    }
}

/// [`Patch::add_products`] for at least one group and one filter. After the groups of a filter its weights are `skip`
/// bytes from those of the next one.
///
/// A round has four groups of 13 instructions, each of them four bytes; where the groups are no multiple of four, each
/// filter enters its first round in the middle.
#[unsafe(naked)]
unsafe extern "C" fn add_products_of_groups(
    weights: *const u8,
    skip: usize,
    patch: *const [[u32; LANES]; 2],
    groups: usize,
    sums: *mut [i32; LANES],
    filters: usize,
) {
    // r0 weights, r1 patch, r2 its end, r3 and r12 pairs of weights, r4 to r7 the sums, r8 to r11 pairs of values, lr the
    // place of the sums. On the stack: at 0 the entry, 4 the skip, 8 the patch, 48 the sums, 52 the filters left.
    naked_asm!(
        processor!(),
        "push {{r0-r2, r4-r11, lr}}",
        "rsb r12, r3, #0",
        "and r12, r12, #3",
        "mov lr, #52",
        "mul r12, r12, lr",
        "adr.w lr, 3f",
        "add r12, r12, lr",
        "orr r12, r12, #1",
        "str r12, [sp]",
        "add r2, r2, r3, lsl #5",
        "ldr lr, [sp, #48]",
        "2:",
        "ldr r1, [sp, #8]",
        "ldm lr, {{r4-r7}}",
        "ldr pc, [sp]",
        ".p2align 2",
        "3:",
        ".rept 4",
        "ldr r12, [r0], #4",
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
        ".endr",
        "cmp r1, r2",
        "bne 3b",
        "stmia lr!, {{r4-r7}}",
        "ldr r12, [sp, #4]",
        "add r0, r0, r12",
        "ldr r12, [sp, #52]",
        "subs r12, r12, #1",
        "str r12, [sp, #52]",
        "bne 2b",
        "add sp, sp, #12",
        "pop {{r4-r11, pc}}",
    )
}

/// See [`Backend::add_products`].
fn add_products(input: &[i8], zero_point: i8, weights: &[u8], sums: &mut [i32; UNITS]) {
    const ROUND: usize = 4 * GROUP;
    let stride = input.len();
    let rounds = if weights.len() >= stride.saturating_mul(UNITS) {
        stride / ROUND
    } else {
        0
    };
    if rounds > 0 {
        // SAFETY: the input has so many rounds, and all units have weights for all of them.
        unsafe {
            add_products_of_units(
                input.as_ptr(),
                rounds,
                weights.as_ptr(),
                stride,
                offsets(zero_point),
                sums,
            );
        }
    }
    add_one_by_one(input, rounds * ROUND, zero_point, weights, sums);
}

/// [`add_products`] for at least one round, which has four groups of input.
#[unsafe(naked)]
unsafe extern "C" fn add_products_of_units(
    input: *const i8,
    rounds: usize,
    weights: *const u8,
    stride: usize,
    offsets: u32,
    sums: *mut [i32; UNITS],
) {
    // r0 input, r1 rounds left, r2 weights of units 0 and 1, r12 of 2 and 3, r3 from one to the other, r4 to r7 the sums,
    // r8 the offsets, r9 and r10 pairs of values, r11 and lr pairs of weights.
    naked_asm!(
        processor!(),
        "push {{r4-r11, lr}}",
        "ldr r8, [sp, #36]",
        "ldr r12, [sp, #40]",
        "ldm r12, {{r4-r7}}",
        "add r12, r2, r3, lsl #1",
        "2:",
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
        "bne 2b",
        "ldr r12, [sp, #40]",
        "stm r12, {{r4-r7}}",
        "pop {{r4-r11, pc}}",
    )
}

/// Copies values to all `places` that there are values for.
fn copy(places: &mut [i8], values: &[i8]) {
    // SAFETY: both slices have at least so many values, they cannot overlap, and words need not be aligned here.
    unsafe {
        asm!(
            "b 3f",
            "2:",
            "ldr {value}, [{from}], #4",
            "str {value}, [{to}], #4",
            "3:",
            "subs {left}, #4",
            "bhs 2b",
            "adds {left}, #4",
            "beq 5f",
            "4:",
            "ldrb {value}, [{from}], #1",
            "strb {value}, [{to}], #1",
            "subs {left}, #1",
            "bne 4b",
            "5:",
            value = out(reg) _,
            from = inout(reg) values.as_ptr() => _,
            to = inout(reg) places.as_mut_ptr() => _,
            left = inout(reg) places.len().min(values.len()) => _,
            options(nostack),
        );
    }
}
