//! How calls end.

#![allow(clippy::doc_markdown, reason = "the header takes names as they are")]

use core::ffi::CStr;

use no_std_core::prepare::PrepareError;
use no_std_core::{Fault, FormatError};

/// How a call ended. BATON_STATUS_OK is 0, and a call that ended otherwise changed nothing but what it says itself.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatonStatus {
    /// It did what it was asked.
    Ok = 0,
    /// A pointer is NULL.
    Null = 1,
    /// The baton_model was not opened, or opening it failed.
    NotOpen = 2,
    /// Model, file and arena overlap in memory.
    Overlap = 3,
    /// The bytes are no model, or not all of one: a file that `train quantize` writes is expected, with its length.
    NotAModel = 4,
    /// The model is of another version of the format: make file and library with the same version of the tools.
    Version = 5,
    /// The checksum differs: the bytes of the model have changed on the way.
    Damaged = 6,
    /// The model needs an operator, or a preparation of pictures, that this library was built without: build the library for
    /// this model.
    Operator = 7,
    /// The model breaks a rule of the format, though its checksum is right: make it again with `train quantize`.
    Invalid = 8,
    /// The arena has fewer bytes than the model needs: its header has the number as NAME_ARENA_LEN.
    ArenaTooSmall = 9,
    /// There are more or fewer values than the input has: its header has the number as NAME_INPUT_LEN.
    InputLength = 10,
    /// The model takes no pictures: give it values.
    NotPictures = 11,
    /// The picture has not the size or the channels that the model takes.
    PictureSize = 12,
    /// The picture is blank: there is nothing in it to be centred.
    Blank = 13,
    /// There is no input: set values or pixels before each run.
    NoInput = 14,
    /// There is no output: run the model first.
    NoOutput = 15,
    /// The output has no classes, or is no reconstruction.
    OutputKind = 16,
    /// The picture has several drawings, apart from each other: cut it to one of them.
    SeveralDrawings = 17,
}

impl BatonStatus {
    /// What a person is told.
    pub(crate) const fn text(self) -> &'static CStr {
        match self {
            Self::Ok => c"done",
            Self::Null => c"expected a pointer, found NULL",
            Self::NotOpen => c"expected an open model, found none: call baton_open first",
            Self::Overlap => c"expected model, file and arena apart, found two that overlap",
            Self::NotAModel => c"expected a whole model file, found other bytes",
            Self::Version => c"expected a model of this version of the format, found another",
            Self::Damaged => c"expected the checksum of the model, found another: it is damaged",
            Self::Operator => {
                c"expected operators that this library has, found another: build it for this model"
            }
            Self::Invalid => c"expected a valid model, found one that breaks a rule of the format",
            Self::ArenaTooSmall => {
                c"expected an arena as large as the model says, found a smaller one"
            }
            Self::InputLength => c"expected as many values as the input has, found another number",
            Self::NotPictures => c"expected values: this model takes no pictures",
            Self::PictureSize => c"expected a picture of the size that the model takes",
            Self::Blank => c"expected a drawing, found a blank picture, or ink too faint",
            Self::NoInput => c"expected an input, found none: set it before each run",
            Self::NoOutput => c"expected an output, found none: run the model first",
            Self::OutputKind => c"expected an output of another kind",
            Self::SeveralDrawings => {
                c"expected one drawing, found several, apart from each other; cut it to one of them"
            }
        }
    }

    /// All of them, from 0 on.
    pub(crate) const ALL: [Self; 18] = [
        Self::Ok,
        Self::Null,
        Self::NotOpen,
        Self::Overlap,
        Self::NotAModel,
        Self::Version,
        Self::Damaged,
        Self::Operator,
        Self::Invalid,
        Self::ArenaTooSmall,
        Self::InputLength,
        Self::NotPictures,
        Self::PictureSize,
        Self::Blank,
        Self::NoInput,
        Self::NoOutput,
        Self::OutputKind,
        Self::SeveralDrawings,
    ];
}

impl From<FormatError> for BatonStatus {
    fn from(error: FormatError) -> Self {
        match error.fault {
            Fault::Length | Fault::Magic => Self::NotAModel,
            Fault::Version => Self::Version,
            Fault::Checksum => Self::Damaged,
            Fault::Kind | Fault::Large => Self::Operator,
            _ => Self::Invalid,
        }
    }
}

impl From<PrepareError> for BatonStatus {
    fn from(error: PrepareError) -> Self {
        match error {
            PrepareError::NoInk => Self::Blank,
            PrepareError::Several => Self::SeveralDrawings,
            _ => Self::PictureSize,
        }
    }
}
