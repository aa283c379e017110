//! Reports beside models.

use std::path::Path;

use input::file::{self, display_name};

use crate::checkpoint::Epoch;
use crate::console::Console;
use crate::data::{Dataset, Element, sheet};
use crate::error::Error;
use crate::report::{Mistake, Page, Report};

/// Writes a report on these pictures as a page, and beside it as JSON.
pub fn write_report(
    path: &Path,
    title: &str,
    (report, pictures): (&Report, &Dataset),
    epochs: &[Epoch],
    console: &mut Console,
) -> Result<(), Error> {
    let png = |mistake: &Mistake| {
        let picture = sheet::tile(pictures, mistake.sample)?;
        sheet::png(&picture).map_err(Error::Sheet)
    };
    let are_pictures = pictures.element() == Element::Pixel;
    let mistakes = report.mistakes.iter().filter(|_| are_pictures).map(png);
    let page = Page {
        title,
        report,
        epochs,
        mistakes: mistakes.collect::<Result<_, Error>>()?,
    };
    file::write(path, page.to_string().as_bytes())?;
    let json = path.with_extension("json");
    file::write(&json, serde_json::to_string_pretty(report)?.as_bytes())?;
    let [page, json] = [path, &json].map(display_name);
    console.line(format_args!("{page}, {json}: the report"));
    Ok(())
}
