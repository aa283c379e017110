//! What each operator of a board's model makes, by checksums.

use protocol::{Reply, Request};

use super::{Device, DeviceError, Input, show};
use crate::link::Link;

impl Device {
    /// Runs the model on values for its input, and asks for a checksum of what each of its `operators` makes: that of the
    /// rows of its output one after the other, in the order in which it makes them.
    ///
    /// # Errors
    ///
    /// As [`Self::run`]; where the board is too old or too small for it [`DeviceError::is_inability`] says so.
    pub fn checksums(&self, bytes: &[u8], operators: usize) -> Result<Vec<u32>, DeviceError> {
        let input = Input {
            bytes,
            rows: self.board.spec.input.rows,
            prepare: false,
        };
        self.board.check(&input)?;
        let begin = Request::Observe {
            rows: input.rows,
            row_len: input.row_len(),
        };
        let mut link = self.link.borrow_mut();
        show(&mut link, &begin, bytes)?;
        all(&mut link, operators)
    }
}

/// The checksums of all operators.
fn all(link: &mut Link, operators: usize) -> Result<Vec<u32>, DeviceError> {
    let mut checksums = Vec::with_capacity(operators);
    while checksums.len() < operators {
        let operator = checksums.len() as u16;
        match link.ask(&Request::Checksums { operator })? {
            Reply::Checksums(more) if !more.is_empty() => checksums.extend(more),
            other => return Err(DeviceError::unexpected("checksums", &other)),
        }
    }
    checksums.truncate(operators);
    Ok(checksums)
}
