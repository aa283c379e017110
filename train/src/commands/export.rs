//! `train export`, with which a fit ends as well.

use std::fmt::Display;
use std::path::Path;

use input::file::{self, display_name};

use super::{CHECKED_IMAGES, expect_distinct, load_test, open};
use crate::checkpoint::{self, Checkpoint};
use crate::cli::{DataArgs, ExportArgs};
use crate::console::{Console, say};
use crate::data::Dataset;
use crate::error::Error;
use crate::export::{SecondRuntime, export};
use crate::net::Network;
use crate::run::{RunFolder, model_of};
use crate::runtime::Runtime;
use crate::second_runtime::AnotherProcess;

pub fn run(args: &ExportArgs, console: &mut Console) -> Result<(), Error> {
    let network = Network::digits();
    let run = checkpoint::file_of(&args.run);
    let path = args.out.clone().unwrap_or_else(|| model_of(&args.run));
    expect_distinct(&[&path], &[("--run", &run)], &args.data)?;
    let _folder = RunFolder::around(&path)?;
    let checkpoint = Checkpoint::load(&run, &network)?;
    file::expect_writable(&path)?;
    let test = load_test(&args.data)?;
    let runtime = open(args.runtime)?;
    export_checked(
        &runtime,
        &network,
        &checkpoint,
        test,
        &args.data,
        &path,
        console,
    )
}

/// Exports a checkpoint and says on which runtimes the model computes what the trainer does.
pub fn export_checked(
    runtime: &Runtime,
    network: &Network,
    checkpoint: &Checkpoint,
    test: Dataset,
    data: &DataArgs,
    path: &Path,
    console: &mut Console,
) -> Result<(), Error> {
    let images = test.take(CHECKED_IMAGES);
    let second = AnotherProcess::beside(runtime, data, images.len(), checkpoint.record.augment());
    let process = second
        .as_ref()
        .ok()
        .map(|process| process as &dyn SecondRuntime);
    let unchecked = export(runtime, process, network, checkpoint, &images, path)?;
    let (path, name) = (display_name(path), runtime.kind().name());
    let also = if let (Some(reason), Ok(process)) = (&unchecked, &second) {
        say(format_args!(
            "warning: {path}: not checked on {}: {reason}",
            process.name()
        ));
        String::new()
    } else {
        and_second(&second)
    };
    console.line(format_args!(
        "{path}: agrees with the trainer on {name}{also}"
    ));
    Ok(())
}

/// Whether a second runtime agreed, or why none was asked.
pub fn and_second(second: &Result<AnotherProcess, impl Display>) -> String {
    match second {
        Ok(process) => format!(" and {}", process.name()),
        Err(reason) => format!("; {reason}"),
    }
}
