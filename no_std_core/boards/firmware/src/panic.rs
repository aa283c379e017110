//! The end of what cannot go on.

use core::hint;
use core::panic::PanicInfo;

/// Nothing in the firmware panics that has a way to go on; what is left stops the board, its light as it was.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {
        hint::spin_loop();
    }
}
