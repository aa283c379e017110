//! Files read whole, up to a limit.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use thiserror::Error;

/// The largest file that [`read`] takes, in bytes: 64 MiB, far above any model for a small machine.
pub const MAX_BYTES: u64 = 64 << 20;

/// Why a file could not be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// There is nothing of that name.
    #[error("expected a file, found nothing of that name")]
    Missing,
    /// The name is a folder's.
    #[error("expected a file, found a folder")]
    Folder,
    /// The file is longer than this many bytes.
    #[error("expected a file of at most {} MiB, found more", .0 >> 20)]
    TooLarge(u64),
    /// The system refused to open or read it.
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
        let error = read_all(io::repeat(7), MAX_BYTES).unwrap_err();
        assert_eq!(
            error.to_string(),
            "expected a file of at most 64 MiB, found more"
        );
    }

    #[test]
    fn says_what_is_there_instead_of_a_file() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(read(folder.path()), Err(ReadError::Folder)));
        assert!(matches!(
            read(&folder.path().join("none")),
            Err(ReadError::Missing)
        ));
        let under_a_file = folder.path().join("file");
        std::fs::write(&under_a_file, "text").unwrap();
        let error = read(&under_a_file.join("deeper")).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("expected a readable file, found: "),
            "{error}"
        );
    }
}
