//! Images per second that one core prepares for training: batches of 128, plain and inverted, and their dropout masks.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput};
use train::data::augment::Variant;
use train::data::batch::{Batches, Order};
use train::data::synthetic;
use train::init::Masks;
use train::net::Network;

const BATCH_SIZE: usize = 128;
/// More images than a cache next to a core holds, as in a real epoch.
const BATCHES: usize = 400;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    batches(&mut criterion);
    masks(&mut criterion);
    criterion.final_summary();
}

fn batches(criterion: &mut Criterion) {
    let digits = synthetic::digits(BATCHES * BATCH_SIZE, 1, synthetic::SEED);
    let mut group = criterion.benchmark_group("batches");
    group.throughput(Throughput::Elements((BATCHES * BATCH_SIZE) as u64));
    for (name, variant) in [("plain", Variant::Plain), ("inverted", Variant::Inverted)] {
        group.bench_function(name, |bencher| {
            let variants = [variant];
            let plan = || {
                let order = Order::Shuffled(0);
                Batches::new(&digits.train, &variants, BATCH_SIZE, order)
                    .expect("images for a batch")
            };
            bencher.iter_batched(
                plan,
                |batches| batches.for_each(|batch| drop(black_box(batch))),
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

fn masks(criterion: &mut Criterion) {
    let mut masks = Masks::new(&Network::digits(), BATCH_SIZE, 0);
    let mut group = criterion.benchmark_group("masks");
    group.throughput(Throughput::Elements(BATCH_SIZE as u64));
    group.bench_function("dropout", |bencher| bencher.iter(|| masks.draw()));
    group.finish();
}
