//! What boards and hosts say to each other over a serial line.
//!
//! The host asks, the board answers: a [`Request`] in a frame gets a [`Reply`] in a frame. Inputs and outputs of any size are
//! sent in pieces, each of which is asked for: the board asks for those of the input that it needs, some of a picture's
//! several times, the host for those of the output.
//!
//! | the host sends                  | the board answers                                                            |
//! |---------------------------------|------------------------------------------------------------------------------|
//! | [`Request::Describe`]           | [`Reply::Description`], also once unasked when it starts                      |
//! | [`Request::Label`]              | [`Reply::Label`]                                                              |
//! | [`Request::Begin`]              | [`Reply::NeedInput`] until it has seen enough, then [`Reply::Output`]         |
//! | [`Request::Input`]              | what follows; the number of a piece is [`next_number`] of the request before, and the last one may come again |
//! | [`Request::Values`]             | [`Reply::Values`] of the last output                                          |
//! | [`Request::Probabilities`]      | [`Reply::Probabilities`] of the last output                                   |
//! | [`Request::Observe`]            | as on [`Request::Begin`]                                                      |
//! | [`Request::Checksums`]          | [`Reply::Checksums`] of the last run, if it was observed                      |
//! | [`Request::BeginUpdate`]        | [`Reply::NeedChunk`]                                                          |
//! | [`Request::WriteChunk`]         | [`Reply::NeedChunk`], also where the same bytes were written before           |
//! | [`Request::Commit`]             | [`Reply::Updated`]                                                            |
//! | anything that it cannot fulfil  | [`Reply::Error`]                                                              |
//!
//! # Frames
//!
//! | bytes | contents                                                                                       |
//! |-------|------------------------------------------------------------------------------------------------|
//! | 1     | [`VERSION`]                                                                                    |
//! | 1     | a number that the host gives each request and the board repeats in its answer; [`UNASKED`] in frames that answer none |
//! | n     | the message, in the [postcard format](https://postcard.jamesmunns.com/wire-format)               |
//! | 4     | CRC-32 (IEEE 802.3, as in zip and PNG) of all before, little-endian                             |
//!
//! On the line a frame is stuffed by [COBS](https://doi.org/10.1109/90.769765), which leaves no zero in it, with a zero
//! before and after. Whatever noise came before, the zero ends it: a receiver loses no whole frame. Version, number and
//! checksum have these places in every version, so that two programs of different versions can tell.
//!
//! A description asked for with the number 7, from the first byte to the last:
//!
//! ```
//! # use protocol::Request;
//! let mut buffer = [0; 16];
//! let frame = protocol::encode(7, &Request::Describe, &mut buffer)?;
//! assert_eq!(frame, [0x00, 0x03, 0x02, 0x07, 0x05, 0xBB, 0x9B, 0x84, 0xB3, 0x00]);
//! # Ok::<(), protocol::TooLong>(())
//! ```
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

mod frame;
mod message;
mod pattern;
#[cfg(test)]
mod tests;

pub use frame::{
    Damage, Receiver, TooLong, UNASKED, Unreadable, VERSION, answer, answer_continued, encode,
    next_number, parse,
};
pub use message::{
    CHECKSUMS, Description, Error, Outcome, Output, PROBABILITIES, Reply, Request, Room, SelfTest,
    Spec, Tensor,
};
pub use pattern::known_value;

/// The longest row of a picture that a board can prepare, in bytes: it is sent at once.
pub const MAX_WIDTH: usize = 768;

/// Bytes of anything else that are sent at once.
pub const CHUNK_LEN: usize = 512;

/// Bytes that hold any frame, decoded or as it is sent.
pub const FRAME_LEN: usize = 800;
