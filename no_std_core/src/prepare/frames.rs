//! Frames of cameras as pictures, in grey or in colours: whole numbers, a row at a time.
//!
//! What has luma and chroma is as ITU-R BT.601 has it, for 8 bits: luma from 16 to 235, chroma around 128. Grey is the luma,
//! stretched to 0 to 255, which is what all of red, green and blue are where there is no colour. Of RGB565 grey is the luma of
//! ITU-R BT.709, as of pictures in files.

use super::error::PrepareError;
use super::picture::Rows;

mod colour;

use colour::{Colour, rgb565};

/// How the pixels of a frame lie in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// A byte a pixel, 0 black to 255 white.
    Grey,
    /// Two bytes a pixel, the low one first: 5 bits of red at the top, 6 of green, 5 of blue.
    Rgb565,
    /// Four bytes two pixels: luma, blue chroma, luma, red chroma (also called YUY2). Widths are even.
    Yuyv,
    /// All luma, then all blue chroma, then all red chroma, these one for 2 x 2 pixels (also called I420).
    Yuv420,
}

impl Encoding {
    /// The bytes of a frame. `None` if there is none of this size, or they are too many to count.
    pub const fn frame_len(self, width: u32, height: u32) -> Option<usize> {
        if width == 0 || height == 0 {
            return None;
        }
        let Some(pixels) = (width as usize).checked_mul(height as usize) else {
            return None;
        };
        match self {
            Self::Grey => Some(pixels),
            Self::Yuyv if width % 2 == 1 => None,
            Self::Rgb565 | Self::Yuyv => pixels.checked_mul(2),
            // Not more than a quarter of the pixels and those of an edge.
            Self::Yuv420 => {
                let chroma = width.div_ceil(2) as usize * height.div_ceil(2) as usize;
                pixels.checked_add(chroma.saturating_mul(2))
            }
        }
    }
}

/// A frame in memory, whose rows become those of a grey picture or of one in red, green and blue.
///
/// ```
/// use no_std_core::prepare::{Encoding, CameraFrame, Rows};
///
/// let bytes = [16, 128, 235, 128]; // a black and a white pixel
/// let mut row = [0; 2 * 3];
/// let mut frame = CameraFrame::new(Encoding::Yuyv, [2, 1], &bytes, &mut row)?;
/// assert_eq!(frame.row(0), Some(&[0, 0, 0, 255, 255, 255][..]));
/// # Ok::<(), no_std_core::prepare::PrepareError>(())
/// ```
#[derive(Debug)]
pub struct CameraFrame<'f> {
    encoding: Encoding,
    width: u32,
    height: u32,
    channels: u32,
    bytes: &'f [u8],
    row: &'f mut [u8],
}

impl<'f> CameraFrame<'f> {
    /// A frame of this width and height. `row` is room for a row: as many bytes as there are columns for grey, three times as
    /// many for colours.
    ///
    /// # Errors
    ///
    /// [`PrepareError::Length`] if the frame or the room has more or fewer bytes.
    pub fn new(
        encoding: Encoding,
        [width, height]: [u32; 2],
        bytes: &'f [u8],
        row: &'f mut [u8],
    ) -> Result<Self, PrepareError> {
        let columns = u64::from(width);
        let room = row.len() as u64;
        let channels = match room {
            _ if room == columns => Some(1),
            _ if room == 3 * columns => Some(3),
            _ => None,
        };
        let is_whole = encoding.frame_len(width, height) == Some(bytes.len());
        match channels.filter(|_| is_whole) {
            Some(channels) => Ok(Self {
                encoding,
                width,
                height,
                channels,
                bytes,
                row,
            }),
            None => Err(PrepareError::Length { width, height }),
        }
    }

    /// So many bytes from row `y` on of a plane that begins `start` bytes into the frame.
    fn line(&self, start: usize, len: usize, y: usize) -> Option<&'f [u8]> {
        let bytes: &'f [u8] = self.bytes;
        let start = start.checked_add(len.checked_mul(y)?)?;
        bytes.get(start..)?.get(..len)
    }

    /// Fills the row with pixels.
    fn fill(&mut self, pixels: impl Iterator<Item = Colour>) {
        if self.channels == 1 {
            for (place, pixel) in self.row.iter_mut().zip(pixels) {
                *place = pixel.grey();
            }
        } else {
            for (places, pixel) in self.row.as_chunks_mut().0.iter_mut().zip(pixels) {
                *places = pixel.rgb();
            }
        }
    }

    fn convert(&mut self, y: u32) -> Option<()> {
        let (width, y) = (self.width as usize, y as usize);
        match self.encoding {
            Encoding::Grey => {
                let line = self.line(0, width, y)?;
                self.fill(line.iter().map(|&grey| Colour::Rgb([grey; 3])));
            }
            Encoding::Rgb565 => {
                let line = self.line(0, 2 * width, y)?;
                let pixels = line.as_chunks().0.iter();
                self.fill(pixels.map(|&pixel| rgb565(u16::from_le_bytes(pixel))));
            }
            Encoding::Yuyv => {
                let line = self.line(0, 2 * width, y)?;
                let pairs = line.as_chunks().0.iter();
                self.fill(pairs.flat_map(|&[first, blue, second, red]| {
                    [first, second].map(|luma| Colour::Yuv([luma, blue, red]))
                }));
            }
            Encoding::Yuv420 => {
                let (half, rows) = (width.div_ceil(2), self.height.div_ceil(2) as usize);
                let luma = self.line(0, width, y)?;
                let start = width * self.height as usize;
                let blue = self.line(start, half, y / 2)?;
                let red = self.line(start + half * rows, half, y / 2)?;
                let chroma = blue.iter().zip(red).flat_map(|pair| [pair; 2]);
                let pixels = luma.iter().zip(chroma);
                self.fill(pixels.map(|(&luma, (&blue, &red))| Colour::Yuv([luma, blue, red])));
            }
        }
        Some(())
    }
}

impl Rows for CameraFrame<'_> {
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
        if y >= self.height {
            return None;
        }
        self.convert(y)?;
        Some(self.row)
    }
}

#[cfg(test)]
mod tests {
    use std::vec;
    use std::vec::Vec;

    use super::*;

    fn rows(encoding: Encoding, size: [u32; 2], bytes: &[u8], channels: usize) -> Vec<u8> {
        let mut row = vec![0; size[0] as usize * channels];
        let mut frame = CameraFrame::new(encoding, size, bytes, &mut row).unwrap();
        assert_eq!(frame.row(size[1]), None);
        let rows = (0..size[1]).map(|y| frame.row(y).unwrap().to_vec());
        rows.collect::<Vec<_>>().concat()
    }

    #[test]
    fn each_pixel_has_its_place() {
        for [width, height] in [[6, 4], [5, 3], [1, 1], [2, 7]] {
            let at = |y: u32, x: u32| y * width + x;
            let all = || (0..height).flat_map(move |y| (0..width).map(move |x| (y, x)));
            let luma = |y, x| (at(y, x) * 7 + 20) as u8;
            let blue = |y: u32, x: u32| (at(y / 2, x / 2) * 11 + 60) as u8;
            let red = |y: u32, x: u32| (at(y / 2, x / 2) * 5 + 100) as u8;
            let check = |encoding: Encoding, bytes: &[u8], pixel: &dyn Fn(u32, u32) -> Colour| {
                let size = [width, height];
                assert_eq!(encoding.frame_len(width, height), Some(bytes.len()));
                let grey: Vec<u8> = all().map(|(y, x)| pixel(y, x).grey()).collect();
                assert_eq!(rows(encoding, size, bytes, 1), grey, "{encoding:?}");
                let rgb: Vec<u8> = all().flat_map(|(y, x)| pixel(y, x).rgb()).collect();
                assert_eq!(rows(encoding, size, bytes, 3), rgb, "{encoding:?}");
            };
            let bytes: Vec<u8> = all().map(|(y, x)| luma(y, x)).collect();
            check(Encoding::Grey, &bytes, &|y, x| Colour::Rgb([luma(y, x); 3]));
            let word = |y, x| (at(y, x) * 2749 + 77) as u16;
            let bytes: Vec<u8> = all().flat_map(|(y, x)| word(y, x).to_le_bytes()).collect();
            check(Encoding::Rgb565, &bytes, &|y, x| rgb565(word(y, x)));
            let half = |plane: &dyn Fn(u32, u32) -> u8| -> Vec<u8> {
                let places = (0..height).step_by(2);
                let places = places.flat_map(|y| (0..width).step_by(2).map(move |x| (y, x)));
                places.map(|(y, x)| plane(y, x)).collect()
            };
            let bytes: Vec<u8> = all().map(|(y, x)| luma(y, x)).collect();
            let bytes = [bytes, half(&blue), half(&red)].concat();
            let yuv = |y, x| Colour::Yuv([luma(y, x), blue(y, x), red(y, x)]);
            check(Encoding::Yuv420, &bytes, &yuv);
            if width % 2 == 0 {
                // Rows have chroma of their own there.
                let chroma = |y: u32, x: u32| [luma(y, x / 2 * 2), 255 - luma(y, x / 2 * 2)];
                let pair = |(y, x)| {
                    let [blue, red] = chroma(y, x);
                    [luma(y, x), blue, luma(y, x + 1), red]
                };
                let pairs = all().filter(|(_, x)| x % 2 == 0);
                let bytes: Vec<u8> = pairs.flat_map(pair).collect();
                check(Encoding::Yuyv, &bytes, &|y, x| {
                    let [blue, red] = chroma(y, x);
                    Colour::Yuv([luma(y, x), blue, red])
                });
            }
        }
    }

    #[test]
    fn frames_of_other_sizes_are_refused() {
        assert_eq!(Encoding::Yuyv.frame_len(3, 2), None);
        for encoding in [
            Encoding::Grey,
            Encoding::Rgb565,
            Encoding::Yuyv,
            Encoding::Yuv420,
        ] {
            assert_eq!(encoding.frame_len(0, 4), None);
            let len = encoding.frame_len(4, 6).unwrap();
            let other = [(len, 8), (len - 1, 4), (len + 1, 4)];
            for (len, room) in [(len, 4), (len, 12)].into_iter().chain(other) {
                let (bytes, mut row) = (vec![0; len], vec![0; room]);
                let frame = CameraFrame::new(encoding, [4, 6], &bytes, &mut row);
                assert_eq!(frame.is_err(), other.contains(&(len, room)));
            }
        }
    }
}
