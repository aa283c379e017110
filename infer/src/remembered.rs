//! Which instructions were the fastest for a flash file on this machine, as `infer bench` found it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;

use no_std_core::host::Backend;

use crate::file::Pending;

/// The file in the user's cache: the name of a backend for each model and machine.
const FILE: &str = "engines.json";

type Engines = BTreeMap<String, String>;

/// Keeps the instructions for a flash file.
///
/// # Errors
///
/// If the user's cache cannot be written.
pub fn keep(model: &[u8], fastest: Backend) -> io::Result<()> {
    let path = path().ok_or_else(|| io::Error::other("this system names no cache directory"))?;
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut engines = read();
    engines.insert(key(model), fastest.name().to_owned());
    let mut file = Pending::create(&path).map_err(io::Error::other)?;
    let text = serde_json::to_vec(&engines).map_err(io::Error::other)?;
    file.append(&text).map_err(io::Error::other)?;
    file.commit().map_err(io::Error::other)
}

/// The instructions that were the fastest for a flash file, else those that usually are.
pub fn backend(model: &[u8]) -> Backend {
    let engines = read();
    let name = engines.get(&key(model));
    let found = Backend::all()
        .into_iter()
        .find(|backend| name.is_some_and(|name| name == backend.name()));
    found.unwrap_or_else(Backend::best)
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
