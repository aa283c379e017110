//! Which engine was the fastest for a model on this machine, as `infer bench` found it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;

use crate::file::Pending;

/// The file in the user's cache: the name of an engine for each model and machine.
const FILE: &str = "engines.json";

type Engines = BTreeMap<String, String>;

/// Keeps the name of the engine for a model.
///
/// # Errors
///
/// If the user's cache cannot be written.
pub fn keep(model: &[u8], fastest: &str) -> io::Result<()> {
    let path = path().ok_or_else(|| io::Error::other("this system names no cache directory"))?;
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut engines = read();
    engines.insert(key(model), fastest.to_owned());
    let mut file = Pending::create(&path).map_err(io::Error::other)?;
    let text = serde_json::to_vec(&engines).map_err(io::Error::other)?;
    file.append(&text).map_err(io::Error::other)?;
    file.commit().map_err(io::Error::other)
}

/// The name of the engine that was the fastest for a model, if that was measured.
pub fn fastest(model: &[u8]) -> Option<String> {
    let mut engines = read();
    // Large models take a while to sum up.
    if engines.is_empty() {
        return None;
    }
    engines.remove(&key(model))
}

/// What is kept; nothing where that cannot be read.
fn read() -> Engines {
    let text = path().and_then(|path| fs::read(path).ok());
    text.and_then(|text| serde_json::from_slice(&text).ok())
        .unwrap_or_default()
}

/// The checksum of a model and the machine's name.
fn key(model: &[u8]) -> String {
    let checksum = no_std_core::format::checksum(model).unwrap_or_default();
    format!(
        "{checksum:08x} {} {}",
        model.len(),
        crate::bench::machine_name()
    )
}

fn path() -> Option<PathBuf> {
    let named = std::env::var_os("BATON_CACHE").filter(|folder| !folder.is_empty());
    let folder = named
        .map(PathBuf::from)
        .or_else(|| Some(dirs::cache_dir()?.join("baton")));
    Some(folder?.join(FILE))
}
