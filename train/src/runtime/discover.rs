//! Finding ONNX Runtime's native library, and what else the machine has.

use std::env;
use std::env::consts::{DLL_EXTENSION, DLL_PREFIX, DLL_SUFFIX};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use input::file::folder_of;

/// Libraries of CUDA and cuDNN that the CUDA provider loads, each after those that it needs itself.
const CUDA_LIBRARIES: [&str; 7] = [
    "cudart", "nvrtc", "cublasLt", "cublas", "curand", "cufft", "cudnn",
];

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

pub fn version(library: &Path) -> String {
    let numbers = version_numbers(library);
    let numbers: Vec<String> = numbers.iter().map(u64::to_string).collect();
    if numbers.is_empty() {
        "of unknown version".into()
    } else {
        numbers.join(".")
    }
}

pub fn needed_version() -> String {
    format!("1.{}", ort::MINOR_VERSION)
}

/// Whether the library's file name tells a version that this program cannot use.
pub fn is_too_old(library: &Path) -> bool {
    let version = version_numbers(library);
    !version.is_empty() && version < vec![1, u64::from(ort::MINOR_VERSION)]
}

/// The command that brings a library, or what is beside it, up to date.
pub fn upgrade(with_cuda: bool) -> &'static str {
    if with_cuda {
        "pip install --upgrade 'onnxruntime-gpu[cuda,cudnn]'"
    } else {
        "pip install --upgrade onnxruntime"
    }
}

/// The numbers between the dots and dashes of a file's name, following links: 1, 31, 1 of `libonnxruntime.so.1.31.1`.
fn version_numbers(file: &Path) -> Vec<u64> {
    let file = file.canonicalize().unwrap_or_else(|_| file.into());
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let parts = name.split(['.', '-']);
    parts.filter_map(|part| part.parse().ok()).collect()
}

/// The CUDA provider beside the library, or what is missing.
pub fn cuda_provider(library: &Path) -> Result<PathBuf, String> {
    let directory = folder_of(library);
    let name = format!("{DLL_PREFIX}onnxruntime_providers_cuda{DLL_SUFFIX}");
    let provider = directory.join(&name);
    if provider.is_file() {
        return Ok(provider);
    }
    Err(format!(
        "{}: expected {name} beside ONNX Runtime, found none; `pip install --upgrade 'onnxruntime-gpu[cuda,cudnn]'` \
         instead of onnxruntime provides it",
        directory.display()
    ))
}

/// The libraries that the CUDA provider depends on, where pip puts them: `nvidia/*/lib` beside the package
/// `onnxruntime`, in an order in which they can be loaded. Nothing else tells the provider of that place.
pub fn cuda_libraries(library: &Path) -> Vec<PathBuf> {
    let Some(packages) = library.ancestors().nth(3) else {
        return Vec::new();
    };
    let folders = entries(&packages.join("nvidia")).into_iter();
    let libraries = folders.flat_map(|folder| entries(&folder.join("lib")));
    let found: Vec<PathBuf> = libraries.collect();
    let of_name = |name: &&str| {
        let start = format!("lib{name}.so");
        let starts = move |path: &&PathBuf| {
            let file = path.file_name().unwrap_or_default();
            file.to_string_lossy().starts_with(&start)
        };
        found.iter().filter(starts).cloned().collect::<Vec<_>>()
    };
    CUDA_LIBRARIES.iter().flat_map(of_name).collect()
}

/// What a folder holds, in order; nothing if it cannot be read.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

/// Name of the first NVIDIA GPU, as its driver tells.
pub fn gpu_name() -> Option<String> {
    of_gpu("--query-gpu=name").filter(|name| !name.is_empty())
}

/// How busy the first NVIDIA GPU is, 0 to 1, as its driver tells.
pub fn gpu_utilization() -> Option<f64> {
    let percent: f64 = of_gpu("--query-gpu=utilization.gpu")?.parse().ok()?;
    Some(percent / 100.0)
}

/// What the driver answers of the first GPU.
fn of_gpu(query: &str) -> Option<String> {
    let answer = output_of("nvidia-smi", &[query, "--format=csv,noheader,nounits"])?;
    Some(answer.lines().next()?.trim().into())
}

pub fn python_version() -> Option<String> {
    let script = "import platform; print(platform.python_version())";
    let version = output_of(python()?, &["-c", script])?;
    Some(version.trim().into())
}

fn python() -> Option<&'static str> {
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
fn output_of(program: &str, arguments: &[&str]) -> Option<String> {
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

    #[test]
    fn libraries_of_cuda_are_found_beside_the_package_in_the_order_of_loading() {
        let packages = tempfile::tempdir().unwrap();
        let library = packages
            .path()
            .join("onnxruntime/capi/libonnxruntime.so.1.31.1");
        assert!(cuda_libraries(&library).is_empty());
        for file in [
            "cu13/lib/libcublas.so.13",
            "cu13/lib/libcublasLt.so.13",
            "cu13/lib/libcusparse.so.12",
            "cudnn/lib/libcudnn.so.9",
            "cudnn/lib/libcudnn_ops.so.9",
        ] {
            let file = packages.path().join("nvidia").join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, b"").unwrap();
        }
        let found = cuda_libraries(&library);
        let names: Vec<_> = found.iter().map(|path| path.file_name().unwrap()).collect();
        let expected = ["libcublasLt.so.13", "libcublas.so.13", "libcudnn.so.9"];
        assert_eq!(names, expected);
    }

    #[test]
    fn a_missing_cuda_provider_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let error = cuda_provider(&directory.path().join("libonnxruntime.so.1.31.1")).unwrap_err();
        let upgrade = "pip install --upgrade 'onnxruntime-gpu[cuda,cudnn]'";
        for part in ["onnxruntime_providers_cuda", upgrade] {
            assert!(error.contains(part), "{error}");
        }
    }
}
