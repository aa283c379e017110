//! Pictures, and how their rows are had.

use core::ops::Range;

use super::error::PrepareError;

/// A picture, or another input with rows, that gives them when asked.
///
/// A picture in memory is [`Pixels`]. A board that has no room for one implements this with a buffer of one row that it
/// fills from where the picture is. The size is asked for once. Rows are asked for in passes, each from the top down:
/// plainly prepared in one pass; centred in four over all rows, three where a side has less than 160 pixels, and one more over the
/// rows of the drawing. Over all rows there is another one where nothing but rulings is found; where the drawing is nearly as large
/// as the picture, one over its rows, and if it is a frame, one within. Scaled they are asked for as
/// [`Fit::apply`](super::Fit::apply) says. They should be the same each time; otherwise the image is of no picture, but nothing
/// worse happens.
pub trait Rows {
    /// Pixels in a row.
    fn width(&self) -> u32;

    /// The number of rows.
    fn height(&self) -> u32;

    /// Values of a pixel: 1 in grey pictures.
    fn channels(&self) -> u32 {
        1
    }

    /// The pixels of row `y`, the channels of each side by side, 0 black to 255 white, where row 0 is the top. `None` if
    /// they cannot be had.
    fn row(&mut self, y: u32) -> Option<&[u8]>;
}

/// A picture in memory.
#[derive(Clone, Copy, Debug)]
pub struct Pixels<'a> {
    values: &'a [u8],
    width: u32,
    height: u32,
    channels: u32,
}

impl<'a> Pixels<'a> {
    /// A grey picture of `width * height` pixels, row by row from the top left.
    ///
    /// # Errors
    ///
    /// [`PrepareError::Length`] if there are more or fewer pixels.
    pub const fn new(pixels: &'a [u8], width: u32, height: u32) -> Result<Self, PrepareError> {
        Self::with_channels(pixels, width, height, 1)
    }

    /// A picture of `width * height` pixels of so many values each, `[row][column][channel]`.
    ///
    /// # Errors
    ///
    /// [`PrepareError::Length`] if there are more or fewer values.
    pub const fn with_channels(
        pixels: &'a [u8],
        width: u32,
        height: u32,
        channels: u32,
    ) -> Result<Self, PrepareError> {
        let area = width as u64 * height as u64;
        match area.checked_mul(channels as u64) {
            Some(len) if len == pixels.len() as u64 => Ok(Self {
                values: pixels,
                width,
                height,
                channels,
            }),
            _ => Err(PrepareError::Length { width, height }),
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

    fn channels(&self) -> u32 {
        self.channels
    }

    fn row(&mut self, y: u32) -> Option<&[u8]> {
        let len = (self.width as usize).checked_mul(self.channels as usize)?;
        let start = len.checked_mul(y as usize)?;
        self.values.get(start..)?.get(..len)
    }
}

/// A picture with the size that it had when it was first asked: what it says later cannot unsettle any sum.
pub struct Source<'r, R> {
    rows: &'r mut R,
    pub width: u32,
    pub height: u32,
    pub channels: u32,
}

impl<'r, R: Rows> Source<'r, R> {
    pub fn new(rows: &'r mut R) -> Self {
        let (width, height, channels) = (rows.width(), rows.height(), rows.channels());
        Self {
            rows,
            width,
            height,
            channels,
        }
    }

    /// Shows `visit` some rows, from the top down, each with its number.
    pub fn each_row(
        &mut self,
        rows: Range<u32>,
        mut visit: impl FnMut(u32, &[u8]),
    ) -> Result<(), PrepareError> {
        for y in rows {
            visit(y, self.row(y)?);
        }
        Ok(())
    }

    /// The pixels of a row.
    pub fn row(&mut self, y: u32) -> Result<&[u8], PrepareError> {
        let len = u64::from(self.width) * u64::from(self.channels);
        let row = self.rows.row(y).filter(|row| row.len() as u64 == len);
        row.ok_or(PrepareError::Row(y))
    }
}
