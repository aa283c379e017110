//! Results as text, as JSON lines, or as CSV (RFC 4180).

use std::io::{self, Write};

use csv::{Terminator, WriterBuilder};

use super::super::{Error, write_json};
use crate::report::Record;

/// How results are printed.
pub enum Printer {
    Text,
    Json,
    Csv { has_header: bool },
}

impl Printer {
    pub fn new(json: bool, csv: bool) -> Self {
        match (json, csv) {
            (true, _) => Self::Json,
            (_, true) => Self::Csv { has_header: false },
            _ => Self::Text,
        }
    }

    /// Prints a result whole, so that whoever waits for it sees it at once.
    pub fn print(&mut self, record: &impl Record, output: &mut impl Write) -> Result<(), Error> {
        match self {
            Self::Text => writeln!(output, "{record}")?,
            Self::Json => write_json(output, record)?,
            Self::Csv { has_header } => {
                let rows = table(record, has_header).map_err(io::Error::other)?;
                output.write_all(&rows)?;
                output.flush()?;
            }
        }
        Ok(())
    }
}

/// The rows of a result, below the names of the columns if these are not there yet.
fn table(record: &impl Record, has_header: &mut bool) -> Result<Vec<u8>, csv::Error> {
    let mut builder = WriterBuilder::new();
    let mut writer = builder.terminator(Terminator::CRLF).from_writer(Vec::new());
    for row in record.rows() {
        if !*has_header {
            writer.write_record(row.iter().map(|(column, _)| column.as_bytes()))?;
            *has_header = true;
        }
        writer.write_record(row.iter().map(|(_, cell)| cell))?;
    }
    writer
        .into_inner()
        .map_err(|error| error.into_error().into())
}
