//! Requests in, replies out.

use no_std_core::prepare::{MAX_SIDE, PrepareError};
use no_std_core::{Model, Output, Run};
use protocol::{CHUNK_LEN, Error, MAX_WIDTH, Reply, Request, SelfTest, UNASKED};
use slots::{Current, MappedFlash, Slots, Spare};

use crate::board::{Board, Closed};
use crate::host::{Host, Picture, Stop};
use crate::inference::{finish, report};
use crate::link::Link;
use crate::model::{ANSWER, MODEL};
use crate::no_flash::NoFlash;
use crate::self_test::self_test;

mod description;
mod observe;
mod update;

/// The model that the firmware was built with.
const BUILT_IN: Current<'_> = Current {
    file: MODEL,
    answer: ANSWER,
};

/// Tests the model that the firmware was built with, then answers requests for ever. The arena is the memory that there is
/// for its tensors.
pub fn serve(board: &mut impl Board, arena: &mut [i8]) -> ! {
    let mut link = Link::new();
    let none = None::<Spare<'_, NoFlash>>;
    let mut server = Server::start(board, BUILT_IN, none, &mut link, arena);
    loop {
        server.talk();
    }
}

/// Tests the model in these slots that was updated last, then answers requests for ever and lets the model be updated.
pub fn serve_slots(
    board: &mut impl Board,
    slots: &mut Slots<impl MappedFlash>,
    arena: &mut [i8],
) -> ! {
    serve_updates(board, slots, None, arena)
}

/// Like [`serve_slots`], for boards whose slots are not written when they are flashed: where no slot has a model that
/// passes the test, that which the firmware was built with serves.
pub fn serve_slots_or_built_in(
    board: &mut impl Board,
    slots: &mut Slots<impl MappedFlash>,
    arena: &mut [i8],
) -> ! {
    serve_updates(board, slots, Some(BUILT_IN), arena)
}

fn serve_updates(
    board: &mut impl Board,
    slots: &mut Slots<impl MappedFlash>,
    built_in: Option<Current<'_>>,
    arena: &mut [i8],
) -> ! {
    let mut link = Link::new();
    loop {
        serve_newest(board, slots, built_in, &mut link, arena);
    }
}

/// Serves the model in these slots that was updated last and passes the test, else the built-in one if there is one, until
/// another one is to serve or nobody is there any more.
fn serve_newest(
    board: &mut impl Board,
    slots: &mut Slots<impl MappedFlash>,
    built_in: Option<Current<'_>>,
    link: &mut Link,
    arena: &mut [i8],
) -> End {
    let (current, spare) = slots.open();
    let mut server = Server::start(board, current, Some(spare), link, arena);
    if server.model.is_err() {
        let (current, spare) = slots.open_older();
        server = Server::start(board, current, Some(spare), link, arena);
    }
    if server.model.is_err()
        && let Some(built_in) = built_in
    {
        let (_, spare) = slots.open();
        server = Server::start(board, built_in, Some(spare), link, arena);
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

/// A board that has tested itself.
pub struct Server<'m, 'f, B, F> {
    board: &'m mut B,
    link: &'m mut Link,
    /// Room for a run, whose output stays there.
    arena: &'m mut [i8],
    file: &'f [u8],
    model: Result<Model<'f>, SelfTest>,
    /// Room for another model.
    spare: Option<Spare<'f, F>>,
    /// What was said of the output that is in the arena, and the number of the request.
    output: Option<(u8, protocol::Output)>,
    /// Whether checksums of what the operators made in that run are behind the model's part of the arena.
    is_observed: bool,
}

impl<'m, 'f, B: Board, F: MappedFlash> Server<'m, 'f, B, F> {
    /// Tests the current model and switches the light on if it is in order; else the light blinks from now on.
    pub fn start(
        board: &'m mut B,
        current: Current<'f>,
        spare: Option<Spare<'f, F>>,
        link: &'m mut Link,
        arena: &'m mut [i8],
    ) -> Self {
        board.light(false);
        let model = self_test(board, current, arena);
        board.light(model.is_ok());
        link.blinks = model.is_err();
        Self {
            board,
            link,
            arena,
            file: current.file,
            model,
            spare,
            output: None,
            is_observed: false,
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

    /// Answers the request of this number; afterwards it is that of the last piece of an input.
    fn fulfil(&mut self, last: &mut u8) -> Result<(), Stop> {
        let (number, request) = self.link.request();
        match request? {
            Request::Describe => Ok(self.describe(number)?),
            Request::Label { class } => self.label(number, class),
            Request::Begin {
                rows,
                row_len,
                prepare,
            } => self.run(last, (rows, row_len), prepare),
            Request::Input { .. } => match self.output {
                // The answer to the last piece was lost.
                Some((asked, output)) if asked == number => {
                    Ok(self.send(number, &Reply::Output(output))?)
                }
                _ => Err(Error::Piece.into()),
            },
            Request::Values { offset } => self.values(number, offset),
            Request::Probabilities { class } => self.probabilities(number, class),
            Request::BeginUpdate { len, checksum } => self.begin_update(number, len, checksum),
            Request::WriteChunk { .. } => self.write_chunk(number),
            Request::Commit { answer } => self.commit(number, answer),
            Request::Observe { rows, row_len } => self.observe(last, (rows, row_len)),
            Request::Checksums { operator } => self.checksums(number, operator),
        }
    }

    /// Runs the model on an input of the host's, and says what follows from the output.
    #[inline(never)] // What one request needs is not on the stack while another is fulfilled.
    fn run(&mut self, number: &mut u8, size: (u16, u32), prepare: bool) -> Result<(), Stop> {
        (self.output, self.is_observed) = (None, false);
        let model = self.model.as_ref().map_err(|_| Error::SelfTest)?;
        let mut run = Run::new(model, self.arena).map_err(|_| Error::SelfTest)?;
        let mut host = Host {
            board: self.board,
            link: self.link,
            number,
        };
        let preparation = model.preparation();
        if prepare && (preparation.box_side().is_some() || preparation.fit().is_some()) {
            prepare_picture(model, host, size, run.input())?;
        } else {
            host.take(model, size, run.input())?;
        }
        let (output, cycles) = finish(self.board, run);
        let output = report(&output, cycles, self.board.stack_used());
        self.output = Some((*number, output));
        Ok(self.send(*number, &Reply::Output(output))?)
    }

    #[inline(never)] // As above.
    fn values(&mut self, number: u8, offset: u32) -> Result<(), Stop> {
        let output = last_output(self.model.as_ref(), self.output, self.arena)?;
        let values = output.values().get(offset as usize..).unwrap_or_default();
        let values = values.get(..CHUNK_LEN).unwrap_or(values);
        if values.is_empty() {
            return Err(Error::NoOutput.into());
        }
        let reply = Reply::Values(bytemuck::cast_slice(values));
        Ok(self.link.send(self.board, number, &reply)?)
    }

    #[inline(never)] // As above.
    fn probabilities(&mut self, number: u8, class: u16) -> Result<(), Stop> {
        let output = last_output(self.model.as_ref(), self.output, self.arena)?;
        let Output::Classes(classes) = output else {
            return Err(Error::Class.into());
        };
        let probabilities = classes.probabilities().skip(class.into());
        let probabilities = probabilities.take(protocol::PROBABILITIES).collect();
        let reply = Reply::Probabilities(probabilities);
        Ok(self.link.send(self.board, number, &reply)?)
    }

    fn send(&mut self, number: u8, reply: &Reply<'_>) -> Result<(), Closed> {
        self.link.send(self.board, number, reply)
    }
}

/// The output that the last run has left in the arena.
fn last_output<'r>(
    model: Result<&'r Model<'_>, &SelfTest>,
    output: Option<(u8, protocol::Output)>,
    arena: &'r mut [i8],
) -> Result<Output<'r>, Error> {
    let model = model.map_err(|_| Error::SelfTest)?;
    output.ok_or(Error::NoOutput)?;
    // A run that has not begun finds what the one before has left.
    let run = Run::new(model, arena).map_err(|_| Error::SelfTest)?;
    Ok(run.into_output())
}

/// Makes a picture of the host's the input of a model.
#[inline(never)] // Nothing of it is on the stack during the run.
fn prepare_picture<B: Board>(
    model: &Model<'_>,
    host: Host<'_, B>,
    (height, row_len): (u16, u32),
    input: &mut [i8],
) -> Result<(), Stop> {
    let channels = model.input().shape.channels;
    let row_len = u16::try_from(row_len).unwrap_or(u16::MAX);
    let is_too_large = usize::from(row_len) > MAX_WIDTH || u32::from(height) > MAX_SIDE;
    if is_too_large || !row_len.is_multiple_of(channels) {
        return Err(Error::Size.into());
    }
    let mut picture = Picture {
        host,
        width: row_len.checked_div(channels).unwrap_or(0),
        height,
        channels,
        stopped: None,
    };
    model
        .prepare(&mut picture, input)
        .map_err(|error| match error {
            PrepareError::Row(_) => picture.stopped.unwrap_or(Stop::Refused(Error::Piece)),
            PrepareError::NoInk => Error::Blank.into(),
            PrepareError::Several => Error::Several.into(),
            _ => Error::Size.into(),
        })
}

#[cfg(test)]
mod tests;
