//! Files read whole, up to a limit, or written whole, and errors that say which file they are about.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use thiserror::Error;

/// The largest file that is read, in bytes: 64 MiB, far above any digit model or photograph.
pub const MAX_BYTES: u64 = 64 << 20;

/// A problem together with the file it was found in; displayed as one line, `file: problem`.
#[derive(Debug, Error)]
#[error("{file}: {problem}")]
pub struct InFile<Problem> {
    /// The file's name on one line, as [`display_name`] gives it.
    pub file: String,
    /// What is wrong with it.
    pub problem: Problem,
}

impl<Problem> InFile<Problem> {
    /// Names the file of a problem; for `map_err`.
    pub fn named<Cause: Into<Problem>>(file: &str) -> impl FnOnce(Cause) -> Self {
        move |cause| Self {
            file: one_line(file),
            problem: cause.into(),
        }
    }
}

/// Why a file could not be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// There is nothing of that name.
    #[error("expected a file, found nothing of that name")]
    Missing,
    /// The name is a folder's.
    #[error("expected a file, found a folder")]
    Folder,
    /// The file is longer than [`MAX_BYTES`].
    #[error("expected a file of at most {} MiB, found more", MAX_BYTES >> 20)]
    TooLarge,
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

/// Reads the whole file.
///
/// # Errors
///
/// See [`ReadError`].
pub fn read(path: &Path) -> Result<Vec<u8>, ReadError> {
    read_all(File::open(path)?)
}

/// Reads everything the reader gives, stopping as soon as it is more than [`MAX_BYTES`].
///
/// # Errors
///
/// [`ReadError::TooLarge`], or the reader's own failure.
pub fn read_all(reader: impl Read) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    reader.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(ReadError::TooLarge);
    }
    Ok(bytes)
}

/// A file could not be written.
#[derive(Debug, Error)]
#[error("expected to write this file, found: {0}; an earlier one of this name is untouched")]
pub struct WriteError(#[from] io::Error);

/// A file under a temporary name in the folder where it will get its own.
#[derive(Debug)]
pub struct Pending {
    file: NamedTempFile,
    path: PathBuf,
}

impl Pending {
    /// Creates the file, empty.
    ///
    /// # Errors
    ///
    /// If the folder is missing or no file can be created in it.
    pub fn create(path: &Path) -> Result<Self, InFile<WriteError>> {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // Readable by others as the umask allows; temporary files are private otherwise.
            builder.permissions(std::fs::Permissions::from_mode(0o666));
        }
        let file = builder
            .tempfile_in(folder.unwrap_or(Path::new(".")))
            .map_err(InFile::named(&display_name(path)))?;
        Ok(Self {
            file,
            path: path.to_owned(),
        })
    }

    /// Writes the bytes and gives the file its name, replacing an earlier one.
    ///
    /// # Errors
    ///
    /// If the disk is full, or the name is a folder's.
    pub fn commit(mut self, bytes: &[u8]) -> Result<(), InFile<WriteError>> {
        let write = || {
            self.file.write_all(bytes)?;
            self.file.as_file().sync_all()?;
            self.file.persist(&self.path).map_err(|error| error.error)
        };
        match write() {
            Ok(_) => Ok(()),
            Err(error) => Err(InFile::named(&display_name(&self.path))(error)),
        }
    }
}

/// The path as it is shown in messages and results: always one line.
pub fn display_name(path: &Path) -> String {
    one_line(&path.to_string_lossy())
}

/// The text with control characters escaped, so that no file name or foreign message can break a
/// line or steer a terminal.
pub fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_up_to_the_limit_and_not_a_byte_more() {
        let whole = read_all(io::repeat(7).take(MAX_BYTES)).unwrap();
        assert_eq!(whole.len() as u64, MAX_BYTES);
        let error = read_all(io::repeat(7)).unwrap_err();
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

    #[test]
    fn messages_stay_on_one_line() {
        let error = InFile::<ReadError>::named("a\nb\u{1b}[31m c.png")(ReadError::Missing);
        assert_eq!(
            error.to_string(),
            r"a\nb\u{1b}[31m c.png: expected a file, found nothing of that name"
        );
        assert_eq!(one_line("größe  7.png"), "größe  7.png");
    }
}
