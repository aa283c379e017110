//! The boards that the firmware is for, and what they have room for.

use serde::{Deserialize, Serialize};

/// Measured on the linked firmware, which the tests of boards compare.
const ROOMS: &str = include_str!("../../no_std_core/boards/rooms.json");

/// What a board has left for models besides its firmware.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Room {
    /// Name of the board, or of the machine that is emulated.
    pub board: &'static str,
    /// Bytes of flash for a flash file.
    pub flash: usize,
    /// Bytes of memory for its arena.
    pub arena: usize,
}

impl Room {
    /// Whether a flash file of this length with this arena goes in.
    pub fn fits(&self, flash: usize, arena: usize) -> bool {
        flash <= self.flash && arena <= self.arena
    }
}

/// All boards.
///
/// # Panics
///
/// Never: a test reads the file, which is part of the program.
pub fn rooms() -> Vec<Room> {
    serde_json::from_str(ROOMS).expect("a test reads the file, which is part of the program")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boards_have_rooms_for_the_digits() {
        let rooms = rooms();
        assert!(rooms.len() > 10);
        assert!(rooms.iter().all(|room| room.fits(218_080, 2_912)));
        let least = |of: fn(&Room) -> usize| rooms.iter().map(of).min().unwrap();
        assert!(!rooms[0].fits(least(|room| room.flash) + 1, 0));
        assert!(!rooms[0].fits(0, least(|room| room.arena) + 1));
    }
}
