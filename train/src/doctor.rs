//! `train doctor`: which runtimes are here, which one is used, and what would improve it.

use serde::Serialize;

use crate::cli::RuntimeArgs;
use crate::commands::open;
use crate::error::Error;
use crate::runtime::{Choice, Kind, discover};

#[derive(Serialize)]
struct Report {
    /// What the chosen `--runtime` takes.
    runtime: &'static str,
    description: String,
    /// What kept `auto` from something better.
    note: Option<String>,
    library: Option<String>,
    /// Why there is no library.
    library_missing: Option<String>,
    cuda_provider: Option<String>,
    /// Why there is no CUDA provider.
    cuda_missing: Option<String>,
    gpu: Option<String>,
    python: Option<String>,
    advice: Option<String>,
}

/// Prints the report; fails if the chosen runtime cannot be had.
pub fn run(args: RuntimeArgs, json: bool) -> Result<(), Error> {
    let report = examine(args)?;
    if json {
        println!(
            "{}",
            serde_json::to_string(&report).map_err(|error| Error::Json(error.to_string()))?
        );
    } else {
        println!("{}", report.table(args.runtime));
    }
    Ok(())
}

fn examine(args: RuntimeArgs) -> Result<Report, Error> {
    let runtime = open(args)?;
    let misled = runtime.kind() == Kind::Tract && runtime.note().is_some();
    let library = discover::library().ok_or("not found".to_owned());
    let library = library.and_then(|path| {
        if misled {
            Err(format!("{} cannot be used", path.display()))
        } else {
            Ok(path)
        }
    });
    let gpu = discover::gpu_name();
    let python = discover::python_version();
    let cuda_provider = match &library {
        Ok(library) => discover::cuda_provider(library).map(|path| path.display().to_string()),
        Err(_) => Err("it needs ONNX Runtime".into()),
    };
    let advice = match discover::named_library().filter(|_| misled) {
        Some(_) => Some("set ORT_DYLIB_PATH to the library of ONNX Runtime, or unset it".into()),
        None if args.runtime == Choice::Tract && library.is_ok() => {
            Some("drop --runtime tract".into())
        }
        None => advice(runtime.kind(), gpu.is_some(), python.is_some()),
    };
    Ok(Report {
        runtime: runtime.kind().name(),
        description: runtime.description(),
        note: runtime.note().map(Into::into),
        library_missing: library.clone().err(),
        library: library.ok().map(|path| path.display().to_string()),
        cuda_missing: cuda_provider.clone().err(),
        cuda_provider: cuda_provider.ok(),
        gpu,
        python,
        advice,
    })
}

/// The one command that would improve what is used.
fn advice(kind: Kind, gpu: bool, python: bool) -> Option<String> {
    let command = match (kind, gpu) {
        (Kind::Cuda, _) | (Kind::Onnxruntime, false) => return None,
        (Kind::Onnxruntime | Kind::Tract, true) => "pip install 'onnxruntime-gpu[cuda,cudnn]'",
        (Kind::Tract, false) => "pip install onnxruntime",
    };
    Some(if python {
        command.into()
    } else {
        format!("install Python, then {command}")
    })
}

impl Report {
    fn table(&self, choice: Choice) -> String {
        let or_none = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".into());
        let or_reason = |found: &Option<String>, missing| {
            found
                .clone()
                .unwrap_or_else(|| format!("no: {}", or_none(missing)))
        };
        let rows = [
            ("tract", "built in".into()),
            (
                "onnxruntime",
                or_reason(&self.library, &self.library_missing),
            ),
            ("cuda", or_reason(&self.cuda_provider, &self.cuda_missing)),
            ("gpu", or_none(&self.gpu)),
            ("python", or_none(&self.python)),
            (
                "used",
                format!("{} (--runtime {})", self.description, choice_name(choice)),
            ),
            (
                "better",
                self.advice
                    .clone()
                    .unwrap_or_else(|| "nothing to improve".into()),
            ),
        ];
        rows.map(|(name, value)| format!("{name:12} {value}"))
            .join("\n")
    }
}

fn choice_name(choice: Choice) -> &'static str {
    match choice {
        Choice::Auto => "auto",
        Choice::Cuda => Kind::Cuda.name(),
        Choice::Onnxruntime => Kind::Onnxruntime.name(),
        Choice::Tract => Kind::Tract.name(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_leads_to_the_best_runtime_of_the_machine() {
        assert_eq!(advice(Kind::Cuda, true, true), None);
        assert_eq!(advice(Kind::Onnxruntime, false, true), None);
        assert_eq!(
            advice(Kind::Tract, false, true).unwrap(),
            "pip install onnxruntime"
        );
        assert!(
            advice(Kind::Onnxruntime, true, true)
                .unwrap()
                .contains("onnxruntime-gpu")
        );
        assert!(
            advice(Kind::Tract, false, false)
                .unwrap()
                .starts_with("install Python")
        );
    }
}
