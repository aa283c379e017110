//! The one preparation of pictures: grey pixels of any size become the 28 x 28 image that a model takes.
//!
//! The digits of MNIST are white on black, scaled to fit a box of 20 x 20 pixels and placed by their centre of mass (see
//! "The MNIST database of handwritten digits", <http://yann.lecun.com/exdb/mnist/>). A network that learned them knows nothing else, so a
//! picture of a digit is brought into that form first, and by the same code wherever it comes from: trainer, host or board.
//!
//! [`Preparation::CENTRED`] does it in four passes, so that nobody has to hold the picture. Each asks for every row once,
//! from the top down; the last one for those of the box alone:
//!
//! 1. the border shows how bright the background is, and how it changes across the picture (`lighting`);
//! 2. what deviates from the background tells ink from noise, and whether ink is dark or light (`ink`);
//! 3. strong ink has a bounding box;
//! 4. the box is scaled by area averaging, its contrast stretched, and put in its place (`place`).
//!
//! All of it is done in integers, so every machine gives the same image. An inverted picture gives the same image as well,
//! unless light and dark stand out from its background by exactly as much: then what is light is ink.
//!
//! ```
//! use no_std_core::prepare::{Pixels, Preparation};
//!
//! // A dark stroke on grey paper.
//! let (width, height) = (60, 90);
//! let mut pixels = [170; 60 * 90];
//! for row in 20..70 {
//!     pixels[row * width + 30..row * width + 35].fill(40);
//! }
//! let mut picture = Pixels::new(&pixels, 60, height)?;
//! let mut image = [0; 784];
//! Preparation::CENTRED.prepare(&mut picture, &mut image)?;
//! assert_eq!(image.iter().filter(|&&pixel| pixel == 127).count(), 20 * 2);
//! # Ok::<(), no_std_core::prepare::PrepareError>(())
//! ```

mod ink;
mod lighting;
mod place;
#[cfg(test)]
mod tests;

use core::fmt;
use core::ops::Range;

use ink::Ink;
use lighting::Lighting;
use place::Frame;

use crate::quantize_pixel;

/// Width and height of an image, in pixels.
pub const SIDE: usize = 28;

/// An image, row by row from the top left: `pixel - 128`, so -128 is black and 127 white.
pub type Image = [i8; SIDE * SIDE];

/// Largest width and height of a picture, in pixels.
pub const MAX_SIDE: u32 = 8192;

/// A grey picture that gives its rows when asked.
///
/// A picture in memory is [`Pixels`]. A board that has no room for one implements this with a buffer of one row that it
/// fills from where the picture is. The size is asked for once. Rows are asked for in passes, each from the top down
/// without a row twice: plainly prepared in one pass, centred in three over all rows and a fourth over the rows of the
/// drawing. They should be the same in each pass; otherwise the image is of no picture, but nothing worse happens.
pub trait Rows {
    /// Pixels in a row.
    fn width(&self) -> u32;

    /// The number of rows.
    fn height(&self) -> u32;

    /// The pixels of row `y`, 0 black to 255 white, where row 0 is the top. `None` if they cannot be had.
    fn row(&mut self, y: u32) -> Option<&[u8]>;
}

/// A grey picture in memory.
#[derive(Clone, Copy, Debug)]
pub struct Pixels<'a> {
    grey: &'a [u8],
    width: u32,
    height: u32,
}

impl<'a> Pixels<'a> {
    /// A picture of `width * height` pixels, row by row from the top left.
    ///
    /// # Errors
    ///
    /// [`PrepareError::Length`] if there are more or fewer pixels.
    pub const fn new(pixels: &'a [u8], width: u32, height: u32) -> Result<Self, PrepareError> {
        if pixels.len() as u64 == width as u64 * height as u64 {
            Ok(Self {
                grey: pixels,
                width,
                height,
            })
        } else {
            Err(PrepareError::Length { width, height })
        }
    }
}

impl Rows for Pixels<'_> {
    fn width(&self) -> u32 {
        self.width
    }

    fn height(&self) -> u32 {
        self.height
    }

    fn row(&mut self, y: u32) -> Option<&[u8]> {
        let width = self.width as usize;
        let start = width.checked_mul(y as usize)?;
        self.grey.get(start..)?.get(..width)
    }
}

/// How a picture becomes an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preparation {
    /// Side of the square that ink is scaled into, in pixels, 1 to [`SIDE`]; 0 for pixels taken as they are.
    box_side: u8,
}

impl Preparation {
    /// Bytes of an encoded preparation.
    pub const LEN: usize = 8;

    /// Pictures of 28 x 28 pixels taken as they are.
    pub const PLAIN: Self = Self { box_side: 0 };

    /// Pictures of any size, their ink prepared as that of MNIST: a box of 20 x 20 pixels.
    pub const CENTRED: Self = Self { box_side: 20 };

    /// Like [`Self::CENTRED`] with a box of another size. `None` unless `box_side` is 1 to [`SIDE`].
    pub const fn centred(box_side: u8) -> Option<Self> {
        if box_side >= 1 && box_side as usize <= SIDE {
            Some(Self { box_side })
        } else {
            None
        }
    }

    /// Side in pixels of the square that ink is scaled into. `None` for pixels taken as they are.
    pub const fn box_side(self) -> Option<u8> {
        match self.box_side {
            0 => None,
            side => Some(side),
        }
    }

    /// The bytes that stand for the preparation in a flash file.
    ///
    /// | byte | type    | field                                           |
    /// |------|---------|-------------------------------------------------|
    /// | 0    | u8      | mode: 0 pixels as they are, 1 centred           |
    /// | 1    | u8      | side of the box: 0 in mode 0, 1 to 28 in mode 1 |
    /// | 2    | 6 bytes | zero                                            |
    pub const fn to_bytes(self) -> [u8; Self::LEN] {
        [(self.box_side > 0) as u8, self.box_side, 0, 0, 0, 0, 0, 0]
    }

    /// The preparation that [`Self::to_bytes`] has encoded. `None` for any bytes that it never gives.
    pub const fn from_bytes(bytes: &[u8; Self::LEN]) -> Option<Self> {
        match *bytes {
            [0, 0, 0, 0, 0, 0, 0, 0] => Some(Self::PLAIN),
            [1, box_side, 0, 0, 0, 0, 0, 0] => Self::centred(box_side),
            _ => None,
        }
    }

    /// Makes a picture an image.
    ///
    /// Only the picture tells what is ink: everything that stands out from the background as far as the ink does is taken
    /// for ink, be it a speck, a frame or the edge of a shadow.
    ///
    /// # Errors
    ///
    /// See [`PrepareError`]; the image can hold anything then.
    pub fn prepare(self, picture: &mut impl Rows, image: &mut Image) -> Result<(), PrepareError> {
        let mut source = Source::new(picture);
        let Source { width, height, .. } = source;
        let Some(box_side) = self.box_side() else {
            return copy(&mut source, image);
        };
        if !(1..=MAX_SIDE).contains(&width) || !(1..=MAX_SIDE).contains(&height) {
            return Err(PrepareError::Size { width, height });
        }
        let lighting = Lighting::fit(&mut source)?;
        let ink = Ink::find(lighting, &mut source)?;
        Frame::around(&ink, &mut source, box_side)?.draw(&ink, &mut source, image)
    }
}

/// Makes a picture of 28 x 28 pixels an image as it is.
fn copy(picture: &mut Source<'_, impl Rows>, image: &mut Image) -> Result<(), PrepareError> {
    let Source { width, height, .. } = *picture;
    if (width, height) != (SIDE as u32, SIDE as u32) {
        return Err(PrepareError::NotPlain { width, height });
    }
    let mut targets = image.chunks_mut(SIDE);
    picture.each_row(0..height, |_, row| {
        for (target, &pixel) in targets.next().into_iter().flatten().zip(row) {
            *target = quantize_pixel(pixel);
        }
    })
}

/// A picture with the size that it had when it was first asked: what it says later cannot unsettle any sum.
struct Source<'r, R> {
    rows: &'r mut R,
    width: u32,
    height: u32,
}

impl<'r, R: Rows> Source<'r, R> {
    fn new(rows: &'r mut R) -> Self {
        let (width, height) = (rows.width(), rows.height());
        Self {
            rows,
            width,
            height,
        }
    }

    /// Shows `visit` some rows, from the top down, each with its number.
    fn each_row(
        &mut self,
        rows: Range<u32>,
        mut visit: impl FnMut(u32, &[u8]),
    ) -> Result<(), PrepareError> {
        for y in rows {
            match self.rows.row(y) {
                Some(row) if row.len() == self.width as usize => visit(y, row),
                _ => return Err(PrepareError::Row(y)),
            }
        }
        Ok(())
    }
}

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
    /// The picture has no pixels, or is wider or higher than [`MAX_SIDE`].
    Size {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// Pixels are taken as they are, but not 28 x 28 of them.
    NotPlain {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// This row could not be had, or was not as long as the picture is wide.
    Row(u32),
    /// The picture is blank: nothing stands out from the background and its noise by 16 grey levels or more, or what does is
    /// too fine to be seen in an image.
    NoInk,
}

impl fmt::Display for PrepareError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Length { width, height } => write!(
                f,
                "expected width times height pixels for a picture of {width} x {height}, found another number"
            ),
            Self::Size { width, height } => write!(
                f,
                "expected a picture of 1 x 1 to {MAX_SIDE} x {MAX_SIDE} pixels, found {width} x {height}"
            ),
            Self::NotPlain { width, height } => write!(
                f,
                "expected a picture of {SIDE} x {SIDE} pixels, which this model takes as they are, found {width} x {height}"
            ),
            Self::Row(y) => write!(f, "row {y} of the picture is missing or too short"),
            Self::NoInk => f.write_str("expected a drawing, found a blank picture"),
        }
    }
}

impl core::error::Error for PrepareError {}
