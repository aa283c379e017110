//! What the controllers of all flash memories have in common.

#![allow(
    unsafe_code,
    reason = "who implements it promises what memory it changes"
)]

use embedded_storage::nor_flash::NorFlashErrorKind;

/// What erases and writes a flash memory.
///
/// # Safety
///
/// It changes nothing but the bytes that it is told to, and returns when they are changed and the processor sees them so.
pub unsafe trait Controller {
    /// Bytes that are written at once.
    const WRITE_SIZE: usize;

    /// Bytes that are erased at once.
    const ERASE_SIZE: usize;

    /// Erases the sector that starts at an address.
    ///
    /// # Errors
    ///
    /// What the flash says, where it says anything.
    fn erase(&mut self, address: usize) -> Result<(), NorFlashErrorKind>;

    /// Writes bytes to an address, both multiples of [`Self::WRITE_SIZE`], where the flash is erased.
    ///
    /// # Errors
    ///
    /// See [`Self::erase`].
    fn write(&mut self, address: usize, bytes: &[u8]) -> Result<(), NorFlashErrorKind>;
}

/// The words in bytes, whose number is a multiple of four.
pub fn words(bytes: &[u8]) -> impl Iterator<Item = u32> {
    let (words, _) = bytes.as_chunks();
    words.iter().map(|&word| u32::from_le_bytes(word))
}
