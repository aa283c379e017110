//! The inner loops for Armv6-M, which multiplies one value at a time, in its eight low registers, and overwrites a factor.
//!
//! A value meets the weights of four filters or units at once, and one that stands for 0, as many do where negative ones
//! were cut off, none.
#![allow(unsafe_code)] // Compilers do not keep four sums in the registers that only moves and additions reach.

mod average_pool;
mod dense;
mod depthwise;
mod patch;
mod requantize;

use core::arch::asm;

pub use patch::Patch;

use super::plain::{Channels, Places};
use super::{Backend, Filters, Sums, thumb};
use crate::format::SUM_ENTRIES;

/// The processors that this is for.
pub struct Armv6m;

impl Backend for Armv6m {
    type Patch = Patch<48>;
    type SmallPatch<const GROUPS: usize> = Patch<24>;

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

/// Copies values to all `places` that there are values for.
fn copy(places: &mut [i8], values: &[i8]) {
    // SAFETY: both slices have at least so many values, they cannot overlap, and words are aligned.
    unsafe {
        asm!(
            "mov {value}, {from}",
            "orrs {value}, {to}",
            "orrs {value}, {left}",
            "lsls {value}, {value}, #30",
            "bne 3f",
            "b 5f",
            "4:",
            "ldr {value}, [{from}, {left}]",
            "str {value}, [{to}, {left}]",
            "5:",
            "subs {left}, #4",
            "bhs 4b",
            "b 6f",
            "2:",
            "ldrb {value}, [{from}, {left}]",
            "strb {value}, [{to}, {left}]",
            "3:",
            "subs {left}, #1",
            "bhs 2b",
            "6:",
            value = out(reg) _,
            from = in(reg) values.as_ptr(),
            to = in(reg) places.as_mut_ptr(),
            left = inout(reg) places.len().min(values.len()) => _,
            options(nostack),
        );
    }
}
