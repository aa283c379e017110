//! Boards that run a model, at the other end of a serial line.
//!
//! A [`Device`] is an [`Engine`] like the models in files. What is said on the line is described in the crate `protocol`.
//!
//! At 115200 baud an image and its scores take 75 ms on the line, to which the board adds its own time: 10,000 images
//! take 13 minutes where that is nothing, and a quarter of an hour more for each 90 ms of it.

mod line;
mod link;
#[cfg(all(test, unix))]
mod tests;
mod update;

use std::cell::RefCell;
use std::time::Duration;

use image::GrayImage;
use no_std_core::format::ONE;
use no_std_core::prepare::Preparation;
use protocol::{Description, Error, MAX_CLASSES, MAX_WIDTH, Reply, Request, SelfTest};

use line::Line;
use link::Link;
pub use update::update;

use crate::engine::{Cost, Engine, Logits, Scores};
use crate::error::{DeviceError, RunError};
use crate::file::{InFile, one_line};
use crate::picture::{Pixels, SIDE};

/// How long a board may take to say what it is: it may have to start and test itself first.
const GREETING: Duration = Duration::from_secs(3);

/// How long a board may take for anything else. The slowest needs a tenth of it.
const WORK: Duration = Duration::from_secs(10);

/// How often a picture is shown whose last answer is lost.
const MAX_PICTURES: u32 = 5;

/// A board that is ready to run its model.
#[derive(Debug)]
pub struct Device {
    name: String,
    link: RefCell<Link>,
    labels: Vec<String>,
    preparation: Preparation,
    max_width: u32,
    max_height: u32,
}

impl Device {
    /// Finds out what is at `address`: a serial port like `/dev/ttyACM0`, or, for boards that are emulated,
    /// `unix:PATH` or `tcp:HOST:PORT`.
    pub fn open(address: &str) -> Result<Self, InFile<DeviceError>> {
        let line = line::open(address).map_err(InFile::named(address))?;
        Self::greet(line, address, GREETING, WORK).map_err(InFile::named(address))
    }

    fn greet(
        board: Box<dyn Line>,
        name: &str,
        greeting: Duration,
        work: Duration,
    ) -> Result<Self, DeviceError> {
        let mut link = Link::new(board, greeting);
        let description = describe(&mut link)?;
        let classes = check(&description)?;
        let preparation = preparation(description.box_side)?;
        // Pixels that are taken as they are have to be as many as the model takes.
        let (width, height) = if preparation == Preparation::PLAIN {
            (SIDE as u32, SIDE as u32)
        } else {
            (description.max_width.into(), description.max_height.into())
        };
        let mut device = Self {
            name: one_line(name),
            labels: Vec::new(),
            preparation,
            max_width: width.min(MAX_WIDTH as u32),
            max_height: height,
            link: RefCell::new(link),
        };
        let asked = device.link.get_mut();
        for class in 0..classes {
            device.labels.push(label(asked, class)?);
        }
        asked.set_patience(work);
        Ok(device)
    }

    /// Has the board prepare a picture and run its model on it. Only the rows that it asks for are sent.
    pub fn scores_of_picture(&self, picture: &GrayImage) -> Result<Scores, InFile<RunError>> {
        self.try_picture(picture).map_err(InFile::named(&self.name))
    }

    fn try_picture(&self, picture: &GrayImage) -> Result<Scores, DeviceError> {
        let (width, height) = picture.dimensions();
        if width > self.max_width || height > self.max_height {
            return Err(DeviceError::Picture {
                width,
                height,
                max_width: self.max_width,
                max_height: self.max_height,
            });
        }
        let mut link = self.link.borrow_mut();
        for _ in 1..MAX_PICTURES {
            match show(&mut link, picture)? {
                // The answer to the last row was lost, and the board has done with the picture.
                Reply::Error(Error::Row) => {}
                reply => return self.scores_from(&reply),
            }
        }
        self.scores_from(&show(&mut link, picture)?)
    }

    fn scores_from(&self, reply: &Reply<'_>) -> Result<Scores, DeviceError> {
        let scores = match reply {
            Reply::Scores(scores) => scores,
            other => return Err(DeviceError::unexpected("scores", other)),
        };
        let classes = self.labels.len();
        let class = usize::from(scores.class);
        let lens = [scores.logits.len(), scores.probabilities.len()];
        if lens != [classes; 2] || class >= classes {
            return Err(DeviceError::Classes(classes));
        }
        let share = |&probability: &u32| f64::from(probability) / f64::from(ONE);
        Ok(Scores {
            class,
            probabilities: scores.probabilities.iter().map(share).collect(),
            accepted: Some(scores.accepted),
            logits: Logits::Int8(scores.logits.to_vec()),
            cost: Some(Cost {
                cycles: scores.cycles,
                stack_bytes: scores.stack,
            }),
        })
    }
}

impl Engine for Device {
    fn labels(&self) -> &[String] {
        &self.labels
    }

    fn preparation(&self) -> Preparation {
        self.preparation
    }

    fn scores(&self, pixels: &Pixels) -> Result<Scores, InFile<RunError>> {
        let mut link = self.link.borrow_mut();
        let reply = link.ask(&Request::Classify { pixels });
        let scores = reply.and_then(|reply| self.scores_from(&reply));
        scores.map_err(InFile::named(&self.name))
    }
}

/// Has the board prepare a picture, whose sides fit 16 bits, and gives its last answer.
fn show<'l>(link: &'l mut Link, picture: &GrayImage) -> Result<Reply<'l>, DeviceError> {
    let (width, height) = picture.dimensions();
    let begin = Request::ClassifyPicture {
        width: width as u16,
        height: height as u16,
    };
    let mut wanted = wanted_row(&link.ask(&begin)?);
    while let Some(y) = wanted {
        let start = usize::from(y) * width as usize;
        let pixels = picture.as_raw().get(start..start + width as usize);
        let pixels = pixels.ok_or(DeviceError::Row { y, height })?;
        wanted = wanted_row(&link.ask(&Request::Row { y, pixels })?);
    }
    link.answer()
}

/// The row of a picture that an answer asks for.
fn wanted_row(reply: &Reply<'_>) -> Option<u16> {
    match reply {
        Reply::NeedRow { y } => Some(*y),
        _ => None,
    }
}

/// How a board prepares pictures whose drawing fills a box of this side, 0 if it takes them as they are.
fn preparation(box_side: u8) -> Result<Preparation, DeviceError> {
    match box_side {
        0 => Ok(Preparation::PLAIN),
        side => Preparation::centred(side).ok_or(DeviceError::BoxSide(side)),
    }
}

/// The number of classes of a board that is in order.
fn check(description: &Description<'_>) -> Result<u8, DeviceError> {
    if description.self_test != SelfTest::Passed {
        return Err(DeviceError::SelfTest {
            board: one_line(description.board),
            found: description.self_test,
        });
    }
    match description.classes {
        classes if (1..=MAX_CLASSES).contains(&classes.into()) => Ok(classes),
        classes => Err(DeviceError::Classes(classes.into())),
    }
}

fn describe(link: &mut Link) -> Result<Description<'_>, DeviceError> {
    match link.ask(&Request::Describe)? {
        Reply::Description(description) => Ok(description),
        other => Err(DeviceError::unexpected("a description", &other)),
    }
}

fn label(link: &mut Link, class: u8) -> Result<String, DeviceError> {
    match link.ask(&Request::Label { class })? {
        Reply::Label(label) => Ok(one_line(label)),
        other => Err(DeviceError::unexpected("a label", &other)),
    }
}
