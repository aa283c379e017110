//! Arm's MPS2 boards with one of their FPGA images, in each of which the devices have other addresses.

#![allow(unsafe_code, reason = "a device is reached through its address")]

use firmware::uart::Cmsdk;
use firmware::{Board, CycleCounter, Name, Parts, Register, darken_on_panic, flash, stack};

/// An FPGA image.
pub trait Image: Name {
    /// The clock in hertz.
    const CLOCK: u32;
    /// Where the first serial line is.
    const UART: usize;
    /// Where the register of the lights is.
    const LIGHTS: usize;
}

/// The program of a board: its name, as QEMU has it, and what its [`Image`] is; `serve_slots` for one that is linked with
/// slots.x.
#[macro_export]
macro_rules! mps2 {
    ($name:literal, $serve:ident, clock: $clock:expr, uart: $uart:expr, lights: $lights:expr) => {
        struct Image;

        impl firmware::Name for Image {
            const NAME: &'static str = $name;
        }

        impl qemu::mps2::Image for Image {
            const CLOCK: u32 = $clock;
            const UART: usize = $uart;
            const LIGHTS: usize = $lights;
        }

        #[cortex_m_rt::entry]
        #[allow(unsafe_code, reason = "a device is reached through its address")]
        fn main() -> ! {
            // SAFETY: so Arm describes the image in its application note, and this is all that runs on it.
            unsafe { qemu::mps2::$serve(Image) }
        }
    };
}

/// Runs the firmware.
///
/// # Safety
///
/// The board must run this image, and nothing but this function.
pub unsafe fn serve(image: impl Image) -> ! {
    // SAFETY: as the caller has promised.
    let (mut board, arena) = unsafe { (start(image), stack::arena()) };
    firmware::serve(&mut board, arena)
}

/// Runs the firmware with slots, in RAM that plays flash.
///
/// # Safety
///
/// As for [`serve`], and the firmware must be linked with slots.x.
pub unsafe fn serve_slots(image: impl Image) -> ! {
    // SAFETY: as the caller has promised.
    let (mut board, mut slots, arena) =
        unsafe { (start(image), flash::slots_in_ram(), stack::arena()) };
    firmware::serve_slots(&mut board, &mut slots, arena)
}

/// # Safety
///
/// See [`serve`].
unsafe fn start<I: Image>(name: I) -> impl Board {
    stack::paint();
    // SAFETY: the caller has promised that the devices are there and used by nobody else.
    let (uart, lights) = unsafe { (Cmsdk::new(I::UART, I::CLOCK), Register::new(I::LIGHTS)) };
    darken_on_panic(lights, 0);
    let mut cycles = CycleCounter::start();
    Parts {
        name,
        uart,
        light: move |on: bool| lights.write(on.into()),
        cycles: move || cycles.now(),
    }
}
