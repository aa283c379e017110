//! Pixels in, prediction out.

use std::time::{Duration, Instant};

use image::GrayImage;

use crate::device::Device;
use crate::engine::{Cost, Engine, RunError, Scores};
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
pub fn predict(
    engine: &(impl Engine + ?Sized),
    pixels: &Pixels,
) -> Result<Prediction, InFile<RunError>> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Model;
    use crate::picture::PIXELS;
    use crate::support;

    fn assert_close(actual: &[f64], expected: &[f64]) {
        assert_eq!(actual.len(), expected.len());
        for (actual, expected) in actual.iter().zip(expected) {
            assert!(
                (actual - expected).abs() < 1e-5,
                "{actual} is not {expected}"
            );
        }
    }

    #[test]
    fn the_first_of_equal_classes_wins() {
        let model =
            Model::from_bytes(&support::constant(&[1.0, 2.0, 2.0], Some("a,b,c")), "tie").unwrap();
        let prediction = predict(&model, &[0; PIXELS]).unwrap();
        assert_eq!((prediction.class, prediction.label.as_str()), (1, "b"));
    }

    #[test]
    fn the_class_follows_the_picture() {
        let model = Model::from_bytes(&support::brightness(), "brightness").unwrap();
        let white = predict(&model, &[255; PIXELS]).unwrap();
        let black = predict(&model, &[0; PIXELS]).unwrap();
        assert_eq!(
            (white.label.as_str(), black.label.as_str()),
            ("bright", "dark")
        );
        // The logits of all-white pixels are 0 and 1, those of black ones 0 and -1: sigmoid(1) both
        // times.
        let likelier = 1.0 / (1.0 + (-1.0_f64).exp());
        assert_close(&white.probabilities, &[1.0 - likelier, likelier]);
        assert_close(&black.probabilities, &[likelier, 1.0 - likelier]);
    }
}
