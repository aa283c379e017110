//! From an input to what the model makes of it.

use std::sync::{Mutex, PoisonError};

use image::RgbImage;

use super::super::Error;
use super::Predict;
use crate::annotate::{AnnotateError, captioned, drawn, framed};
use crate::device::Device;
use crate::engine::Engine;
use crate::file::{InFile, display_name};
use crate::page::{self, Page, PageError};
use crate::picture::{self, header};
use crate::predict::{Prediction, predict, predict_on_board};
use crate::prepare::Preparing;
use crate::report::Measured;
use crate::source::{Content, Source, drawing};

/// Pixels of a picture that is decoded while no other one of that size is: the memory of small machines has room for one.
const LARGE_PIXELS: u64 = 32 << 20;

static LARGE: Mutex<()> = Mutex::new(());

/// What runs the model on inputs.
pub struct Worker<'e> {
    pub options: &'e Predict,
    pub engine: &'e dyn Engine,
    pub preparing: Preparing,
    /// The board that prepares the pictures itself.
    pub board: Option<&'e Device>,
}

/// What the model has found in a source.
pub struct Found {
    pub source: Source,
    pub finding: Finding,
    /// The annotated copy as a PNG file, if there is to be one.
    pub copy: Option<Result<Vec<u8>, AnnotateError>>,
}

pub enum Finding {
    Input {
        /// Which sample of the source it is, where there are several.
        sample: Option<usize>,
        prediction: Prediction,
    },
    Page(Page),
}

impl Worker<'_> {
    /// Gives what is found in an input, and at last the error that has ended it; until no more is wanted.
    pub fn work(
        &self,
        input: Result<Source, Error>,
        give: &mut dyn FnMut(Result<Found, Error>) -> bool,
    ) {
        let done = input.and_then(|source| self.predict(&source, &mut |found| give(Ok(found))));
        if let Err(error) = done {
            give(Err(error));
        }
    }

    fn predict(&self, source: &Source, give: &mut dyn FnMut(Found) -> bool) -> Result<(), Error> {
        let content = source.read()?;
        let _alone =
            is_large(&content).then(|| LARGE.lock().unwrap_or_else(PoisonError::into_inner));
        let file = match &content {
            Content::Picture(file) if self.options.read => {
                give(self.read_page(source, file)?);
                return Ok(());
            }
            Content::Samples(_) if self.options.read => {
                return Err(Error::ReadArray(display_name(source.path())));
            }
            Content::Picture(file) => Some(&file[..]),
            Content::Samples(_) => None,
        };
        let spec = &self.engine.spec().input;
        if let (Some(board), Some(shape), Some(file)) = (self.board, spec.picture(), file) {
            let drawing = drawing(file, shape).map_err(source.named())?;
            let prediction = predict_on_board(board, &drawing)?;
            give(self.found(source, Some(file), None, prediction));
            return Ok(());
        }
        let inputs = content.inputs(spec, self.preparing);
        for input in inputs.map_err(source.named())? {
            let (sample, candidates) = input.map_err(source.named())?;
            let prediction = predict(self.engine, &candidates)?;
            if !give(self.found(source, file, sample, prediction)) {
                break;
            }
        }
        Ok(())
    }

    fn found(
        &self,
        source: &Source,
        picture: Option<&[u8]>,
        sample: Option<usize>,
        prediction: Prediction,
    ) -> Found {
        let spec = self.engine.spec();
        let caption = |picture| {
            let measured = Measured::new(spec, &prediction);
            let measured = measured.with_top(self.options.top as usize, spec.labels());
            captioned(&picture, &measured)
        };
        Found {
            source: source.clone(),
            copy: picture.and_then(|file| self.copy(file, caption)),
            finding: Finding::Input { sample, prediction },
        }
    }

    fn read_page(&self, source: &Source, file: &[u8]) -> Result<Found, Error> {
        let grey = picture::grey(file).map_err(source.named())?;
        let centred = self.engine.spec().input.centred().ok_or(Error::Read)?;
        let page = page::read(&grey, self.engine, centred);
        let page = page.map_err(InFile::<PageError>::named(&display_name(source.path())))?;
        let labels = self.engine.spec().labels();
        Ok(Found {
            source: source.clone(),
            copy: self.copy(file, |picture| framed(picture, &page, labels)),
            finding: Finding::Page(page),
        })
    }

    /// What `draw` makes of a picture file, if that is wanted.
    fn copy(
        &self,
        file: &[u8],
        draw: impl FnOnce(RgbImage) -> RgbImage,
    ) -> Option<Result<Vec<u8>, AnnotateError>> {
        self.options.annotate.as_ref().map(|_| drawn(file, draw))
    }
}

fn is_large(content: &Content) -> bool {
    let Content::Picture(file) = content else {
        return false;
    };
    let pixels = header(file).map(|header| u64::from(header.rows) * u64::from(header.columns));
    pixels.is_ok_and(|pixels| pixels > LARGE_PIXELS)
}
