//! Arm's MPS2 boards with one of their FPGA images, in each of which the devices have other addresses.

#![allow(unsafe_code, reason = "a device is reached through its address")]

use core::marker::PhantomData;

use cortex_m::Peripherals;
use firmware::flash;
use firmware::uart::Cmsdk;
use firmware::{Board, Closed, CycleCounter, Register, darken_on_panic, stack};

/// An FPGA image.
pub trait Image {
    /// What QEMU calls it.
    const NAME: &'static str;
    /// The clock in hertz.
    const CLOCK: u32;
    /// Where the first serial line is.
    const UART: usize;
    /// Where the register of the lights is.
    const LIGHTS: usize;
}

/// An MPS2 board.
pub struct Mps2<I> {
    uart: Cmsdk,
    lights: Register,
    cycles: CycleCounter,
    image: PhantomData<I>,
}

impl<I: Image> Mps2<I> {
    /// Runs the firmware.
    ///
    /// # Safety
    ///
    /// The board must run this image, and nothing but this function.
    pub unsafe fn run() -> ! {
        // SAFETY: as the caller has promised.
        firmware::serve(&mut unsafe { Self::start() })
    }

    /// Runs the firmware with slots, in RAM that plays flash.
    ///
    /// # Safety
    ///
    /// As for [`Self::run`], and the firmware must be linked with slots.x.
    pub unsafe fn run_slots() -> ! {
        // SAFETY: as the caller has promised.
        let (mut board, mut slots) = unsafe { (Self::start(), flash::slots_in_ram()) };
        firmware::serve_slots(&mut board, &mut slots)
    }

    /// # Safety
    ///
    /// See [`Self::run`].
    unsafe fn start() -> Self {
        stack::paint();
        // SAFETY: the caller has promised that the devices are there and used by nobody else.
        unsafe {
            let lights = Register::new(I::LIGHTS);
            darken_on_panic(lights, 0);
            Self {
                uart: Cmsdk::new(I::UART, I::CLOCK),
                lights,
                cycles: CycleCounter::new(Peripherals::steal().SYST),
                image: PhantomData,
            }
        }
    }
}

impl<I: Image> Board for Mps2<I> {
    const NAME: &'static str = I::NAME;

    fn read(&mut self) -> Result<Option<u8>, Closed> {
        Ok(self.uart.read())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Closed> {
        self.uart.write(bytes);
        Ok(())
    }

    fn light(&mut self, on: bool) {
        self.lights.write(on.into());
    }

    fn cycles(&mut self) -> u32 {
        self.cycles.now()
    }

    fn stack_used(&self) -> u32 {
        stack::used()
    }
}
