//! Files that are there whole or not at all, whatever happens meanwhile.
//!
//! A file is written under a temporary name in the folder where it will lie, and then renamed. A symbolic link is
//! followed: the file that it names is replaced. What is no regular file (a device, a pipe, a socket) or is the program's
//! own standard output is written to and never replaced.

use std::fs::{self, Metadata, Permissions};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::NamedTempFile;
use thiserror::Error;

use super::{display_name, folder_of, real_path};

/// What temporary names begin and end with.
const PREFIX: &str = ".baton-";
const SUFFIX: &str = ".part";

/// A file or folder could not be written.
#[derive(Debug, Error)]
#[error(
    "{}: cannot be written: {source}; an earlier file of this name is untouched",
    display_name(path)
)]
pub struct WriteError {
    /// The file or folder.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

impl WriteError {
    fn of(path: &Path) -> impl FnOnce(io::Error) -> Self {
        |source| Self {
            path: path.to_owned(),
            source,
        }
    }
}

/// A file under a temporary name, which gets its content and then its own name.
#[derive(Debug)]
pub struct Pending {
    file: NamedTempFile,
    destination: Destination,
    path: PathBuf,
}

impl Pending {
    /// A file without content beside `path`; in the system's temporary folder if `path` is a device or a pipe.
    pub fn create(path: &Path) -> Result<Self, WriteError> {
        let create = || {
            let destination = Destination::of(path)?;
            let file = match &destination {
                Destination::File { path, .. } => temporary(folder_of(path))?,
                Destination::Stream(_) => temporary(&std::env::temp_dir())?,
            };
            if let Destination::File {
                permissions: Some(permissions),
                ..
            } = &destination
            {
                file.as_file().set_permissions(permissions.clone())?;
            }
            Ok((file, destination))
        };
        let (file, destination) = create().map_err(WriteError::of(path))?;
        Ok(Self {
            file,
            destination,
            path: path.to_owned(),
        })
    }

    /// Like [`Pending::create`], with `bytes` in it and on the disk.
    pub fn write(path: &Path, bytes: &[u8]) -> Result<Self, WriteError> {
        let mut pending = Self::create(path)?;
        pending.append(bytes)?;
        let synced = pending.file.as_file().sync_all();
        synced.map_err(WriteError::of(path))?;
        Ok(pending)
    }

    /// Writes `bytes` after those that are there.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        let written = self.file.write_all(bytes);
        written.map_err(WriteError::of(&self.path))
    }

    /// Where the bytes are now.
    pub fn temporary_path(&self) -> &Path {
        self.file.path()
    }

    /// Gives the file its name, replacing an earlier file; or sends the bytes where `path` leads.
    pub fn commit(self) -> Result<(), WriteError> {
        let Self {
            mut file,
            destination,
            path,
        } = self;
        let commit = || match destination {
            Destination::File { path, .. } => {
                file.as_file().sync_all()?;
                let _unless_removed = temporaries();
                file.persist(path).map(drop).map_err(|error| error.error)
            }
            Destination::Stream(stream) => {
                file.rewind()?;
                stream.send(&path, file)
            }
        };
        commit().map_err(WriteError::of(&path))
    }
}

/// Gives two files their names; if the second cannot have its own, the first one's earlier content comes back. Only a
/// process that is killed between the two leaves one of them new and the other old.
pub fn commit_both(first: Pending, second: Pending) -> Result<(), WriteError> {
    let replaces = matches!(first.destination, Destination::File { .. });
    let path = first.path.clone();
    let earlier = fs::read(&path).ok().filter(|_| replaces);
    first.commit()?;
    second.commit().inspect_err(|_| {
        // What is to be reported is why the second one failed.
        let _ = match earlier {
            Some(bytes) => write(&path, &bytes),
            None if replaces => fs::remove_file(&path).map_err(WriteError::of(&path)),
            None => Ok(()),
        };
    })
}

/// Writes a file whole, or leaves what was there.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    match Destination::of(path).map_err(WriteError::of(path))? {
        Destination::File { .. } => Pending::write(path, bytes)?.commit(),
        Destination::Stream(stream) => stream.send(path, bytes).map_err(WriteError::of(path)),
    }
}

/// Makes sure, as far as that can be told before, that [`write()`] can write this file: for outputs of long work.
pub fn expect_writable(path: &Path) -> Result<(), WriteError> {
    let try_out = || match Destination::of(path)? {
        Destination::File { path, .. } => temporary(folder_of(&path)).map(drop),
        Destination::Stream(_) => Ok(()),
    };
    try_out().map_err(WriteError::of(path))
}

/// Creates a folder and makes sure that files can be created in it.
pub fn prepare_folder(path: &Path) -> Result<(), WriteError> {
    let create = || {
        if path.exists() && !path.is_dir() {
            let found = "expected a folder, found a file";
            return Err(io::Error::new(io::ErrorKind::NotADirectory, found));
        }
        fs::create_dir_all(path)?;
        temporary(path).map(drop)
    };
    create().map_err(WriteError::of(path))
}

/// Removes the temporary files that programs left which were killed. For a folder in which no other one is at work.
pub fn remove_stale(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let is_ours = |name: &str| name.starts_with(PREFIX) && name.ends_with(SUFFIX);
        if name.to_str().is_some_and(is_ours) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Removes all files that still have their temporary names. For a process that is about to end, by a signal for example:
/// any other thread that wants to create or rename one after this waits for ever.
pub fn remove_temporaries() {
    let paths = temporaries();
    for path in &*paths {
        // Most have their own names by now.
        let _ = fs::remove_file(path);
    }
    std::mem::forget(paths);
}

/// Where the bytes of an output go.
#[derive(Debug)]
enum Destination {
    /// Into a new file that takes this name, and the permissions of the file that it replaces.
    File {
        path: PathBuf,
        permissions: Option<Permissions>,
    },
    /// Into what cannot be replaced.
    Stream(Stream),
}

#[derive(Debug)]
enum Stream {
    StandardOutput,
    Device,
    #[cfg(unix)]
    Socket,
}

impl Destination {
    fn of(path: &Path) -> io::Result<Self> {
        let found = match fs::metadata(path) {
            Ok(found) => Some(found),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        Ok(match found {
            Some(found) if found.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            Some(found) if is_standard_output(&found) => Self::Stream(Stream::StandardOutput),
            #[cfg(unix)]
            Some(found) if std::os::unix::fs::FileTypeExt::is_socket(&found.file_type()) => {
                Self::Stream(Stream::Socket)
            }
            Some(found) if !found.is_file() => Self::Stream(Stream::Device),
            found => Self::File {
                path: real_path(path)?,
                permissions: found.map(|found| found.permissions()),
            },
        })
    }
}

impl Stream {
    /// Sends the bytes; to a pipe as soon as somebody reads it.
    fn send(&self, path: &Path, mut bytes: impl Read) -> io::Result<()> {
        let mut send = |mut to: &mut dyn Write| io::copy(&mut bytes, &mut to).map(drop);
        match self {
            Self::StandardOutput => {
                send(&mut io::stdout())?;
                io::stdout().flush()
            }
            Self::Device => send(&mut fs::OpenOptions::new().write(true).open(path)?),
            #[cfg(unix)]
            Self::Socket => send(&mut std::os::unix::net::UnixStream::connect(path)?),
        }
    }
}

/// Whether a file is where this program's standard output goes: two writers, each with a place of its own in the file,
/// would write over each other.
#[cfg(unix)]
fn is_standard_output(found: &Metadata) -> bool {
    use std::os::fd::AsFd;
    use std::os::unix::fs::MetadataExt;
    let output = io::stdout()
        .as_fd()
        .try_clone_to_owned()
        .map(fs::File::from);
    output
        .and_then(|output| output.metadata())
        .is_ok_and(|output| (output.dev(), output.ino()) == (found.dev(), found.ino()))
}

#[cfg(not(unix))]
fn is_standard_output(_: &Metadata) -> bool {
    false
}

/// The paths of all temporary files so far; most are gone.
fn temporaries() -> MutexGuard<'static, Vec<PathBuf>> {
    static PATHS: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
    PATHS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A file with a temporary name in the folder.
fn temporary(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX);
    #[cfg(unix)]
    {
        // Readable by others as the umask allows, like any file; temporary files are private otherwise.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(Permissions::from_mode(0o666));
    }
    let mut paths = temporaries();
    let file = builder.tempfile_in(folder)?;
    paths.push(file.path().to_owned());
    Ok(file)
}

#[cfg(test)]
mod tests;
