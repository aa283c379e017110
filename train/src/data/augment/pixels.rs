//! A picture that is being changed.

use super::planes;
use crate::data::random::Random;
use crate::network::Shape;

/// White.
pub const WHITE: f32 = 255.0;

/// Pixels `[channels, rows, columns]`, 0 to 255 for black to white; what lies beyond is cut off in the end.
#[derive(Clone)]
pub struct Picture {
    shape: Shape,
    pixels: Vec<f32>,
}

impl Picture {
    pub fn new(bytes: &[u8], shape: Shape) -> Self {
        Self {
            shape,
            pixels: bytes.iter().copied().map(f32::from).collect(),
        }
    }

    #[cfg(test)]
    pub fn of_pixels(pixels: Vec<f32>, shape: Shape) -> Self {
        Self { shape, pixels }
    }

    /// Channels, rows and columns.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Rows and columns.
    pub fn size(&self) -> [usize; 2] {
        let [_, rows, columns] = self.shape;
        [rows, columns]
    }

    /// The longer side, in pixels.
    pub fn side(&self) -> f32 {
        let [rows, columns] = self.size();
        rows.max(columns) as f32
    }

    pub fn pixels(&self) -> &[f32] {
        &self.pixels
    }

    /// The channels.
    pub fn planes(&self) -> impl Iterator<Item = &[f32]> {
        let [rows, columns] = self.size();
        self.pixels.chunks_exact(rows * columns)
    }

    pub fn planes_mut(&mut self) -> impl Iterator<Item = &mut [f32]> {
        let [rows, columns] = self.size();
        self.pixels.chunks_exact_mut(rows * columns)
    }

    /// Takes these pixels, as many, in place of its own.
    pub fn replace(&mut self, pixels: Vec<f32>) {
        debug_assert_eq!(pixels.len(), self.pixels.len());
        self.pixels = pixels;
    }

    /// The pixels as bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let byte = |pixel: &f32| pixel.clamp(0.0, WHITE).round() as u8;
        self.pixels.iter().map(byte).collect()
    }

    /// Writes numbers of 0 to 1.
    pub fn write(&self, numbers: &mut [f32]) {
        for (number, pixel) in numbers.iter_mut().zip(&self.pixels) {
            *number = pixel.clamp(0.0, WHITE) / WHITE;
        }
    }

    /// Adds a share of white to each pixel.
    pub fn brighten(&mut self, share: f32) {
        self.each(|pixel| pixel + share * WHITE);
    }

    /// Makes differences from the mean so many times as large.
    pub fn spread(&mut self, factor: f32) {
        let mean = self.mean();
        self.each(|pixel| mean + (pixel - mean) * factor);
    }

    /// Makes colours stronger or weaker by up to a share, and each channel by up to a quarter of it. Grey pictures stay grey.
    pub fn colour(&mut self, share: f32, random: &mut Random) {
        let [channels, rows, columns] = self.shape;
        let (strength, area) = (1.0 + random.between(-share, share), rows * columns);
        let mut tint = || 1.0 + random.between(-share, share) / 4.0;
        let tints: Vec<f32> = (0..channels).map(|_| tint()).collect();
        if channels == 1 {
            return;
        }
        for place in 0..area {
            let at = |channel: usize| channel * area + place;
            let sum: f32 = (0..channels).map(|channel| self.pixels[at(channel)]).sum();
            let grey = sum / channels as f32;
            for (channel, tint) in tints.iter().enumerate() {
                let pixel = &mut self.pixels[at(channel)];
                *pixel = (grey + (*pixel - grey) * strength) * tint;
            }
        }
    }

    /// Adds numbers of this standard deviation, a share of white.
    pub fn add_noise(&mut self, deviation: f32, random: &mut Random) {
        self.each(|pixel| pixel + random.bell(deviation * WHITE));
    }

    /// Blurs by a bell curve of this standard deviation in pixels.
    pub fn blur(&mut self, deviation: f32) {
        let size = self.size();
        planes::blur(&mut self.pixels, size, deviation);
    }

    /// Hides a part whose sides are this share of the picture's, somewhere, under the mean.
    pub fn hide(&mut self, share: f32, random: &mut Random) {
        let mean = self.mean();
        let [_, rows, columns] = self.shape;
        let mut range = |size: usize| {
            let hidden = (share * size as f32) as usize;
            let start = random.below(size - hidden + 1);
            start..start + hidden
        };
        let (hidden_rows, hidden_columns) = (range(rows), range(columns));
        for (index, pixel) in self.pixels.iter_mut().enumerate() {
            let place = index % (rows * columns);
            if hidden_rows.contains(&(place / columns))
                && hidden_columns.contains(&(place % columns))
            {
                *pixel = mean;
            }
        }
    }

    pub fn invert(&mut self) {
        self.each(|pixel| WHITE - pixel);
    }

    /// Changes each pixel by itself.
    pub fn each(&mut self, mut change: impl FnMut(f32) -> f32) {
        for pixel in &mut self.pixels {
            *pixel = change(*pixel);
        }
    }

    fn mean(&self) -> f32 {
        self.pixels.iter().sum::<f32>() / self.pixels.len() as f32
    }
}
