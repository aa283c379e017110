//! Why a picture does not become an image.

use core::fmt;

use crate::format::Shape;

/// Why a picture did not become an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrepareError {
    /// There are not `width * height` pixels.
    Length {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// The picture has no pixels, or is too wide or too high.
    Size {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// The most that each may be.
        limit: u32,
    },
    /// Pixels are taken as they are, but these are not as many as the input has.
    NotPlain {
        /// Rows, columns and channels of the input.
        expected: Shape,
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// Values of a pixel.
        channels: u32,
    },
    /// A picture that is scaled has other channels than the input.
    Channels {
        /// Values of a pixel of the input.
        expected: u32,
        /// Values of a pixel of the picture.
        found: u32,
    },
    /// A drawing is cut out of grey pictures only, and this one has colours.
    Coloured,
    /// This row could not be had, or was not as long as the picture is wide.
    Row(u32),
    /// The picture is blank: nothing stands out from paper and its noise by a twelfth of the light or more, or what does is
    /// too fine to be seen in an image.
    NoInk,
    /// There are drawings side by side, or one above another, and only one can be made an image.
    Several,
}

impl fmt::Display for PrepareError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Length { width, height } => write!(
                f,
                "expected width times height pixels for a picture of {width} x {height}, found another number"
            ),
            Self::Size {
                width,
                height,
                limit,
            } => write!(
                f,
                "expected a picture of 1 x 1 to {limit} x {limit} pixels, found {width} x {height}"
            ),
            Self::NotPlain {
                expected,
                width,
                height,
                channels,
            } => {
                let Shape {
                    rows,
                    columns,
                    channels: values,
                } = expected;
                write!(
                    f,
                    "expected {columns} x {rows} pixels of {values}, which this model takes as they are, found {width} x \
                     {height} of {channels}"
                )
            }
            Self::Channels { expected, found } => write!(
                f,
                "expected a picture of {expected} values a pixel, found {found}"
            ),
            Self::Coloured => f.write_str("expected a grey picture, found one with colours"),
            Self::Row(y) => write!(f, "row {y} of the picture is missing or too short"),
            Self::NoInk => {
                f.write_str("expected a drawing, found a blank picture, or ink too faint")
            }
            Self::Several => f.write_str(
                "expected one drawing, found several, apart from each other; cut it to one of them",
            ),
        }
    }
}

impl core::error::Error for PrepareError {}
