//! Of classes how often the right one was found.

use std::{fmt, iter};

use serde::Serialize;

use super::{Effort, write_cost};
use crate::engine::Cost;
use crate::output::Classes;
use crate::table;

/// How often a model found the right class.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OfClasses {
    images: usize,
    correct: usize,
    accuracy: f64,
    /// Inputs that the model takes for one of its classes at all, if it can tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<usize>,
    images_per_second: f64,
    #[serde(flatten)]
    cost: Option<Cost>,
    labels: Vec<String>,
    /// For each true class the number of its inputs that the model puts in each class.
    confusion: Vec<Vec<usize>>,
}

pub struct ClassTally {
    labels: Vec<String>,
    confusion: Vec<Vec<usize>>,
    accepted: Option<usize>,
}

impl ClassTally {
    pub fn new(labels: &[String]) -> Self {
        Self {
            labels: labels.to_vec(),
            confusion: vec![vec![0; labels.len()]; labels.len()],
            accepted: None,
        }
    }

    pub fn add(&mut self, found: &Classes, class: Option<usize>) {
        let row = class.and_then(|class| self.confusion.get_mut(class));
        if let Some(count) = row.and_then(|row| row.get_mut(found.class)) {
            *count += 1;
        }
        if let Some(yes) = found.accepted {
            *self.accepted.get_or_insert(0) += usize::from(yes);
        }
    }

    pub fn finish(self, effort: Effort) -> OfClasses {
        let rows = self.confusion.iter().enumerate();
        let correct = rows.map(|(class, row)| row[class]).sum();
        OfClasses {
            images: effort.count,
            correct,
            accuracy: correct as f64 / effort.count as f64,
            accepted: self.accepted,
            images_per_second: effort.per_second(),
            cost: effort.cost,
            labels: self.labels,
            confusion: self.confusion,
        }
    }
}

impl fmt::Display for OfClasses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (images, correct, accuracy) = (self.images, self.correct, self.accuracy);
        writeln!(f, "accuracy {accuracy:.4} ({correct} of {images} right)")?;
        if let Some(accepted) = self.accepted {
            let share = accepted as f64 / images as f64;
            writeln!(f, "accepted {share:.4} ({accepted} of {images})")?;
        }
        writeln!(f, "speed    {:.0} images/s", self.images_per_second)?;
        write_cost(f, self.cost, "image")?;
        writeln!(f, "\nrows: truth, columns: prediction")?;
        let mut rows = vec![[&[String::new()], &self.labels[..]].concat()];
        for (label, counts) in self.labels.iter().zip(&self.confusion) {
            let counts = counts.iter().map(usize::to_string);
            rows.push(iter::once(label.clone()).chain(counts).collect());
        }
        f.write_str(&table::right_aligned(&rows))
    }
}
