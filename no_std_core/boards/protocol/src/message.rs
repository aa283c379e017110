//! The messages. New variants go to the end of an enumeration: the number of a variant is what is sent.

use heapless::Vec;
use serde::{Deserialize, Serialize};

/// Probabilities that are sent at once.
pub const PROBABILITIES: usize = 64;

/// Checksums that are sent at once.
pub const CHECKSUMS: usize = 64;

/// What a host asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request<'a> {
    /// What the board is and holds.
    Describe,
    /// The name of a class.
    Label {
        /// From 0 to one less than the values of the output.
        class: u16,
    },
    /// To run the model on an input, which follows piece by piece when the board asks for it.
    Begin {
        /// Rows of the input, or of the picture that is to become it.
        rows: u16,
        /// Bytes in a row: the columns with all their channels.
        row_len: u32,
        /// Whether the board is to prepare a picture, rather than to take each byte for a value of the model's input: a
        /// pixel of a picture, else an int8 value.
        prepare: bool,
    },
    /// The piece of the input that the board has asked for.
    Input {
        /// Where it begins, counted row by row from the top left.
        offset: u32,
        /// As many bytes as the board wants.
        bytes: &'a [u8],
    },
    /// Some of the output's values.
    Values {
        /// The first of them.
        offset: u32,
    },
    /// Probabilities of some classes.
    Probabilities {
        /// The first of them.
        class: u16,
    },
    /// To take another model, while the one that the board has goes on to serve.
    BeginUpdate {
        /// Bytes of the model's file.
        len: u32,
        /// The checksum in its header.
        checksum: u32,
    },
    /// The next bytes of the file.
    WriteChunk {
        /// Where they belong in the file.
        offset: u32,
        /// [`CHUNK_LEN`](crate::CHUNK_LEN) bytes; the last ones of the file may be fewer.
        bytes: &'a [u8],
    },
    /// To let the new model serve, if it is valid and the board computes what the host does.
    Commit {
        /// The checksum of what the model makes of the known input: see [`known_value`](crate::known_value) and
        /// [`answer`](crate::answer).
        answer: u32,
    },
    /// As [`Self::Begin`], of values for the model's input, with a checksum taken of what each operator makes: see
    /// [`Self::Checksums`]. It takes the board 4 bytes of memory for each operator, besides those that the model takes.
    Observe {
        /// Rows of the input.
        rows: u16,
        /// Bytes in a row: the columns with all their channels.
        row_len: u32,
    },
    /// Checksums of what the operators made in the last run, if that was observed.
    Checksums {
        /// The operator of the first of them.
        operator: u16,
    },
}

/// What a board answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply<'a> {
    /// What the board is and holds.
    #[serde(borrow)]
    Description(Description<'a>),
    /// The name of the class, in UTF-8.
    Label(&'a [u8]),
    /// The board waits for a piece of the input.
    NeedInput {
        /// Where it begins.
        offset: u32,
        /// Bytes of it.
        len: u16,
    },
    /// The model has run.
    Output(Output),
    /// Values of the output from the wanted one on, int8, at most [`CHUNK_LEN`](crate::CHUNK_LEN) of them.
    Values(&'a [u8]),
    /// Probabilities from that of the wanted class on, in 1/65536, rounded down.
    Probabilities(Vec<u32, PROBABILITIES>),
    /// The board waits for more of the new model.
    NeedChunk {
        /// Where the next bytes belong; the length of the file if it is complete.
        offset: u32,
    },
    /// The new model serves from now on; the board begins anew, with a description.
    Updated,
    /// The request cannot be fulfilled.
    Error(Error),
    /// Checksums from that of the wanted operator on: each of the rows of its output one after the other, in the order in
    /// which it makes them, as [`answer`](crate::answer) has it. Rows that nothing is made of may not be made.
    Checksums(Vec<u32, CHECKSUMS>),
}

/// A board and its model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description<'a> {
    /// The board's name.
    pub board: &'a str,
    /// The checksum in the header of the model, which tells models apart.
    pub checksum: u32,
    /// What the model takes and gives, or what the board's test of itself has found at its start.
    pub model: Result<Spec, SelfTest>,
    /// What the board has room for.
    pub room: Room,
}

/// What a model takes and gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spec {
    /// The input.
    pub input: Tensor,
    /// The bytes in the flash file that say how a picture becomes the input, and whether one does.
    pub preparation: [u8; 8],
    /// The output.
    pub output: Tensor,
    /// The byte in the flash file that says what the output is.
    pub output_kind: u8,
    /// Whether classes have names.
    pub labels: bool,
}

/// The shape of a tensor, and what its values stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tensor {
    /// Height.
    pub rows: u16,
    /// Width.
    pub columns: u16,
    /// Values at each place.
    pub channels: u16,
    /// The value that stands for 0.
    pub zero_point: i8,
    /// The bits of the single-precision number by which two neighbouring values differ in what they stand for.
    pub scale: u32,
}

impl Tensor {
    /// The number of values.
    pub const fn elements(&self) -> u64 {
        self.rows as u64 * self.columns as u64 * self.channels as u64
    }
}

/// What a board has room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    /// Bytes of memory for a model's tensors.
    pub arena: u32,
    /// Bytes of flash for the file of another model; 0 where there is no room for two.
    pub slot: u32,
    /// The kinds of operators that it can run: bit n is set for the kind n.
    pub kinds: u32,
    /// The forms of convolutions that it can run, as the core has them.
    pub forms: u8,
    /// The room for a convolution's window, in values, if it has only the core's operator for small ones; else 0.
    pub window: u16,
    /// The widest picture that it prepares, in bytes of a row: the columns with all their channels.
    pub width: u16,
    /// The highest picture that it prepares, in pixels.
    pub height: u16,
}

/// What a board's test of itself has found wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SelfTest {
    /// The model is damaged, or has operators that the board has not.
    Model {
        /// The byte of the model where it shows.
        at: u32,
    },
    /// The model takes more memory than there is.
    Arena {
        /// Bytes that it takes.
        needed: u32,
    },
    /// The model gives a wrong output for the known input.
    Answer,
}

/// What a model makes of an input, without its values, and what it took.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// The number of values, which [`Request::Values`] gets.
    pub len: u32,
    /// What follows from them.
    pub outcome: Outcome,
    /// Whether the model takes the input for one of those that it was made for.
    pub accepted: bool,
    /// Processor cycles that the model took, modulo 2^32.
    pub cycles: u32,
    /// The most bytes of stack that were in use at once since the board's start.
    pub stack: u32,
}

/// What follows from the values of an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// Nothing.
    Values,
    /// Of classes the best one.
    Class {
        /// That with the greatest logit, the first of equal ones.
        class: u16,
        /// In 1/65536, rounded down.
        probability: u32,
    },
    /// Of a reconstruction how far it is from the input.
    Difference {
        /// The mean of the squared differences of the int8 values, in 1/256, rounded down.
        mean: u32,
    },
}

/// Why a request cannot be fulfilled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Error {
    /// The frame was cut short, too long or changed on the way; send it again. Its number is not known.
    Damaged,
    /// The frame is of another version of the protocol.
    Version,
    /// The board knows no such message.
    Unknown,
    /// The board's test of itself failed, so it does not run the model.
    SelfTest,
    /// The model has no such class, or none with a name.
    Class,
    /// The input has another size than the model takes, or the picture is larger than the board can prepare.
    Size,
    /// The board has not asked for this piece of the input, or it is not as long as it should be.
    Piece,
    /// The picture is blank.
    Blank,
    /// No run has ended since the last other request, or it has no such value.
    NoOutput,
    /// The board has no room for two models.
    NoUpdate,
    /// The new model takes more flash or memory than the board has for it.
    TooLarge,
    /// No update has begun, or one that failed.
    NotBegun,
    /// These bytes of the new model do not follow the ones before, or are not as many as they should be.
    Chunk,
    /// The new model is damaged, of another version, or has operators that the board has not.
    Model {
        /// The byte of the model where it shows.
        at: u32,
    },
    /// The new model is another one than was announced.
    Checksum,
    /// The board does not compute what the host does with the new model.
    KnownAnswer,
    /// The flash of the board does not hold what is written to it.
    Flash,
    /// The board has no memory left for what would have to be kept.
    Memory,
    /// The picture has several drawings.
    Several,
}
