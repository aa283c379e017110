//! The end of what cannot go on.

#![allow(unsafe_code, reason = "a device is reached through its address")]

use core::hint;
use core::panic::PanicInfo;
use core::ptr;
use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

use crate::register::Register;

/// The register that switches the light off, if there is one, and what is written there.
static REGISTER: AtomicPtr<u32> = AtomicPtr::new(ptr::null_mut());
static DARK: AtomicU32 = AtomicU32::new(0);

/// Says what switches the light off: this value in this register. A board that has stopped must not look as if it were in
/// order.
pub fn darken_on_panic(register: Register, value: u32) {
    DARK.store(value, Ordering::Relaxed);
    REGISTER.store(register.as_ptr(), Ordering::Relaxed);
}

/// Nothing in the firmware panics that has a way to go on; what is left stops the board, its light off.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    let register = REGISTER.load(Ordering::Relaxed);
    if !register.is_null() {
        // SAFETY: it comes from a register, which there is.
        unsafe { register.write_volatile(DARK.load(Ordering::Relaxed)) };
    }
    loop {
        hint::spin_loop();
    }
}
