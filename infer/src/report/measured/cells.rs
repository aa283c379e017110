//! What has been found as cells of a row.

use std::borrow::Cow;

use super::{Finding, Guess, Measured, Reals};
use crate::report::row::{Row, cell, optional};

impl Measured<'_> {
    /// Adds its cells to a row.
    pub(in crate::report) fn add_to(&self, row: &mut Row) {
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
