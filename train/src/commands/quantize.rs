//! `train quantize`.

use std::path::{Path, PathBuf};

use input::file;
use no_std_core::prepare::Preparation;

use super::export::tell_of_second;
use super::meaning::{self, samples};
use super::{CHECKED_IMAGES, expect_distinct, load_for, open, read_model, tell_before_learning};
use crate::cli::{QuantizeArgs, RuntimeArgs};
use crate::console::{Console, note};
use crate::error::Error;
use crate::export::SecondRuntime;
use crate::picture_input::Pictures;
use crate::quantize::{self, Data, QuantizeError, flash_name, int8_name};
use crate::run::{self, OutFolder};
use crate::runtime::{Choice, Runtime, RuntimeError};
use crate::second_runtime::AnotherProcess;
use crate::stop::Stop;

pub fn run(args: &QuantizeArgs, console: &mut Console, stop: &Stop) -> Result<(), Error> {
    args.expect_usage();
    let preparation = args.preparation();
    let model = read_model(&args.model)?;
    let beside = || file::folder_of(&args.model);
    let out = args.out.as_deref().unwrap_or_else(beside);
    let name = args.model.file_stem().unwrap_or_default().to_string_lossy();
    let files = [int8_name(&name), flash_name(&name)].map(|name| out.join(name));
    let _lock = run::lock_around(&files[0])?;
    expect_no_input(args, &files)?;
    let options = meaning::options(&args.input, &args.model, args.limits);
    if args.calibrate.is_none() && args.data.data.is_of_digits() {
        let expected = quantize::expect_digits(&model, &options);
        expected.map_err(|error| in_model(&args.model, error))?;
    }
    let _folder = OutFolder::prepare(out, stop)?;
    let data = match &args.calibrate {
        Some(path) => Data::Arrays(samples(&args.input, (&args.model, &model, &options), path)?),
        None => sets(args, (&Pictures::of_model(&model), preparation), console)?,
    };
    let runtime = open_for_int8(args.runtime)?;
    console.line(runtime.description());
    let second = AnotherProcess::beside(&runtime, stop);
    let request = quantize::Request {
        model: &model,
        options,
        name: &name,
        data,
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

/// Refuses results that would take the place of what is read.
fn expect_no_input(args: &QuantizeArgs, files: &[PathBuf; 2]) -> Result<(), Error> {
    let outputs = files.each_ref().map(|path| &**path);
    let mut inputs: Vec<(&str, &Path)> = vec![("--model", &args.model)];
    if let Some(path) = &args.calibrate {
        inputs.push(("--calibrate", path));
        inputs.extend(args.input.labels.iter().map(|path| ("--labels", &**path)));
        for output in outputs {
            file::expect_distinct(output, &inputs)?;
        }
        return Ok(());
    }
    expect_distinct(&outputs, &inputs, &args.data)
}

fn sets(
    args: &QuantizeArgs,
    (pictures, preparation): (&Pictures, Preparation),
    console: &mut Console,
) -> Result<Data, Error> {
    let loaded = load_for(pictures, &args.data)?;
    loaded.expect_test()?;
    tell_before_learning(&loaded, console);
    let sets = loaded.sets;
    let said = pictures.fit().map(Preparation::scaled);
    Ok(Data::Sets {
        checked: sets.test.clone().take(CHECKED_IMAGES),
        sets: Box::new(sets),
        preparation: said
            .filter(|_| preparation == Preparation::PLAIN)
            .unwrap_or(preparation),
    })
}

/// The error with the model's name, where it is the model's.
pub(super) fn in_model(path: &Path, error: QuantizeError) -> Error {
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
pub(super) fn open_for_int8(args: RuntimeArgs) -> Result<Runtime, Error> {
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
