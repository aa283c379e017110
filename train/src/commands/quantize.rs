//! `train quantize`.

use std::path::Path;

use input::{file, onnx};

use super::export::tell_of_second;
use super::{CHECKED_IMAGES, accept, expect_distinct, load, open, read_model, tell_of};
use crate::cli::{QuantizeArgs, RuntimeArgs};
use crate::console::{Console, note};
use crate::data::augment::Augment;
use crate::error::Error;
use crate::export::SecondRuntime;
use crate::quantize::{self, Data, QuantizeError, flash_name, int8_name};
use crate::run::{self, OutFolder};
use crate::runtime::{Choice, Runtime, RuntimeError};
use crate::second_runtime::AnotherProcess;
use crate::stop::Stop;

/// What the results for digits are called.
const NAME: &str = "digits";

pub fn run(args: &QuantizeArgs, console: &mut Console, stop: &Stop) -> Result<(), Error> {
    let preparation = args.preparation();
    let model = read_model(&args.model)?;
    let beside = || file::folder_of(&args.model);
    let out = args.out.as_deref().unwrap_or_else(beside);
    let files = [int8_name(NAME), flash_name(NAME)].map(|name| out.join(name));
    let _lock = run::lock_around(&files[0])?;
    let outputs = files.each_ref().map(|path| &**path);
    expect_distinct(&outputs, &[("--model", &args.model)], &args.data)?;
    let _folder = OutFolder::prepare(out, stop)?;
    let digits = load(&args.data)?;
    tell_of(&digits, console);
    let runtime = open_for_int8(args.runtime)?;
    console.line(runtime.description());
    // Integers take the place of operators that tract knows, too, so that all of them can be measured.
    let model = accept(&model, &args.model, args.limits, onnx::Runtime::Tract)?;
    let checked = digits.test.clone().take(CHECKED_IMAGES);
    let (data, count) = (&args.data, checked.len());
    let second = AnotherProcess::beside(&runtime, data, count, Augment::Invert, stop);
    let request = quantize::Request {
        model: &model,
        name: NAME,
        data: Data::Digits {
            digits: &digits,
            checked: &checked,
            preparation,
        },
        second: second.as_ref().ok().map(|one| one as &dyn SecondRuntime),
        out,
        max_drop: args.max_drop,
        force: args.force,
        interrupted: stop.requested(),
    };
    // Both files are written or none.
    stop.wait_for_work();
    let report = quantize::quantize(&runtime, &request, &mut |stage| console.line(stage));
    let report = report.map_err(|error| in_model(&args.model, error))?;
    console.line(format_args!("\n{report}\n"));
    if let Some(warning) = &report.forced {
        note(format_args!("{}: {warning}", args.model.display()));
    }
    let [int8, flash] = files;
    let also = tell_of_second(&second, report.unchecked, &int8);
    console.line(format_args!(
        "{}, {}: equal integers in the core, on {}{also}",
        int8.display(),
        flash.display(),
        runtime.kind().name()
    ));
    Ok(())
}

/// The error with the model's name, where it is the model's.
fn in_model(path: &Path, error: QuantizeError) -> Error {
    match error {
        QuantizeError::Stopped => Error::Stopped,
        QuantizeError::Data(error) => error.into(),
        QuantizeError::Runtime(error) => error.into(),
        reason => Error::QuantizeModel {
            path: path.into(),
            reason,
        },
    }
}

/// Opens a runtime that has the operators of int8 models; `auto` does not try CUDA, which has none of them.
fn open_for_int8(args: RuntimeArgs) -> Result<Runtime, Error> {
    let with = |runtime| open(RuntimeArgs { runtime, ..args });
    match args.runtime {
        Choice::Cuda => {
            let reason =
                "it cannot run int8 models; use `--runtime onnxruntime` or `--runtime tract`";
            Err(RuntimeError::Cuda(reason.into()).into())
        }
        Choice::Auto => with(Choice::Onnxruntime).or_else(|error| {
            if !matches!(error, Error::Runtime(RuntimeError::NotFound { .. })) {
                note(format_args!("tract is used: {error}"));
            }
            with(Choice::Tract)
        }),
        choice => with(choice),
    }
}
