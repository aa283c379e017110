//! Runs with a checksum of what each operator makes: where a board and its host part, and not only that they do.

use no_std_core::{Model, Run};
use protocol::{CHECKSUMS, Error, Reply};
use slots::MappedFlash;

use super::Server;
use crate::board::Board;
use crate::host::{Host, Stop};
use crate::inference::{finish_observed, report};

impl<B: Board, F: MappedFlash> Server<'_, '_, B, F> {
    /// Runs the model on values of the host's, and says what follows from the output.
    #[inline(never)] // What one request needs is not on the stack while another is fulfilled.
    pub(super) fn observe(&mut self, number: &mut u8, size: (u16, u32)) -> Result<(), Stop> {
        (self.output, self.is_observed) = (None, false);
        let model = self.model.as_ref().map_err(|_| Error::SelfTest)?;
        let (arena, checksums) = divided(model, self.arena).ok_or(Error::Memory)?;
        let mut run = Run::new(model, arena).map_err(|_| Error::SelfTest)?;
        let mut host = Host {
            board: self.board,
            link: self.link,
            number,
        };
        host.take(model, size, run.input())?;
        let (output, cycles) = finish_observed(self.board, run, checksums);
        let output = report(&output, cycles, self.board.stack_used());
        (self.output, self.is_observed) = (Some((*number, output)), true);
        Ok(self.send(*number, &Reply::Output(output))?)
    }

    #[inline(never)] // As above.
    pub(super) fn checksums(&mut self, number: u8, operator: u16) -> Result<(), Stop> {
        let model = self.model.as_ref().map_err(|_| Error::SelfTest)?;
        let is_there = self.is_observed && self.output.is_some();
        let (_, checksums) = divided(model, self.arena)
            .filter(|_| is_there)
            .ok_or(Error::NoOutput)?;
        let wanted = checksums.get(operator.into()..).unwrap_or_default();
        if wanted.is_empty() {
            return Err(Error::NoOutput.into());
        }
        let wanted = wanted.iter().take(CHECKSUMS);
        let wanted = wanted.map(|&bytes| u32::from_le_bytes(bytes)).collect();
        let reply = Reply::Checksums(wanted);
        Ok(self.link.send(self.board, number, &reply)?)
    }
}

/// The part of the arena that a model takes, and room for a checksum of each of its operators behind it; `None` if there
/// is none.
fn divided<'r>(
    model: &Model<'_>,
    arena: &'r mut [i8],
) -> Option<(&'r mut [i8], &'r mut [[u8; 4]])> {
    let (arena, rest) = arena.split_at_mut_checked(model.arena_len())?;
    let (checksums, _) = bytemuck::cast_slice_mut::<i8, u8>(rest).as_chunks_mut();
    let checksums = checksums.get_mut(..model.operators_len().into())?;
    Some((arena, checksums))
}
