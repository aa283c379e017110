//! What emulates boards.

use std::path::Path;

use anyhow::Result;

use super::boards::{Board, Hardware};
use super::{qemu, rp2040};

/// Looks for every board's emulator; those that are missing are fetched into the folder `tools`.
pub fn find(boards: &[&Board], tools: &Path) -> Result<()> {
    qemu::find(boards, tools)?;
    if boards
        .iter()
        .any(|board| board.hardware == Hardware::Rp2040)
    {
        rp2040::find(tools)?;
    }
    Ok(())
}

/// What to type where [`find`] fails.
pub fn remedy() -> String {
    format!("{}; {}", qemu::remedy(), rp2040::remedy())
}
