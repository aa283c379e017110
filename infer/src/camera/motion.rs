//! Whether something has changed before a camera.

use no_std_core::prepare::{Fit, Pixels, PrepareError};

use crate::input::Decoded;

/// Rows and columns of the cells that frames are compared by.
const CELLS: [u32; 2] = [48, 64];

/// What a cell's mean differs by for more than the grain of a camera, in grey levels.
const VISIBLE: u8 = 8;

/// Compares frames with the last one that was worth it.
#[derive(Debug)]
pub struct Motion {
    /// The part of the cells, 0 to 1, that has to change.
    share: f64,
    last: Vec<u8>,
}

impl Motion {
    pub fn new(share: f64) -> Self {
        Self {
            share,
            last: Vec::new(),
        }
    }

    /// Whether a frame of so many channels differs from the last one of which this was true, which it then takes the place
    /// of. The first one does.
    pub fn sees(&mut self, frame: &Decoded, channels: u32) -> Result<bool, PrepareError> {
        let width = frame.pixels.len() as u32 / (frame.rows * channels).max(1);
        let mut picture = Pixels::with_channels(&frame.pixels, width, frame.rows, channels)?;
        let [rows, columns] = [CELLS[0].min(frame.rows), CELLS[1].min(width)];
        let mut cells = vec![0; (rows * columns * channels) as usize];
        let sizes = [rows, columns, channels];
        Fit::Stretch.apply(&mut picture, sizes, &mut cells, |_, value| value)?;
        let is_changed = |(now, before): (&u8, &u8)| now.abs_diff(*before) > VISIBLE;
        let channels = channels as usize;
        let pairs = cells.chunks(channels).zip(self.last.chunks(channels));
        let changed = pairs.filter(|(now, before)| now.iter().zip(*before).any(is_changed));
        let share = changed.count() as f64 / f64::from(rows * columns);
        let sees = cells.len() != self.last.len() || share >= self.share;
        if sees {
            self.last = cells;
        }
        Ok(sees)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame of which the left columns are bright, with some grain.
    fn frame(bright: usize, grain: u8) -> Decoded {
        let pixel = |at: usize| {
            let level = if at % 128 < bright { 200 } else { 50 };
            level + grain * (at % 3) as u8
        };
        Decoded {
            pixels: (0..128 * 96).map(pixel).collect(),
            rows: 96,
        }
    }

    #[test]
    fn what_changes_is_seen_and_grain_is_not() {
        let mut motion = Motion::new(0.25);
        let mut sees = |frame: &Decoded| motion.sees(frame, 1).unwrap();
        assert!(sees(&frame(0, 0)));
        assert!(!sees(&frame(0, 3)));
        // Compared with the last one that was seen, however slowly it comes.
        assert!(!sees(&frame(10, 0)));
        assert!(!sees(&frame(28, 0)));
        assert!(sees(&frame(32, 1)));
        assert!(!sees(&frame(32, 0)));
        assert!(sees(&frame(0, 0)));
        let smaller = Decoded {
            pixels: vec![50; 30],
            rows: 5,
        };
        assert!(sees(&smaller) && !sees(&smaller));
        assert!(Motion::new(1.0).sees(&smaller, 3).unwrap());
    }

    #[test]
    fn a_change_of_one_colour_is_one_of_the_picture() {
        let frame = |red: u8| Decoded {
            pixels: [red, 50, 50].repeat(12),
            rows: 3,
        };
        let mut motion = Motion::new(1.0);
        let mut sees = |red| motion.sees(&frame(red), 3).unwrap();
        assert!(sees(50) && !sees(51) && sees(90));
    }
}
