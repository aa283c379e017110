//! What is on a page, as the user sees it.

use std::fmt;

use serde::Serialize;

use super::row::{cell, optional};
use super::{FileName, Record, Row};
use crate::file::{display_name, one_line};
use crate::page::{Found, Page};
use crate::source::Source;

/// What takes the place of a drawing that the model does not accept.
const REFUSED: &str = "?";

/// The result for a page. [`fmt::Display`] is its text, line by line, [`Serialize`] its JSON object.
#[derive(Debug, Serialize)]
pub struct PageReport<'a> {
    #[serde(flatten)]
    file: FileName<'a>,
    /// Whether the lines begin with the file's name.
    #[serde(skip)]
    is_named: bool,
    text: String,
    drawings: Vec<Drawing<'a>>,
    elapsed_microseconds: u128,
}

#[derive(Debug, Serialize)]
struct Drawing<'a> {
    line: usize,
    column: usize,
    /// Left, top, width and height in pixels, of the picture as its EXIF orientation turns it.
    #[serde(rename = "box")]
    area: [u32; 4],
    label: &'a str,
    class: usize,
    probability: f64,
    probabilities: &'a [f64],
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<bool>,
}

impl<'a> PageReport<'a> {
    pub fn new(source: &'a Source, labels: &'a [String], page: &'a Page) -> Self {
        let mut drawings = Vec::new();
        for (line, found) in page.lines.iter().enumerate() {
            let places = found.iter().enumerate();
            drawings.extend(places.map(|(column, found)| Drawing {
                line,
                column,
                ..Drawing::new(found, labels)
            }));
        }
        Self {
            file: FileName::of(source),
            is_named: false,
            text: text(page, labels),
            drawings,
            elapsed_microseconds: page.elapsed.as_micros(),
        }
    }

    /// Begins each line of the text with the file's short name, or not.
    #[must_use]
    pub fn with_name(mut self, is_named: bool) -> Self {
        self.is_named = is_named;
        self
    }
}

impl<'a> Drawing<'a> {
    fn new(found: &'a Found, labels: &'a [String]) -> Self {
        let classes = &found.classes;
        Self {
            line: 0,
            column: 0,
            area: found.area,
            label: &labels[classes.class],
            class: classes.class,
            probability: classes.probabilities[classes.class],
            probabilities: &classes.probabilities,
            accepted: classes.accepted,
        }
    }
}

/// The labels of the drawings, with spaces between them and a line for each line.
fn text(page: &Page, labels: &[String]) -> String {
    let label = |found: &Found| match found.classes.accepted {
        Some(false) => REFUSED.to_owned(),
        _ => one_line(&labels[found.classes.class]),
    };
    let line = |line: &Vec<Found>| line.iter().map(label).collect::<Vec<_>>().join(" ");
    page.lines.iter().map(line).collect::<Vec<_>>().join("\n")
}

impl fmt::Display for PageReport<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, line) in self.text.lines().enumerate() {
            if number > 0 {
                writeln!(f)?;
            }
            if self.is_named {
                write!(f, "{}. ", display_name(self.file.name))?;
            }
            f.write_str(line)?;
        }
        Ok(())
    }
}

impl Record for PageReport<'_> {
    fn rows(&self) -> Vec<Row> {
        let row = |drawing: &Drawing| {
            let [left, top, width, height] = drawing.area;
            vec![
                cell("file", &self.file.file),
                cell("line", drawing.line),
                cell("column", drawing.column),
                cell("left", left),
                cell("top", top),
                cell("width", width),
                cell("height", height),
                cell("label", drawing.label),
                cell("class", drawing.class),
                cell("probability", drawing.probability),
                cell("accepted", optional(drawing.accepted)),
            ]
        };
        self.drawings.iter().map(row).collect()
    }
}
