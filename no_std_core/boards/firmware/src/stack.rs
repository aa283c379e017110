//! The memory that is left: the arena, and above it the stack, of which shows how much was ever in use: what is painted at
//! the start and still looks so was not.

#![allow(unsafe_code, reason = "only the linker knows where the stack is")]

use core::arch::asm;
use core::{ptr, slice};

use reserve::stack_len;

mod reserve;

const PAINT: u32 = 0xC5C5_C5C5;

/// Bytes below the stack pointer that are left alone: functions live there that a compiler does not put in the place of
/// their calls.
const MARGIN: usize = 128;

// The names of cortex-m-rt and riscv-rt for the two ends, low and high.
unsafe extern "C" {
    #[cfg_attr(target_arch = "riscv32", link_name = "__estack")]
    static _stack_end: u32;
    static _stack_start: u32;
}

/// Paints the stack that is not in use. To be called once, first of all.
#[inline(never)] // In the frame of a caller there would be values below what it sees of itself.
pub fn paint() {
    let top = pointer().saturating_sub(MARGIN);
    for address in (bottom()..top).step_by(size_of::<u32>()) {
        // SAFETY: from there up to the stack pointer, nothing is in use. There are no interrupts.
        unsafe { ptr::write_volatile(ptr::with_exposed_provenance_mut(address), PAINT) };
    }
}

/// The low end of the memory that is left.
fn start() -> usize {
    (&raw const _stack_end).expose_provenance()
}

/// The low end of the stack, and the end of the arena.
fn bottom() -> usize {
    let top = (&raw const _stack_start).expose_provenance();
    start().max(top.saturating_sub(stack_len(cfg!(target_arch = "riscv32"))))
}

/// All the memory that is left below the stack.
///
/// # Safety
///
/// To be called once.
pub unsafe fn arena() -> &'static mut [i8] {
    let first = ptr::with_exposed_provenance_mut(start());
    // SAFETY: the linker has placed nothing there, the stack ends above it, and the caller has promised that nobody else has
    // it. Any byte is an `i8`.
    unsafe { slice::from_raw_parts_mut(first, bottom() - start()) }
}

/// The stack pointer.
#[inline(always)]
#[allow(clippy::inline_always, reason = "that of the caller is asked for")]
fn pointer() -> usize {
    let pointer;
    // SAFETY: it copies a register.
    #[cfg(target_arch = "arm")]
    unsafe {
        asm!("mov {}, sp", out(reg) pointer, options(nomem, nostack, preserves_flags));
    }
    // SAFETY: as above.
    #[cfg(target_arch = "riscv32")]
    unsafe {
        asm!("mv {}, sp", out(reg) pointer, options(nomem, nostack, preserves_flags));
    }
    pointer
}

/// The most bytes of stack that were in use at once since [`paint`].
pub fn used() -> u32 {
    let top = (&raw const _stack_start).expose_provenance();
    let mut address = bottom();
    // SAFETY: all of the stack is memory that can be read.
    while address < top
        && unsafe { ptr::read_volatile(ptr::with_exposed_provenance::<u32>(address)) } == PAINT
    {
        address += size_of::<u32>();
    }
    (top - address) as u32
}
