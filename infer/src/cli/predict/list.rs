//! Paths that are read from a file or from standard input.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::super::Error;
use crate::file::{InFile, ReadError, display_name};
use crate::source::SourceError;

/// The longest line, in bytes: more than any system's longest path.
const MAX_LINE: u64 = 1 << 16;

/// Shows `visit` the path in each line as soon as it is there; lines without one are passed over.
pub fn each(list: &Path, visit: impl FnMut(&Path) -> Result<(), Error>) -> Result<(), Error> {
    if list == Path::new("-") {
        return each_line(list, io::stdin().lock(), visit);
    }
    let file = File::open(list).map_err(ReadError::from);
    each_line(list, BufReader::new(file.map_err(named(list))?), visit)
}

fn each_line(
    list: &Path,
    mut reader: impl BufRead,
    mut visit: impl FnMut(&Path) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut line);
        let read = read.map_err(ReadError::from).map_err(named(list))?;
        let ends = line.pop_if(|byte| *byte == b'\n').is_some();
        line.pop_if(|byte| *byte == b'\r');
        if read as u64 == MAX_LINE && !ends {
            return Err(named(list)(ReadError::TooLarge(MAX_LINE)).into());
        }
        match path(&line) {
            _ if read == 0 => return Ok(()),
            _ if line.is_empty() => {}
            // Standard input is the list, or somebody else's.
            path if path == Path::new("-") => visit(Path::new("./-"))?,
            path => visit(&path)?,
        }
    }
}

fn named(list: &Path) -> impl Fn(ReadError) -> InFile<SourceError> {
    let name = display_name(list);
    move |error| InFile::named(&name)(error)
}

#[cfg(unix)]
fn path(line: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    std::ffi::OsStr::from_bytes(line).into()
}

#[cfg(not(unix))]
fn path(line: &[u8]) -> PathBuf {
    String::from_utf8_lossy(line).into_owned().into()
}
