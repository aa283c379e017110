//! Time of one training step (the digit network, `RMSprop`, batches of 128) on each runtime that is here.
//!
//! A process can use one runtime, so this program starts itself once for each.

use std::process::Command;

use criterion::{Criterion, Throughput};
use train::checkpoint::Record;
use train::data::augment::Augment;
use train::data::batch::{Batches, Order};
use train::data::synthetic;
use train::evaluate::evaluation_feeds;
use train::fit::Trainer;
use train::init::Masks;
use train::models::mask_name;
use train::net::Network;
use train::optimizer::Optimizer;
use train::runtime::{Choice, Runtime};
use train::tensor::Tensor;

const BATCH_SIZE: usize = 128;
/// Names the runtime of a started process.
const RUNTIME: &str = "BATON_BENCH_RUNTIME";

fn main() {
    match std::env::var(RUNTIME) {
        Ok(name) => match <Choice as clap::ValueEnum>::from_str(&name, false) {
            Ok(choice) => bench(choice),
            Err(reason) => eprintln!("{RUNTIME}: {reason}"),
        },
        Err(_) => {
            for name in ["tract", "onnxruntime", "cuda"] {
                start(name);
            }
        }
    }
}

/// Starts this program for one runtime, with the same arguments.
fn start(name: &str) {
    let program = std::env::current_exe().expect("this program was started from a file");
    let status = Command::new(program)
        .args(std::env::args_os().skip(1))
        .env(RUNTIME, name)
        .status();
    assert!(
        status.is_ok_and(|status| status.success()),
        "the benchmark on {name} failed"
    );
}

fn bench(choice: Choice) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let runtime = match Runtime::open(choice, cores) {
        Ok(runtime) => runtime,
        Err(error) => return println!("not measured: {error}"),
    };
    println!("{}", runtime.description());
    let network = Network::digits();
    let record = Record {
        network: network.name.into(),
        optimizer: Optimizer::Rmsprop,
        learning_rate: Optimizer::Rmsprop.default_learning_rate(),
        batch_size: BATCH_SIZE,
        seed: 0,
        data_sha256: String::new(),
        data_source: String::new(),
        epochs: Vec::new(),
    };
    let feeds = feeds(&network);
    let mut trainer = match Trainer::new(&runtime, &network, &record, None) {
        Ok(trainer) => trainer,
        Err(error) => return println!("not measured: {error}"),
    };
    let mut criterion = Criterion::default().configure_from_args().sample_size(20);
    let mut group = criterion.benchmark_group("training step");
    trainer
        .step(feeds.clone(), BATCH_SIZE)
        .expect("the runtime took the model");
    group.throughput(Throughput::Elements(BATCH_SIZE as u64));
    group.bench_function(runtime.kind().name(), |bencher| {
        bencher.iter(|| {
            trainer
                .step(feeds.clone(), BATCH_SIZE)
                .expect("the step ran before")
        });
    });
    group.finish();
}

/// One batch of drawn digits with its masks.
fn feeds(network: &Network) -> Vec<(String, Tensor)> {
    let digits = synthetic::digits(BATCH_SIZE, 1, synthetic::SEED);
    let variants = Augment::None.variants();
    let batches = Batches::new(&digits.train, variants, BATCH_SIZE, Order::Sequential);
    let batch = batches
        .ok()
        .and_then(|mut batches| batches.next())
        .expect("one batch of the data");
    let masks = Masks::new(network, BATCH_SIZE, 0).draw();
    let masks = masks
        .into_iter()
        .map(|(layer, mask)| (mask_name(&layer), mask));
    evaluation_feeds(batch).into_iter().chain(masks).collect()
}
