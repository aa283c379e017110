//! The inner loops that need no more than Armv6-M has: the same for all Arm processors.
#![allow(unsafe_code)] // Compilers do not fetch all bytes of a round from one moving place.

use core::arch::{asm, naked_asm};

use crate::format::SUM_ENTRIES;

/// Makes so many bytes, at least one, and what is missing to the next word the same. The first one is aligned.
pub unsafe fn fill(first: *mut u32, len: usize, value: i8) {
    // SAFETY: the caller says that there is room.
    unsafe {
        asm!(
            "2:",
            "str {word}, [{next}]",
            "adds {next}, #4",
            "cmp {next}, {end}",
            "blo 2b",
            next = inout(reg) first => _,
            word = in(reg) u32::from_ne_bytes([value.cast_unsigned(); 4]),
            end = in(reg) first.addr() + len,
            options(nostack),
        );
    }
}

/// See [`Backend::add`](super::Backend::add).
pub fn add(output: &mut [i8], other: &[i8], table: &[u8; SUM_ENTRIES]) {
    let len = output.len().min(other.len());
    if len > 0 {
        // SAFETY: there are so many values of both, and the table has an entry for each sum of two, from -256 on.
        unsafe {
            add_values(
                output.as_mut_ptr().add(len),
                other.as_ptr().add(len),
                table.as_ptr().add(256),
                len.wrapping_neg(),
            );
        }
    }
}

/// [`add`] for at least one value of each tensor, given where they end and the first one, less than 0, from there. The
/// table is given by the entry for 0.
#[unsafe(naked)]
unsafe extern "C" fn add_values(output: *mut i8, other: *const i8, table: *const u8, next: usize) {
    naked_asm!(
        "push {{r4, r5, lr}}",
        "b 3f",
        "2:", // One by one until four by four come out even.
        "ldrsb r4, [r0, r3]",
        "ldrsb r5, [r1, r3]",
        "adds r4, r4, r5",
        "ldrb r4, [r2, r4]",
        "strb r4, [r0, r3]",
        "adds r3, r3, #1",
        "beq 5f",
        "3:",
        "lsls r4, r3, #30",
        "bne 2b",
        "4:",
        ".rept 4",
        "ldrsb r4, [r0, r3]",
        "ldrsb r5, [r1, r3]",
        "adds r4, r4, r5",
        "ldrb r4, [r2, r4]",
        "strb r4, [r0, r3]",
        "adds r3, r3, #1",
        ".endr",
        "bne 4b",
        "5:",
        "pop {{r4, r5, pc}}",
    )
}
