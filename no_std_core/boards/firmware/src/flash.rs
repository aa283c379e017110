//! Flash memory that programs themselves write.

#![allow(
    unsafe_code,
    reason = "memory that the linker has set aside is reached through its address"
)]

mod controller;
mod nvmc;
mod rp;
mod stm32f4;

use core::{ptr, slice};

use embedded_storage::nor_flash::{
    ErrorType, NorFlash, ReadNorFlash, check_erase, check_read, check_write,
};
use slots::{MappedFlash, RamFlash, Slots};

use crate::model::OPERATORS;

pub use controller::Controller;
pub use embedded_storage::nor_flash::NorFlashErrorKind;
pub use nvmc::Nvmc;
pub use rp::{Rom, Rp};
pub use stm32f4::Stm32f4;

/// A part of the flash, all of whose bytes belong to it alone.
#[derive(Debug)]
pub struct Region<C> {
    start: usize,
    len: usize,
    controller: C,
}

// From slots.x.
unsafe extern "C" {
    static __slot_a: u8;
    static __slot_a_end: u8;
    static __slot_b: u8;
    static __slot_b_end: u8;
}

/// The slots of a board that is linked with slots.x.
///
/// # Safety
///
/// To be called once, on a board whose flash these controllers write.
pub unsafe fn slots<C: Controller>(controllers: [C; 2]) -> Slots<Region<C>> {
    // SAFETY: the linker has set the memory aside; the rest the caller has promised.
    unsafe { slots_at(places(), controllers) }
}

/// Slots in these places: addresses and lengths in bytes, both multiples of [`Controller::ERASE_SIZE`].
///
/// # Safety
///
/// To be called once. The processor must see flash there that these controllers write and nobody else does.
pub unsafe fn slots_at<C: Controller>(
    places: [(usize, usize); 2],
    controllers: [C; 2],
) -> Slots<Region<C>> {
    let [a, b] = controllers;
    let [(start_a, len_a), (start_b, len_b)] = places;
    let regions = [
        Region {
            start: start_a,
            len: len_a,
            controller: a,
        },
        Region {
            start: start_b,
            len: len_b,
            controller: b,
        },
    ];
    Slots::new(regions, OPERATORS)
}

/// The slots of a machine whose flash is RAM.
///
/// # Safety
///
/// To be called once, on a machine whose memory the linker has set aside for slots is RAM.
pub unsafe fn slots_in_ram() -> Slots<RamFlash<'static>> {
    let regions = places().map(|(start, len)| {
        // SAFETY: the memory is there, and nobody else's.
        RamFlash::new(unsafe {
            slice::from_raw_parts_mut(ptr::with_exposed_provenance_mut(start), len)
        })
    });
    Slots::new(regions, OPERATORS)
}

/// Where slots.x puts them: their addresses and lengths.
fn places() -> [(usize, usize); 2] {
    let ends = [
        (&raw const __slot_a, &raw const __slot_a_end),
        (&raw const __slot_b, &raw const __slot_b_end),
    ];
    ends.map(|(start, end)| (start.expose_provenance(), end.addr() - start.addr()))
}

impl<C> ErrorType for Region<C> {
    type Error = NorFlashErrorKind;
}

impl<C: Controller> ReadNorFlash for Region<C> {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Self::Error> {
        check_read(self, offset, bytes.len())?;
        let source = self.bytes().iter().skip(offset as usize);
        for (place, &byte) in bytes.iter_mut().zip(source) {
            *place = byte;
        }
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.len
    }
}

impl<C: Controller> NorFlash for Region<C> {
    const WRITE_SIZE: usize = C::WRITE_SIZE;
    const ERASE_SIZE: usize = C::ERASE_SIZE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Self::Error> {
        check_erase(self, from, to)?;
        for sector in (from as usize..to as usize).step_by(C::ERASE_SIZE) {
            self.controller.erase(self.start + sector)?;
        }
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Self::Error> {
        check_write(self, offset, bytes.len())?;
        self.controller.write(self.start + offset as usize, bytes)
    }
}

impl<C: Controller> MappedFlash for Region<C> {
    fn bytes(&self) -> &[u8] {
        let start = ptr::with_exposed_provenance(self.start);
        // SAFETY: these bytes are set aside for the region, and nobody writes them without the region.
        unsafe { slice::from_raw_parts(start, self.len) }
    }
}
