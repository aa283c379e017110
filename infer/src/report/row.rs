//! Results as rows of CSV.

use std::borrow::Cow;
use std::fmt::Display;

use serde::Serialize;

use super::{Finding, Guess, Measured, Reals, Report};

/// The cells of a row, each with its column's name.
pub type Row = Vec<(Cow<'static, str>, String)>;

/// What is printed of an input: as lines of text, as a JSON object, or as rows of CSV, which have the same columns for
/// every input of a model.
pub trait Record: Display + Serialize {
    fn rows(&self) -> Vec<Row>;
}

impl Record for Report<'_> {
    fn rows(&self) -> Vec<Row> {
        let mut row = vec![
            cell("file", &self.file.file),
            cell("sample", optional(self.sample)),
        ];
        self.measured.add_to(&mut row);
        vec![row]
    }
}

impl Measured<'_> {
    fn add_to(&self, row: &mut Row) {
        match &self.finding {
            Finding::Class(found) => found.add_to(row),
            Finding::Values { numbers } => numbers.add_to(row),
            Finding::Reconstruction {
                score,
                threshold,
                accepted,
            } => row.extend([
                cell("score", score),
                cell("threshold", optional(*threshold)),
                cell("accepted", accepted),
            ]),
        }
        row.push(cell("elapsed_microseconds", self.elapsed_microseconds));
        if let Some(cost) = self.cost {
            row.push(cell("cycles", cost.cycles));
            row.push(cell("stack_bytes", cost.stack_bytes));
        }
    }
}

impl Guess<'_> {
    fn add_to(&self, row: &mut Row) {
        let truth = self.truth.as_ref();
        row.extend([
            cell("label", self.label),
            cell("class", self.class),
            cell("probability", self.probability),
            cell("accepted", optional(self.accepted)),
            cell("truth", optional(truth.map(|truth| truth.label))),
            cell(
                "truth_probability",
                optional(truth.map(|truth| truth.probability)),
            ),
        ]);
        for (place, other) in (1..).zip(&self.top).skip(1) {
            let column = |name| Cow::from(format!("{name}_{place}"));
            row.extend([
                (column("label"), other.label.to_owned()),
                (column("class"), other.class.to_string()),
                (column("probability"), other.probability.to_string()),
            ]);
        }
    }
}

impl Reals<'_> {
    fn add_to(&self, row: &mut Row) {
        let values = self.values.iter().enumerate();
        row.extend(values.map(|(at, value)| (format!("value_{at}").into(), value.to_string())));
    }
}

/// A cell of a column.
pub(super) fn cell(column: &'static str, value: impl Display) -> (Cow<'static, str>, String) {
    (column.into(), value.to_string())
}

/// An empty cell for nothing.
pub(super) fn optional(value: Option<impl Display>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}
