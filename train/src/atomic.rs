//! Writing files so that they are there whole or not at all.

use std::fs::Permissions;
use std::io::Write;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// A file or folder could not be written.
#[derive(Debug, thiserror::Error)]
#[error("{path}: cannot be written: {source}; an earlier file of this name is untouched")]
pub struct WriteError {
    /// The file or folder.
    pub path: PathBuf,
    /// What the system said.
    pub source: std::io::Error,
}

/// A file under a temporary name, in the folder where it will get its own.
pub struct Pending {
    file: NamedTempFile,
    path: PathBuf,
}

impl Pending {
    /// Writes `bytes` beside `path`, and to the disk.
    pub fn write(path: &Path, bytes: &[u8]) -> Result<Self, WriteError> {
        let write = || {
            let mut file = builder().tempfile_in(folder_of(path))?;
            file.write_all(bytes)?;
            file.as_file().sync_all()?;
            Ok(file)
        };
        let file = write().map_err(|source| WriteError {
            path: path.into(),
            source,
        })?;
        Ok(Self {
            file,
            path: path.into(),
        })
    }

    /// Where the bytes are now.
    pub fn temporary_path(&self) -> &Path {
        self.file.path()
    }

    /// Gives the file its name, replacing an earlier file.
    pub fn commit(self) -> Result<(), WriteError> {
        let Self { file, path } = self;
        file.persist(&path).map(drop).map_err(|error| WriteError {
            path,
            source: error.error,
        })
    }
}

/// Gives two files their names; if the second cannot have its own, the first one's earlier content comes back.
pub fn commit_both(first: Pending, second: Pending) -> Result<(), WriteError> {
    let path = first.path.clone();
    let earlier = std::fs::read(&path).ok();
    first.commit()?;
    second.commit().inspect_err(|_| {
        // What is to be reported is why the second one failed.
        let _ = match earlier {
            Some(bytes) => write(&path, &bytes),
            None => std::fs::remove_file(&path).map_err(|source| WriteError { path, source }),
        };
    })
}

/// Writes a file whole, or leaves what was there.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    Pending::write(path, bytes)?.commit()
}

/// Creates a folder and makes sure that files can be created in it.
pub fn prepare_folder(path: &Path) -> Result<(), WriteError> {
    let create = || {
        std::fs::create_dir_all(path)?;
        builder().tempfile_in(path).map(drop)
    };
    create().map_err(|source| WriteError {
        path: path.into(),
        source,
    })
}

fn builder() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".baton-").suffix(".part");
    #[cfg(unix)]
    {
        // Readable by others as the umask allows, like any file; temporary files are private otherwise.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(Permissions::from_mode(0o666));
    }
    builder
}

/// The folder in which a file lies or will lie.
pub fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_whole_and_replaces_the_earlier_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model");
        write(&path, b"first").unwrap();
        let pending = Pending::write(&path, b"second").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"first");
        pending.commit().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"second");
    }

    #[test]
    fn of_two_files_both_get_their_names_or_neither() {
        let folder = tempfile::tempdir().unwrap();
        let [first, second] = ["first", "second"].map(|name| folder.path().join(name));
        let commit = |content: &[u8]| {
            let pending = |path| Pending::write(path, content).unwrap();
            commit_both(pending(&first), pending(&second))
        };
        let names = || std::fs::read_dir(folder.path()).unwrap().count();
        std::fs::create_dir(&second).unwrap();
        std::fs::write(second.join("occupant"), b"").unwrap();
        assert_eq!(commit(b"new").unwrap_err().path, second);
        assert_eq!((first.exists(), names()), (false, 1));
        std::fs::write(&first, b"old").unwrap();
        assert_eq!(commit(b"new").unwrap_err().path, second);
        assert_eq!(
            (std::fs::read(&first).unwrap(), names()),
            (b"old".to_vec(), 2)
        );
        std::fs::remove_dir_all(&second).unwrap();
        commit(b"new").unwrap();
        assert_eq!(
            [&first, &second].map(|path| std::fs::read(path).unwrap()),
            [b"new", b"new"]
        );
    }

    #[test]
    fn a_dropped_file_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        drop(Pending::write(&folder.path().join("model"), b"half").unwrap());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_file_in_the_way_of_a_folder_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        write(&file, b"kept").unwrap();
        let error = prepare_folder(&file.join("run")).unwrap_err().to_string();
        assert!(
            error.contains("file/run") && error.contains("cannot be written"),
            "{error}"
        );
        assert_eq!(std::fs::read(&file).unwrap(), b"kept");
    }
}
