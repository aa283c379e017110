//! What the machine has: ONNX Runtime's native library, GPUs, and what CUDA needs.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::path::{Path, PathBuf};

use input::file::folder_of;
use input::onnxruntime::{entries, output_of, python};
pub use input::onnxruntime::{is_too_old, library, named_library, needed_version, version};

/// Libraries of CUDA and cuDNN that the CUDA provider loads, each after those that it needs itself.
const CUDA_LIBRARIES: [&str; 7] = [
    "cudart", "nvrtc", "cublasLt", "cublas", "curand", "cufft", "cudnn",
];

/// The command that brings a library, or what is beside it, up to date.
pub fn upgrade(with_cuda: bool) -> &'static str {
    if with_cuda {
        "pip install --upgrade 'onnxruntime-gpu[cuda,cudnn]'"
    } else {
        "pip install --upgrade onnxruntime"
    }
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

#[cfg(test)]
mod tests {
    use super::*;

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
