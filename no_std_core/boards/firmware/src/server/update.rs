//! Another model, written while the one that the board has serves.

use protocol::{Error, Reply, Request, SelfTest};
use slots::MappedFlash;

use super::Server;
use crate::board::Board;
use crate::host::Stop;
use crate::self_test::known_answer;

impl<B: Board, F: MappedFlash> Server<'_, '_, B, F> {
    pub(super) fn begin_update(&mut self, number: u8, len: u32, checksum: u32) -> Result<(), Stop> {
        let spare = self.spare.as_mut().ok_or(Error::NoUpdate)?;
        spare.begin(len, checksum).map_err(refusal)?;
        Ok(self.send(number, &Reply::NeedChunk { offset: 0 })?)
    }

    pub(super) fn write_chunk(&mut self, number: u8) -> Result<(), Stop> {
        let (_, Ok(Request::WriteChunk { offset, bytes })) = self.link.request() else {
            return Err(Error::Chunk.into());
        };
        let spare = self.spare.as_mut().ok_or(Error::NoUpdate)?;
        spare.write(offset, bytes).map_err(refusal)?;
        let offset = spare.written();
        Ok(self.send(number, &Reply::NeedChunk { offset })?)
    }

    /// Puts the new model to service if it is valid and gives the answer in the request.
    pub(super) fn commit(&mut self, number: u8, answer: u32) -> Result<(), Stop> {
        let spare = self.spare.as_mut().ok_or(Error::NoUpdate)?;
        let model = spare.verify().map_err(refusal)?;
        self.output = None;
        let tested = known_answer(self.board, &model, answer, self.arena);
        tested.map_err(|found| match found {
            SelfTest::Arena { .. } => Error::TooLarge,
            _ => Error::KnownAnswer,
        })?;
        spare.commit(answer).map_err(refusal)?;
        self.send(number, &Reply::Updated)?;
        Err(Stop::Updated)
    }
}

fn refusal(error: slots::Error) -> Error {
    match error {
        slots::Error::TooLarge { .. } => Error::TooLarge,
        slots::Error::NotBegun | slots::Error::Unverified => Error::NotBegun,
        slots::Error::Order { .. }
        | slots::Error::Unit { .. }
        | slots::Error::Unfinished { .. } => Error::Chunk,
        slots::Error::Model(error) => Error::Model { at: error.at },
        slots::Error::Checksum { .. } => Error::Checksum,
        slots::Error::Flash(_) => Error::Flash,
    }
}
