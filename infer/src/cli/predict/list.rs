//! Paths that are read from a file or from standard input.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use crate::file::{InFile, ReadError, display_name};
use crate::source::SourceError;

/// The longest line, in bytes: more than any system's longest path.
const MAX_LINE: u64 = 1 << 16;

/// A list of paths, one a line, each of which is there as soon as its line is. Lines without one are passed over.
pub struct List {
    name: String,
    /// Empty after an error.
    reader: Box<dyn BufRead + Send>,
}

impl List {
    pub fn open(path: &Path) -> Result<Self, InFile<SourceError>> {
        let name = display_name(path);
        let reader: Box<dyn BufRead + Send> = if path == Path::new("-") {
            Box::new(BufReader::new(io::stdin()))
        } else {
            let file = File::open(path).map_err(ReadError::from);
            Box::new(BufReader::new(file.map_err(InFile::named(&name))?))
        };
        Ok(Self { name, reader })
    }

    /// The path in the next line that has one.
    fn read(&mut self) -> Result<Option<PathBuf>, ReadError> {
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = (&mut self.reader)
                .take(MAX_LINE)
                .read_until(b'\n', &mut line)?;
            let ends = line.pop_if(|byte| *byte == b'\n').is_some();
            line.pop_if(|byte| *byte == b'\r');
            if read as u64 == MAX_LINE && !ends {
                return Err(ReadError::TooLarge(MAX_LINE));
            }
            match path(&line) {
                _ if read == 0 => return Ok(None),
                _ if line.is_empty() => {}
                // Standard input is the list, or somebody else's.
                path if path == Path::new("-") => return Ok(Some("./-".into())),
                path => return Ok(Some(path)),
            }
        }
    }
}

impl Iterator for List {
    type Item = Result<PathBuf, InFile<SourceError>>;

    fn next(&mut self) -> Option<Self::Item> {
        let read = self.read();
        if read.is_err() {
            self.reader = Box::new(io::empty());
        }
        read.map_err(InFile::named(&self.name)).transpose()
    }
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
