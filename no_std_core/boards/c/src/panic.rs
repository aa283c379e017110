//! The panic handler of the static library, which no program ever links.

#![allow(unsafe_code, reason = "a function that is missing is declared here")]

use core::panic::PanicInfo;

unsafe extern "C" {
    /// Defined nowhere, so that nothing links from which a panic can be reached.
    safe fn baton_a_panic_can_be_reached() -> !;
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    baton_a_panic_can_be_reached()
}
