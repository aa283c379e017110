//! How much stack was ever in use: what is painted at the start and still looks so was not.

#![allow(unsafe_code, reason = "only the linker knows where the stack is")]

use core::ptr;

const PAINT: u32 = 0xC5C5_C5C5;

/// Bytes below the caller's frame that are left alone: this function lives there.
const MARGIN: usize = 128;

// The names of cortex-m-rt and riscv-rt for the two ends, low and high.
unsafe extern "C" {
    #[cfg_attr(target_arch = "riscv32", link_name = "__estack")]
    static _stack_end: u32;
    static _stack_start: u32;
}

/// Paints the stack that is not in use. To be called once, first of all.
pub fn paint() {
    let here = 0_u32;
    let top = (&raw const here).addr().saturating_sub(MARGIN);
    let mut word = (&raw const _stack_end).cast_mut();
    while word.addr() < top {
        // SAFETY: from the low end of the stack up to well below the frame of this function, nothing is in use. There are
        // no interrupts.
        unsafe {
            ptr::write_volatile(word, PAINT);
            word = word.add(1);
        }
    }
}

/// The most bytes of stack that were in use at once since [`paint`].
pub fn used() -> u32 {
    let top = &raw const _stack_start;
    let mut word = &raw const _stack_end;
    // SAFETY: all of the stack is memory that can be read.
    while word < top && unsafe { ptr::read_volatile(word) } == PAINT {
        word = word.wrapping_add(1);
    }
    (top.addr() - word.addr()) as u32
}
