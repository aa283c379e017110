//! Whether a model fits a board.

use std::collections::BTreeSet;
use std::fmt;

use no_std_core::{Model, Operation};
use protocol::Room;

/// What a model takes, and what a board has for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fit {
    /// Bytes of flash for the file: needed, and there.
    pub flash: [u64; 2],
    /// Bytes of memory for the tensors.
    pub memory: [u64; 2],
    /// The kinds of operators that the board has not.
    pub missing: Vec<&'static str>,
}

impl Fit {
    /// That of a model whose file has so many bytes.
    pub fn new(model: &Model<'_>, len: usize, room: &Room) -> Self {
        let mut seen = BTreeSet::new();
        let missing = model
            .operations()
            .filter_map(|operation| missing(&operation, room))
            .filter(|name| seen.insert(*name))
            .collect();
        Self {
            flash: [len as u64, room.slot.into()],
            memory: [model.arena_len() as u64, room.arena.into()],
            missing,
        }
    }

    /// Whether it fits.
    pub fn fits(&self) -> bool {
        let enough = |[needs, has]: [u64; 2]| needs <= has;
        enough(self.flash) && enough(self.memory) && self.missing.is_empty()
    }
}

/// What an operation needs that is not there; see [`Room::kinds`], [`Room::forms`] and [`Room::window`].
fn missing(operation: &Operation<'_>, room: &Room) -> Option<&'static str> {
    let kind = operation.record().kind.into();
    if room.kinds.checked_shr(kind).unwrap_or(0) & 1 == 0 {
        return Some(operation.name());
    }
    let is_known = operation.form() & !room.forms == 0;
    let has_room = room.window == 0 || operation.window() <= room.window.into();
    (!(is_known && has_room)).then_some("convolution with such groups, windows or tiles")
}

/// A table, a line each of what is needed.
impl fmt::Display for Fit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let missing = match &self.missing[..] {
            [] => "all there".to_owned(),
            missing => format!("not there: {}", missing.join(", ")),
        };
        write!(f, "{:<10}{:>10}{:>10}", "bytes of", "needs", "has")?;
        for (name, [needs, has]) in [("flash", self.flash), ("memory", self.memory)] {
            write!(f, "\n{name:<10}{needs:>10}{has:>10}")?;
        }
        write!(f, "\n{:<10}{missing}", "operators")
    }
}
