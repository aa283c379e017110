//! A firmware with loops of known length: for each n of 1, 10, 1000 and 100000 a section of exactly 2 n instructions, and
//! one around all of them that holds the loads of n as well: 4 instructions on Thumb, 5 on RISC-V. There, it holds another
//! one whose bytes are a marker on Thumb.
//!
//! It needs no memory and no devices, so that one link serves every machine whose flash begins at the same address. At
//! the end it leaves QEMU through semihosting.
#![no_std]
#![no_main]

use core::arch::global_asm;
use core::panic::PanicInfo;

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}

// Begins with the vector table: a stack that nothing uses, and the reset handler.
#[cfg(target_arch = "arm")]
global_asm!(
    ".syntax unified",
    ".macro spin length",
    "ldr r0, =\\length",
    "mov r9, r9",
    "2: subs r0, r0, #1",
    "bne 2b",
    "mov r10, r10",
    ".endm",
    "",
    ".section .text.start, \"ax\"",
    ".global _start",
    ".word 0x20000400",
    ".word reset",
    ".thumb_func",
    "_start:",
    ".thumb_func",
    "reset:",
    "mov r9, r9",
    "spin 1",
    "spin 10",
    "spin 1000",
    "spin 100000",
    "mov r10, r10",
    "movs r0, #0x18",   // SYS_EXIT
    "ldr r1, =0x20026", // ADP_Stopped_ApplicationExit
    "bkpt #0xab",
    "b .",
    ".pool",
);

#[cfg(target_arch = "riscv32")]
global_asm!(
    ".macro spin length",
    "li a0, \\length",
    "slti x0, x9, 1",
    "2: addi a0, a0, -1",
    "bnez a0, 2b",
    "slti x0, x10, 1",
    ".endm",
    "",
    ".section .text.start, \"ax\"",
    ".global _start",
    "_start:",
    "slti x0, x9, 1",
    ".half 0x46c9", // c.li a3, 18
    "spin 1",
    "spin 10",
    "spin 1000",
    "spin 100000",
    "slti x0, x10, 1",
    "li a0, 0x18",    // SYS_EXIT
    "li a1, 0x20026", // ADP_Stopped_ApplicationExit
    // A call of semihosting is these three, uncompressed and on one page.
    ".balign 16",
    ".option push",
    ".option norvc",
    "slli x0, x0, 0x1f",
    "ebreak",
    "srai x0, x0, 7",
    ".option pop",
    "j .",
);
