//! Another model for a board, which goes on to serve meanwhile.

use no_std_core::format::stored_checksum;
use no_std_core::quantize_pixel;
use protocol::{CHUNK_LEN, Error, Reply, Request, known_pixel};

use super::line;
use super::link::Link;
use super::{GREETING, WORK, check, describe};
use crate::error::DeviceError;
use crate::file::{InFile, one_line};
use crate::flash::FlashModel;
use crate::picture::PIXELS;

/// Gives the board at `address` (see [`Device::open`](super::Device::open)) the model in `file`, and tells `progress` how
/// many bytes are there. The board takes it if it computes what this computer does; wherever the update is cut, it keeps
/// the model that it has. Returns what the board is called.
pub fn update(
    address: &str,
    file: &[u8],
    model: &FlashModel<'_>,
    progress: impl FnMut(usize),
) -> Result<String, InFile<DeviceError>> {
    let line = line::open(address).map_err(InFile::named(address))?;
    Update {
        link: Link::new(line, GREETING),
        file,
        checksum: stored_checksum(file).unwrap_or_default(),
        arena: model.model().arena_len(),
    }
    .run(&known_logits(model), progress)
    .map_err(InFile::named(address))
}

/// What the model says about the image that boards test themselves with, as bytes.
pub(super) fn known_logits(model: &FlashModel<'_>) -> Vec<u8> {
    let image: [i8; PIXELS] = std::array::from_fn(|index| quantize_pixel(known_pixel(index)));
    let mut arena = vec![0; model.model().arena_len()];
    let scores = no_std_core::run(model.model(), &image, &mut arena)
        .expect("the input was checked on opening, and the arena is as long as it must be");
    let values = scores.values().iter();
    values.map(|value| value.cast_unsigned()).collect()
}

/// An update under way.
pub(super) struct Update<'f> {
    pub link: Link,
    pub file: &'f [u8],
    /// The checksum in the file's header.
    pub checksum: u32,
    /// Bytes of memory that the model takes for its activations.
    pub arena: usize,
}

impl Update<'_> {
    pub fn run(
        &mut self,
        logits: &[u8],
        progress: impl FnMut(usize),
    ) -> Result<String, DeviceError> {
        // Whoever waits for a board to start waits here.
        let description = describe(&mut self.link)?;
        if self.arena > description.arena as usize {
            return Err(DeviceError::Arena {
                needed: self.arena,
                found: description.arena,
            });
        }
        self.link.set_patience(WORK);
        self.send(progress)?;
        match self.link.ask(&Request::Commit { logits })? {
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
        if description.model != self.checksum {
            return Err(DeviceError::Refused(Error::NotBegun));
        }
        check(&description)?;
        Ok(one_line(description.board))
    }
}

/// Where the chunk belongs that the board asks for.
fn needed(reply: &Reply<'_>) -> Result<usize, DeviceError> {
    match reply {
        Reply::NeedChunk { offset } => Ok(*offset as usize),
        other => Err(DeviceError::unexpected("a wish for more", other)),
    }
}
