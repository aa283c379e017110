//! The one preparation of pictures: pixels of any size become the input that a model takes.
//!
//! [`Fit`] scales a picture to the size of the input, in its own proportions or not. [`Preparation::CENTRED`] looks for a digit in
//! it first, and makes an image of 28 x 28.
//!
//! The digits of MNIST are white on black, scaled to fit a box of 20 x 20 pixels and placed by their centre of mass (see
//! "The MNIST database of handwritten digits", <http://yann.lecun.com/exdb/mnist/>). A network that learned them knows nothing else, so a
//! picture of a digit is brought into that form first, and by the same code wherever it comes from: trainer, host or board.
//!
//! [`Preparation::CENTRED`] does it in five passes, so that nobody has to hold the picture. Each asks for every row once,
//! from the top down; the last one for those of the box alone:
//!
//! 1. levels in a grid of parts (`survey`) tell whether ink is dark or light, and how much light paper returns (`paper`);
//! 2. what deviates from paper tells ink from noise (`ink`);
//! 3. thin lines across the whole picture are rulings (`rulings`); where a side has less than 160 pixels none are looked for, and
//!    there is no such pass;
//! 4. strong ink has a bounding box, in which neither specks far smaller than the drawing count nor what is around it, such as
//!    a table or a frame (`drawing`);
//! 5. the box is scaled by area averaging, its contrast stretched, and put in its place (`place`).
//!
//! The fourth pass is made again if nothing but one or two rulings is found. If what is found is nearly as large as the picture,
//! another pass tells whether it is a frame (`around`), and if so, the fourth is made again for what is within. All of it is done
//! in integers, so every machine gives the same image. An inverted picture gives the same image as well.
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

mod around;
mod border;
mod component;
mod drawing;
mod error;
mod fit;
mod frames;
mod image;
mod ink;
mod paper;
mod picture;
mod place;
mod rulings;
mod scale;
mod survey;
#[cfg(test)]
mod tests;

use crate::format::Shape;
use ink::Ink;
use paper::Paper;
use picture::Source;
use place::Frame;
use survey::Survey;

pub use error::PrepareError;
pub use fit::{Fit, MAX_SCALED_SIDE};
pub use frames::{CameraFrame, Encoding};
pub use image::{Image, MAX_SIDE, SIDE, quantize_pixel};
pub use picture::{Pixels, Rows};

/// How a picture becomes an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preparation {
    mode: Mode,
    /// Side of the square that ink is scaled into, in pixels, 1 to [`SIDE`]; 0 where none is.
    box_side: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Plain = 0,
    Centred = 1,
    None = 2,
    Stretch = 3,
    Crop = 4,
    Pad = 5,
}

impl Preparation {
    /// Bytes of an encoded preparation.
    pub const LEN: usize = 8;

    /// Pictures of the input's own size taken as they are.
    pub const PLAIN: Self = Self {
        mode: Mode::Plain,
        box_side: 0,
    };

    /// Pictures of any size, their ink prepared as that of MNIST: a box of 20 x 20 pixels.
    pub const CENTRED: Self = Self {
        mode: Mode::Centred,
        box_side: 20,
    };

    /// No pictures: the input is of numbers.
    pub const NONE: Self = Self {
        mode: Mode::None,
        box_side: 0,
    };

    /// Pictures of any size, scaled to that of the input.
    pub const fn scaled(fit: Fit) -> Self {
        let mode = match fit {
            Fit::Stretch => Mode::Stretch,
            Fit::Crop => Mode::Crop,
            Fit::Pad => Mode::Pad,
        };
        Self { mode, box_side: 0 }
    }

    /// Like [`Self::CENTRED`] with a box of another size. `None` unless `box_side` is 1 to [`SIDE`].
    pub const fn centred(box_side: u8) -> Option<Self> {
        if box_side >= 1 && box_side as usize <= SIDE {
            Some(Self {
                mode: Mode::Centred,
                box_side,
            })
        } else {
            None
        }
    }

    /// Whether there is a picture to prepare.
    pub const fn takes_pictures(self) -> bool {
        !matches!(self.mode, Mode::None)
    }

    /// Side in pixels of the square that ink is scaled into. `None` where none is.
    pub const fn box_side(self) -> Option<u8> {
        match self.box_side {
            0 => None,
            side => Some(side),
        }
    }

    /// How pictures are scaled to the size of the input. `None` where they are not.
    pub const fn fit(self) -> Option<Fit> {
        match self.mode {
            Mode::Stretch => Some(Fit::Stretch),
            Mode::Crop => Some(Fit::Crop),
            Mode::Pad => Some(Fit::Pad),
            Mode::Plain | Mode::Centred | Mode::None => None,
        }
    }

    /// The bytes that stand for the preparation in a flash file.
    ///
    /// | byte | type    | field                                                                             |
    /// |------|---------|-----------------------------------------------------------------------------------|
    /// | 0    | u8      | mode: 0 pixels as they are, 1 centred, 2 none; scaled: 3 stretched, 4 cropped, 5 padded |
    /// | 1    | u8      | side of the box: 1 to 28 in mode 1, else 0                                        |
    /// | 2    | 6 bytes | zero                                                                              |
    pub const fn to_bytes(self) -> [u8; Self::LEN] {
        [self.mode as u8, self.box_side, 0, 0, 0, 0, 0, 0]
    }

    /// The preparation that [`Self::to_bytes`] has encoded. `None` for any bytes that it never gives.
    pub const fn from_bytes(bytes: &[u8; Self::LEN]) -> Option<Self> {
        let [mode, box_side, ..] = *bytes;
        if u64::from_le_bytes(*bytes) >> 16 > 0 {
            return None;
        }
        match (mode, box_side) {
            (0, 0) => Some(Self::PLAIN),
            (1, side) => Self::centred(side),
            (2, 0) => Some(Self::NONE),
            (3, 0) => Some(Self::scaled(Fit::Stretch)),
            (4, 0) => Some(Self::scaled(Fit::Crop)),
            (5, 0) => Some(Self::scaled(Fit::Pad)),
            _ => None,
        }
    }

    /// Makes a grey picture an image of 28 x 28 pixels. Other inputs are made by [`Model::prepare`](crate::Model::prepare).
    ///
    /// Only the picture tells what is ink: what stands out from the paper around it, but is no ruling, no frame, nothing that
    /// comes in from several sides of the picture, and no speck far smaller than the drawing. Soft shadows are no ink.
    ///
    /// # Errors
    ///
    /// See [`PrepareError`]; the image can hold anything then.
    pub fn prepare(self, picture: &mut impl Rows, image: &mut Image) -> Result<(), PrepareError> {
        match self.box_side() {
            Some(box_side) => centre(picture, box_side, image),
            None => self.resize(picture, IMAGE, image, |_, pixel| quantize_pixel(pixel)),
        }
    }

    /// Makes a picture an input of this shape without looking for a drawing: scaled, or taken as it is. `value` makes a pixel
    /// of a channel a value.
    pub(crate) fn resize(
        self,
        picture: &mut impl Rows,
        shape: Shape,
        input: &mut [i8],
        value: impl Fn(usize, u8) -> i8,
    ) -> Result<(), PrepareError> {
        let sizes = [shape.rows, shape.columns, shape.channels].map(u32::from);
        match self.fit() {
            Some(fit) => fit.apply(picture, sizes, input, value),
            None => copy(picture, shape, input, value),
        }
    }
}

/// The shape of an [`Image`].
const IMAGE: Shape = Shape {
    rows: SIDE as u16,
    columns: SIDE as u16,
    channels: 1,
};

/// Looks for the drawing in a picture, and places it in the image, in a box of this size.
pub(crate) fn centre(
    picture: &mut impl Rows,
    box_side: u8,
    image: &mut Image,
) -> Result<(), PrepareError> {
    let mut source = Source::new(picture);
    let Source {
        width,
        height,
        channels,
        ..
    } = source;
    if !(1..=MAX_SIDE).contains(&width) || !(1..=MAX_SIDE).contains(&height) {
        let limit = MAX_SIDE;
        return Err(PrepareError::Size {
            width,
            height,
            limit,
        });
    }
    if channels != 1 {
        return Err(PrepareError::Coloured);
    }
    let paper = Paper::of(Survey::of(&mut source)?)?;
    let mut ink = Ink::find(paper, &mut source)?;
    ink.rulings = rulings::find(&ink, &mut source)?;
    let drawing = drawing::find(&mut ink, &mut source)?;
    Frame::around(&drawing, box_side).draw(&ink, &mut source, image)
}

/// Takes the pixels of a picture as they are; `value` makes one of a channel a value of the input.
fn copy(
    picture: &mut impl Rows,
    expected: Shape,
    input: &mut [i8],
    value: impl Fn(usize, u8) -> i8,
) -> Result<(), PrepareError> {
    let mut source = Source::new(picture);
    let Source {
        width,
        height,
        channels,
        ..
    } = source;
    let Shape { rows, columns, .. } = expected;
    let sizes = [columns, rows, expected.channels].map(u32::from);
    if sizes != [width, height, channels] {
        return Err(PrepareError::NotPlain {
            expected,
            width,
            height,
            channels,
        });
    }
    let mut targets = input.chunks_mut((expected.row_len() as usize).max(1));
    source.each_row(0..height, |_, row| {
        let targets = targets.next().into_iter().flatten();
        let channels = (0..usize::from(expected.channels)).cycle();
        for ((target, &pixel), channel) in targets.zip(row).zip(channels) {
            *target = value(channel, pixel);
        }
    })
}
