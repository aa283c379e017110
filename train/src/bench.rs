//! How long training takes on a runtime of this machine, and where the time goes.

mod host;
mod report;
mod steps;
mod training;
mod utilization;

use ndarray::Axis;

use crate::checkpoint::Record;
use crate::cli::BenchArgs;
use crate::data::augment::Augment;
use crate::data::{Dataset, synthetic};
use crate::fit::{Epochs, FitError, Trainer};
use crate::net::Network;
use crate::optimizer::Optimizer;
use crate::runtime::Runtime;

use report::Epoch;
pub use report::Report;
use steps::Plan;

/// Images of an epoch, as many as MNIST has to train on.
const IMAGES: usize = 60_000;
/// Drawn digits; they come again and again.
const DRAWN: usize = 1000;

/// Measures steps as the options say.
pub fn measure(runtime: &Runtime, args: &BenchArgs) -> Result<Report, FitError> {
    let (batch, count) = (args.batch as usize, args.steps as usize);
    runtime.check_precision(args.device.precision)?;
    let network = Network::digits();
    let record = record(&network, batch);
    let dataset = dataset();
    let feeds = host::feeds(&network, &dataset, batch)?;
    let plan = Plan {
        runtime,
        network: &network,
        record: &record,
        feeds: &feeds,
        steps: count,
    };
    let mut trainer = Trainer::new(runtime, &network, &record, None)?;
    let (step, sections) = plan.step(&mut trainer)?;
    let (variables, how) = (trainer.variables()?, (Augment::None, args.device));
    let mut epochs = Epochs::new(runtime, &network, &record, Some(variables), &dataset, how)?;
    training::warm_up(&mut epochs)?;
    let (seconds, utilization) =
        utilization::during(runtime, || training::train(&mut epochs, count));
    let nodes = plan.nodes(trainer.variables()?)?;
    Ok(Report {
        runtime: runtime.kind().name(),
        description: runtime.description(),
        threads: runtime.threads(),
        batch,
        steps: count,
        step,
        sections_ms: sections,
        epoch: Epoch::new(seconds?, batch),
        utilization,
        host: host::measure(&network, &dataset, batch)?,
        part: plan.rows()[0],
        providers: nodes.as_deref().map(report::providers),
        nodes_missing: nodes.is_none().then_some(report::NO_NODES),
        nodes,
    })
}

fn record(network: &Network, batch_size: usize) -> Record {
    Record::new(network, Optimizer::Rmsprop, batch_size, 0)
}

fn dataset() -> Dataset {
    let drawn = synthetic::digits(DRAWN, 0, synthetic::SEED).train;
    let indices: Vec<usize> = (0..IMAGES).map(|index| index % DRAWN).collect();
    Dataset {
        images: drawn.images.select(Axis(0), &indices),
        labels: drawn.labels.select(Axis(0), &indices),
    }
}
