//! A picture that is being changed.

use super::affine::Affine;
use crate::data::random::Random;
use crate::network::Shape;

/// White.
const WHITE: f32 = 255.0;

/// Pixels `[channels, rows, columns]`, 0 to 255 for black to white; what lies beyond is cut off in the end.
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

    #[cfg(test)]
    pub fn pixels(&self) -> &[f32] {
        &self.pixels
    }

    /// Writes numbers of 0 to 1.
    pub fn write(&self, numbers: &mut [f32]) {
        for (number, pixel) in numbers.iter_mut().zip(&self.pixels) {
            *number = pixel.clamp(0.0, WHITE) / WHITE;
        }
    }

    /// Takes each pixel from elsewhere, between four pixels as far from them as it is; what is from outside is as the edge.
    pub fn sample(&mut self, affine: Affine) {
        if affine == Affine::NONE {
            return;
        }
        let [_, rows, columns] = self.shape;
        let middle = [rows, columns].map(|size| (size as f32 - 1.0) / 2.0);
        let area = rows * columns;
        let mut sampled = vec![0.0; self.pixels.len()];
        for row in 0..rows {
            for column in 0..columns {
                let place = [row as f32 - middle[0], column as f32 - middle[1]];
                let [y, x] = affine.of(place);
                let (y, x) = (
                    Between::new(y + middle[0], rows),
                    Between::new(x + middle[1], columns),
                );
                let planes = self.pixels.chunks_exact(area);
                for (plane, to) in planes.zip(sampled.chunks_exact_mut(area)) {
                    let line = |y: usize| x.of(|x| plane[y * columns + x]);
                    to[row * columns + column] = y.of(line);
                }
            }
        }
        self.pixels = sampled;
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

    /// Blurs by a bell curve of this standard deviation in pixels, along rows and along columns.
    pub fn blur(&mut self, deviation: f32) {
        let weights = bell_curve(deviation);
        let [_, rows, columns] = self.shape;
        for (size, step) in [(columns, 1), (rows, columns)] {
            let reach = weights.len() - 1;
            let blurred = (0..self.pixels.len()).map(|index| {
                let place = index / step % size;
                let first = index - place * step;
                let pixel = |place: usize| self.pixels[first + place.min(size - 1) * step];
                let sides = (1..=reach).map(|distance| {
                    let sides = pixel(place.saturating_sub(distance)) + pixel(place + distance);
                    weights[distance] * sides
                });
                weights[0] * self.pixels[index] + sides.sum::<f32>()
            });
            self.pixels = blurred.collect();
        }
    }

    /// Hides a square whose side is this share of the picture's sides, somewhere, under the mean.
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

    fn each(&mut self, mut change: impl FnMut(f32) -> f32) {
        for pixel in &mut self.pixels {
            *pixel = change(*pixel);
        }
    }

    fn mean(&self) -> f32 {
        self.pixels.iter().sum::<f32>() / self.pixels.len() as f32
    }
}

/// A place between two pixels of a line.
#[derive(Clone, Copy)]
struct Between {
    before: usize,
    behind: usize,
    /// How far from the one before, 0 to 1.
    share: f32,
}

impl Between {
    /// A place of a line of `size` pixels, or its nearest end.
    fn new(place: f32, size: usize) -> Self {
        let place = place.clamp(0.0, (size - 1) as f32);
        let before = place as usize;
        Self {
            before,
            behind: (before + 1).min(size - 1),
            share: place - before as f32,
        }
    }

    fn of(self, pixel: impl Fn(usize) -> f32) -> f32 {
        let before = pixel(self.before);
        before + (pixel(self.behind) - before) * self.share
    }
}

/// The middle and one side of a bell curve of this standard deviation; both sides and the middle are 1 in sum.
fn bell_curve(deviation: f32) -> Vec<f32> {
    let reach = (3.0 * deviation).ceil() as usize;
    let height = |distance: usize| {
        let deviations = distance as f32 / deviation;
        libm::expf(-deviations * deviations / 2.0)
    };
    let sides: Vec<f32> = (1..=reach).map(height).collect();
    let sum = 1.0 + 2.0 * sides.iter().sum::<f32>();
    let all = [1.0].into_iter().chain(sides);
    all.map(|height| height / sum).collect()
}
