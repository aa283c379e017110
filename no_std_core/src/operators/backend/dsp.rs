//! The inner loops for Armv7E-M and Armv8-M with the DSP extension: two products an instruction.
#![allow(unsafe_code)] // What these processors can do for this has no name in Rust.

use core::arch::asm;

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

#[macro_use] // What makes sums values comes into other loops, too.
mod requantize;

mod average_pool;
mod convolution;
mod dense;
mod depthwise;
mod patch;
mod widen;

pub use patch::Patch;

/// The processors that this is for.
pub struct Dsp;

impl Backend for Dsp {
    type Patch = Patch<22>;
    type SmallPatch<const GROUPS: usize> = Patch<GROUPS>;

    #[inline]
    fn copy(places: &mut [i8], values: &[i8]) {
        copy(places, values);
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

const _: () = assert!(
    <Dsp as Backend>::Patch::HAS_WHOLE,
    "windows are put together behind those laid out"
);

/// What widening adds to both values of a pair.
fn offsets(zero_point: i8) -> u32 {
    let offset = u32::from((-i16::from(zero_point)).cast_unsigned());
    offset << 16 | offset
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
