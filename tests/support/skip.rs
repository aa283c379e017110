//! How a test says that it did not run.

use std::env;
use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::io::{self, Write};

/// What a test needs and does not find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A program or library that can be installed; continuous integration must have all of them.
    Tool,
    /// Data, rights or a set-up of the machine.
    Environment,
}

/// Reports that `test` skips itself for `reason`; the caller returns next.
///
/// The line `test: reason` goes to standard output and, after the word `tool` or `environment`, to the end of the file
/// that the environment names in `BATON_SKIPS`, if it does: `cargo xtask test` counts these lines, since the test itself
/// passes. Neither text may hold a line break.
///
/// # Panics
///
/// When the file cannot be written: a skip that nobody hears of would count as a pass.
pub fn skip(test: &str, cause: Cause, reason: &str) {
    println!("{test}: skipped: {reason}");
    let cause = match cause {
        Cause::Tool => "tool",
        Cause::Environment => "environment",
    };
    if let Some(path) = env::var_os("BATON_SKIPS")
        && let Err(error) = append(&path, &format!("{cause} {test}: {reason}\n"))
    {
        panic!(
            "{}: expected to append a line, found: {error}",
            path.display()
        );
    }
}

/// Tests append at the same time, so that a line is written in one piece.
fn append(path: &OsStr, line: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    file.write_all(line.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::{fs, thread};

    use super::*;

    #[test]
    fn lines_of_many_writers_stay_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("skips");
        thread::scope(|scope| {
            for writer in 0..8 {
                let path = path.as_os_str();
                scope.spawn(move || {
                    for line in 0..50 {
                        append(path, &format!("suite::test_{writer}: reason {line}\n")).unwrap();
                    }
                });
            }
        });
        let text = fs::read_to_string(&path).unwrap();
        let mut found: Vec<&str> = text.lines().collect();
        assert_eq!(found.len(), 8 * 50);
        found.sort_unstable();
        for writer in 0..8 {
            for line in 0..50 {
                let expected = format!("suite::test_{writer}: reason {line}");
                assert!(found.binary_search(&&*expected).is_ok(), "{expected}");
            }
        }
    }

    #[test]
    fn an_unwritable_file_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(append(folder.path().as_os_str(), "a: b\n").is_err());
    }
}
