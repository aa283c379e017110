//! Pictures, and how their rows are had.

use core::ops::Range;

use super::error::PrepareError;

/// A picture, or another input with rows, that gives them when asked.
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

    /// Values of a pixel: 1 in grey pictures.
    fn channels(&self) -> u32 {
        1
    }

    /// The pixels of row `y`, the channels of each side by side, 0 black to 255 white, where row 0 is the top. `None` if
    /// they cannot be had.
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
        let len = u64::from(self.width) * u64::from(self.channels);
        for y in rows {
            match self.rows.row(y) {
                Some(row) if row.len() as u64 == len => visit(y, row),
                _ => return Err(PrepareError::Row(y)),
            }
        }
        Ok(())
    }
}
