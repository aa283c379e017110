//! `train export`, with which a fit ends as well.

use std::fmt::Display;
use std::path::Path;

use input::file::{self, display_name};

use super::learnt::expect_form;
use super::{CHECKED_IMAGES, expect_distinct, load_test_for, open};
use crate::architecture::Network;
use crate::checkpoint::{self, Checkpoint};
use crate::cli::ExportArgs;
use crate::console::{Console, note, say};
use crate::data::Dataset;
use crate::error::Error;
use crate::export::{SecondRuntime, export};
use crate::run::{lock_around, model_of};
use crate::runtime::Runtime;
use crate::second_runtime::AnotherProcess;
use crate::stop::Stop;

pub fn run(args: &ExportArgs, console: &mut Console, stop: &Stop) -> Result<(), Error> {
    let run = checkpoint::file_of(&args.run);
    let _lock = lock_around(args.out.as_deref().unwrap_or(&run))?;
    let (checkpoint, network) = Checkpoint::load(&args.run)?;
    let path = args.out.clone();
    let path = path.unwrap_or_else(|| model_of(&args.run, &network.name));
    expect_distinct(&[&path], &[("--run", &run)], &args.data)?;
    file::expect_writable(&path)?;
    if checkpoint.record.negatives > 0 && checkpoint.record.certainty.is_none() {
        note(
            "the fit was ended before it could say how sure answers must be: nothing is refused by this model",
        );
    }
    let pictures = checkpoint.record.pictures(&network)?;
    let test = load_test_for(&pictures, &args.data)?;
    expect_form(&network, &test)?;
    let runtime = open(args.runtime)?;
    export_checked(
        (&runtime, &network, &checkpoint),
        test,
        &path,
        console,
        stop,
    )
}

/// Exports a checkpoint and says on which runtimes the model computes what the trainer does.
pub fn export_checked(
    (runtime, network, checkpoint): (&Runtime, &Network, &Checkpoint),
    test: Dataset,
    path: &Path,
    console: &mut Console,
    stop: &Stop,
) -> Result<(), Error> {
    let images = test.take(CHECKED_IMAGES);
    let second = AnotherProcess::beside(runtime, stop);
    let process = second.as_ref().ok().map(|one| one as &dyn SecondRuntime);
    let unchecked = export(runtime, process, network, checkpoint, &images, path)?;
    let (name, also) = (
        runtime.kind().name(),
        tell_of_second(&second, unchecked, path),
    );
    let path = display_name(path);
    console.line(format_args!(
        "{path}: agrees with the trainer on {name}{also}"
    ));
    Ok(())
}

/// The second runtime, which agreed, or why none was asked. One that could not check the model is warned of.
pub fn tell_of_second(
    second: &Result<AnotherProcess, impl Display>,
    unchecked: Option<String>,
    model: &Path,
) -> String {
    match (second, unchecked) {
        (_, Some(unchecked)) => {
            say(format_args!(
                "warning: {}: {unchecked}",
                display_name(model)
            ));
            String::new()
        }
        (Ok(process), None) => format!(" and {}", process.name()),
        (Err(reason), None) => format!("; {reason}"),
    }
}
