//! Frames: messages that arrive whole, or are known not to have.

use cobs::{DecodeResult, DecoderState};
use crc::{CRC_32_ISO_HDLC, Crc, Digest, NoTable};
use postcard::ser_flavors::{Cobs, Flavor, Slice};
use serde::{Deserialize, Serialize};

/// The version of the protocol.
pub const VERSION: u8 = 2;

/// The number of frames that answer no request.
pub const UNASKED: u8 = 0;

/// Bytes before the message: version and number.
const HEADER_LEN: usize = 2;

/// Without a table: it would take more flash than the rest of the protocol.
static CRC: Crc<u32, NoTable> = Crc::<u32, NoTable>::new(&CRC_32_ISO_HDLC);

/// The checksum of an output, by which a board knows the right one: CRC-32 (IEEE 802.3, as in zip and PNG) of its int8 values.
pub fn answer(values: &[i8]) -> u32 {
    answer_continued(0, values)
}

/// The checksum of values that come piece by piece: of those before, whose checksum is `before` and 0 if there are none,
/// and of these.
pub fn answer_continued(before: u32, values: &[i8]) -> u32 {
    // The register as the last byte has left it; the library takes it as the polynomial is written, highest power first.
    let mut digest = CRC.digest_with_initial((!before).reverse_bits());
    for value in values {
        digest.update(&value.to_le_bytes());
    }
    digest.finalize()
}

/// The message does not fit the buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

impl core::fmt::Display for TooLong {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("expected a message that fits the buffer, found a longer one")
    }
}

impl core::error::Error for TooLong {}

/// The number of the request after that of this number. It is never [`UNASKED`].
pub const fn next_number(number: u8) -> u8 {
    if number == u8::MAX { 1 } else { number + 1 }
}

/// Writes a frame as it is sent. [`FRAME_LEN`](crate::FRAME_LEN) bytes of buffer are enough for any.
///
/// # Errors
///
/// If the buffer is too short.
pub fn encode<'b>(
    number: u8,
    message: &impl Serialize,
    buffer: &'b mut [u8],
) -> Result<&'b [u8], TooLong> {
    let (first, rest) = buffer.split_first_mut().ok_or(TooLong)?;
    *first = 0;
    let seal = Cobs::try_new(Slice::new(rest)).map(Seal::new);
    let len = seal
        .and_then(|seal| postcard::serialize_with_flavor(&(VERSION, number, message), seal))
        .map_err(|_| TooLong)?
        .len();
    buffer.get(..=len).ok_or(TooLong)
}

/// Adds the checksum to what postcard writes.
struct Seal<'b> {
    line: Cobs<Slice<'b>>,
    digest: Digest<'static, u32, NoTable>,
}

impl<'b> Seal<'b> {
    fn new(line: Cobs<Slice<'b>>) -> Self {
        Self {
            line,
            digest: CRC.digest(),
        }
    }
}

impl<'b> Flavor for Seal<'b> {
    type Output = &'b mut [u8];

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.digest.update(&[byte]);
        self.line.try_push(byte)
    }

    #[inline(never)] // Once, and not at each place where numbers or texts are written.
    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        bytes.iter().try_for_each(|&byte| self.try_push(byte))
    }

    fn finalize(mut self) -> postcard::Result<Self::Output> {
        self.line
            .try_extend(&self.digest.finalize().to_le_bytes())?;
        self.line.finalize()
    }
}

/// Why what arrived is no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// It is longer than the buffer.
    TooLong,
    /// It breaks off, or is not stuffed as COBS does it.
    Stuffing,
    /// The checksum does not fit, or there is no room for one.
    Checksum,
}

/// Takes the bytes of the line one by one and finds the frames.
#[derive(Debug, Default)]
pub struct Receiver {
    state: DecoderState,
    /// Bytes of the frame so far.
    len: usize,
}

impl Receiver {
    /// A receiver that waits for a frame.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a byte, keeping the frame at the start of `buffer`, which must be the same from byte to byte until a frame
    /// ends and can be used for anything then. At the end of a frame, gives the length of its payload for [`parse`].
    ///
    /// # Errors
    ///
    /// What was wrong with the frame that has ended. The next one starts from nothing.
    pub fn push(&mut self, byte: u8, buffer: &mut [u8]) -> Option<Result<usize, Damage>> {
        match self.state.feed(byte) {
            Ok(DecodeResult::NoData) => None,
            Ok(DecodeResult::DataStart) => {
                self.len = 0;
                None
            }
            Ok(DecodeResult::DataContinue(byte)) => {
                if let Some(place) = buffer.get_mut(self.len) {
                    *place = byte;
                }
                self.len = self.len.saturating_add(1);
                None
            }
            Ok(DecodeResult::DataComplete) => Some(
                buffer
                    .get(..self.len)
                    .ok_or(Damage::TooLong)
                    .and_then(payload_len),
            ),
            Err(_) => Some(Err(Damage::Stuffing)),
        }
    }
}

/// The length of a decoded frame without its checksum, if that is right.
fn payload_len(frame: &[u8]) -> Result<usize, Damage> {
    match frame.split_last_chunk() {
        Some((payload, &checksum))
            if payload.len() >= HEADER_LEN
                && CRC.checksum(payload) == u32::from_le_bytes(checksum) =>
        {
            Ok(payload.len())
        }
        _ => Err(Damage::Checksum),
    }
}

/// Why a whole frame was not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// It is of this version of the protocol.
    Version(u8),
    /// There is no such message.
    Message,
}

/// The number and the message of a frame, from its payload.
///
/// # Errors
///
/// See [`Unreadable`]; the number is known nevertheless.
pub fn parse<'b, M: Deserialize<'b>>(payload: &'b [u8]) -> (u8, Result<M, Unreadable>) {
    let Some((&[version, number], message)) = payload.split_first_chunk() else {
        return (UNASKED, Err(Unreadable::Message));
    };
    let message = match postcard::take_from_bytes(message) {
        _ if version != VERSION => Err(Unreadable::Version(version)),
        Ok((message, [])) => Ok(message),
        _ => Err(Unreadable::Message),
    };
    (number, message)
}
