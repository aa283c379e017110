//! What the machines of QEMU share. The machines themselves are the programs of this crate, one each.
#![no_std]

#[cfg(all(target_arch = "arm", target_os = "none"))]
pub mod mps2;

/// Nothing in the firmware panics that has a way to go on; what is left stops the board, its light as it was.
#[cfg(target_os = "none")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}
