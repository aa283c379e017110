//! The partition of the flash with two slots for models.
//!
//! The boot loader lets the processor see the program only, and starts none whose bytes have changed. So updates have a
//! partition of their own, which is mapped beside the program here.

use core::cell::RefCell;

use esp_bootloader_esp_idf::partitions::{
    FlashStorage, PARTITION_TABLE_MAX_LEN, PartitionEntry, read_partition_table,
};
use esp_hal::peripherals::MMU_TABLE;
use firmware::Window;
use firmware::flash::{Controller, NorFlashErrorKind};

/// What partitions.csv calls the partition, with what follows in the table.
const NAME: &[u8] = b"models\0";

/// Where the processor sees flash as data, from the first entry of the table of its memory management unit on.
const DATA: usize = 0x3C00_0000;

/// From here on it sees the models: the 4 MB before are what the linker has for the program.
const MODELS: usize = DATA + 0x40_0000;

/// Bytes up to the end of what it sees, without the last entry, which Espressif's software keeps for itself.
const ROOM: usize = 0x40_0000 - Window::PAGE;

// SAFETY: this is its signature in ESP-IDF's `esp32c3/rom/cache.h`, where an address is a `uint32_t`; the linker has its
// place in ROM from `esp-rom-sys`. It is safe with any arguments: by that header it does nothing outside of what is cached,
// and as nothing is written through this cache, what it forgets is still in flash and is read again.
unsafe extern "C" {
    /// Makes the cache forget the lines of these bytes. The result is 0, or 1 for an argument that it refuses.
    safe fn Cache_Invalidate_Addr(address: usize, len: usize) -> i32;
}

/// The partition, mapped, and what writes it. The flash cannot be read while it is written: the code that waits for it is in
/// RAM and ROM, and no interrupts are on.
#[derive(Clone, Copy)]
pub struct Models<'f> {
    window: Window,
    flash: &'f RefCell<FlashStorage<'static>>,
}

impl<'f> Models<'f> {
    /// Finds and maps the partition. `None` if the board was flashed without it, or it cannot be mapped.
    pub fn map(flash: &'f RefCell<FlashStorage<'static>>) -> Option<Self> {
        let mut storage = flash.try_borrow_mut().ok()?;
        let partition = find(&mut storage)?;
        let window = Window::new(MODELS, ROOM, partition.offset(), partition.len())?;
        let entries = MMU_TABLE::regs().entry_iter();
        let unused = entries.skip((MODELS - DATA) / Window::PAGE);
        for (entry, page) in unused.zip(window.pages()) {
            // SAFETY: the field has 8 bits. Nothing was at the addresses of these entries, which only this uses.
            entry.write(|entry| unsafe { entry.paddr().bits(page) }.invalid().clear_bit());
        }
        for (address, len) in window.halves() {
            invalidate(address, len);
        }
        Some(Self { window, flash })
    }

    /// The slots: their addresses and lengths in bytes.
    pub fn slots(self) -> [(usize, usize); 2] {
        self.window.halves()
    }

    /// Changes bytes in the flash that the processor sees here, by a function that gets their place there.
    fn change<E>(
        self,
        address: usize,
        len: usize,
        change: impl FnOnce(&mut FlashStorage<'static>, u32) -> Result<(), E>,
    ) -> Result<(), NorFlashErrorKind> {
        let offset = self.window.offset_of(address, len);
        let offset = offset.ok_or(NorFlashErrorKind::OutOfBounds)?;
        let flash = self.flash.try_borrow_mut();
        let mut flash = flash.map_err(|_| NorFlashErrorKind::Other)?;
        let changed = change(&mut flash, offset);
        // Also where it has failed: some bytes may have changed.
        invalidate(address, len);
        changed.map_err(|_| NorFlashErrorKind::Other)
    }
}

// SAFETY: a sector or the bytes that are written are changed and no others, and the cache forgets what they were.
unsafe impl Controller for Models<'_> {
    const WRITE_SIZE: usize = FlashStorage::WRITE_SIZE;
    const ERASE_SIZE: usize = FlashStorage::ERASE_SIZE;

    fn erase(&mut self, address: usize) -> Result<(), NorFlashErrorKind> {
        self.change(address, Self::ERASE_SIZE, |flash, offset| {
            flash.erase(offset, offset + FlashStorage::SECTOR_SIZE)
        })
    }

    fn write(&mut self, address: usize, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        self.change(address, bytes.len(), |flash, offset| {
            flash.write_nor(offset, bytes)
        })
    }
}

/// The partition in the table in flash.
#[inline(never)] // The table is not on the stack while the board serves.
fn find(flash: &mut FlashStorage<'static>) -> Option<PartitionEntry> {
    let mut table = [0; PARTITION_TABLE_MAX_LEN];
    let table = read_partition_table(flash, &mut table).ok()?;
    table.iter().find(|entry| entry.label().starts_with(NAME))
}

/// Makes the cache forget bytes, with all of the pages where they are: no line of the cache is in two pages.
fn invalidate(address: usize, len: usize) {
    let from = address - address % Window::PAGE;
    let to = (address + len).next_multiple_of(Window::PAGE);
    Cache_Invalidate_Addr(from, to - from);
}
