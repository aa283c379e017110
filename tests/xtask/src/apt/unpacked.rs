//! Packages that are unpacked in a folder and not installed, with all that they depend on.
//!
//! This takes no rights and leaves the system's packages alone, so that none of them can stand in its way.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::remedy;
use crate::command::run_quietly;

/// How the archive of the C library is named, which is left out: the system's loader takes no other than its own.
const C_LIBRARY: &str = "libc6_";

/// Fetches packages into `folder`, which is filled as a whole or not at all.
///
/// An error says what to type, where there are no such packages.
pub fn unpack(packages: &[&str], folder: &Path) -> Result<()> {
    let is_there = |program: &&str| run_quietly(Command::new(program).arg("--version")).is_ok();
    ensure!(
        ["apt-get", "dpkg-deb"].iter().all(is_there),
        "not installed: {}; {}",
        packages.join(" "),
        remedy(packages)
    );
    let tools = folder.parent().context("the tools folder is a root")?;
    fs::create_dir_all(tools).with_context(|| format!("cannot create {}", tools.display()))?;
    let staging = tempfile::Builder::new().prefix("apt-").tempdir_in(tools)?;
    let names = packages.join(" ");
    eprintln!("Fetching packages, which are not installed: {names} (once)");
    let root = staging.path().join("root");
    fs::create_dir(&root)?;
    for archive in download(packages, staging.path())? {
        run_quietly(
            Command::new("dpkg-deb")
                .arg("--extract")
                .args([&archive, &root]),
        )?;
    }
    if folder.exists() {
        fs::remove_dir_all(folder)
            .with_context(|| format!("cannot replace {}", folder.display()))?;
    }
    fs::rename(&root, folder).with_context(|| format!("cannot create {}", folder.display()))
}

/// Fetches the packages of a system that has none yet but the C library, with apt's own files in the folder `staging`.
fn download(packages: &[&str], staging: &Path) -> Result<Vec<PathBuf>> {
    let [state, cache] = ["state", "cache"].map(|name| staging.join(name));
    let archives = cache.join("archives");
    for folder in [state.join("lists/partial"), archives.join("partial")] {
        fs::create_dir_all(folder)?;
    }
    let status = state.join("status");
    fs::write(&status, "")?;
    let apt = || {
        let mut apt = Command::new("apt-get");
        let folders = [
            ("Dir::State", &state),
            ("Dir::State::status", &status),
            ("Dir::Cache", &cache),
        ];
        for (option, path) in folders {
            apt.arg("-o").arg(format!("{option}={}", path.display()));
        }
        // Root's apt reads as another user, who may not enter this folder.
        apt.args(["-o", "APT::Sandbox::User=root"]);
        apt
    };
    run_quietly(apt().arg("update"))?;
    let fetch = [
        "install",
        "--yes",
        "--download-only",
        "--no-install-recommends",
    ];
    run_quietly(apt().args(fetch).args(packages))?;
    let entries = fs::read_dir(archives)?.flatten().map(|entry| entry.path());
    let is_wanted = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.ends_with(".deb") && !name.starts_with(C_LIBRARY)
    };
    Ok(entries.filter(is_wanted).collect())
}

/// A program out of a folder that [`unpack`] has filled, with the libraries there; `None` where it is not.
pub fn program(folder: &Path, name: &str) -> Option<Command> {
    let path = folder.join("usr/bin").join(name);
    path.is_file().then(|| {
        let mut command = Command::new(path);
        if let Ok(paths) = env::join_paths(libraries(folder)) {
            command.env("LD_LIBRARY_PATH", paths);
        }
        command
    })
}

/// The folders with libraries: Debian names them after the processor.
fn libraries(folder: &Path) -> Vec<PathBuf> {
    let parents = ["usr/lib", "lib"].map(|parent| folder.join(parent));
    let entries = parents
        .iter()
        .filter_map(|parent| fs::read_dir(parent).ok());
    let paths = entries.flat_map(|entries| entries.flatten().map(|entry| entry.path()));
    let mut paths: Vec<_> = paths.filter(|path| is_of_processor(path)).collect();
    paths.sort();
    paths
}

fn is_of_processor(folder: &Path) -> bool {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    name.contains("-linux-gnu") && folder.is_dir()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_gets_the_libraries_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = |inner: &str| folder.path().join(inner);
        let libraries = ["lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu"];
        for inner in libraries.iter().chain(&["usr/bin", "usr/lib/systemd"]) {
            fs::create_dir_all(path(inner)).unwrap();
        }
        assert!(program(folder.path(), "emulator").is_none());
        fs::write(path("usr/bin/emulator"), "").unwrap();
        let command = program(folder.path(), "emulator").unwrap();
        let (_, found) = command.get_envs().next().unwrap();
        let expected = env::join_paths(libraries.map(path)).unwrap();
        assert_eq!(found, Some(expected.as_os_str()));
    }
}
