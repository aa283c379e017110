//! Frames over a board's line, all in one buffer.

use protocol::{Error, FRAME_LEN, Receiver, Reply, Request, UNASKED, Unreadable};

use crate::board::{Board, Closed};

/// The bit of the count of cycles that the light follows where it blinks: a second on and a second off at 16 MHz, a tenth
/// of it at 160.
const BLINK: u32 = 1 << 24;

/// A board's end of the line. The buffer holds the last request until the answer is written over it.
pub struct Link {
    frame: [u8; FRAME_LEN],
    receiver: Receiver,
    /// Bytes of the request.
    payload: usize,
    /// Whether the request is still to be answered.
    kept: bool,
    /// Whether the light blinks while nothing arrives.
    pub blinks: bool,
}

impl Link {
    /// A line on which nothing has arrived.
    pub fn new() -> Self {
        Self {
            frame: [0; FRAME_LEN],
            receiver: Receiver::new(),
            payload: 0,
            kept: false,
            blinks: false,
        }
    }

    /// Waits for a request. Of a frame that does not arrive whole it tells the host.
    pub fn receive(&mut self, board: &mut impl Board) -> Result<(), Closed> {
        while !core::mem::take(&mut self.kept) {
            let Some(byte) = board.read()? else {
                if self.blinks {
                    let on = board.cycles() & BLINK != 0;
                    board.light(on);
                }
                continue;
            };
            match self.receiver.push(byte, &mut self.frame) {
                None => {}
                Some(Ok(len)) => {
                    self.payload = len;
                    return Ok(());
                }
                Some(Err(_)) => self.send(board, UNASKED, &Reply::Error(Error::Damaged))?,
            }
        }
        Ok(())
    }

    /// Leaves the request for the next [`Self::receive`].
    pub fn keep(&mut self) {
        self.kept = true;
    }

    /// The number of the request, and what it asks.
    pub fn request(&self) -> (u8, Result<Request<'_>, Error>) {
        let (number, request) = protocol::parse(self.frame.get(..self.payload).unwrap_or_default());
        let error = |unreadable| match unreadable {
            Unreadable::Version(_) => Error::Version,
            Unreadable::Message => Error::Unknown,
        };
        (number, request.map_err(error))
    }

    /// Sends a reply, over the request in the buffer.
    pub fn send(
        &mut self,
        board: &mut impl Board,
        number: u8,
        reply: &Reply<'_>,
    ) -> Result<(), Closed> {
        self.payload = 0;
        match protocol::encode(number, reply, &mut self.frame) {
            Ok(frame) => board.write(frame),
            // Labels and names are far shorter than the buffer.
            Err(protocol::TooLong) => Ok(()),
        }
    }
}
