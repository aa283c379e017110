//! Debian's package format: <https://manpages.debian.org/bookworm/dpkg-dev/deb.5.en.html>.
//!
//! The same files give the same bytes, whatever this machine's tools, user and clock.

use std::collections::BTreeSet;
use std::io::{self, Write};

use flate2::{Compression, GzBuilder};
use tar::{EntryType, Header};

/// A file of a package.
pub struct File {
    /// Without a slash in front.
    pub path: String,
    pub mode: u32,
    pub content: Vec<u8>,
}

impl File {
    /// One that everybody reads.
    pub fn new(path: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        Self {
            path: path.into(),
            mode: 0o644,
            content: content.into(),
        }
    }

    /// One that everybody runs.
    pub fn program(path: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        Self {
            mode: 0o755,
            ..Self::new(path, content)
        }
    }

    /// One that everybody reads, packed, with no name and time in it.
    pub fn packed(path: &str, content: &[u8]) -> io::Result<Self> {
        Ok(Self::new(format!("{path}.gz"), gzip(content)?))
    }
}

/// A package of these files, all of them from `time`, in seconds since 1970.
pub fn deb(control: &[File], data: &[File], time: u64) -> io::Result<Vec<u8>> {
    let mut deb = b"!<arch>\n".to_vec();
    let members = [
        ("debian-binary", b"2.0\n".to_vec()),
        ("control.tar.gz", gzip(&archive(control, time)?)?),
        ("data.tar.gz", gzip(&archive(data, time)?)?),
    ];
    for (name, content) in members {
        let len = content.len();
        writeln!(
            deb,
            "{name:<16}{time:<12}{:<6}{:<6}{:<8}{len:<10}`",
            0, 0, 100_644
        )?;
        deb.extend(content);
        if len % 2 == 1 {
            deb.push(b'\n');
        }
    }
    Ok(deb)
}

/// The files of root and the folders they are in.
fn archive(files: &[File], time: u64) -> io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    let mut folders = BTreeSet::new();
    for file in files {
        let slashes = file.path.match_indices('/');
        folders.extend(slashes.map(|(at, _)| &file.path[..=at]));
    }
    for folder in [""].into_iter().chain(folders) {
        let header = header(folder, EntryType::Directory, 0o755, 0, time)?;
        archive.append(&header, io::empty())?;
    }
    for file in files {
        let size = file.content.len() as u64;
        let header = header(&file.path, EntryType::Regular, file.mode, size, time)?;
        archive.append(&header, &*file.content)?;
    }
    archive.into_inner()
}

/// A header with the name that dpkg writes, which begins with a dot.
fn header(path: &str, kind: EntryType, mode: u32, size: u64, time: u64) -> io::Result<Header> {
    let mut header = Header::new_gnu();
    let name = format!("./{path}");
    let room = header.as_old_mut().name.get_mut(..name.len());
    let too_long = || io::Error::other(format!("{name}: expected at most 100 bytes"));
    room.ok_or_else(too_long)?.copy_from_slice(name.as_bytes());
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header.set_mtime(time);
    header.set_uid(0);
    header.set_gid(0);
    header.set_username("root")?;
    header.set_groupname("root")?;
    header.set_cksum();
    Ok(header)
}

fn gzip(content: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzBuilder::new().write(Vec::new(), Compression::best());
    encoder.write_all(content)?;
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::command::output;

    fn files() -> [File; 2] {
        [
            File::program("usr/bin/hello", "#!/bin/sh\necho hello\n"),
            File::new("usr/share/doc/hello/copyright", "nobody's"),
        ]
    }

    #[test]
    fn the_same_files_give_the_same_bytes() {
        let control = [File::new("control", "Package: hello\n")];
        let write = |time| deb(&control, &files(), time).unwrap();
        assert_eq!(write(86_400), write(86_400));
        assert_ne!(write(86_400), write(86_401));
    }

    #[test]
    fn debian_reads_what_is_written() {
        if Command::new("dpkg-deb").arg("--version").output().is_err() {
            println!("no dpkg-deb here");
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hello.deb");
        let control = "Package: hello\nVersion: 1\nArchitecture: all\nMaintainer: A <a@b.org>\nDescription: hello\n";
        let bytes = deb(&[File::new("control", control)], &files(), 86_400).unwrap();
        std::fs::write(&path, bytes).unwrap();
        let list = output(Command::new("dpkg-deb").arg("--contents").arg(&path)).unwrap();
        let rows: Vec<Vec<&str>> = list
            .lines()
            .map(|line| line.split_whitespace().collect())
            .collect();
        let program = ["-rwxr-xr-x", "root/root", "21"];
        let found = rows
            .iter()
            .find(|row| row.last() == Some(&"./usr/bin/hello"));
        assert_eq!(found.unwrap()[..3], program, "{list}");
        assert_eq!(rows.len(), 8, "{list}");
        let mut field = Command::new("dpkg-deb");
        let version = output(field.arg("--field").arg(&path).arg("Version")).unwrap();
        assert_eq!(version, "1\n");
    }
}
