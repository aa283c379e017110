//! Files read whole, up to a limit.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use thiserror::Error;

/// The largest file that [`read`] takes, in bytes: 64 MiB, far above any model for a small machine.
pub const MAX_BYTES: u64 = 64 << 20;

/// Why a file could not be read.
#[derive(Debug, Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum ReadError {
    #[error("expected a file, found nothing of that name")]
    Missing,
    #[error("expected a file, found a folder")]
    Folder,
    #[error("expected a file of at most {} MiB, found more", .0 >> 20)]
    TooLarge(u64),
    #[error("expected a readable file, found: {0}")]
    Unreadable(#[source] io::Error),
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing,
            io::ErrorKind::IsADirectory => Self::Folder,
            _ => Self::Unreadable(error),
        }
    }
}

/// Reads the whole file, of at most [`MAX_BYTES`].
pub fn read(path: &Path) -> Result<Vec<u8>, ReadError> {
    read_all(File::open(path)?, MAX_BYTES)
}

/// Reads a file that may be there; `None` if there is none, or something that is no regular file.
pub fn read_if_regular(path: &Path) -> Option<Vec<u8>> {
    path.is_file().then(|| read(path).ok())?
}

/// Reads everything the reader gives, stopping as soon as it is more than `limit` bytes.
pub fn read_all(reader: impl Read, limit: u64) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    reader.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(ReadError::TooLarge(limit));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_up_to_the_limit_and_not_a_byte_more() {
        let whole = read_all(io::repeat(7).take(MAX_BYTES), MAX_BYTES).unwrap();
        assert_eq!(whole.len() as u64, MAX_BYTES);
        let endless = read_all(io::repeat(7), MAX_BYTES);
        assert!(matches!(endless, Err(ReadError::TooLarge(MAX_BYTES))));
    }

    #[test]
    fn says_what_is_there_instead_of_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let large = File::create(folder.path().join("large")).unwrap();
        large.set_len(MAX_BYTES + 1).unwrap();
        for (name, expected) in [
            ("", "expected a file, found a folder"),
            ("none", "expected a file, found nothing of that name"),
            ("large/deeper", "expected a readable file, found: "),
            ("large", "expected a file of at most 64 MiB, found more"),
        ] {
            let error = read(&folder.path().join(name)).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
