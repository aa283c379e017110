//! Another model for a board, which goes on to serve meanwhile.

use no_std_core::format::stored_checksum;
use no_std_core::{Model, Run};
use protocol::{CHUNK_LEN, Error, Reply, Request, answer, known_value};

use super::link::Link;
use super::room::Fit;
use super::{Board, DeviceError, GREETING, WORK, describe, line};

/// Gives the board at `address` (see [`Device::open`](super::Device::open)) the model in `file`, and tells `progress` how
/// many bytes are there. The board takes it if it computes what this computer does; wherever the update is cut, it keeps
/// the model that it has. Returns what the board is called.
///
/// # Errors
///
/// If the file is no model or does not fit, or what went wrong on the way.
pub fn update(
    address: &str,
    file: &[u8],
    progress: impl FnMut(usize),
) -> Result<String, DeviceError> {
    let model = Model::new(file)?;
    Update {
        link: Link::new(line::open(address)?, GREETING),
        file,
        checksum: stored_checksum(file).unwrap_or_default(),
        model,
    }
    .run(progress)
}

/// The checksum of what a model makes of the input that boards test themselves with.
pub(super) fn known_answer(model: &Model<'_>) -> u32 {
    let mut arena = vec![0; model.arena_len()];
    let mut run = Run::new(model, &mut arena).expect("the arena is as long as the model says");
    for (index, value) in run.input().iter_mut().enumerate() {
        *value = known_value(index);
    }
    while run.step().is_pending() {}
    answer(run.into_output().values())
}

/// An update under way.
pub(super) struct Update<'f> {
    pub link: Link,
    pub file: &'f [u8],
    /// The checksum in the file's header.
    pub checksum: u32,
    pub model: Model<'f>,
}

impl Update<'_> {
    pub fn run(&mut self, progress: impl FnMut(usize)) -> Result<String, DeviceError> {
        // Whoever waits for a board to start waits here. One whose model does not work may get another.
        let room = describe(&mut self.link)?.room;
        if room.slot == 0 {
            return Err(DeviceError::Refused(Error::NoUpdate));
        }
        let fit = Fit::new(&self.model, self.file.len(), &room);
        if !fit.fits() {
            return Err(DeviceError::Room(fit));
        }
        self.link.set_patience(WORK);
        self.send(progress)?;
        let answer = known_answer(&self.model);
        match self.link.ask(&Request::Commit { answer })? {
            // Else the answer may be lost, and the question was asked again: the board's model tells.
            Reply::Updated | Reply::Error(Error::NotBegun) => self.confirm(),
            other => Err(DeviceError::unexpected("a new model", &other)),
        }
    }

    /// Sends the file, chunk by chunk as the board asks.
    fn send(&mut self, mut progress: impl FnMut(usize)) -> Result<(), DeviceError> {
        let begin = Request::BeginUpdate {
            len: self.file.len() as u32,
            checksum: self.checksum,
        };
        let mut next = needed(&self.link.ask(&begin)?)?;
        let mut end = 0;
        while next < self.file.len() {
            // A board that asks for something else has lost its way, and would for ever.
            if next != end {
                return Err(DeviceError::Refused(Error::Chunk));
            }
            end = self.file.len().min(next + CHUNK_LEN);
            let chunk = Request::WriteChunk {
                offset: next as u32,
                bytes: &self.file[next..end],
            };
            next = needed(&self.link.ask(&chunk)?)?;
            progress(end);
        }
        Ok(())
    }

    /// Looks whether the board has the new model and is in order.
    fn confirm(&mut self) -> Result<String, DeviceError> {
        let description = describe(&mut self.link)?;
        if description.checksum != self.checksum {
            return Err(DeviceError::Refused(Error::NotBegun));
        }
        Ok(Board::new(&description)?.name)
    }
}

/// Where the chunk belongs that the board asks for.
fn needed(reply: &Reply<'_>) -> Result<usize, DeviceError> {
    match reply {
        Reply::NeedChunk { offset } => Ok(*offset as usize),
        other => Err(DeviceError::unexpected("a wish for more", other)),
    }
}
