//! Pictures of any size brought to the size of an input.

use core::ops::Range;

use super::error::PrepareError;
use super::picture::{Rows, Source};
use super::scale::{Axis, STRIP, scale};
use crate::divide::quotient;

/// Largest width and height of a picture that is scaled, and of what becomes of it, in pixels: weights fit 32 bits then.
pub const MAX_SCALED_SIDE: u32 = 1 << 20;

/// Bits of the largest side; the greatest number that has as many is larger than any frame.
const SIDE_BITS: u32 = MAX_SCALED_SIDE.ilog2() + 1;

/// What becomes of a picture whose proportions are not the input's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fit {
    /// It is stretched: all of it is seen, in other proportions.
    #[default]
    Stretch,
    /// The largest part of it in the input's proportions, from its middle.
    Crop,
    /// All of it in its own proportions, between black bars.
    Pad,
}

impl Fit {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Stretch, Self::Crop, Self::Pad];

    /// The name in metadata and on command lines.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stretch => "stretch",
            Self::Crop => "crop",
            Self::Pad => "pad",
        }
    }

    /// Makes a picture one of so many rows, columns and channels, `[row][column][channel]` in `places`; `value` makes a pixel
    /// of a channel what is to be there. A picture of that size keeps every pixel.
    ///
    /// Rows are asked for in a pass for each 96 values of a row that is made, and in a pass again where two of these rows lie
    /// in one of the picture.
    ///
    /// # Errors
    ///
    /// [`PrepareError::Size`] without pixels or beyond [`MAX_SCALED_SIDE`]; [`PrepareError::Channels`] if the picture has
    /// other channels, or more than 96; [`PrepareError::Row`]. The places can hold anything then.
    pub fn apply<T>(
        self,
        picture: &mut impl Rows,
        [rows, columns, channels]: [u32; 3],
        places: &mut [T],
        value: impl Fn(usize, u8) -> T,
    ) -> Result<(), PrepareError> {
        let mut source = Source::new(picture);
        let (width, height, found) = (source.width, source.height, source.channels);
        let is_possible = |side: &u32| (1..=MAX_SCALED_SIDE).contains(side);
        if ![width, height, columns, rows].iter().all(is_possible) {
            let limit = MAX_SCALED_SIDE;
            return Err(PrepareError::Size {
                width,
                height,
                limit,
            });
        }
        if found != channels || !(1..=STRIP as u32).contains(&channels) {
            let expected = channels;
            return Err(PrepareError::Channels { expected, found });
        }
        let channels = channels as usize;
        if self == Self::Pad {
            for (place, channel) in places.iter_mut().zip((0..channels).cycle()) {
                *place = value(channel, 0);
            }
        }
        let axes = self.axes([width, height], [columns, rows]);
        let places = (places, columns as usize * channels);
        scale(&mut source, &axes, channels, places, value)
    }

    /// Which columns and rows of a picture of this width and height become which of a frame.
    fn axes(self, picture: [u32; 2], frame: [u32; 2]) -> [Axis; 2] {
        let parts = match self {
            Self::Stretch => [picture, frame],
            Self::Crop => [within(frame, picture), frame],
            Self::Pad => [picture, within(picture, frame)],
        };
        let axis = |side: usize| Axis {
            from: middle(parts[0][side], picture[side]),
            to: middle(parts[1][side], frame[side]),
        };
        [axis(0), axis(1)]
    }
}

/// The largest width and height in these proportions that fit into a frame; at least 1, rounded to the nearest.
fn within([width, height]: [u32; 2], [frame_width, frame_height]: [u32; 2]) -> [u32; 2] {
    let share = |side: u32, of: u32, frame: u32| {
        let (side, of, frame) = (u64::from(side), u64::from(of), u64::from(frame));
        quotient(2 * frame * side + of, 2 * of, SIDE_BITS)
    };
    let scaled_height = share(height, width, frame_width);
    if scaled_height <= frame_height {
        [frame_width, scaled_height.max(1)]
    } else {
        let scaled_width = share(width, height, frame_height);
        [scaled_width.max(1).min(frame_width), frame_height]
    }
}

/// So many of a side's pixels, from its middle.
fn middle(part: u32, side: u32) -> Range<u32> {
    let start = side.saturating_sub(part) / 2;
    start..start + part
}

#[cfg(test)]
mod tests {
    use super::within;

    #[test]
    fn long_pictures_fit_into_frames_of_any_size() {
        assert_eq!(within([1, 1 << 20], [1 << 13, 1 << 13]), [1, 1 << 13]);
        assert_eq!(within([1 << 20, 1], [1 << 20, 9]), [1 << 20, 1]);
        assert_eq!(within([1, 1 << 20], [1 << 20, 1 << 20]), [1, 1 << 20]);
    }
}
