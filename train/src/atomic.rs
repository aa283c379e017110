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
        let file = write().map_err(|source| WriteError { path: path.into(), source })?;
        Ok(Self { file, path: path.into() })
    }

    /// Where the bytes are now.
    pub fn temporary_path(&self) -> &Path {
        self.file.path()
    }

    /// Gives the file its name, replacing an earlier file.
    pub fn commit(self) -> Result<(), WriteError> {
        let Self { file, path } = self;
        file.persist(&path).map(drop).map_err(|error| WriteError { path, source: error.error })
    }
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
    create().map_err(|source| WriteError { path: path.into(), source })
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

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
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
        assert!(error.contains("file/run") && error.contains("cannot be written"), "{error}");
        assert_eq!(std::fs::read(&file).unwrap(), b"kept");
    }
}
