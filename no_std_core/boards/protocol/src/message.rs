//! The messages. New variants go to the end of an enumeration: the number of a variant is what is sent.

use heapless::Vec;
use serde::{Deserialize, Serialize};

/// Pixels of a model's image: 28 x 28.
pub const PIXELS: usize = 784;

/// The most classes that a model has.
pub const MAX_CLASSES: usize = 32;

/// What a host asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request<'a> {
    /// What the board is and holds.
    Describe,
    /// The name of a class.
    Label {
        /// From 0 to [`Description::classes`] - 1.
        class: u8,
    },
    /// The scores of an image.
    Classify {
        /// [`PIXELS`] grey pixels, row by row from the top left, 0 black to 255 white.
        pixels: &'a [u8],
    },
    /// The scores of a larger picture, which the board prepares. The rows follow when it asks for them.
    ClassifyPicture {
        /// Pixels in a row, 1 to [`Description::max_width`].
        width: u16,
        /// The number of rows, 1 to [`Description::max_height`].
        height: u16,
    },
    /// The row that the board has asked for.
    Row {
        /// Its number, from 0 at the top.
        y: u16,
        /// As many grey pixels as the picture is wide.
        pixels: &'a [u8],
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
        /// What the model says about the image of [`known_pixel`](crate::known_pixel): an int8 value a class.
        logits: &'a [u8],
    },
}

/// What a board answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply<'a> {
    /// What the board is and holds.
    #[serde(borrow)]
    Description(Description<'a>),
    /// The name of the class.
    Label(&'a str),
    /// What the model makes of the image.
    Scores(Scores),
    /// The board waits for this row of the picture.
    NeedRow {
        /// Its number, from 0 at the top.
        y: u16,
    },
    /// The request cannot be fulfilled.
    Error(Error),
    /// The board waits for more of the new model.
    NeedChunk {
        /// Where the next bytes belong; the length of the file if it is complete.
        offset: u32,
    },
    /// The new model serves from now on; the board begins anew, with a description.
    Updated,
}

/// A board and its model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description<'a> {
    /// The board's name.
    pub board: &'a str,
    /// The checksum in the header of the model, which tells models apart.
    pub model: u32,
    /// The number of classes, at most [`MAX_CLASSES`]; 0 if the model is damaged.
    pub classes: u8,
    /// Side of the box that the model's pictures are prepared for; 0 if it takes pixels as they are.
    pub box_side: u8,
    /// Bytes of memory for the activations.
    pub arena: u32,
    /// The widest picture that the board prepares, in pixels.
    pub max_width: u16,
    /// The highest picture that the board prepares, in pixels.
    pub max_height: u16,
    /// What the board found when it tested itself at its start.
    pub self_test: SelfTest,
}

/// The outcome of a board's test of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SelfTest {
    /// The model is whole and gives the right scores for a known image.
    Passed,
    /// The model is damaged.
    Model {
        /// The byte of the model where it shows.
        at: u32,
    },
    /// The model is whole, but not one for images of 28 x 28 pixels.
    Input,
    /// The model gives wrong scores for a known image.
    Scores,
}

/// What a model makes of an image, and what it took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scores {
    /// The int8 value of each class, class 0 first.
    pub logits: Vec<i8, MAX_CLASSES>,
    /// The probability of each class in 1/65536, rounded down.
    pub probabilities: Vec<u32, MAX_CLASSES>,
    /// The class with the greatest logit, the first of equal ones.
    pub class: u8,
    /// Whether the probability reaches the model's threshold: otherwise the image is likely of no class at all.
    pub accepted: bool,
    /// Processor cycles that the model took, modulo 2^32.
    pub cycles: u32,
    /// The most bytes of stack that were in use at once since the board's start.
    pub stack: u32,
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
    /// The board's test of itself failed, so it gives no scores.
    SelfTest,
    /// The model has no such class.
    Class,
    /// The image has not [`PIXELS`] pixels.
    Image,
    /// The picture is larger than the board can prepare, or not of the one size that the model takes.
    Picture,
    /// The board has not asked for this row, or it is not as long as the picture is wide.
    Row,
    /// The picture is blank.
    Blank,
    /// The board has no room for two models.
    NoUpdate,
    /// The new model takes more flash or memory than the board has for it.
    TooLarge,
    /// No update has begun, or one that failed.
    NotBegun,
    /// These bytes of the new model do not follow the ones before, or are not as many as they should be.
    Chunk,
    /// The new model is damaged or of another version.
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
}
