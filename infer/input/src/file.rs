//! Files read whole, up to a limit, or written whole, and errors that say which file they are about.

use std::path::{Path, PathBuf};

use thiserror::Error;

mod distinct;
mod read;
mod write;

pub use distinct::{SameFile, expect_distinct};
pub use read::{MAX_BYTES, ReadError, read, read_all, read_if_regular};
pub use write::{
    Pending, WriteError, commit_both, expect_writable, prepare_folder, remove_stale,
    remove_temporaries, write,
};

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

/// The path as it is shown in messages: always one line.
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

/// The folder in which a file lies or will lie.
pub fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// Where a file lies, or will lie once it is written: its path with every symbolic link followed, the last one too even
/// if what it names is missing.
fn real_path(path: &Path) -> std::io::Result<PathBuf> {
    // As many links as Linux follows.
    const MAX_LINKS: usize = 40;
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        match std::fs::read_link(&path) {
            Ok(target) => path = folder_of(&path).join(target),
            Err(_) if path.exists() => return path.canonicalize(),
            Err(_) => {
                let name = path.file_name().ok_or(std::io::ErrorKind::NotFound)?;
                return Ok(folder_of(&path).canonicalize()?.join(name));
            }
        }
    }
    Err(std::io::ErrorKind::NotFound.into())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    #[cfg(unix)]
    pub fn make_pipe(path: &Path) {
        let made = std::process::Command::new("mkfifo").arg(path).status();
        assert!(made.unwrap().success());
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
