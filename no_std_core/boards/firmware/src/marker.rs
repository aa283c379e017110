//! Instructions that do nothing, which an emulator can see.
//!
//! They frame each layer of the model and all of an inference, for a plugin of QEMU that counts the instructions in
//! between. No compiler makes them, and every processor takes them for nothing.

#![allow(unsafe_code, reason = "an instruction has to be written down")]

#[cfg(target_os = "none")]
use core::arch::asm;

/// Says that a layer or an inference begins.
#[inline(always)]
#[allow(clippy::inline_always, reason = "a call would be counted, too")]
pub fn begin() {
    // SAFETY: they move a register onto itself, and write to one that cannot be written.
    #[cfg(all(target_arch = "arm", target_os = "none"))]
    unsafe {
        asm!("mov r9, r9", options(nostack, preserves_flags));
    }
    // SAFETY: as above.
    #[cfg(all(target_arch = "riscv32", target_os = "none"))]
    unsafe {
        asm!("slti x0, x9, 1", options(nostack));
    }
}

/// Says that the last of them that has begun ends.
#[inline(always)]
#[allow(clippy::inline_always, reason = "a call would be counted, too")]
pub fn end() {
    // SAFETY: as above.
    #[cfg(all(target_arch = "arm", target_os = "none"))]
    unsafe {
        asm!("mov r10, r10", options(nostack, preserves_flags));
    }
    // SAFETY: as above.
    #[cfg(all(target_arch = "riscv32", target_os = "none"))]
    unsafe {
        asm!("slti x0, x10, 1", options(nostack));
    }
}
