//! What the host does for a step that it feeds: batches and masks.

use std::hint::black_box;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::data::augment::Variant;
use crate::data::batch::{Batches, Order};
use crate::data::{DataError, Dataset};
use crate::evaluate::evaluation_feeds;
use crate::init::Masks;
use crate::models::mask_name;
use crate::net::Network;
use crate::tensor::Tensor;

/// How long each is measured at least.
const LONG_ENOUGH: Duration = Duration::from_millis(100);

/// What the one thread that works ahead of a runtime on the CPU makes in a second.
#[derive(Debug, Serialize)]
pub struct Host {
    /// Milliseconds for a batch and its masks.
    pub batch_ms: f64,
    /// Images as they are, in shuffled batches.
    pub plain_images_per_second: f64,
    /// Inverted images, in shuffled batches.
    pub inverted_images_per_second: f64,
    /// Images whose dropout masks are drawn.
    pub masks_images_per_second: f64,
}

/// Measures all of [`Host`].
pub fn measure(network: &Network, dataset: &Dataset, batch_size: usize) -> Result<Host, DataError> {
    let epoch = |variant| {
        let order = Order::Shuffled(0);
        Batches::new(dataset, variant, batch_size, order)
    };
    let batches = |variant| {
        let plan = epoch(variant)?;
        let images = dataset.len() as f64;
        Ok::<f64, DataError>(
            images / repeat(|| plan.clone().for_each(|batch| drop(black_box(batch)))),
        )
    };
    let plain = batches(&[Variant::Plain])?;
    let inverted = batches(&[Variant::Inverted])?;
    let mut masks = Masks::new(network, batch_size, 0);
    let masks = batch_size as f64 / repeat(|| drop(black_box(masks.draw())));
    Ok(Host {
        batch_ms: 1000.0 * batch_size as f64 * (1.0 / plain + 1.0 / masks),
        plain_images_per_second: plain,
        inverted_images_per_second: inverted,
        masks_images_per_second: masks,
    })
}

/// Mean seconds of a run.
fn repeat(mut work: impl FnMut()) -> f64 {
    work();
    let (start, mut runs) = (Instant::now(), 0);
    while start.elapsed() < LONG_ENOUGH {
        work();
        runs += 1;
    }
    start.elapsed().as_secs_f64() / f64::from(runs)
}

/// The first batch of the data with its masks, as a training graph takes it.
pub fn feeds(
    network: &Network,
    dataset: &Dataset,
    batch_size: usize,
) -> Result<Vec<(String, Tensor)>, DataError> {
    let mut batches = Batches::new(dataset, &[Variant::Plain], batch_size, Order::Sequential)?;
    let masks = Masks::new(network, batch_size, 0).draw().into_iter();
    let masks = masks.map(|(layer, mask)| (mask_name(&layer), mask));
    let batch = batches.next().map(evaluation_feeds);
    Ok(batch.into_iter().flatten().chain(masks).collect())
}
