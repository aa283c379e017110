//! A native ONNX Runtime, out of the Python wheel, without touching the user's Python packages.

use std::env::{self, consts::OS};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::command::{describe, relative, run_quietly};
use crate::pip;

/// The version that the repository's results come from: another one rounds differently.
const VERSION: &str = "==1.31.1";

/// What else will do, where there is no such wheel for the platform.
const COMPATIBLE: &str = "~=1.24";

/// The library's path: the user's own in `ORT_DYLIB_PATH`, else the one in the folder `tools/onnxruntime` of `target`,
/// which pip fills when it is missing.
pub fn library(target: &Path) -> Result<PathBuf> {
    if let Some(path) = env::var_os("ORT_DYLIB_PATH").filter(|path| !path.is_empty()) {
        return Ok(path.into());
    }
    let folder = folder(target);
    if let Some(library) = find(&folder, OS) {
        return Ok(library);
    }
    println!(
        "Installing ONNX Runtime into {} (once)",
        relative(&folder).display()
    );
    install(&folder)?;
    find(&folder, OS)
        .with_context(|| format!("{}: expected a library, found none", folder.display()))
}

/// What a program finds the library by, and what keeps that from writing an identifier of the device into the user's cache.
pub fn variables(library: &Path) -> [(&'static str, OsString); 2] {
    [
        ("ORT_DYLIB_PATH", library.into()),
        ("ORT_DISABLE_TELEMETRY", "1".into()),
    ]
}

/// What to type where [`library`] fails.
pub fn remedy(target: &Path) -> String {
    let pip = describe(&install_wheel(&folder(target), VERSION));
    format!("install it with `{pip}`, or name its library in ORT_DYLIB_PATH")
}

fn folder(target: &Path) -> PathBuf {
    target.join("tools").join("onnxruntime")
}

fn install(folder: &Path) -> Result<()> {
    pip::fill(folder, |staging| {
        run_quietly(&mut install_wheel(staging, VERSION))
            .or_else(|_| run_quietly(&mut install_wheel(staging, COMPATIBLE)))?;
        ensure!(
            find(staging, OS).is_some(),
            "the wheel onnxruntime holds no library for {OS}"
        );
        Ok(())
    })
}

fn install_wheel(folder: &Path, version: &str) -> Command {
    let mut command = pip::install(folder);
    // The library is the same in the wheels for every Python, but old Pythons are offered old wheels only.
    command.args(["--no-deps", "--python-version=3.13"]);
    command.arg(format!("onnxruntime{version}"));
    command
}

/// The library of `os` (as in [`OS`]) in the installed wheel in `folder`.
fn find(folder: &Path, os: &str) -> Option<PathBuf> {
    let entries = fs::read_dir(folder.join("onnxruntime").join("capi")).ok()?;
    let names = |path: &PathBuf| {
        path.file_name()
            .is_some_and(|name| is_library(&name.to_string_lossy(), os))
    };
    entries.flatten().map(|entry| entry.path()).find(names)
}

fn is_library(name: &str, os: &str) -> bool {
    match os {
        "macos" => {
            name.starts_with("libonnxruntime.")
                && Path::new(name).extension() == Some("dylib".as_ref())
        }
        "windows" => name == "onnxruntime.dll",
        _ => name.starts_with("libonnxruntime.so.1"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_is_told_from_its_neighbours() {
        for (os, library, neighbours) in [
            (
                "linux",
                "libonnxruntime.so.1.31.1",
                "libonnxruntime_providers_shared.so onnxruntime_pybind11_state.cpython-313-x86_64-linux-gnu.so",
            ),
            (
                "macos",
                "libonnxruntime.1.31.1.dylib",
                "libonnxruntime_providers_shared.dylib onnxruntime_pybind11_state.so",
            ),
            (
                "windows",
                "onnxruntime.dll",
                "onnxruntime_providers_shared.dll",
            ),
        ] {
            assert!(is_library(library, os), "{library}");
            for neighbour in neighbours.split(' ') {
                assert!(!is_library(neighbour, os), "{neighbour}");
            }
        }
    }

    #[test]
    fn the_library_is_found_in_the_wheel() {
        let target = tempfile::tempdir().unwrap();
        let folder = folder(target.path());
        assert_eq!(find(&folder, "linux"), None);
        let capi = folder.join("onnxruntime").join("capi");
        fs::create_dir_all(&capi).unwrap();
        assert_eq!(find(&folder, "linux"), None);
        fs::write(capi.join("__init__.py"), "").unwrap();
        fs::write(capi.join("libonnxruntime.so.1.31.1"), "").unwrap();
        assert_eq!(
            find(&folder, "linux"),
            Some(capi.join("libonnxruntime.so.1.31.1"))
        );
        assert_eq!(find(&folder, "windows"), None);
    }

    #[test]
    fn the_remedy_can_be_typed() {
        let remedy = remedy(Path::new("target"));
        assert!(remedy.contains("-m pip install"), "{remedy}");
        assert!(remedy.contains("onnxruntime==1."), "{remedy}");
        assert!(
            !remedy.contains(['>', '<', '"']),
            "a shell would take it differently: {remedy}"
        );
    }
}
