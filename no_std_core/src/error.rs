//! Everything that can go wrong: all of it before a model runs, none of it while one runs.

use core::fmt;

use crate::format::{MAX_CLASSES, MAX_ELEMENTS, MAX_OPERATORS, ONE, VERSION};

/// Why a flash file was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FormatError {
    /// The check that failed.
    pub fault: Fault,
    /// The byte of the file where the offending field or value starts.
    pub at: u32,
    /// The number that should be there. 0 but for [`Fault::Length`], [`Fault::Checksum`], [`Fault::Arena`] and
    /// [`Fault::Offset`].
    pub expected: u32,
    /// The number that is there, 0 where the fault is none of numbers; of [`Fault::Length`] the bytes that the file has,
    /// [`u32::MAX`] if it has more.
    pub found: u32,
}

/// What a check says of a file that it refuses: no more than two registers hold.
#[derive(Clone, Copy)]
pub(crate) struct Refusal {
    pub fault: Fault,
    pub at: u32,
}

/// The checks of a flash file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)] // A register: bytes are cut out of one wherever they are looked at.
pub enum Fault {
    /// The file is not as long as its header says, or too short to have a header.
    Length,
    /// The file does not start with [`MAGIC`](crate::format::MAGIC).
    Magic,
    /// The file is of another version of the format.
    Version,
    /// The checksum does not fit the contents.
    Checksum,
    /// A reserved or padding byte is not zero.
    NotZero,
    /// The model has no operators or more than [`MAX_OPERATORS`], or the file ends before the table of so many.
    Operators,
    /// The arena is not as long as the tensors reach; where no u32 says how far that is, [`u32::MAX`] is expected.
    Arena,
    /// The output is of an unknown kind.
    OutputKind,
    /// The output has more than [`MAX_CLASSES`] classes.
    Classes,
    /// The output is said to be a reconstruction, but differs from the input in shape, scale or zero point.
    Reconstruction,
    /// The threshold is greater than [`ONE`], or there is one of an output that has none.
    Threshold,
    /// The bytes are not a [`Preparation`](crate::prepare::Preparation), or of a centred one, which gives images of
    /// 28 x 28 x 1 with zero point -128, for another input.
    Preparation,
    /// A section does not start where the one before it ends.
    Offset,
    /// The section that starts at the offset in this field ends beyond the file.
    Section,
    /// The first entry of the probability table is not [`ONE`], or this one is greater than the one before.
    Probability,
    /// The label is empty, is not UTF-8 or has control characters.
    Label,
    /// The operator is of a kind that is unknown, or that this build has not.
    Kind,
    /// The direction is none.
    Direction,
    /// An input of an operator is made by none before it, is there twice, or is missing or too many.
    Input,
    /// A dimension is zero or not what the operator makes of its input, or the tensor has more than [`MAX_ELEMENTS`]
    /// values.
    Shape,
    /// The scale is no positive normal number.
    Scale,
    /// The values of an input and of the output, or of both inputs, mean different things.
    Meaning,
    /// A kernel, stride or tile is zero, or an operator has one that takes none.
    Window,
    /// This build has no convolution of such groups, windows or tiles.
    Large,
    /// The padding is as large as the kernel, so that a window could lie in it entirely.
    Padding,
    /// The groups do not divide the channels.
    Groups,
    /// The weight is -128; the smallest is -127.
    Weight,
    /// These bytes are not a multiplier.
    Multiplier,
    /// The sum of this bias and the channel's products could overflow 32 bits.
    Accumulator,
    /// The tensors need more memory than a machine may have.
    Memory,
    /// No operator reads the tensor.
    Unread,
    /// The tensor cannot be held in part, or not with so few rows.
    Held,
    /// The tensor is overwritten while it is still needed, or overwrites one.
    Overlap,
}

impl FormatError {
    /// Why `file` was refused; `expected` is the number that should have been there, if one was.
    pub(crate) fn new(Refusal { fault, at }: Refusal, expected: u32, file: &[u8]) -> Self {
        use Fault::{
            Arena, Checksum, Kind, Length, NotZero, Offset, Operators, OutputKind, Probability,
            Threshold, Version,
        };
        let bytes_of = |len| {
            let bytes = file.get(at as usize..).and_then(|bytes| bytes.get(..len));
            let bytes = bytes.unwrap_or_default().iter().rev();
            bytes.fold(0, |number, &byte| number << 8 | u32::from(byte))
        };
        let found = match fault {
            Length => u32::try_from(file.len()).unwrap_or(u32::MAX),
            NotZero | OutputKind | Kind => bytes_of(1),
            Version | Operators => bytes_of(2),
            Checksum | Arena | Threshold | Offset | Probability => bytes_of(4),
            _ => 0,
        };
        let expected = match fault {
            Length | Checksum | Arena | Offset => expected,
            _ => 0,
        };
        Self {
            fault,
            at,
            expected,
            found,
        }
    }
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            fault,
            at,
            expected,
            found,
        } = self;
        write!(f, "byte {at}: expected ")?;
        let text = match fault {
            Fault::Length => {
                return write!(
                    f,
                    "a file of {expected} bytes, found {found}; copy it again"
                );
            }
            Fault::Magic => "a flash file as `train quantize` writes it, found something else",
            Fault::Version => {
                write!(f, "format version {VERSION}, found {found}: ")?;
                "make the file again with `train quantize` of this version"
            }
            Fault::Checksum => {
                write!(f, "checksum {expected:08x}, found {found:08x}: ")?;
                "the file is damaged; copy it again"
            }
            Fault::NotZero => return write!(f, "a zero byte, found {found}"),
            Fault::Operators => {
                return write!(
                    f,
                    "1 to {MAX_OPERATORS} operators in the file, found {found}"
                );
            }
            Fault::Arena => {
                return write!(f, "an arena of {expected} bytes, found {found}");
            }
            Fault::OutputKind => return write!(f, "a known kind of output, found {found}"),
            Fault::Classes => return write!(f, "at most {MAX_CLASSES} classes, found more"),
            Fault::Reconstruction => "an output like the input, found another",
            Fault::Threshold => {
                write!(
                    f,
                    "a threshold that fits the output (of classes at most {ONE})"
                )?;
                return write!(f, ", found {found}");
            }
            Fault::Preparation => "a known preparation that gives the model's input, found another",
            Fault::Offset => {
                return write!(f, "a section that starts at byte {expected}, found {found}");
            }
            Fault::Section => "a section inside the file, found one that ends beyond it",
            Fault::Probability => {
                return write!(f, "probabilities that fall from {ONE}, found {found}");
            }
            Fault::Label => "a label of UTF-8 without control characters, found another",
            Fault::Kind => {
                return write!(f, "a kind of operator that this build has, found {found}");
            }
            Fault::Direction => "a direction of 0 or 1, found another",
            Fault::Input => "inputs made before, as many as the operator takes, found others",
            Fault::Shape => {
                write!(f, "the shape that the operator makes of its input, of ")?;
                return write!(f, "1 to {MAX_ELEMENTS} values, found another");
            }
            Fault::Scale => "a positive normal scale, found another",
            Fault::Meaning => "one scale and zero point for inputs and output, found others",
            Fault::Window => "kernel, stride and tile from 1 (without windows 0), found others",
            Fault::Large => {
                write!(
                    f,
                    "groups, windows and tiles that this build has, found others: "
                )?;
                "build it for this model"
            }
            Fault::Padding => "less padding than the kernel is large, found as much",
            Fault::Groups => "groups that divide the channels, found others",
            Fault::Weight => "a weight from -127 to 127, found -128",
            Fault::Multiplier => "a multiplier, found other bytes",
            Fault::Accumulator => "sums that fit 32 bits, found a channel that could overflow",
            Fault::Memory => "tensors that fit a machine's memory, found larger ones",
            Fault::Unread => "a tensor that an operator reads, found one that none does",
            Fault::Held => "as many rows held as the next operator reads, found others",
            Fault::Overlap => "tensors apart while they are needed, found two that overlap",
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
        /// Values of the input, the length of [`Model::input`](crate::Model::input).
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
