//! Everything that can go wrong: all of it before a model runs, none of it while one runs.

use core::fmt;

use crate::format::{MAX_CLASSES, MAX_ELEMENTS, ONE, VERSION};

/// Why a flash file was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FormatError {
    /// The check that failed.
    pub fault: Fault,
    /// The byte of the file where the offending field or value starts.
    pub at: u32,
}

/// The checks of a flash file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The file is not as long as its header says, or too short to have a header.
    Length {
        /// Bytes that it should have.
        expected: u32,
        /// Bytes that it has; [`u32::MAX`] if it has more.
        found: u32,
    },
    /// The file does not start with [`MAGIC`](crate::format::MAGIC).
    Magic,
    /// The file is of another version of the format.
    Version(u16),
    /// The weights are in an order that this build cannot read.
    WeightLayout(u8),
    /// The checksum does not fit the contents.
    Checksum {
        /// The checksum of the contents.
        expected: u32,
        /// The checksum in the header.
        found: u32,
    },
    /// A reserved or padding byte is not zero.
    NotZero(u8),
    /// The model has no layers.
    NoLayers,
    /// The model has no classes or more than [`MAX_CLASSES`].
    Classes(u8),
    /// The threshold is greater than [`ONE`].
    Threshold(u32),
    /// The bytes are not a [`Preparation`](crate::prepare::Preparation), or of a centred one, which gives images of
    /// 28 x 28 x 1 with zero point -128, for another input.
    Preparation,
    /// A section does not start where the one before it ends.
    Offset {
        /// Where it should start.
        expected: u32,
        /// Where it starts.
        found: u32,
    },
    /// The section that starts at the offset in this field ends beyond the file.
    Section,
    /// The first entry of the probability table is not [`ONE`], or this one is greater than the one before.
    Probability(u32),
    /// The label is empty, is not UTF-8 or has control characters.
    Label,
    /// The layer is of an unknown kind.
    Kind(u8),
    /// A dimension is zero, or the tensor has more than [`MAX_ELEMENTS`] values.
    Shape,
    /// The layer's input is not the output before it.
    Chain,
    /// A kernel, stride or tile is zero, or a dense layer has one.
    Window,
    /// The padding is as large as the kernel, so that a window could lie in it entirely.
    Padding,
    /// The output is not what the kind of layer makes of its input.
    Output,
    /// The last layer does not give one value a class.
    Logits,
    /// The weight is -128; the smallest is -127.
    Weight,
    /// These bytes are not a multiplier.
    Multiplier,
    /// The sum of this bias and the channel's products could overflow 32 bits.
    Accumulator,
    /// The layers need more memory than this machine can address.
    Memory,
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {}: {}", self.at, self.fault)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected ")?;
        let text = match self {
            Self::Length { expected, found } => {
                return write!(
                    f,
                    "a file of {expected} bytes, found {found}; copy it again"
                );
            }
            Self::Magic => "a flash file as `train quantize` writes it, found something else",
            Self::Version(found) => {
                return write!(f, "format version {VERSION}, found {found}; quantize again");
            }
            Self::WeightLayout(found) => {
                return write!(f, "weight layout 0, found {found}; quantize again");
            }
            Self::Checksum { expected, found } => {
                write!(f, "checksum {expected:08x}, found {found:08x}: ")?;
                "the file is damaged; copy it again"
            }
            Self::NotZero(found) => return write!(f, "a zero byte, found {found}"),
            Self::NoLayers => "at least one layer, found none",
            Self::Classes(found) => return write!(f, "1 to {MAX_CLASSES} classes, found {found}"),
            Self::Threshold(found) => {
                return write!(f, "a threshold of at most {ONE}, found {found}");
            }
            Self::Preparation => "a known preparation that gives the model's input, found another",
            Self::Offset { expected, found } => {
                return write!(f, "a section that starts at byte {expected}, found {found}");
            }
            Self::Section => "a section inside the file, found one that ends beyond it",
            Self::Probability(found) => {
                return write!(f, "probabilities that fall from {ONE}, found {found}");
            }
            Self::Label => "a label of UTF-8 without control characters, found another",
            Self::Kind(found) => return write!(f, "a known kind of layer, found {found}"),
            Self::Shape => {
                write!(f, "dimensions from 1 and at most {MAX_ELEMENTS} values")?;
                ", found others"
            }
            Self::Chain => "the output before this layer as its input, found another",
            Self::Window => "kernel, stride and tile from 1 (in a dense layer 0), found others",
            Self::Padding => "less padding than the kernel is large, found as much",
            Self::Output => "the shape that the layer makes of its input, found another",
            Self::Logits => "a last layer with one output for each class, found another",
            Self::Weight => "a weight from -127 to 127, found -128",
            Self::Multiplier => "a multiplier, found other bytes",
            Self::Accumulator => "sums that fit 32 bits, found a channel that could overflow",
            Self::Memory => "layers that fit this machine's memory, found larger ones",
        };
        f.write_str(text)
    }
}

impl core::error::Error for FormatError {}

/// Why a model was not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunError {
    /// The image has not as many values as the model's input.
    Image {
        /// Values of the input, [`Model::input_len`](crate::Model::input_len).
        expected: usize,
        /// Values of the image.
        found: usize,
    },
    /// The arena is too small.
    Arena {
        /// Bytes that the model needs, [`Model::arena_len`](crate::Model::arena_len).
        expected: usize,
        /// Bytes that the arena has.
        found: usize,
    },
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Image { expected, found } => {
                write!(f, "expected an image of {expected} values, found {found}")
            }
            Self::Arena { expected, found } => write!(
                f,
                "expected an arena of at least {expected} bytes, found {found}"
            ),
        }
    }
}

impl core::error::Error for RunError {}
