//! Results as rows of CSV.

use std::borrow::Cow;
use std::fmt::Display;

use serde::Serialize;

use super::Report;

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
        if self.has_prepared {
            row.push(cell("prepared", optional(self.measured.prepared())));
        }
        vec![row]
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
