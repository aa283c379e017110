//! What `train check` says that boards have room for, against the linked firmware.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::boards::Board;
use super::layout::Layout;

const FILE: &str = "no_std_core/boards/rooms.json";

/// Bytes of flash that may be left beside the firmware and a model that takes all of its room.
const SPARE: u64 = 24 << 10;

/// Fails unless the file has for the board what its firmware leaves.
pub fn check(board: &Board, layout: &Layout) -> Result<()> {
    let [flash, arena] = said(board)?;
    let room = layout.room.unwrap_or(arena);
    ensure!(
        room == arena,
        "{FILE}: {}: expected arena {room}, found {arena}",
        board.name
    );
    if let Some(slot) = layout.slot {
        ensure!(
            slot == flash,
            "{FILE}: {}: expected flash {slot}, found {flash}",
            board.name
        );
    } else if let Some(all) = mapped_flash(board)? {
        let most = all.saturating_sub(layout.flash - layout.model.len);
        let least = most.saturating_sub(SPARE);
        ensure!(
            (least..=most).contains(&flash),
            "{FILE}: {}: expected flash from {least} to {most}, found {flash}",
            board.name
        );
    }
    Ok(())
}

/// Flash and arena, as the file has them.
fn said(board: &Board) -> Result<[u64; 2]> {
    let text = fs::read_to_string(FILE).with_context(|| format!("cannot read {FILE}"))?;
    let rooms: Vec<Value> = serde_json::from_str(&text).with_context(|| FILE.to_owned())?;
    let room = rooms.iter().find(|room| room["board"] == board.name);
    let room = room.with_context(|| format!("{FILE}: expected {}, found none", board.name))?;
    let bytes = |field: &str| {
        let bytes = room[field].as_u64();
        bytes.with_context(|| format!("{FILE}: {}: expected {field} in bytes", board.name))
    };
    Ok([bytes("flash")?, bytes("arena")?])
}

/// Bytes of flash in the board's memory map; none where the crate of its chip has the map.
fn mapped_flash(board: &Board) -> Result<Option<u64>> {
    let folder = PathBuf::from("no_std_core/boards").join(board.package);
    let paths = [
        folder.join("memory.x"),
        folder.join(format!("memory/{}.x", board.name)),
    ];
    let Some(path) = paths.iter().find(|path| path.is_file()) else {
        return Ok(None);
    };
    let map = fs::read_to_string(path)?;
    let line = map.lines().find(|line| line.trim().starts_with("FLASH"));
    let length = line.and_then(|line| line.rsplit_once('=')?.1.trim().strip_suffix('K'));
    let length = length.and_then(|length| length.parse::<u64>().ok());
    let length = length.with_context(|| format!("{}: expected FLASH in K", path.display()))?;
    Ok(Some(length << 10))
}
