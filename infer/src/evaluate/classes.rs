//! Of classes how often the right one was found.

use std::{fmt, iter};

use serde::Serialize;

use super::{Effort, write_cost};
use crate::engine::Cost;
use crate::output::Classes;
use crate::prepare::Prepared;
use crate::table;

/// Most classes that have a confusion matrix, which nobody reads of more.
const MAX_CONFUSED: usize = 100;

/// How often a model found the right class.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OfClasses {
    #[serde(rename = "images")]
    inputs: usize,
    correct: usize,
    accuracy: f64,
    /// Inputs that the model takes for one of its classes at all, if it can tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<usize>,
    /// Pictures in which no drawing was found, or several, if there are such.
    #[serde(skip_serializing_if = "Option::is_none")]
    unread: Option<usize>,
    /// How many were prepared in which way, where that was chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    prepared: Option<Counts>,
    #[serde(rename = "images_per_second")]
    inputs_per_second: f64,
    #[serde(flatten)]
    cost: Option<Cost>,
    labels: Vec<String>,
    /// For each true class the number of its inputs that the model puts in each class; of at most [`MAX_CONFUSED`].
    #[serde(skip_serializing_if = "Option::is_none")]
    confusion: Option<Vec<Vec<usize>>>,
}

/// Pictures that counted as they are, and with the drawing in them centred.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
struct Counts {
    plain: usize,
    centred: usize,
}

pub struct ClassTally {
    labels: Vec<String>,
    correct: usize,
    unread: Option<usize>,
    prepared: Option<Counts>,
    confusion: Option<Vec<Vec<usize>>>,
    accepted: Option<usize>,
}

impl ClassTally {
    pub fn new(labels: &[String]) -> Self {
        let count = labels.len();
        Self {
            labels: labels.to_vec(),
            correct: 0,
            unread: None,
            prepared: None,
            confusion: (count <= MAX_CONFUSED).then(|| vec![vec![0; count]; count]),
            accepted: None,
        }
    }

    pub fn add(&mut self, found: &Classes, class: Option<usize>) {
        self.correct += usize::from(class == Some(found.class));
        let row = class.and_then(|class| self.confusion.as_mut()?.get_mut(class));
        if let Some(count) = row.and_then(|row| row.get_mut(found.class)) {
            *count += 1;
        }
        if let Some(yes) = found.accepted {
            *self.accepted.get_or_insert(0) += usize::from(yes);
        }
    }

    /// Counts a picture that has no answer.
    pub fn add_unread(&mut self) {
        *self.unread.get_or_insert(0) += 1;
    }

    /// Counts how a picture was prepared.
    pub fn count(&mut self, prepared: Prepared) {
        let counts = self.prepared.get_or_insert_default();
        match prepared {
            Prepared::Plain => counts.plain += 1,
            Prepared::Centred => counts.centred += 1,
        }
    }

    pub fn finish(self, effort: Effort) -> OfClasses {
        let inputs = effort.runs + self.unread.unwrap_or(0);
        OfClasses {
            inputs,
            correct: self.correct,
            accuracy: self.correct as f64 / inputs as f64,
            accepted: self.accepted,
            unread: self.unread,
            prepared: self.prepared,
            inputs_per_second: effort.per_second(),
            cost: effort.cost,
            labels: self.labels,
            confusion: self.confusion,
        }
    }
}

impl fmt::Display for OfClasses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (inputs, correct, accuracy) = (self.inputs, self.correct, self.accuracy);
        writeln!(f, "accuracy {accuracy:.4} ({correct} of {inputs} right)")?;
        if let Some(accepted) = self.accepted {
            let share = accepted as f64 / inputs as f64;
            writeln!(f, "accepted {share:.4} ({accepted} of {inputs})")?;
        }
        if let Some(unread) = self.unread {
            let share = unread as f64 / inputs as f64;
            writeln!(
                f,
                "unread   {share:.4} ({unread} of {inputs} blank, or of several drawings)"
            )?;
        }
        if let Some(Counts { plain, centred }) = self.prepared {
            writeln!(f, "prepared {plain} plain, {centred} centred")?;
        }
        writeln!(f, "speed    {:.0} inputs/s", self.inputs_per_second)?;
        write_cost(f, self.cost)?;
        let Some(confusion) = &self.confusion else {
            let count = self.labels.len();
            return writeln!(
                f,
                "\nno confusion matrix: {count} classes, more than {MAX_CONFUSED}"
            );
        };
        writeln!(f, "\nrows: truth, columns: prediction")?;
        let mut rows = vec![[&[String::new()], &self.labels[..]].concat()];
        for (label, counts) in self.labels.iter().zip(confusion) {
            let counts = counts.iter().map(usize::to_string);
            rows.push(iter::once(label.clone()).chain(counts).collect());
        }
        f.write_str(&table::right_aligned(&rows))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::output::Numbers;

    /// Two inputs of the last class, of which one is taken for the first.
    fn evaluated(count: usize) -> OfClasses {
        let labels: Vec<String> = (0..count).map(|class| class.to_string()).collect();
        let mut tally = ClassTally::new(&labels);
        for class in [count - 1, 0] {
            let found = Classes {
                class,
                probabilities: Vec::new(),
                accepted: None,
                logits: Numbers::Float(Vec::new()),
            };
            tally.add(&found, Some(count - 1));
        }
        tally.finish(Effort {
            runs: 2,
            elapsed: Duration::ZERO,
            cost: None,
        })
    }

    #[test]
    fn pictures_left_unread_are_inputs_that_took_no_time() {
        let mut tally = ClassTally::new(&["0".to_owned()]);
        for _ in 0..3 {
            tally.add_unread();
        }
        let found = tally.finish(Effort {
            runs: 10,
            elapsed: Duration::from_secs(5),
            cost: None,
        });
        assert_eq!((found.inputs, found.unread), (13, Some(3)));
        assert!((found.inputs_per_second - 2.0).abs() < 1e-9);
    }

    #[test]
    fn of_many_classes_there_is_no_confusion_matrix() {
        let few = evaluated(MAX_CONFUSED);
        let last = few.confusion.as_ref().unwrap().last().unwrap();
        assert_eq!([last[0], last[MAX_CONFUSED - 1]], [1, 1]);
        assert!(few.to_string().contains("rows: truth"), "{few}");
        // A matrix of them would be of terabytes.
        let many = evaluated(1 << 20);
        assert_eq!((many.correct, many.confusion.as_ref()), (1, None));
        let end = "\n\nno confusion matrix: 1048576 classes, more than 100\n";
        assert!(many.to_string().ends_with(end), "{many}");
    }
}
