//! The library `core` for microcontrollers from Debian's packages, where rustup has none.
//!
//! Debian 12 has the sources of `core` and the compiler that goes with them, but no binaries for microcontrollers. Built
//! once and laid out as rustup would, they serve a plain stable cargo.

use std::fs::{self, DirEntry};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::apt;
use crate::command::{output, relative, run_quietly};

/// Debian's compiler.
pub const RUSTC: &str = "/usr/bin/rustc";
const CARGO: &str = "/usr/bin/cargo";
/// The linker that these targets take, which `rustc-web` does not bring along.
const LINKER: &str = "/usr/bin/ld.lld";
const SOURCES: &str = "/usr/lib/rustlib/src/rust/library/core/Cargo.toml";

/// The packages that have these four files, on Debian 12.
pub const PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "lld", "rust-web-src"];

/// A crate that needs nothing but `core`.
const MANIFEST: &str = "\
[package]
name = \"empty\"
edition = \"2024\"

[lib]
path = \"lib.rs\"

[profile.release]
codegen-units = 1

[workspace]
";

/// What tells [`RUSTC`] of the libraries that [`install`] builds in a folder of `tools`.
pub fn flags(tools: &Path) -> Result<Vec<String>> {
    let sysroot = format!("--sysroot={}", folder(tools)?.display());
    Ok(vec![sysroot, format!("-Clinker={LINKER}")])
}

/// Installs the packages that are missing and builds the libraries for all `targets`.
pub fn install(tools: &Path, targets: &[&str]) -> Result<()> {
    let is_there = |path: &&str| Path::new(path).exists();
    if ![RUSTC, CARGO, LINKER, SOURCES].iter().all(is_there) {
        apt::install(&PACKAGES)?;
    }
    let sysroot = folder(tools)?;
    eprintln!("Building core in {} (once)", relative(&sysroot).display());
    build(tools, &sysroot, targets)
}

/// Where the libraries are: they serve only the version of the compiler that made them.
fn folder(tools: &Path) -> Result<PathBuf> {
    let version = output(Command::new(RUSTC).arg("--version"))?;
    let version = version.split(' ').nth(1);
    let version = version.context("rustc --version: expected a version, found none")?;
    Ok(tools.join(format!("sysroot-{version}")))
}

/// Fills a folder beside `sysroot` and renames it, so that an interrupted build is never taken for a whole one.
fn build(tools: &Path, sysroot: &Path, targets: &[&str]) -> Result<()> {
    fs::create_dir_all(tools).with_context(|| format!("cannot create {}", tools.display()))?;
    let staging = tempfile::Builder::new()
        .prefix("sysroot-")
        .tempdir_in(tools)?;
    let staging = staging.path();
    fs::write(staging.join("Cargo.toml"), MANIFEST)?;
    fs::write(staging.join("lib.rs"), "#![no_std]\n")?;
    run_quietly(&mut cargo_build(staging, targets))?;
    let whole = staging.join("sysroot");
    for target in targets {
        let built = staging.join("target").join(target).join("release/deps");
        let libraries = libraries(&whole, target);
        fs::create_dir_all(&libraries)?;
        for library in fs::read_dir(built)?.flatten().filter(is_library) {
            fs::rename(library.path(), libraries.join(library.file_name()))?;
        }
    }
    if sysroot.exists() {
        fs::remove_dir_all(sysroot)
            .with_context(|| format!("cannot replace {}", sysroot.display()))?;
    }
    fs::rename(&whole, sysroot).with_context(|| format!("cannot create {}", sysroot.display()))
}

/// Whether cargo built this of the library and not of the crate or its own notes.
fn is_library(file: &DirEntry) -> bool {
    let name = file.file_name();
    let name = name.to_string_lossy();
    name.ends_with(".rlib") && !name.starts_with("libempty")
}

/// Compiles `core` for the crate in `folder`.
fn cargo_build(folder: &Path, targets: &[&str]) -> Command {
    let mut command = Command::new(CARGO);
    command.args(["build", "--quiet", "--release", "-Zbuild-std=core"]);
    command
        .arg("--manifest-path")
        .arg(folder.join("Cargo.toml"));
    command.arg("--target-dir").arg(folder.join("target"));
    command.args(targets.iter().flat_map(|target| ["--target", target]));
    command
        .env("RUSTC", RUSTC)
        // The compiler is stable, and its library needs what is not.
        .env("RUSTC_BOOTSTRAP", "1")
        // For link-time optimisation.
        .env("CARGO_ENCODED_RUSTFLAGS", "-Cembed-bitcode=yes");
    command
}

/// Where a sysroot has the libraries for `target`.
pub fn libraries(sysroot: &Path, target: &str) -> PathBuf {
    sysroot.join("lib/rustlib").join(target).join("lib")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_told_from_what_lies_beside_them() {
        let folder = tempfile::tempdir().unwrap();
        let libraries = ["libcompiler_builtins-1.rlib", "libcore-2.rlib"];
        let others = ["core-2.d", "libcore-2.rmeta", "libempty-3.rlib"];
        for name in others.iter().chain(&libraries) {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let entries = fs::read_dir(folder.path()).unwrap().flatten();
        let found = entries.filter(is_library).map(|file| file.file_name());
        let mut found: Vec<_> = found.collect();
        found.sort();
        assert_eq!(found, libraries);
    }
}
