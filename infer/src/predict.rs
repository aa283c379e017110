//! Pixels in, prediction out.

use std::time::{Duration, Instant};

use image::GrayImage;

use crate::device::Device;
use crate::engine::{Cost, Engine, Scores};
use crate::error::RunError;
use crate::file::InFile;
use crate::picture::Pixels;

/// What the model says about one picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// Index of the most probable class; the first one on a tie.
    pub class: usize,
    /// Name of that class.
    pub label: String,
    /// One probability in 0..=1 for each class, in the order of the model's labels; they add up to
    /// 1, or a little less where integers are rounded down.
    pub probabilities: Vec<f64>,
    /// Whether the model takes the picture for one of its classes at all, if it can tell.
    pub accepted: Option<bool>,
    /// Time the network took, without reading and decoding the picture; of a board, with the way there and back.
    pub elapsed: Duration,
    /// What it took on a board.
    pub cost: Option<Cost>,
}

/// Runs the model on one picture.
pub fn predict(engine: &dyn Engine, pixels: &Pixels) -> Result<Prediction, InFile<RunError>> {
    timed(engine.labels(), || engine.scores(pixels))
}

/// Has a board prepare a picture and run its model on it.
pub fn predict_on_board(
    device: &Device,
    picture: &GrayImage,
) -> Result<Prediction, InFile<RunError>> {
    timed(device.labels(), || device.scores_of_picture(picture))
}

fn timed<E>(labels: &[String], run: impl FnOnce() -> Result<Scores, E>) -> Result<Prediction, E> {
    let start = Instant::now();
    let scores = run()?;
    let elapsed = start.elapsed();
    Ok(Prediction {
        class: scores.class,
        label: labels[scores.class].clone(),
        probabilities: scores.probabilities,
        accepted: scores.accepted,
        elapsed,
        cost: scores.cost,
    })
}
