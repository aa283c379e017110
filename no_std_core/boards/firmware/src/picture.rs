//! Pictures that stay with the host, which sends the rows that their preparation asks for.

use no_std_core::prepare::Rows;
use protocol::{Error, Reply, Request, next_number};

use crate::board::{Board, Closed};
use crate::link::Link;

/// A picture at the other end of the line.
pub struct RemotePicture<'l, B> {
    pub board: &'l mut B,
    pub link: &'l mut Link,
    /// The number of the request that is being answered: the last row, or that for the picture.
    pub number: &'l mut u8,
    pub width: u16,
    pub height: u16,
    /// Why the last row could not be had.
    pub stopped: Option<Stop>,
}

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

impl<B: Board> RemotePicture<'_, B> {
    /// Waits until the row is in the buffer of the link: it comes with the next number.
    fn fetch(&mut self, y: u16) -> Result<(), Stop> {
        loop {
            self.link
                .send(self.board, *self.number, &Reply::NeedRow { y })?;
            self.link.receive(self.board)?;
            let (number, Ok(Request::Row { y: found, pixels })) = self.link.request() else {
                self.link.keep();
                return Err(Stop::OtherRequest);
            };
            // Any other was sent twice, since the answer to it was lost; this one has the same number as that.
            if number == next_number(*self.number) {
                *self.number = number;
                let fits = (found, pixels.len()) == (y, usize::from(self.width));
                return if fits { Ok(()) } else { Err(Error::Row.into()) };
            }
        }
    }
}

impl<B: Board> Rows for RemotePicture<'_, B> {
    fn width(&self) -> u32 {
        self.width.into()
    }

    fn height(&self) -> u32 {
        self.height.into()
    }

    fn row(&mut self, y: u32) -> Option<&[u8]> {
        self.stopped = self.fetch(u16::try_from(y).ok()?).err();
        match self.link.request() {
            (_, Ok(Request::Row { pixels, .. })) if self.stopped.is_none() => Some(pixels),
            _ => None,
        }
    }
}
