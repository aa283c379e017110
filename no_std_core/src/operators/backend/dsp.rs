//! The inner loops for Armv7E-M and Armv8-M with the DSP extension: two products an instruction.
#![allow(unsafe_code)] // What these processors can do for this has no name in Rust.

use core::arch::naked_asm;

use super::plain::{Channels, Places};
use super::{Backend, Filters, Sums, thumb};
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
mod convolution;
mod dense;
mod depthwise;
mod requantize;

pub use convolution::Patch;

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
    fn copy_rows(
        places: &mut [i8],
        place_step: usize,
        values: &[i8],
        step: usize,
        [rows, len]: [usize; 2],
    ) {
        let end = |step: usize| {
            rows.saturating_sub(1)
                .saturating_mul(step)
                .saturating_add(len)
        };
        if rows > 0 && len > 0 && end(place_step) <= places.len() && end(step) <= values.len() {
            // SAFETY: there is a value, and all values and places are there.
            unsafe {
                copy_values(
                    places.as_mut_ptr(),
                    values.as_ptr(),
                    rows,
                    len,
                    place_step,
                    step,
                );
            }
        }
    }

    #[inline]
    fn dense(input: &[i8], zero_point: i8, units: &Filters<'_>, outputs: &mut [i8]) {
        dense::dense(input, zero_point, units, outputs);
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

/// What widening adds to both values of a pair.
fn offsets(zero_point: i8) -> u32 {
    let offset = u32::from((-i16::from(zero_point)).cast_unsigned());
    offset << 16 | offset
}

/// Copies values to all `places` that there are values for.
fn copy(places: &mut [i8], values: &[i8]) {
    let len = places.len().min(values.len());
    if len > 0 {
        // SAFETY: there is a value, and both slices have at least so many.
        unsafe {
            copy_values(places.as_mut_ptr(), values.as_ptr(), 1, len, 0, 0);
        }
    }
}

/// Copies at least one row of at least one value.
#[unsafe(naked)]
unsafe extern "C" fn copy_values(
    places: *mut i8,
    values: *const i8,
    rows: usize,
    len: usize,
    place_step: usize,
    step: usize,
) {
    // r4 and r5 the next place and value, r6 values left, r7 a word or value, r8 and r12 the steps.
    naked_asm!(
        processor!(),
        "push {{r4-r8, lr}}",
        "ldrd r8, r12, [sp, #24]",
        "2:",
        "mov r4, r0",
        "mov r5, r1",
        "subs r6, r3, #4",
        "bmi 4f",
        "3:",
        "ldr r7, [r5], #4",
        "str r7, [r4], #4",
        "subs r6, r6, #4",
        "bpl 3b",
        "4:",
        "adds r6, r6, #4",
        "beq 6f",
        "5:",
        "ldrb r7, [r5], #1",
        "strb r7, [r4], #1",
        "subs r6, r6, #1",
        "bne 5b",
        "6:",
        "add r0, r0, r8",
        "add r1, r1, r12",
        "subs r2, r2, #1",
        "bne 2b",
        "pop {{r4-r8, pc}}",
    )
}
