//! Questions and answers over a line that may damage or lose them.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

use protocol::{Error, FRAME_LEN, Receiver, Reply, Request, UNASKED, Unreadable};

use super::line::Line;
use crate::error::DeviceError;

/// How often a request without an answer is sent.
const MAX_SILENCES: u32 = 3;

/// How often a request is sent if it, or the answer, is known to be lost: at once, so more often.
const MAX_LOSSES: u32 = 10;

/// The host's end of the line.
#[derive(Debug)]
pub struct Link {
    line: Box<dyn Line>,
    /// How long an answer may take.
    patience: Duration,
    /// The number of the last request.
    number: u8,
    receiver: Receiver,
    /// What arrived from the line and was not looked at.
    arrived: VecDeque<u8>,
    frame: [u8; FRAME_LEN],
    /// Bytes of the last answer in it.
    answer: usize,
}

/// What came back on a request.
enum Outcome {
    /// The answer, whose payload is so long.
    Answer(usize),
    /// A frame was damaged on the way there or back, or the board has started again.
    Lost,
    /// Nothing.
    Silence,
}

impl Link {
    /// A line on which nothing was said.
    pub fn new(line: Box<dyn Line>, patience: Duration) -> Self {
        Self {
            line,
            patience,
            // Answers to a program that was stopped may still be on their way.
            number: std::process::id() as u8,
            receiver: Receiver::new(),
            arrived: VecDeque::new(),
            frame: [0; FRAME_LEN],
            answer: 0,
        }
    }

    /// Sets how long an answer may take.
    pub fn set_patience(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// Sends a request and waits for the answer. Damaged and lost frames are sent again.
    pub fn ask(&mut self, request: &Request<'_>) -> Result<Reply<'_>, DeviceError> {
        self.number = protocol::next_number(self.number);
        let mut frame = [0; FRAME_LEN];
        let frame = protocol::encode(self.number, request, &mut frame)
            .expect("pieces of at most MAX_WIDTH bytes, and all else, fit a frame");
        let (mut silences, mut losses) = (0, 0);
        loop {
            self.line.send(frame).map_err(DeviceError::Gone)?;
            match self.wait()? {
                Outcome::Answer(len) => break self.answer = len,
                Outcome::Lost => losses += 1,
                Outcome::Silence => silences += 1,
            }
            if silences == MAX_SILENCES || losses == MAX_LOSSES {
                return Err(match losses {
                    0 => DeviceError::Silent(self.patience * MAX_SILENCES),
                    _ => DeviceError::Damaged,
                });
            }
        }
        self.answer()
    }

    /// The last answer once more.
    pub fn answer(&self) -> Result<Reply<'_>, DeviceError> {
        let (_, reply) = protocol::parse(&self.frame[..self.answer]);
        reply.map_err(|unreadable| match unreadable {
            Unreadable::Version(version) => DeviceError::Version {
                found: Some(version),
            },
            Unreadable::Message => DeviceError::Unexpected {
                expected: "a known answer",
            },
        })
    }

    /// Waits for what comes back on the request.
    fn wait(&mut self) -> Result<Outcome, DeviceError> {
        let deadline = Instant::now() + self.patience;
        loop {
            let Some(byte) = self.next_byte(deadline)? else {
                return Ok(Outcome::Silence);
            };
            let outcome = match self.receiver.push(byte, &mut self.frame) {
                None => None,
                Some(Err(_)) => Some(Outcome::Lost),
                Some(Ok(len)) => self.outcome(len),
            };
            if let Some(outcome) = outcome {
                return Ok(outcome);
            }
        }
    }

    /// What a frame means. `None` if it is a late answer to an earlier request.
    fn outcome(&self, len: usize) -> Option<Outcome> {
        match protocol::parse(&self.frame[..len]) {
            (number, _) if number == self.number => Some(Outcome::Answer(len)),
            // The layout of another version may be another.
            (_, Err(Unreadable::Version(_))) => Some(Outcome::Answer(len)),
            (UNASKED, Ok(Reply::Error(Error::Damaged) | Reply::Description(_))) => {
                Some(Outcome::Lost)
            }
            _ => None,
        }
    }

    /// The next byte of the line. `None` if there is none by then.
    fn next_byte(&mut self, deadline: Instant) -> Result<Option<u8>, DeviceError> {
        while self.arrived.is_empty() {
            let patience = deadline.saturating_duration_since(Instant::now());
            if patience.is_zero() {
                return Ok(None);
            }
            let mut buffer = [0; FRAME_LEN];
            match self.line.receive(&mut buffer, patience) {
                Ok(0) => return Err(DeviceError::Gone(ErrorKind::UnexpectedEof.into())),
                Ok(len) => self.arrived.extend(&buffer[..len]),
                Err(error) if is_waiting(&error) => {}
                Err(error) => return Err(DeviceError::Gone(error)),
            }
        }
        Ok(self.arrived.pop_front())
    }
}

/// Whether nothing has come yet, and something still may.
fn is_waiting(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::TimedOut | ErrorKind::WouldBlock | ErrorKind::Interrupted
    )
}
