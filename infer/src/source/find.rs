//! The files that arguments stand for.

use std::path::{Path, PathBuf};

use input::folder::{self, FolderError, natural_key};
use thiserror::Error;
use walkdir::WalkDir;

use super::Source;
use crate::file::{InFile, ReadError, display_name};
use crate::picture::{FORMAT_NAMES, has_picture_extension};

/// Why an argument stands for no files.
#[derive(Debug, Error)]
#[error(transparent)]
pub enum FindError {
    Folder(#[from] FolderError),
    Read(#[from] ReadError),
    #[error(
        "expected picture files ({FORMAT_NAMES}) in the folder or in folders below, found none"
    )]
    Empty,
    #[error("expected a pattern of files, found: {0}")]
    Pattern(#[from] glob::PatternError),
    #[error("expected files that match this pattern, found none")]
    NoMatch,
}

/// The sources that an argument stands for: `-` is standard input, a folder stands for its pictures (see
/// [`folder::pictures`]; where `below`, also for those of the folders in it), anything else is a file. A pattern with `*`,
/// `?` or `[...]` that names no file itself stands for all that match it, as shells other than those of Windows do it.
pub fn sources(argument: &Path, below: bool) -> Result<Vec<Source>, InFile<FindError>> {
    if argument == Path::new("-") || argument.is_file() {
        return Ok(vec![Source(argument.to_owned())]);
    }
    let found = match argument.to_str() {
        _ if argument.is_dir() => return in_folder(argument, below),
        Some(pattern) if pattern.contains(['*', '?', '[']) && !argument.exists() => {
            matching(pattern)
        }
        _ => return Ok(vec![Source(argument.to_owned())]),
    };
    let found = found.map_err(InFile::named(&display_name(argument)))?;
    let mut sources = Vec::new();
    for path in found {
        if path.is_dir() {
            sources.extend(in_folder(&path, below)?);
        } else {
            sources.push(Source(path));
        }
    }
    Ok(sources)
}

fn in_folder(folder: &Path, below: bool) -> Result<Vec<Source>, InFile<FindError>> {
    let found = pictures(folder, below).map_err(InFile::named(&display_name(folder)))?;
    Ok(found.into_iter().map(Source).collect())
}

/// The pictures in a folder, at least one, in natural order of their names: see [`folder::pictures`]. Where `below`, also
/// those of the folders in it that are neither hidden nor links.
pub fn pictures(folder: &Path, below: bool) -> Result<Vec<PathBuf>, FindError> {
    if !below {
        return Ok(folder::pictures(folder).map_err(|error| error.problem)?);
    }
    let is_hidden = |name: &[u8]| name.starts_with(b".");
    let walk = WalkDir::new(folder)
        .min_depth(1)
        .sort_by_key(|entry| natural_key(entry.file_name().as_encoded_bytes()))
        .into_iter()
        .filter_entry(|entry| !is_hidden(entry.file_name().as_encoded_bytes()));
    let mut pictures = Vec::new();
    for entry in walk {
        let path = entry.map_err(|error| ReadError::from(std::io::Error::from(error)))?;
        let path = path.into_path();
        if has_picture_extension(&path) && path.is_file() {
            pictures.push(path);
        }
    }
    if pictures.is_empty() {
        return Err(FindError::Empty);
    }
    Ok(pictures)
}

/// The files and folders that match a pattern, in natural order of their paths.
fn matching(pattern: &str) -> Result<Vec<PathBuf>, FindError> {
    let options = glob::MatchOptions {
        require_literal_leading_dot: true,
        ..glob::MatchOptions::new()
    };
    let found = glob::glob_with(pattern, options)?;
    let found: Result<Vec<PathBuf>, _> = found.collect();
    let mut found = found.map_err(|error| ReadError::from(std::io::Error::from(error)))?;
    found.sort_by_cached_key(|path| natural_key(path.as_os_str().as_encoded_bytes()));
    if found.is_empty() {
        return Err(FindError::NoMatch);
    }
    Ok(found)
}
