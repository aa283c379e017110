//! `train bench`.

use super::{open, summary};
use crate::bench::measure;
use crate::cli::BenchArgs;
use crate::console::Console;
use crate::error::Error;

pub fn run(args: &BenchArgs, console: &mut Console) -> Result<(), Error> {
    let network = summary::network(&args.network)?;
    let runtime = open(args.runtime)?;
    let report = measure(&runtime, &network, args)?;
    console.line(if args.json {
        serde_json::to_string(&report)?
    } else {
        report.to_string()
    });
    Ok(())
}
