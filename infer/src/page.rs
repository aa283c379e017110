//! Several drawings on one page, digits above all: found, ordered into lines, and each read by itself.
//!
//! 1. The ground of the page is what most of a neighbourhood is like, and ink what stands out from it (`ink`).
//! 2. Rules of paper are taken away (`rules`).
//! 3. Ink that is connected is a stroke (`strokes`), and strokes that belong together are a drawing, unless it is a speck
//!    (`drawings`).
//! 4. Drawings beside each other are a line (`lines`).
//! 5. Each drawing alone, on clean ground, is prepared and read as a picture of it would be.

use std::time::{Duration, Instant};

use image::{GrayImage, Luma};
use no_std_core::prepare::{Fit, Preparation, PrepareError};
use thiserror::Error;

use crate::engine::Engine;
use crate::error::RunError;
use crate::file::InFile;
use crate::input::Input;
use crate::output::{Classes, Output};
use crate::picture::{self, PictureError};

mod drawings;
mod ink;
mod lines;
mod rules;
mod strokes;

use drawings::Drawing;
use ink::Ink;
use strokes::{NONE, Strokes};

/// Longer side of a page in which drawings are looked for, in pixels; larger pages are made smaller.
const MAX_SIDE: u32 = 2400;

/// Drawings of a page at most: more are the grain of something else.
const MAX_DRAWINGS: usize = 1000;

/// Why a page was not read.
#[derive(Debug, Error)]
pub enum PageError {
    #[error(transparent)]
    Picture(#[from] PictureError),
    #[error("expected a page with at most {MAX_DRAWINGS} drawings, found more; cut it into parts")]
    TooMany,
    #[error(transparent)]
    Run(#[from] InFile<RunError>),
    #[error("expected classes, found numbers")]
    NoClasses,
}

/// What is on a page, line by line.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    pub lines: Vec<Vec<Found>>,
    /// Time the network took for all of them.
    pub elapsed: Duration,
}

/// A drawing, and what the model says about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Left, top, width and height in pixels of the page, upright.
    pub area: [u32; 4],
    pub classes: Classes,
}

/// Reads a page, of which the model takes each drawing as the preparation says.
pub fn read(
    page: &GrayImage,
    engine: &dyn Engine,
    preparation: Preparation,
) -> Result<Page, PageError> {
    let mut elapsed = Duration::ZERO;
    let sheet = Sheet::find(page)?;
    let mut read = |drawing: &Drawing| -> Result<Option<Found>, PageError> {
        let pixels = match picture::prepare(&sheet.cut(drawing), preparation) {
            Ok(pixels) => pixels,
            // Too fine to be seen.
            Err(PictureError::Prepare(PrepareError::NoInk)) => return Ok(None),
            // Its strokes belong together here, however far they are from each other.
            Err(PictureError::Prepare(PrepareError::Several)) => {
                picture::prepare(&sheet.cut(drawing), Preparation::PLAIN)?
            }
            Err(error) => return Err(error.into()),
        };
        let start = Instant::now();
        let answer = engine.run(&Input::Pixels(pixels.to_vec()))?;
        elapsed += start.elapsed();
        let Output::Classes(classes) = answer.output else {
            return Err(PageError::NoClasses);
        };
        let area = sheet.area(drawing, page.dimensions());
        Ok(Some(Found { area, classes }))
    };
    let mut lines = Vec::new();
    for line in &sheet.lines {
        let found = line.iter().filter_map(|drawing| read(drawing).transpose());
        let found: Vec<Found> = found.collect::<Result<_, _>>()?;
        if !found.is_empty() {
            lines.push(found);
        }
    }
    if lines.is_empty() {
        return Err(PictureError::Blank.into());
    }
    Ok(Page { lines, elapsed })
}

/// A page with all that is on it.
struct Sheet {
    ink: Ink,
    strokes: Strokes,
    lines: Vec<Vec<Drawing>>,
}

impl Sheet {
    /// Looks for the drawings of a page.
    fn find(page: &GrayImage) -> Result<Self, PageError> {
        let smaller = reduced(page)?;
        let mut ink = Ink::of(smaller.as_ref().unwrap_or(page)).ok_or(PictureError::Blank)?;
        rules::remove(&mut ink);
        let strokes = Strokes::of(&ink);
        let drawings = drawings::of(&strokes).ok_or(PageError::TooMany)?;
        if drawings.len() > MAX_DRAWINGS {
            return Err(PageError::TooMany);
        }
        Ok(Self {
            ink,
            strokes,
            lines: lines::of(drawings),
        })
    }

    /// The picture of a drawing alone: light ink on dark ground.
    fn cut(&self, drawing: &Drawing) -> GrayImage {
        // Blurred edges belong to a stroke, too.
        const EDGE: u32 = 2;
        let area = &drawing.area;
        let margin = EDGE + area.width().max(area.height()) / 4 + 2;
        let mut own = vec![false; self.strokes.all.len()];
        for &label in &drawing.strokes {
            own[label as usize] = true;
        }
        let is_own = |x: u32, y: u32| {
            let label = self.strokes.label(x, y);
            label != NONE && own[label as usize]
        };
        let is_edge = |x: u32, y: u32| {
            let [rows, columns] = [y, x].map(|at| at.saturating_sub(EDGE)..=at + EDGE);
            let is_other = self.strokes.label(x, y) != NONE;
            !is_other
                && rows
                    .into_iter()
                    .any(|y| columns.clone().any(|x| is_own(x, y)))
        };
        let [width, height] = [area.width(), area.height()].map(|side| side + 2 * margin);
        GrayImage::from_fn(width, height, |x, y| {
            let inside = |at: u32, start: u32| (at + start).checked_sub(margin);
            let (Some(x), Some(y)) = (inside(x, area.left), inside(y, area.top)) else {
                return Luma([0]);
            };
            let counts = is_own(x, y) || is_edge(x, y);
            Luma([if counts { self.ink.amount(x, y) } else { 0 }])
        })
    }

    /// Left, top, width and height of a drawing in a page of this width and height.
    fn area(&self, drawing: &Drawing, (width, height): (u32, u32)) -> [u32; 4] {
        let area = &drawing.area;
        let scaled = |at: u32, own: u32, whole: u32| {
            (u64::from(at) * u64::from(whole) / u64::from(own.max(1))) as u32
        };
        let [own_width, own_height] = [self.ink.width, self.ink.height];
        let [left, right] = [area.left, area.right].map(|x| scaled(x, own_width, width));
        let [top, bottom] = [area.top, area.bottom].map(|y| scaled(y, own_height, height));
        [left, top, right - left, bottom - top]
    }
}

/// A large page with fewer pixels; `None` of others.
fn reduced(page: &GrayImage) -> Result<Option<GrayImage>, PictureError> {
    let (width, height) = page.dimensions();
    let longer = width.max(height);
    if longer <= MAX_SIDE {
        return Ok(None);
    }
    let side =
        |side: u32| (u64::from(side) * u64::from(MAX_SIDE) / u64::from(longer)).max(1) as u32;
    let [columns, rows] = [side(width), side(height)];
    let pixels = picture::apply(
        Fit::Stretch,
        page,
        [rows, columns].map(|side| side as usize),
    )?;
    Ok(GrayImage::from_raw(columns, rows, pixels))
}
