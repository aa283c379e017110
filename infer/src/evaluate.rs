//! How often a model is right on a test set, and what it takes for what.

use std::fmt;
use std::iter;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::engine::{Cost, Engine};
use crate::error::RunError;
use crate::file::InFile;
use crate::picture::Pixels;
use crate::table;
use crate::test_set::TestSet;

/// The result of a model on a test set. [`fmt::Display`] is its table, [`Serialize`] its JSON
/// object.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evaluation {
    images: usize,
    correct: usize,
    accuracy: f64,
    /// Pictures that the model takes for one of its classes at all, if it can tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<usize>,
    images_per_second: f64,
    /// The most of both that a picture took, on a board.
    #[serde(flatten)]
    cost: Option<Cost>,
    labels: Vec<String>,
    /// For each true class the number of its pictures that the model puts in each class.
    confusion: Vec<Vec<usize>>,
    /// The logits of every picture one after another, as [`Logits::bytes`](crate::engine::Logits::bytes) writes them.
    #[serde(skip)]
    pub outputs: Vec<u8>,
}

/// Runs the model on all pictures of the test set, or on their inversions: 255 minus each pixel. After each, tells
/// `progress` how many are done. The test set has no more classes than the model.
pub fn evaluate(
    engine: &dyn Engine,
    test_set: &TestSet,
    invert: bool,
    mut progress: impl FnMut(usize),
) -> Result<Evaluation, InFile<RunError>> {
    let classes = engine.labels().len();
    let mut confusion = vec![vec![0; classes]; classes];
    let (mut accepted, mut outputs, mut elapsed) = (None, Vec::new(), Duration::ZERO);
    let mut cost = None;
    for (index, (image, &class)) in test_set.images.iter().zip(&test_set.classes).enumerate() {
        let image: Pixels = if invert {
            image.map(|pixel| 255 - pixel)
        } else {
            *image
        };
        let start = Instant::now();
        let scores = engine.scores(&image)?;
        elapsed += start.elapsed();
        confusion[usize::from(class)][scores.class] += 1;
        if let Some(yes) = scores.accepted {
            *accepted.get_or_insert(0) += usize::from(yes);
        }
        outputs.extend(scores.logits.bytes());
        cost = scores
            .cost
            .map(|found| found.max(cost.unwrap_or_default()))
            .or(cost);
        progress(index + 1);
    }
    let images = test_set.images.len();
    let correct = (0..classes).map(|class| confusion[class][class]).sum();
    Ok(Evaluation {
        images,
        correct,
        accuracy: correct as f64 / images as f64,
        accepted,
        images_per_second: images as f64 / elapsed.as_secs_f64().max(f64::MIN_POSITIVE),
        cost,
        labels: engine.labels().to_vec(),
        confusion,
        outputs,
    })
}

impl fmt::Display for Evaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (images, correct, accuracy) = (self.images, self.correct, self.accuracy);
        writeln!(f, "accuracy {accuracy:.4} ({correct} of {images} right)")?;
        if let Some(accepted) = self.accepted {
            let share = accepted as f64 / images as f64;
            writeln!(f, "accepted {share:.4} ({accepted} of {images})")?;
        }
        writeln!(f, "speed    {:.0} images/s", self.images_per_second)?;
        if let Some(cost) = self.cost {
            writeln!(f, "cycles   {} an image at most", cost.cycles)?;
            writeln!(f, "memory   {} bytes of stack at most", cost.stack_bytes)?;
        }
        writeln!(f, "\nrows: truth, columns: prediction")?;
        let mut rows = vec![[&[String::new()], &self.labels[..]].concat()];
        for (label, counts) in self.labels.iter().zip(&self.confusion) {
            let counts = counts.iter().map(usize::to_string);
            rows.push(iter::once(label.clone()).chain(counts).collect());
        }
        f.write_str(&table::right_aligned(&rows))
    }
}
