//! The files that arguments stand for.

use std::path::{Component, Path, PathBuf};

use fast_glob::glob_match;
use input::folder::{self, FolderError, natural_key};
use thiserror::Error;
use walkdir::{DirEntry, WalkDir};

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
    #[error("expected files that match this pattern, found none")]
    NoMatch,
}

/// The sources that an argument stands for: `-` is standard input, a folder stands for its pictures (see
/// [`folder::pictures`]; where `below`, also for those of the folders in it), anything else is a file. A pattern with `*`,
/// `**`, `?`, `[...]` or `{...}` that names no file itself stands for all that match it, as shells do it.
pub fn sources(argument: &Path, below: bool) -> Result<Vec<Source>, InFile<FindError>> {
    if argument == Path::new("-") || argument.is_file() {
        return Ok(vec![Source(argument.to_owned())]);
    }
    let found = match argument.to_str() {
        _ if argument.is_dir() => return in_folder(argument, below),
        Some(pattern) if has_wildcard(pattern) && !argument.exists() => matching(pattern),
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
    let walk = WalkDir::new(folder)
        .min_depth(1)
        .sort_by_key(|entry| natural_key(entry.file_name().as_encoded_bytes()))
        .into_iter()
        .filter_entry(|entry| !is_hidden(entry));
    let mut pictures = Vec::new();
    for entry in walk {
        match entry.map(DirEntry::into_path) {
            Ok(path) if has_picture_extension(&path) && is_told(&path) => pictures.push(path),
            Ok(_) => {}
            Err(error) => pictures.push(unreadable(error)?),
        }
    }
    if pictures.is_empty() {
        return Err(FindError::Empty);
    }
    Ok(pictures)
}

/// The files and folders that match a pattern, in natural order of their paths.
fn matching(pattern: &str) -> Result<Vec<PathBuf>, FindError> {
    let (start, depth) = part_without_wildcards(pattern);
    let is_here = start.as_os_str().is_empty();
    let root = if is_here { Path::new(".") } else { &start };
    let takes_hidden = pattern.starts_with('.') || pattern.contains("/.");
    let walk = WalkDir::new(root).min_depth(1).max_depth(depth);
    let walk = walk
        .follow_links(true)
        .into_iter()
        .filter_entry(|entry| takes_hidden || entry.depth() == 0 || !is_hidden(entry));
    let mut found = Vec::new();
    for entry in walk {
        match entry {
            Ok(entry) => {
                let path = entry.path();
                let below = path.strip_prefix(".").ok().filter(|_| is_here);
                let path = below.unwrap_or(path);
                if glob_match(pattern, path.as_os_str().as_encoded_bytes()) {
                    found.push(path.to_owned());
                }
            }
            // Nothing matches where nothing is.
            Err(error) if error.depth() == 0 => {}
            Err(error) => found.push(unreadable(error)?),
        }
    }
    found.sort_by_cached_key(|path| natural_key(path.as_os_str().as_encoded_bytes()));
    if found.is_empty() {
        return Err(FindError::NoMatch);
    }
    Ok(found)
}

/// The folder that a pattern begins with, and how far below what matches may lie.
fn part_without_wildcards(pattern: &str) -> (PathBuf, usize) {
    let parts = || Path::new(pattern).components();
    let is_plain = |part: &Component| !has_wildcard(&part.as_os_str().to_string_lossy());
    let start: PathBuf = parts().take_while(is_plain).collect();
    let depth = if pattern.contains("**") {
        usize::MAX
    } else {
        parts().count() - start.components().count()
    };
    (start, depth)
}

/// The path of what a walk could not read, which is told when its turn comes; where the walk began, the error.
fn unreadable(error: walkdir::Error) -> Result<PathBuf, ReadError> {
    match error.path() {
        Some(path) if error.depth() > 0 => Ok(path.to_owned()),
        _ => Err(std::io::Error::from(error).into()),
    }
}

/// Whether a path is a file, or a link to nothing, of which whoever reads it is told. Pipes would be waited for.
fn is_told(path: &Path) -> bool {
    path.is_file() || path.is_symlink() && !path.exists()
}

fn has_wildcard(text: &str) -> bool {
    text.contains(['*', '?', '[', '{'])
}

fn is_hidden(entry: &DirEntry) -> bool {
    entry.file_name().as_encoded_bytes().starts_with(b".")
}
