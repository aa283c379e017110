//! Reports beside models.

use std::io::Cursor;
use std::path::Path;

use image::ImageFormat;
use input::file::{self, display_name};

use crate::checkpoint::Epoch;
use crate::console::Console;
use crate::data::{DataError, Dataset, sheet};
use crate::error::Error;
use crate::report::{Page, Report};

/// Writes a report on these pictures as a page, and beside it as JSON.
pub fn write_report(
    path: &Path,
    title: &str,
    (report, pictures): (&Report, &Dataset),
    epochs: &[Epoch],
    console: &mut Console,
) -> Result<(), Error> {
    let mistakes = report.mistakes.iter();
    let mistakes = mistakes.map(|mistake| png(pictures, mistake.sample));
    let page = Page {
        title,
        report,
        epochs,
        mistakes: mistakes.collect::<Result<_, DataError>>()?,
    };
    file::write(path, page.to_string().as_bytes())?;
    let json = path.with_extension("json");
    file::write(&json, serde_json::to_string_pretty(report)?.as_bytes())?;
    let [page, json] = [path, &json].map(display_name);
    console.line(format_args!("{page}, {json}: the report"));
    Ok(())
}

/// A picture as a PNG file.
fn png(pictures: &Dataset, picture: usize) -> Result<Vec<u8>, DataError> {
    let picture = sheet::tile(pictures, picture)?;
    let mut bytes = Cursor::new(Vec::new());
    let written = picture.write_to(&mut bytes, ImageFormat::Png);
    written.expect("the picture is kept in memory, and of a format that this program writes");
    Ok(bytes.into_inner())
}
