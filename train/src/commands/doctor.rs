//! `train doctor`: which runtimes are here, which one is used, and what would improve it.

use clap::ValueEnum;
use clap::builder::PossibleValue;
use serde::Serialize;

use super::open;
use crate::cli::{DoctorArgs, RuntimeArgs};
use crate::console::Console;
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
    /// Of the library, as its file name tells.
    library_version: Option<String>,
    /// The oldest version that can be used.
    library_needed: String,
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
pub fn run(args: &DoctorArgs, console: &mut Console) -> Result<(), Error> {
    let report = examine(args.runtime)?;
    console.line(if args.json {
        serde_json::to_string(&report)?
    } else {
        report.table(args.runtime.runtime)
    });
    Ok(())
}

fn examine(args: RuntimeArgs) -> Result<Report, Error> {
    let runtime = open(args)?;
    let needed = discover::needed_version();
    let found = discover::library();
    let version = found.as_deref().map(discover::version);
    let fell_back = runtime.kind() == Kind::Tract && runtime.note().is_some();
    let misled = fell_back || found.as_deref().is_some_and(discover::is_too_old);
    let library = match found {
        None => Err("not found".to_owned()),
        Some(path) if misled => {
            let version = version.as_deref().unwrap_or_default();
            let fault = if discover::is_too_old(&path) {
                "is too old"
            } else {
                "does not load"
            };
            Err(format!("{} ({version}) {fault}", path.display()))
        }
        Some(path) => Ok(path),
    };
    let gpu = discover::gpu_name();
    let python = discover::python_version();
    let cuda_provider = match &library {
        Ok(library) => discover::cuda_provider(library).map(|path| path.display().to_string()),
        Err(_) => Err("it needs ONNX Runtime".into()),
    };
    let upgrade = discover::upgrade(gpu.is_some());
    let advice = match discover::named_library() {
        Some(_) if misled => Some(format!(
            "set ORT_DYLIB_PATH to the library of ONNX Runtime {needed} or newer, or unset it and {upgrade}"
        )),
        None if misled => Some(upgrade.into()),
        _ if args.runtime == Choice::Tract && library.is_ok() => {
            Some("drop --runtime tract".into())
        }
        _ => advice(runtime.kind(), gpu.is_some(), python.is_some()),
    };
    Ok(Report {
        runtime: runtime.kind().name(),
        description: runtime.description(),
        note: runtime.note().map(Into::into),
        library_missing: library.clone().err(),
        library_version: version,
        library_needed: needed,
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
    if kind == Kind::Cuda || kind == Kind::Onnxruntime && !gpu {
        return None;
    }
    let first = if python { "" } else { "install Python, then " };
    Some(format!("{first}{}", discover::upgrade(gpu)))
}

impl Report {
    fn table(&self, choice: Choice) -> String {
        let choice = choice.to_possible_value();
        let choice = choice.as_ref().map_or("", PossibleValue::get_name);
        let nothing = || "nothing to improve".into();
        let or_none = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".into());
        let or_reason = |found: &Option<String>, missing| {
            let reason = || format!("no: {}", or_none(missing));
            found.clone().unwrap_or_else(reason)
        };
        let library = match (&self.library, &self.library_version) {
            (Some(path), Some(version)) => format!("{version}, {path}"),
            _ => or_reason(&self.library, &self.library_missing),
        };
        let needed = &self.library_needed;
        let rows = [
            ("tract", "built in".into()),
            (
                "onnxruntime",
                format!("{library}; needed: {needed} or newer"),
            ),
            ("cuda", or_reason(&self.cuda_provider, &self.cuda_missing)),
            ("gpu", or_none(&self.gpu)),
            ("python", or_none(&self.python)),
            ("used", format!("{} (--runtime {choice})", self.description)),
            ("better", self.advice.clone().unwrap_or_else(nothing)),
        ];
        let row = |(name, value): (&str, String)| format!("{name:12} {value}");
        rows.map(row).join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_leads_to_the_best_runtime_of_the_machine() {
        let pip = "pip install --upgrade";
        for (kind, gpu, python, expected) in [
            (Kind::Cuda, true, true, None),
            (Kind::Onnxruntime, false, true, None),
            (Kind::Tract, false, true, Some(format!("{pip} onnxruntime"))),
            (
                Kind::Onnxruntime,
                true,
                true,
                Some(format!("{pip} 'onnxruntime-gpu[cuda,cudnn]'")),
            ),
            (
                Kind::Tract,
                false,
                false,
                Some(format!("install Python, then {pip} onnxruntime")),
            ),
        ] {
            assert_eq!(advice(kind, gpu, python), expected);
        }
    }
}
