//! Time of one training step: the digit network, `RMSprop`, batches of 128.

mod each_runtime;

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
use train::runtime::Runtime;
use train::tensor::Tensor;

const BATCH_SIZE: usize = 128;
fn main() {
    each_runtime::run(
        std::thread::available_parallelism().map_or(1, usize::from),
        bench,
    );
}

fn bench(runtime: &Runtime, criterion: &mut Criterion) {
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
    let mut trainer = match Trainer::new(runtime, &network, &record, None) {
        Ok(trainer) => trainer,
        Err(error) => return println!("not measured: {error}"),
    };
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
