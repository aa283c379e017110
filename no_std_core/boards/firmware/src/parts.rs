//! Boards that are put together of a serial line, a light and a counter.

use crate::board::{Board, Closed};
use crate::stack;
use crate::uart::Uart;

/// What the firmware calls a board.
pub trait Name {
    /// The name, in at most 64 bytes.
    const NAME: &'static str;
}

/// A board whose serial line never notices that nobody is there. Its stack must have been [painted](stack::paint).
pub struct Parts<N, U, L, C> {
    /// What it is called.
    pub name: N,
    /// The serial line.
    pub uart: U,
    /// Switches the light.
    pub light: L,
    /// Counts the processor's cycles.
    pub cycles: C,
}

impl<N: Name, U: Uart, L: FnMut(bool), C: FnMut() -> u32> Board for Parts<N, U, L, C> {
    const NAME: &'static str = N::NAME;

    fn read(&mut self) -> Result<Option<u8>, Closed> {
        Ok(self.uart.read())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Closed> {
        for &byte in bytes {
            self.uart.write(byte);
        }
        Ok(())
    }

    fn light(&mut self, on: bool) {
        (self.light)(on);
    }

    fn cycles(&mut self) -> u32 {
        (self.cycles)()
    }

    fn stack_used(&self) -> u32 {
        stack::used()
    }
}
