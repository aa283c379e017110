//! Reports beside models.

use std::path::{Path, PathBuf};

use image::{RgbImage, imageops};
use input::file::{self, display_name};

use crate::checkpoint::Epoch;
use crate::data::augment::Variant;
use crate::data::{DataError, Dataset, Element, sheet};
use crate::error::Error;
use crate::report::{Mistake, Page, Report};

/// Writes a report on these variants of these pictures as a page, and beside it as JSON; a line that tells both is returned.
pub fn write_report(
    path: &Path,
    title: &str,
    report: &Report,
    (pictures, variants): (&Dataset, &[Variant]),
    epochs: &[Epoch],
) -> Result<String, Error> {
    let png = |mistake: &Mistake| {
        let picture = shown(pictures, variants, mistake.sample)?;
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
    let json = json_beside(path);
    file::write(&json, serde_json::to_string_pretty(report)?.as_bytes())?;
    let [page, json] = [path, &json].map(display_name);
    Ok(format!("{page}, {json}: the report"))
}

/// Where the JSON of a page is.
pub fn json_beside(page: &Path) -> PathBuf {
    page.with_extension("json")
}

/// What the network saw: all variants of a picture come one after another.
fn shown(pictures: &Dataset, variants: &[Variant], sample: usize) -> Result<RgbImage, DataError> {
    let mut picture = sheet::tile(pictures, sample / variants.len())?;
    if variants[sample % variants.len()] == Variant::Inverted {
        imageops::invert(&mut picture);
    }
    Ok(picture)
}
