//! What every measurement can be told.

use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValuesParser;

use super::boards::{self, Board};

/// The model that the firmware holds where no other is named.
pub const DIGITS: &str = "models/digits.q8";

/// What every measurement can be told.
#[derive(Debug, Args)]
pub struct Options {
    /// The board; `all`, as without this option, stands for every one, or every one that is emulated where it runs
    #[arg(long, value_name = "NAME", default_value = boards::ALL, hide_default_value = true,
          value_parser = PossibleValuesParser::new(boards::names()))]
    board: String,

    /// The model in the firmware, a flash file (.q8)
    #[arg(long, value_name = "FILE", default_value = DIGITS)]
    pub model: PathBuf,
}

impl Options {
    pub fn boards(&self) -> Vec<&'static Board> {
        boards::named(&self.board)
    }

    /// The boards that a command can run without asking for hardware: one that is named, or all that are emulated.
    pub fn runnable(&self) -> Vec<&'static Board> {
        let mut boards = self.boards();
        boards.retain(|board| self.board == board.name || board.is_emulated());
        boards
    }
}
