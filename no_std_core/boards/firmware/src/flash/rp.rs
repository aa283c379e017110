//! The flash beside Raspberry Pi's RP2040 and RP2350, which functions in the chips' ROM write (RP2040 Datasheet, section
//! 2.8.3.1.3; RP2350 Datasheet, section 5.4.8).

#![allow(
    unsafe_code,
    reason = "functions in ROM are reached through their addresses"
)]

use core::marker::PhantomData;
use core::{array, mem, ptr};

use embedded_storage::nor_flash::NorFlashErrorKind;

use super::controller::Controller;

/// Where the processor sees the flash.
const FLASH: usize = 0x1000_0000;

/// Words of the program that lets the processor see the flash again.
const RESUME_LEN: usize = 64;

/// One of the chips.
pub trait Rom {
    /// Where the program lies that lets the processor see the flash again; a copy of it is called.
    const RESUME: usize;

    /// The address of a function, by its code.
    ///
    /// # Safety
    ///
    /// The chip must be this one.
    unsafe fn find(code: [u8; 2]) -> usize;
}

/// What writes the flash. Meanwhile the processor cannot see it, so this runs from RAM.
#[derive(Debug)]
pub struct Rp<R>(PhantomData<R>);

impl<R: Rom> Rp<R> {
    /// The device.
    ///
    /// # Safety
    ///
    /// The chip must be this one, with nothing but the caller running on it.
    pub unsafe fn new() -> Self {
        Self(PhantomData)
    }
}

/// Functions of the ROM, and a copy of the program that lets the processor see the flash again.
#[repr(C)]
struct Functions {
    resume: [u32; RESUME_LEN],
    connect: extern "C" fn(),
    leave: extern "C" fn(),
    erase: extern "C" fn(offset: u32, count: usize, block: u32, command: u8),
    program: extern "C" fn(offset: u32, data: *const u8, count: usize),
    flush: extern "C" fn(),
}

impl Functions {
    fn find<R: Rom>() -> Self {
        // SAFETY: the datasheets give these functions these codes and types, and bytes to the program for resuming. Who
        // made the controller has promised that the chip is the right one.
        unsafe {
            Self {
                // The memory where it lies may have no access to single bytes.
                resume: array::from_fn(|index| {
                    let address = R::RESUME + index * size_of::<u32>();
                    ptr::read_volatile(ptr::with_exposed_provenance(address))
                }),
                connect: mem::transmute::<usize, extern "C" fn()>(R::find(*b"IF")),
                leave: mem::transmute::<usize, extern "C" fn()>(R::find(*b"EX")),
                erase: mem::transmute::<usize, extern "C" fn(u32, usize, u32, u8)>(R::find(*b"RE")),
                program: mem::transmute::<usize, extern "C" fn(u32, *const u8, usize)>(R::find(
                    *b"RP",
                )),
                flush: mem::transmute::<usize, extern "C" fn()>(R::find(*b"FC")),
            }
        }
    }

    /// Erases a sector of 4 KB, or writes bytes where there are some.
    #[inline(never)]
    #[unsafe(link_section = ".data.flash")]
    extern "C" fn work(&self, offset: u32, data: *const u8, count: usize) {
        (self.connect)();
        (self.leave)();
        if data.is_null() {
            (self.erase)(offset, count, 1 << 16, 0xD8);
        } else {
            (self.program)(offset, data, count);
        }
        (self.flush)();
        // SAFETY: a program of Thumb instructions that runs anywhere and returns to its caller.
        let resume: extern "C" fn() = unsafe { mem::transmute(self.resume.as_ptr().addr() | 1) };
        resume();
    }
}

// SAFETY: the functions work on the range that they are told.
unsafe impl<R: Rom> Controller for Rp<R> {
    const WRITE_SIZE: usize = 256;
    const ERASE_SIZE: usize = 4096;

    fn erase(&mut self, address: usize) -> Result<(), NorFlashErrorKind> {
        let offset = (address - FLASH) as u32;
        Functions::find::<R>().work(offset, ptr::null(), Self::ERASE_SIZE);
        Ok(())
    }

    fn write(&mut self, address: usize, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        let offset = (address - FLASH) as u32;
        Functions::find::<R>().work(offset, bytes.as_ptr(), bytes.len());
        Ok(())
    }
}
