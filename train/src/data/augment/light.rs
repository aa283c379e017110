//! Light and cameras: slopes of light, shadows, and what JPEG files lose.

use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageFormat, ImageResult};

use super::affine::Affine;
use super::pixels::Picture;
use super::planes::places;
use crate::data::random::Random;

impl Picture {
    /// Takes light away, more and more towards one side, up to this share.
    pub fn fade(&mut self, share: f32, random: &mut Random) {
        let [down, across] = direction(random);
        let [rows, columns] = self.size().map(|size| size as f32);
        let length = (down * rows).abs() + (across * columns).abs();
        let shades: Vec<f32> = places(self.size())
            .map(|place| share * (0.5 + (down * place[0] + across * place[1]) / length))
            .collect();
        self.shade(&shades);
    }

    /// Takes this share of light away in a round shadow with a soft edge, which goes through a place of the picture; a large one
    /// covers all of one side.
    pub fn cast(&mut self, share: f32, random: &mut Random) {
        let side = self.side();
        let radius = side * random.between(0.15, 1.5);
        let softness = (radius.min(side) * random.between(0.05, 0.5)).max(1.0);
        let direction = direction(random);
        let edge = self
            .size()
            .map(|size| size as f32 * random.between(-0.5, 0.5));
        let centre = [0, 1].map(|axis| edge[axis] - radius * direction[axis]);
        let shades: Vec<f32> = places(self.size())
            .map(|[row, column]| {
                let (down, across) = (row - centre[0], column - centre[1]);
                let depth = radius - (down * down + across * across).sqrt();
                share * (depth / softness + 0.5).clamp(0.0, 1.0)
            })
            .collect();
        self.shade(&shades);
    }

    /// Makes it what is left in a JPEG file of this quality, 1 to 100, of a picture in grey or in red, green and blue; others,
    /// and those too large for such files, stay as they are.
    pub fn compress(&mut self, quality: u8) {
        let [channels, rows, columns] = self.shape();
        let (bytes, area) = (self.bytes(), rows * columns);
        let mixed = |index: usize| bytes[index % channels * area + index / channels];
        let mixed: Vec<u8> = (0..bytes.len()).map(mixed).collect();
        let colour = match channels {
            1 => ExtendedColorType::L8,
            3 => ExtendedColorType::Rgb8,
            _ => return,
        };
        let Ok(left) = left_by_jpeg(&mixed, [columns, rows], colour, quality) else {
            return;
        };
        let apart = |index: usize| f32::from(left[index % area * channels + index / area]);
        self.replace((0..bytes.len()).map(apart).collect());
    }
}

/// Writes a picture of this width and height as JPEG and reads it again.
fn left_by_jpeg(
    bytes: &[u8],
    [width, height]: [usize; 2],
    colour: ExtendedColorType,
    quality: u8,
) -> ImageResult<Vec<u8>> {
    let mut file = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut file, quality);
    encoder.encode(bytes, width as u32, height as u32, colour)?;
    let picture = image::load_from_memory_with_format(&file, ImageFormat::Jpeg)?;
    Ok(picture.into_bytes())
}

/// Any direction, down and across, 1 long.
fn direction(random: &mut Random) -> [f32; 2] {
    Affine::rotation(random.between(-180.0, 180.0)).of([1.0, 0.0])
}
