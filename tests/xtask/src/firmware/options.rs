//! What every measurement can be told.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use clap::builder::PossibleValuesParser;

use super::boards::{self, Board};
use super::subject::Subject;

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
    model: PathBuf,

    /// Link all operators, for models that are sent later, and not only those that this one needs
    #[arg(long)]
    all_operators: bool,
}

impl Options {
    /// The model, and what is linked with it.
    pub fn subject(&self) -> Result<Subject> {
        Ok(Subject {
            all_operators: self.all_operators,
            ..Subject::open(&self.model)?
        })
    }

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
