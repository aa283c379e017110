//! Requests in, replies out.

use no_std_core::format::stored_checksum;
use no_std_core::prepare::{MAX_SIDE, PrepareError};
use no_std_core::{Model, Output, Run};
use protocol::{Description, Error, MAX_WIDTH, Reply, Request, SelfTest, UNASKED};
use slots::{Current, MappedFlash, Slots, Spare};

use crate::board::{Board, Closed};
use crate::inference::finish;
use crate::link::Link;
use crate::model::{ARENA_LEN, KNOWN_LOGITS, MODEL};
use crate::no_flash::NoFlash;
use crate::picture::{RemotePicture, Stop};
use crate::self_test::self_test;

mod update;

/// The model that the firmware was built with.
const BUILT_IN: Current<'_> = Current {
    file: MODEL,
    logits: KNOWN_LOGITS,
};

const _: () = assert!(protocol::MAX_CLASSES == slots::MAX_CLASSES);

/// Tests the model that the firmware was built with, then answers requests for ever.
pub fn serve(board: &mut impl Board) -> ! {
    let mut memory = Memory::new();
    let mut server = Server::start(board, BUILT_IN, None::<Spare<'_, NoFlash>>, &mut memory);
    loop {
        server.talk();
    }
}

/// Tests the model in these slots that was updated last, then answers requests for ever and lets the model be updated.
pub fn serve_slots(board: &mut impl Board, slots: &mut Slots<impl MappedFlash>) -> ! {
    serve_updates(board, slots, None)
}

/// Like [`serve_slots`], for boards whose slots are not written when they are flashed: where no slot has a model that
/// passes the test, that which the firmware was built with serves.
pub fn serve_slots_or_built_in(board: &mut impl Board, slots: &mut Slots<impl MappedFlash>) -> ! {
    serve_updates(board, slots, Some(BUILT_IN))
}

fn serve_updates(
    board: &mut impl Board,
    slots: &mut Slots<impl MappedFlash>,
    built_in: Option<Current<'_>>,
) -> ! {
    let mut memory = Memory::new();
    loop {
        serve_newest(board, slots, built_in, &mut memory);
    }
}

/// Serves the model in these slots that was updated last and passes the test, else the built-in one if there is one, until
/// another one is to serve or nobody is there any more.
fn serve_newest(
    board: &mut impl Board,
    slots: &mut Slots<impl MappedFlash>,
    built_in: Option<Current<'_>>,
    memory: &mut Memory,
) -> End {
    let (current, spare) = slots.open();
    let mut server = Server::start(board, current, Some(spare), memory);
    if server.model.is_err() {
        let (current, spare) = slots.open_older();
        server = Server::start(board, current, Some(spare), memory);
    }
    if server.model.is_err()
        && let Some(built_in) = built_in
    {
        let (_, spare) = slots.open();
        server = Server::start(board, built_in, Some(spare), memory);
    }
    server.talk()
}

/// Why a board stops to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Nobody is there.
    Closed,
    /// Another model is to serve.
    Updated,
}

impl From<Closed> for End {
    fn from(_: Closed) -> Self {
        Self::Closed
    }
}

/// All that is not on the stack of some function.
pub struct Memory {
    link: Link,
    arena: Arena,
}

/// Aligned for backends that load several values at once.
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
pub struct Server<'m, 'f, B, F> {
    board: &'m mut B,
    link: &'m mut Link,
    /// Room for a run.
    arena: &'m mut [i8; ARENA_LEN],
    file: &'f [u8],
    model: Result<Model<'f>, SelfTest>,
    /// Room for another model.
    spare: Option<Spare<'f, F>>,
}

impl<'m, 'f, B: Board, F: MappedFlash> Server<'m, 'f, B, F> {
    /// Tests the current model and switches the light on if it is in order; else the light blinks from now on.
    pub fn start(
        board: &'m mut B,
        Current { file, logits }: Current<'f>,
        spare: Option<Spare<'f, F>>,
        memory: &'m mut Memory,
    ) -> Self {
        board.light(false);
        let Memory {
            link,
            arena: Arena(arena),
        } = memory;
        let model = self_test(board, file, logits, arena);
        board.light(model.is_ok());
        link.blinks = model.is_err();
        Self {
            board,
            link,
            arena,
            file,
            model,
            spare,
        }
    }

    /// Answers requests until nobody is there any more, or another model is to serve.
    pub fn talk(&mut self) -> End {
        let mut outcome = self.describe(UNASKED).map_err(End::from);
        loop {
            match outcome {
                Ok(()) => outcome = self.answer(),
                Err(end) => return end,
            }
        }
    }

    fn answer(&mut self) -> Result<(), End> {
        self.link.receive(self.board)?;
        let (mut number, _) = self.link.request();
        match self.fulfil(&mut number) {
            Ok(()) | Err(Stop::OtherRequest) => Ok(()),
            Err(Stop::Closed) => Err(End::Closed),
            Err(Stop::Updated) => Err(End::Updated),
            Err(Stop::Refused(error)) => Ok(self.send(number, &Reply::Error(error))?),
        }
    }

    /// Answers the request of this number; afterwards it is that of the last row of a picture.
    fn fulfil(&mut self, last: &mut u8) -> Result<(), Stop> {
        let (number, request) = self.link.request();
        match request? {
            Request::Describe => Ok(self.describe(number)?),
            Request::Label { class } => self.label(number, class),
            Request::Classify { .. } => self.classify(number),
            Request::ClassifyPicture { width, height } => {
                self.classify_picture(last, width, height)
            }
            Request::Row { .. } => Err(Error::Row.into()),
            Request::BeginUpdate { len, checksum } => self.begin_update(number, len, checksum),
            Request::WriteChunk { .. } => self.write_chunk(number),
            Request::Commit { .. } => self.commit(number),
        }
    }

    #[inline(never)] // What one request needs is not on the stack while another is fulfilled.
    fn describe(&mut self, number: u8) -> Result<(), Closed> {
        let model = self.model.as_ref();
        let description = Description {
            board: B::NAME,
            model: stored_checksum(self.file).unwrap_or_default(),
            classes: model.map_or(0, |model| model.output().shape.elements() as u8),
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

    /// Runs the model on the image in the request.
    #[inline(never)] // As above.
    fn classify(&mut self, number: u8) -> Result<(), Stop> {
        let model = self.model.as_ref().map_err(|_| Error::SelfTest)?;
        let (_, Ok(Request::Classify { pixels })) = self.link.request() else {
            return Err(Error::Image.into());
        };
        let mut run = Run::new(model, self.arena).map_err(|_| Error::Image)?;
        let input = run.input();
        if input.len() != pixels.len() {
            return Err(Error::Image.into());
        }
        for (value, &pixel) in input.iter_mut().zip(pixels) {
            *value = model.quantize_pixel(0, pixel);
        }
        let (output, cycles) = finish(self.board, run);
        Ok(report(self.board, self.link, number, &output, cycles)?)
    }

    /// Runs the model on a picture of the host's.
    #[inline(never)] // As above.
    fn classify_picture(&mut self, number: &mut u8, width: u16, height: u16) -> Result<(), Stop> {
        let model = self.model.as_ref().map_err(|_| Error::SelfTest)?;
        if usize::from(width) > MAX_WIDTH {
            return Err(Error::Picture.into());
        }
        let mut run = Run::new(model, self.arena).map_err(|_| Error::Image)?;
        let mut picture = RemotePicture {
            board: self.board,
            link: self.link,
            number,
            width,
            height,
            stopped: None,
        };
        model
            .prepare(&mut picture, run.input())
            .map_err(|error| match error {
                PrepareError::Row(_) => picture.stopped.unwrap_or(Stop::Refused(Error::Row)),
                PrepareError::NoInk => Error::Blank.into(),
                _ => Error::Picture.into(),
            })?;
        let (output, cycles) = finish(self.board, run);
        Ok(report(self.board, self.link, *number, &output, cycles)?)
    }

    fn send(&mut self, number: u8, reply: &Reply<'_>) -> Result<(), Closed> {
        self.link.send(self.board, number, reply)
    }
}

#[inline(never)] // The reply is not on the stack during the run.
fn report(
    board: &mut impl Board,
    link: &mut Link,
    number: u8,
    output: &Output<'_>,
    cycles: u32,
) -> Result<(), Closed> {
    let reply = match output {
        Output::Classes(classes) => Reply::Scores(protocol::Scores {
            logits: classes.logits().iter().copied().collect(),
            probabilities: classes.probabilities().collect(),
            class: classes.class() as u8,
            accepted: classes.accepted(),
            cycles,
            stack: board.stack_used(),
        }),
        Output::Values(_) => Reply::Error(Error::Class),
    };
    link.send(board, number, &reply)
}

#[cfg(test)]
mod tests;
