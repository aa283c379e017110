//! What every measurement can be told.

use clap::Args;
use clap::builder::PossibleValuesParser;

use super::boards::{self, Board};

/// What every measurement can be told.
#[derive(Debug, Args)]
pub struct Options {
    /// The board; `all`, as without this option, stands for every one, or every machine of QEMU's where it runs
    #[arg(long, value_name = "NAME", default_value = boards::ALL, hide_default_value = true,
          value_parser = PossibleValuesParser::new(boards::names()))]
    board: String,
}

impl Options {
    pub fn boards(&self) -> Vec<&'static Board> {
        boards::named(&self.board)
    }

    /// The boards that a command can run without asking for hardware: one that is named, or all machines of QEMU's.
    pub fn runnable(&self) -> Vec<&'static Board> {
        let mut boards = self.boards();
        boards.retain(|board| self.board == board.name || board.machine().is_some());
        boards
    }
}
