//! The test of models that are updated on a machine with room for two.

use std::path::Path;

use anyhow::{Result, anyhow};

use super::boards::Board;
use super::builder::Builder;
use super::inputs::inputs;
use super::networks;
use super::options::DIGITS;
use super::running::Running;
use super::subject::Subject;

/// Random networks that are sent.
const NETWORKS: u64 = 6;

/// Inputs that each runs on.
const INPUTS: usize = 3;

/// Gives a board whose firmware has all operators one model after the other, and compares what it makes of inputs with the
/// host each time.
pub fn test(board: &Board, builder: &Builder) -> Result<String> {
    let folder = tempfile::tempdir()?;
    let digits = Subject {
        all_operators: true,
        ..Subject::open(Path::new(DIGITS))?
    };
    let firmware = builder.firmware(board, &digits)?;
    let running = Running::start(board, &firmware, &builder.tools)?;
    let update = |subject: &Subject| {
        device::update(&running.address(), &subject.file, |_| ())
            .map_err(|error| anyhow!("{error}"))?;
        let inputs = inputs(subject, None, INPUTS)?;
        running.compare(subject, &inputs).map(drop)
    };
    for seed in 1..=NETWORKS {
        update(&networks::network(folder.path(), seed)?)?;
    }
    update(&digits)?;
    Ok(format!(
        "{NETWORKS} random networks and digits, one after the other"
    ))
}
