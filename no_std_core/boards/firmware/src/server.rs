//! Requests in, replies out.

use core::convert::Infallible;

use no_std_core::format::stored_checksum;
use no_std_core::prepare::{MAX_SIDE, PrepareError, SIDE};
use no_std_core::{Model, quantize_pixel};
use protocol::{Description, Error, MAX_WIDTH, PIXELS, Reply, Request, SelfTest, UNASKED};

use crate::board::{Board, Closed};
use crate::inference::infer;
use crate::link::Link;
use crate::model::{ARENA_LEN, MODEL};
use crate::picture::{RemotePicture, Stop};
use crate::self_test::self_test;

/// What the model says about the image of the self-test, computed by this crate's build script.
const KNOWN_LOGITS: &[i8] = include!(concat!(env!("OUT_DIR"), "/known_logits.rs"));

const _: () = assert!(protocol::MAX_CLASSES == no_std_core::format::MAX_CLASSES);
const _: () = assert!(PIXELS == SIDE * SIDE && ARENA_LEN >= PIXELS);

/// Tests the model, then answers requests for ever.
pub fn serve(board: &mut impl Board) -> ! {
    let mut memory = Memory::new();
    let mut server = Server::start(board, MODEL, KNOWN_LOGITS, &mut memory);
    loop {
        let Err(Closed) = server.talk();
    }
}

/// All that is not on the stack of some function.
pub struct Memory {
    link: Link,
    arena: Arena,
}

/// Aligned for kernels that load several values at once.
#[repr(align(4))]
struct Arena([i8; ARENA_LEN]);

impl Memory {
    pub fn new() -> Self {
        Self {
            link: Link::new(),
            arena: Arena([0; ARENA_LEN]),
        }
    }
}

/// A board that has tested itself.
pub struct Server<'m, 'f, B> {
    board: &'m mut B,
    link: &'m mut Link,
    /// Room for a run; between runs, the place where an image is made.
    arena: &'m mut [i8; ARENA_LEN],
    file: &'f [u8],
    model: Result<Model<'f>, SelfTest>,
}

impl<'m, 'f, B: Board> Server<'m, 'f, B> {
    /// Tests the model in `file`, which must give the `known` logits, and switches the light on if it is in order.
    pub fn start(board: &'m mut B, file: &'f [u8], known: &[i8], memory: &'m mut Memory) -> Self {
        board.light(false);
        let Memory {
            link,
            arena: Arena(arena),
        } = memory;
        let image = image_in(link);
        let model = self_test(board, file, known, image, arena);
        board.light(model.is_ok());
        Self {
            board,
            link,
            arena,
            file,
            model,
        }
    }

    /// Answers requests until nobody is there any more.
    pub fn talk(&mut self) -> Result<Infallible, Closed> {
        self.describe(UNASKED)?;
        loop {
            self.link.receive(self.board)?;
            self.answer()?;
        }
    }

    fn answer(&mut self) -> Result<(), Closed> {
        let (number, _) = self.link.request();
        match self.fulfil(number) {
            Ok(()) | Err(Stop::OtherRequest) => Ok(()),
            Err(Stop::Closed) => Err(Closed),
            Err(Stop::Refused(error)) => self.send(number, &Reply::Error(error)),
        }
    }

    fn fulfil(&mut self, number: u8) -> Result<(), Stop> {
        let (_, request) = self.link.request();
        match request? {
            Request::Describe => Ok(self.describe(number)?),
            Request::Label { class } => self.label(number, class),
            Request::Classify { pixels } => {
                place(pixels, self.arena)?;
                self.classify(number)
            }
            Request::ClassifyPicture { width, height } => {
                self.prepare(number, width, height)?;
                self.classify(number)
            }
            Request::Row { .. } => Err(Error::Row.into()),
        }
    }

    fn describe(&mut self, number: u8) -> Result<(), Closed> {
        let model = self.model.as_ref();
        let description = Description {
            board: B::NAME,
            model: stored_checksum(self.file).unwrap_or_default(),
            classes: model.map_or(0, |model| model.classes() as u8),
            box_side: model
                .ok()
                .and_then(|model| model.preparation().box_side())
                .unwrap_or(0),
            arena: ARENA_LEN as u32,
            max_width: MAX_WIDTH as u16,
            max_height: MAX_SIDE as u16,
            self_test: model.err().copied().unwrap_or(SelfTest::Passed),
        };
        self.send(number, &Reply::Description(description))
    }

    fn label(&mut self, number: u8, class: u8) -> Result<(), Stop> {
        let model = self.model.as_ref().map_err(|_| Error::SelfTest)?;
        let label = model.label(class.into()).ok_or(Error::Class)?;
        Ok(self.link.send(self.board, number, &Reply::Label(label))?)
    }

    /// Makes a picture of the host's an image, at the start of the arena.
    fn prepare(&mut self, number: u8, width: u16, height: u16) -> Result<(), Stop> {
        let model = self.model.as_ref().map_err(|_| Error::SelfTest)?;
        if usize::from(width) > MAX_WIDTH {
            return Err(Error::Picture.into());
        }
        let image = self.arena.first_chunk_mut().ok_or(Error::Image)?;
        let mut picture = RemotePicture {
            board: self.board,
            link: self.link,
            number,
            width,
            height,
            stopped: None,
        };
        model
            .preparation()
            .prepare(&mut picture, image)
            .map_err(|error| match error {
                PrepareError::Row(_) => picture.stopped.unwrap_or(Stop::Refused(Error::Row)),
                PrepareError::NoInk => Error::Blank.into(),
                _ => Error::Picture.into(),
            })
    }

    /// Runs the model on the image at the start of the arena.
    fn classify(&mut self, number: u8) -> Result<(), Stop> {
        let model = self.model.as_ref().map_err(|_| Error::SelfTest)?;
        // The run needs the arena; the request has been read.
        let image = image_in(self.link);
        for (value, &made) in image.iter_mut().zip(&*self.arena) {
            *value = made;
        }
        let (scores, cycles) = infer(self.board, model, image, self.arena).ok_or(Error::Image)?;
        let scores = Reply::Scores(protocol::Scores {
            logits: scores.logits().iter().copied().collect(),
            probabilities: scores.probabilities().iter().copied().collect(),
            class: scores.class() as u8,
            accepted: scores.accepted(),
            cycles,
            stack: self.board.stack_used(),
        });
        Ok(self.send(number, &scores)?)
    }

    fn send(&mut self, number: u8, reply: &Reply<'_>) -> Result<(), Closed> {
        self.link.send(self.board, number, reply)
    }
}

/// Room for an image where frames are at other times.
fn image_in(link: &mut Link) -> &mut [i8] {
    let buffer: &mut [i8] = bytemuck::cast_slice_mut(link.buffer());
    buffer.get_mut(..PIXELS).unwrap_or_default()
}

/// Puts an image at the start of the arena.
fn place(pixels: &[u8], arena: &mut [i8]) -> Result<(), Error> {
    if pixels.len() != PIXELS {
        return Err(Error::Image);
    }
    for (value, &pixel) in arena.iter_mut().zip(pixels) {
        *value = quantize_pixel(pixel);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
