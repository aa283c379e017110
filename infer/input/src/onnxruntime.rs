//! ONNX Runtime's native library: where it is, whether it will do, and the environment in it. Of this crate, only this
//! module names `ort`.

use std::env;
use std::env::consts::{DLL_EXTENSION, DLL_PREFIX};
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ort::environment::Environment;

/// The native library: `ORT_DYLIB_PATH`, else the active Python's packages, else the system's library path.
pub fn library() -> Option<PathBuf> {
    named_library().or_else(|| {
        python_package()
            .map(|package| package.join("capi"))
            .into_iter()
            .chain(library_directories())
            .find_map(|directory| library_in(&directory))
    })
}

/// What `ORT_DYLIB_PATH` names; an empty one counts as not set.
pub fn named_library() -> Option<PathBuf> {
    env::var_os("ORT_DYLIB_PATH")
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
}

/// The version that the library's file name tells.
pub fn version(library: &Path) -> String {
    let numbers = version_numbers(library);
    let numbers: Vec<String> = numbers.iter().map(u64::to_string).collect();
    if numbers.is_empty() {
        "of unknown version".into()
    } else {
        numbers.join(".")
    }
}

/// The oldest version that will do.
pub fn needed_version() -> String {
    format!("1.{}", ort::MINOR_VERSION)
}

/// Whether the library's file name tells a version that this program cannot use.
pub fn is_too_old(library: &Path) -> bool {
    let version = version_numbers(library);
    !version.is_empty() && version < vec![1, u64::from(ort::MINOR_VERSION)]
}

/// What sessions are made in, of which a process can have one; or what was found in place of a library that will do.
pub fn environment(library: &Path) -> Result<Environment, String> {
    if is_too_old(library) {
        return Err(version(library));
    }
    if library.is_dir() {
        return Err("a folder".into());
    }
    let unusable = |error: &dyn Display| {
        if library.has_root() && !library.exists() {
            "no file".into()
        } else {
            format!("one that cannot be used: {}", one_line(&error.to_string()))
        }
    };
    let builder = ort::init_from(library).map_err(|error| unusable(&error))?;
    let environment = builder.with_telemetry(false).build();
    environment.map_err(|error| unusable(&error))
}

/// Runtimes report in many lines; errors here are one.
pub fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The numbers between the dots and dashes of a file's name, following links: 1, 31, 1 of `libonnxruntime.so.1.31.1`.
fn version_numbers(file: &Path) -> Vec<u64> {
    let file = file.canonicalize().unwrap_or_else(|_| file.into());
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let parts = name.split(['.', '-']);
    parts.filter_map(|part| part.parse().ok()).collect()
}

/// What a folder holds, in order; nothing if it cannot be read.
pub fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

/// The name of Python's program, if there is one.
pub fn python() -> Option<&'static str> {
    ["python3", "python"]
        .into_iter()
        .find(|name| output_of(name, &["-c", ""]).is_some())
}

/// Where the active Python (a virtual environment's, if one is active) has the package `onnxruntime`.
fn python_package() -> Option<PathBuf> {
    let script = "import importlib.util as u; s = u.find_spec('onnxruntime'); \
                  print(s.submodule_search_locations[0] if s else '')";
    let found = output_of(python()?, &["-X", "utf8", "-c", script])?;
    Some(found.trim())
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
}

fn library_directories() -> Vec<PathBuf> {
    let variable = match env::consts::OS {
        "macos" => "DYLD_LIBRARY_PATH",
        "windows" => "PATH",
        _ => "LD_LIBRARY_PATH",
    };
    let named = env::var_os(variable).unwrap_or_default();
    let architecture = format!("/usr/lib/{}-linux-gnu", env::consts::ARCH);
    let standard = [
        "/usr/local/lib",
        "/usr/lib64",
        "/usr/lib",
        &architecture,
        "/opt/homebrew/lib",
    ];
    let standard = standard.map(PathBuf::from);
    env::split_paths(&named).chain(standard).collect()
}

/// The newest `libonnxruntime` of a directory.
fn library_in(directory: &Path) -> Option<PathBuf> {
    let stem = format!("{DLL_PREFIX}onnxruntime");
    let is_library = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let rest = name.strip_prefix(&stem);
        rest.is_some_and(|rest| rest.starts_with(['.', '-']) && rest.contains(DLL_EXTENSION))
    };
    let libraries = entries(directory).into_iter().filter(is_library);
    libraries.max_by_key(|path| version_numbers(path))
}

/// Standard output of a command that succeeds.
pub fn output_of(program: &str, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    let output = command.stderr(Stdio::null()).output().ok()?;
    let text = || String::from_utf8_lossy(&output.stdout).into_owned();
    output.status.success().then(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newest_library_of_a_directory_is_found_and_others_are_not() {
        let directory = tempfile::tempdir().unwrap();
        let touch = |name: &str| std::fs::write(directory.path().join(name), b"").unwrap();
        assert_eq!(library_in(directory.path()), None);
        touch("libonnxruntime_providers_cuda.so");
        touch("onnxruntime.txt");
        assert_eq!(library_in(directory.path()), None);
        if cfg!(target_os = "linux") {
            touch("libonnxruntime.so");
            touch("libonnxruntime.so.1.9.0");
            touch("libonnxruntime.so.1.31.1");
            let found = library_in(directory.path()).unwrap();
            assert_eq!(version(&found), "1.31.1");
        }
    }

    #[test]
    fn versions_are_read_from_file_names_of_each_system() {
        let names = [
            "libonnxruntime.so.1.31.1",
            "libonnxruntime.1.31.1.dylib",
            "onnxruntime.dll",
        ];
        let versions = names.map(|name| version(Path::new(name)));
        assert_eq!(versions, ["1.31.1", "1.31.1", "of unknown version"]);
        let is_too_old = |version| is_too_old(Path::new(version));
        assert!(!names.into_iter().any(is_too_old));
        let needed = format!("libonnxruntime.so.{}.0", needed_version());
        let older = ["libonnxruntime.so.1.9.2", "libonnxruntime.so.0.99.0"];
        assert!(!is_too_old(&needed) && older.into_iter().all(is_too_old));
    }
}
