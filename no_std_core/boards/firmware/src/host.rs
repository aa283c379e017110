//! Inputs that stay with the host, which sends the pieces that the board asks for.

use no_std_core::Model;
use no_std_core::prepare::Rows;
use protocol::{CHUNK_LEN, Error, Reply, Request, next_number};

use crate::board::{Board, Closed};
use crate::link::Link;

/// Why a request is not answered by what it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Nobody is there.
    Closed,
    /// The host has sent another request meanwhile, which is kept.
    OtherRequest,
    /// The host is told why.
    Refused(Error),
    /// Another model is to serve.
    Updated,
}

impl From<Closed> for Stop {
    fn from(_: Closed) -> Self {
        Self::Closed
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

/// An input at the other end of the line.
pub struct Host<'l, B> {
    pub board: &'l mut B,
    pub link: &'l mut Link,
    /// The number of the request that is being answered: the last piece, or that which began.
    pub number: &'l mut u8,
}

impl<B: Board> Host<'_, B> {
    /// Waits until a piece is in the buffer of the link: it comes with the next number.
    fn fetch(&mut self, offset: u32, len: usize) -> Result<&[u8], Stop> {
        let wish = Reply::NeedInput {
            offset,
            len: len as u16,
        };
        loop {
            self.link.send(self.board, *self.number, &wish)?;
            self.link.receive(self.board)?;
            let (number, Ok(Request::Input { .. })) = self.link.request() else {
                self.link.keep();
                return Err(Stop::OtherRequest);
            };
            // Any other was sent twice, since the answer to it was lost; this one has the same number as that.
            if number == next_number(*self.number) {
                *self.number = number;
                break;
            }
        }
        match self.link.request() {
            (_, Ok(Request::Input { offset: at, bytes })) if (at, bytes.len()) == (offset, len) => {
                Ok(bytes)
            }
            _ => Err(Error::Piece.into()),
        }
    }

    /// Takes each byte for a value of a model's input, whose rows must be so many and so long.
    #[inline(never)] // Nothing of it is on the stack during the run.
    pub fn take(
        &mut self,
        model: &Model<'_>,
        (rows, row_len): (u16, u32),
        input: &mut [i8],
    ) -> Result<(), Stop> {
        let shape = model.input().shape;
        if (rows, row_len) != (shape.rows, shape.row_len()) {
            return Err(Error::Size.into());
        }
        let takes_pictures = model.preparation().takes_pictures();
        let mut channels = (0..usize::from(shape.channels)).cycle();
        for (offset, piece) in (0..).step_by(CHUNK_LEN).zip(input.chunks_mut(CHUNK_LEN)) {
            let bytes = self.fetch(offset, piece.len())?;
            for ((value, &byte), channel) in piece.iter_mut().zip(bytes).zip(&mut channels) {
                *value = if takes_pictures {
                    model.quantize_pixel(channel, byte)
                } else {
                    byte.cast_signed()
                };
            }
        }
        Ok(())
    }
}

/// A picture at the other end of the line, whose rows fit a piece.
pub struct Picture<'l, B> {
    pub host: Host<'l, B>,
    pub width: u16,
    pub height: u16,
    pub channels: u16,
    /// Why the last row could not be had.
    pub stopped: Option<Stop>,
}

impl<B: Board> Rows for Picture<'_, B> {
    fn width(&self) -> u32 {
        self.width.into()
    }

    fn height(&self) -> u32 {
        self.height.into()
    }

    fn channels(&self) -> u32 {
        self.channels.into()
    }

    fn row(&mut self, y: u32) -> Option<&[u8]> {
        let len = usize::from(self.width) * usize::from(self.channels);
        let row = self.host.fetch(y * len as u32, len);
        row.map_err(|stop| self.stopped = Some(stop)).ok()
    }
}
