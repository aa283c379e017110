//! Pens and grounds of the sample pictures.

use image::Rgb;

/// What a sample is drawn with.
pub struct Pen {
    /// In pixels.
    pub width: f32,
    /// Its colour.
    pub ink: Rgb<u8>,
    /// How unevenly the ink sticks, from 0 for a felt pen to 1 for chalk.
    pub grain: f32,
}

impl Pen {
    /// A pen of `width` pixels whose ink sticks everywhere.
    pub fn new(width: f32, ink: [u8; 3]) -> Self {
        Self {
            width,
            ink: Rgb(ink),
            grain: 0.0,
        }
    }

    /// The same pen with ink that sticks unevenly.
    pub fn grained(self, grain: f32) -> Self {
        Self { grain, ..self }
    }
}

/// Paper, board and the like.
pub struct Ground {
    /// Its colour.
    pub colour: Rgb<u8>,
    /// How much of its light the lower right corner lacks.
    pub shade: f32,
    /// Standard deviation of its brightness, in steps of 255.
    pub noise: f32,
    /// Printed lines across and down: their distance in pixels and their colour.
    rows: Option<(u32, Rgb<u8>)>,
    columns: Option<(u32, Rgb<u8>)>,
}

impl Ground {
    /// A ground of one colour.
    pub fn new(colour: [u8; 3]) -> Self {
        Self {
            colour: Rgb(colour),
            shade: 0.0,
            noise: 0.0,
            rows: None,
            columns: None,
        }
    }

    /// The same ground with less light at the lower right.
    pub fn shaded(self, shade: f32) -> Self {
        Self { shade, ..self }
    }

    /// The same ground with a grain of its own.
    pub fn noisy(self, noise: f32) -> Self {
        Self { noise, ..self }
    }

    /// The same ground with lines across.
    pub fn lined(self, distance: u32, colour: [u8; 3]) -> Self {
        Self {
            rows: Some((distance, Rgb(colour))),
            ..self
        }
    }

    /// The same ground with lines across and down.
    pub fn squared(self, distance: u32, colour: [u8; 3]) -> Self {
        Self {
            columns: Some((distance, Rgb(colour))),
            ..self.lined(distance, colour)
        }
    }

    /// The colour at a pixel, before shade and noise.
    pub fn colour_at(&self, x: u32, y: u32) -> Rgb<u8> {
        let line = [(self.rows, y), (self.columns, x)]
            .into_iter()
            .find_map(|(lines, position)| {
                lines.filter(|(distance, _)| position % distance == distance / 2)
            });
        line.map_or(self.colour, |(_, colour)| colour)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_printed_at_their_distance() {
        let (paper, line) = ([250; 3], [100; 3]);
        let is_line = |ground: &Ground, x, y| ground.colour_at(x, y) == Rgb(line);
        let (lined, squared) = (
            Ground::new(paper).lined(6, line),
            Ground::new(paper).squared(6, line),
        );
        for (x, y) in (0..20).flat_map(|x| (0..20).map(move |y| (x, y))) {
            let (across, down) = ([3, 9, 15].contains(&y), [3, 9, 15].contains(&x));
            assert_eq!(is_line(&lined, x, y), across);
            assert_eq!(is_line(&squared, x, y), across || down);
            assert_eq!(Ground::new(paper).colour_at(x, y), Rgb(paper));
        }
    }
}
