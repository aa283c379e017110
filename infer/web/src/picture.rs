//! Pictures as a canvas of a browser has them: red, green, blue and alpha of each pixel, made into what decoders of `infer`
//! give.

use no_std_core::prepare::{Pixels, PrepareError};

/// A picture of `width * height` pixels of four bytes, row by row from the top left.
#[derive(Debug)]
pub struct Canvas<'c> {
    /// The bytes; once the picture is asked for, it lies in the first of them.
    pub bytes: &'c mut [u8],
    /// Pixels in a row.
    pub width: u32,
    /// The number of rows.
    pub height: u32,
}

/// What red, green and blue of ITU-R BT.709 add to the luminance, under the white of D65.
const LUMINANCE: [f32; 3] = [0.212_647_84, 0.715_179_2, 0.072_173_04];

const WHITE: u32 = 255;
const BLACK: u32 = 0;

impl Canvas<'_> {
    /// The picture in grey, for one channel, or in colours.
    ///
    /// # Errors
    ///
    /// [`PrepareError::Length`] if there are more or fewer bytes than pixels need.
    pub fn pixels(&mut self, channels: u32) -> Result<Pixels<'_>, PrepareError> {
        let (width, height) = (self.width, self.height);
        Pixels::with_channels(self.bytes, width, height, 4)?;
        let len = if channels == 1 {
            self.make_grey()
        } else {
            self.make_coloured()
        };
        let pixels = self.bytes.get(..len).unwrap_or_default();
        Pixels::with_channels(pixels, width, height, if channels == 1 { 1 } else { 3 })
    }

    /// Luminance, on the ground that lets ink be seen; returns the number of pixels.
    fn make_grey(&mut self) -> usize {
        let ground = ground(self.bytes);
        let count = self.bytes.len() / 4;
        for at in 0..count {
            let [luma, alpha] = luma_alpha(self.pixel(at));
            self.put(at, laid(luma, alpha, ground));
        }
        count
    }

    /// Colours on white; returns the number of bytes.
    fn make_coloured(&mut self) -> usize {
        let count = self.bytes.len() / 4;
        for at in 0..count {
            let [red, green, blue, alpha] = self.pixel(at);
            for (channel, colour) in [red, green, blue].into_iter().enumerate() {
                self.put(3 * at + channel, laid(colour.into(), alpha.into(), WHITE));
            }
        }
        3 * count
    }

    fn pixel(&self, at: usize) -> [u8; 4] {
        let bytes = self.bytes.get(4 * at..);
        bytes
            .and_then(<[u8]>::first_chunk)
            .copied()
            .unwrap_or_default()
    }

    /// Writes where all has been read already.
    fn put(&mut self, at: usize, value: u8) {
        if let Some(place) = self.bytes.get_mut(at) {
            *place = value;
        }
    }
}

/// The luminance of a pixel, and how opaque it is: in floats, operation by operation as the crate `image` has it.
fn luma_alpha([red, green, blue, alpha]: [u8; 4]) -> [u32; 2] {
    const UNIT: f32 = 1.0 / 255.0;
    let colours = [red, green, blue].into_iter().zip(LUMINANCE);
    let luma = colours.fold(0.0, |luma, (colour, weight)| {
        luma + f32::from(colour) * UNIT * weight
    });
    [(luma * 255.0 + 0.5) as u32, alpha.into()]
}

/// A value that is `alpha / 255` opaque, on a ground.
fn laid(value: u32, alpha: u32, ground: u32) -> u8 {
    ((value * alpha + ground * (255 - alpha) + 127) / 255) as u8
}

/// White, as paper is; black under light ink, which is all that is there and alike.
fn ground(rgba: &[u8]) -> u32 {
    let (pixels, _) = rgba.as_chunks::<4>();
    let (mut weight, mut sum, mut squares) = (0_u64, 0_u64, 0_u64);
    for &pixel in pixels {
        let [luma, alpha] = luma_alpha(pixel).map(u64::from);
        weight += alpha;
        sum += alpha * luma;
        squares += alpha * luma * luma;
    }
    let [wide_weight, wide_sum, wide_squares] = [weight, sum, squares].map(u128::from);
    // More than half of it is there, with a standard deviation of more than 16.
    let varies = wide_squares * wide_weight > wide_sum * wide_sum + 256 * wide_weight * wide_weight;
    let has_paper = 2 * weight > 255 * pixels.len() as u64 && varies;
    let is_light = 2 * sum > 255 * weight;
    if is_light && !has_paper { BLACK } else { WHITE }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::vec::Vec;

    use image::{ImageFormat, RgbaImage};
    use no_std_core::prepare::Rows;

    use super::*;

    /// Pictures of several colours and grounds, from a linear congruential generator.
    fn pictures() -> impl Iterator<Item = RgbaImage> {
        let mut state = 1_u32;
        let mut next = move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        (0..60).map(move |case| {
            let ink = [next(), next(), next(), next() | 64];
            let around = [next(), next(), next(), [0, 255, next()][case % 3]];
            let is_noisy = case % 2 == 0;
            RgbaImage::from_fn(30, 20, |x, y| {
                let inside = (12..16).contains(&x) && (4..17).contains(&y);
                let mut pixel = if inside { ink } else { around };
                if is_noisy {
                    pixel[0] ^= next() >> 4;
                }
                image::Rgba(pixel)
            })
        })
    }

    fn rows(mut pixels: Pixels<'_>) -> Vec<u8> {
        let rows = 0..pixels.height();
        rows.flat_map(|y| pixels.row(y).unwrap().to_vec()).collect()
    }

    #[test]
    fn pixels_are_those_of_the_decoders() {
        for picture in pictures() {
            let mut file = Cursor::new(Vec::new());
            picture.write_to(&mut file, ImageFormat::Png).unwrap();
            for channels in [1, 3] {
                let mut bytes = picture.as_raw().clone();
                let mut canvas = Canvas {
                    bytes: &mut bytes,
                    width: 30,
                    height: 20,
                };
                let found = rows(canvas.pixels(channels).unwrap());
                let (expected, _) = input::picture::raw(file.get_ref(), channels as usize).unwrap();
                assert_eq!(found, expected);
            }
        }
    }

    #[test]
    fn what_is_no_canvas_is_refused() {
        for len in [0, 3 * 6, 4 * 6 - 1, 4 * 6 + 4] {
            let mut bytes = std::vec![0; len];
            let mut canvas = Canvas {
                bytes: &mut bytes,
                width: 2,
                height: 3,
            };
            let refused = canvas.pixels(1).unwrap_err();
            assert!(matches!(refused, PrepareError::Length { .. }), "{len}");
        }
    }
}
