//! What the firmware needs from a board.

/// Nobody is at the other end of the line any more.
///
/// A plain serial port never notices; USB does when it is unplugged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed;

/// A board: a serial line, a light and two counters.
pub trait Board {
    /// What it is called, in at most 64 bytes.
    const NAME: &'static str;

    /// The next byte of the line, if one has arrived.
    ///
    /// # Errors
    ///
    /// [`Closed`], after which the firmware begins anew.
    fn read(&mut self) -> Result<Option<u8>, Closed>;

    /// Writes bytes to the line.
    ///
    /// # Errors
    ///
    /// See [`Self::read`].
    fn write(&mut self, bytes: &[u8]) -> Result<(), Closed>;

    /// Switches the light, where there is one: it is on while the board is in order and blinks if its test of itself has
    /// failed.
    fn light(&mut self, on: bool);

    /// Processor cycles since any moment, modulo 2^32. It is asked after each step of a run, often enough to extend a
    /// counter of 24 bits.
    fn cycles(&mut self) -> u32;

    /// The most bytes of stack that were in use at once since the start.
    fn stack_used(&self) -> u32;
}
