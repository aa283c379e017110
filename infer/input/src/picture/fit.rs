//! Pictures of any size brought to the size that a model takes, by the code that boards run.

use std::ops::Deref;

use image::{ImageBuffer, Pixel};
use no_std_core::prepare::{Fit, Pixels, PrepareError};

/// A picture in so many rows and columns, as bytes `[row][column][channel]`; see [`Fit::apply`].
pub fn apply<P: Pixel<Subpixel = u8>, C: Deref<Target = [u8]>>(
    fit: Fit,
    picture: &ImageBuffer<P, C>,
    [rows, columns]: [usize; 2],
) -> Result<Vec<u8>, PrepareError> {
    let (width, height) = picture.dimensions();
    let channels = P::CHANNEL_COUNT.into();
    let mut picture = Pixels::with_channels(picture.as_raw(), width, height, channels)?;
    // What is beyond 32 bits is beyond the limit, too.
    let side = |side| u32::try_from(side).unwrap_or(u32::MAX);
    let mut places = vec![0; rows * columns * channels as usize];
    let sizes = [side(rows), side(columns), channels];
    fit.apply(&mut picture, sizes, &mut places, |_, pixel| pixel)?;
    Ok(places)
}
