//! The floating-point unit, which compilers may use even where no program asks for floats.

#![allow(
    unsafe_code,
    reason = "the unit is switched on before any code of a compiler"
)]

use core::arch::naked_asm;

/// Switches the unit on, where there is one, by the register CPACR (Armv7-M and Armv8-M Architecture Reference Manuals).
/// The runtime calls it before all else, by this name; for targets that pass floats in general registers, as these do,
/// it leaves the unit off.
// SAFETY: the name is the one that the runtime looks for; no memory but the register is touched.
#[unsafe(naked)]
#[unsafe(export_name = "__pre_init")]
extern "C" fn switch_on() {
    naked_asm!(
        "movw r0, #0xED88",
        "movt r0, #0xE000",
        "ldr r1, [r0]",
        "orr r1, r1, #0xF00000",
        "str r1, [r0]",
        "dsb",
        "isb",
        "bx lr",
    )
}
