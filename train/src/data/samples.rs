//! The sample pictures of `models/samples`: nine digits in other pens and on other grounds than MNIST's, and a drawing
//! that is no digit.

use std::io;
use std::path::Path;

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ImageResult, Rgb, RgbImage};

use crate::atomic::{self, WriteError};
use crate::data::glyphs::{HOUSE, STYLES, Style};
use crate::data::materials::{Ground, Pen};
use crate::data::random::Random;
use crate::data::strokes::{Canvas, Point, placed};

/// What is drawn, with what and on what.
struct Sample {
    name: &'static str,
    style: Style,
    /// Width and height of the picture in pixels.
    size: [u32; 2],
    /// Left, upper, right and lower end of the drawing, each as a share of the picture's width or height.
    place: [f32; 4],
    /// Pixels to the left at the bottom for each pixel of height.
    slant: f32,
    pen: Pen,
    ground: Ground,
}

/// Draws the ten pictures into the folder `out`, which exists: `1.png` to `9.png` and `house.png`, always the same.
pub fn write(out: &Path) -> Result<(), WriteError> {
    for sample in samples() {
        let path = out.join(format!("{}.png", sample.name));
        let bytes = sample.png().map_err(|error| WriteError {
            path: path.clone(),
            source: io::Error::other(error),
        })?;
        atomic::write(&path, &bytes)?;
    }
    Ok(())
}

impl Sample {
    fn png(&self) -> ImageResult<Vec<u8>> {
        let mut bytes = Vec::new();
        let encoder =
            PngEncoder::new_with_quality(&mut bytes, CompressionType::Best, FilterType::Adaptive);
        self.draw().write_with_encoder(encoder)?;
        Ok(bytes)
    }

    fn draw(&self) -> RgbImage {
        let [width, height] = self.size;
        // The name makes the noise of each picture its own.
        let mut random = Random::new(u64::from(self.name.as_bytes()[0]), 0);
        let mut canvas = Canvas::new(width as usize, height as usize);
        for stroke in placed(self.style, |x, y| self.place(x, y, &mut random)) {
            canvas.draw(&stroke, 1.0 + self.pen.grain);
        }
        RgbImage::from_fn(width, height, |x, y| {
            let stuck = 1.0 - self.pen.grain * random.between(0.0, 0.8);
            let ink = stuck * canvas.ink()[(y * width + x) as usize];
            let distance = 0.5 * (x as f32 / width as f32 + y as f32 / height as f32);
            let light = 1.0 - self.ground.shade * distance;
            let noise = if self.ground.noise > 0.0 {
                random.bell(self.ground.noise)
            } else {
                0.0
            };
            let ground = self.ground.colour_at(x, y);
            Rgb([0, 1, 2].map(|channel| {
                let (ground, pen) = (f32::from(ground[channel]), f32::from(self.pen.ink[channel]));
                ((ground + (pen - ground) * ink) * light + noise + 0.5) as u8
            }))
        })
    }

    /// Where a knot of the style lies in the picture.
    fn place(&self, x: f32, y: f32, random: &mut Random) -> Point {
        let [width, height] = self.size.map(|side| side as f32);
        let [left, upper, right, lower] = self.place;
        let (x, y) = (x + random.bell(0.012), y + random.bell(0.012));
        let leaning = self.slant * (0.5 - y) * (lower - upper) * height;
        Point {
            x: (left + x * (right - left)) * width + leaning,
            y: (upper + y * (lower - upper)) * height,
            width: self.pen.width * (1.0 + random.bell(0.08)),
        }
    }
}

/// The ten pictures.
fn samples() -> [Sample; 10] {
    [
        Sample {
            name: "1",
            style: STYLES[1][2],
            size: [64, 64],
            place: [0.28, 0.14, 0.76, 0.86],
            slant: 0.1,
            pen: Pen::new(3.0, [24, 24, 28]),
            ground: Ground::new([250, 250, 248]),
        },
        Sample {
            name: "2",
            style: STYLES[2][3],
            size: [120, 140],
            place: [0.24, 0.2, 0.72, 0.74],
            slant: 0.15,
            pen: Pen::new(3.6, [28, 52, 160]).grained(0.1),
            ground: Ground::new([249, 250, 246]).squared(10, [196, 210, 226]),
        },
        Sample {
            name: "3",
            style: STYLES[3][0],
            size: [108, 96],
            place: [0.28, 0.12, 0.74, 0.86],
            slant: 0.05,
            pen: Pen::new(7.5, [238, 240, 232]).grained(0.9),
            ground: Ground::new([44, 74, 60]).shaded(0.3).noisy(1.2),
        },
        Sample {
            name: "4",
            style: STYLES[4][1],
            size: [96, 96],
            place: [0.2, 0.16, 0.84, 0.84],
            slant: 0.12,
            pen: Pen::new(8.0, [252, 250, 248]),
            ground: Ground::new([188, 36, 42]),
        },
        Sample {
            name: "5",
            style: STYLES[5][0],
            size: [100, 124],
            place: [0.22, 0.2, 0.68, 0.76],
            slant: 0.1,
            pen: Pen::new(3.4, [84, 84, 90]).grained(0.45),
            ground: Ground::new([252, 246, 220])
                .lined(22, [168, 190, 214])
                .shaded(0.12),
        },
        Sample {
            name: "6",
            style: STYLES[6][2],
            size: [116, 116],
            place: [0.26, 0.12, 0.76, 0.84],
            slant: 0.0,
            pen: Pen::new(12.5, [20, 16, 14]).grained(0.05),
            ground: Ground::new([196, 160, 116]).noisy(0.9),
        },
        Sample {
            name: "7",
            style: STYLES[7][4],
            size: [140, 100],
            place: [0.36, 0.14, 0.7, 0.86],
            slant: 0.1,
            pen: Pen::new(6.0, [20, 122, 62]),
            ground: Ground::new([246, 246, 244]).shaded(0.45),
        },
        Sample {
            name: "8",
            style: STYLES[8][1],
            size: [110, 110],
            place: [0.28, 0.1, 0.78, 0.88],
            slant: 0.18,
            pen: Pen::new(7.0, [248, 160, 40]).grained(0.1),
            ground: Ground::new([24, 34, 84]).shaded(0.2),
        },
        Sample {
            name: "9",
            style: STYLES[9][0],
            size: [130, 172],
            place: [0.3, 0.22, 0.72, 0.72],
            slant: 0.12,
            pen: Pen::new(8.0, [112, 44, 140]).grained(0.7),
            ground: Ground::new([248, 232, 236]),
        },
        Sample {
            name: "house",
            style: HOUSE,
            size: [120, 120],
            place: [0.14, 0.14, 0.86, 0.86],
            slant: 0.0,
            pen: Pen::new(4.0, [30, 30, 34]),
            ground: Ground::new([250, 250, 250]),
        },
    ]
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// The pictures that the repository holds.
    fn kept() -> &'static Path {
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../models/samples"))
    }

    #[test]
    fn the_kept_pictures_are_the_drawn_ones() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path()).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 10);
        for entry in fs::read_dir(folder.path()).unwrap() {
            let path = entry.unwrap().path();
            let drawn = image::open(&path).unwrap();
            let kept = image::open(kept().join(path.file_name().unwrap())).unwrap();
            assert!(
                drawn == kept,
                "{} is not what the code draws",
                path.display()
            );
        }
    }

    #[test]
    fn every_drawing_stays_inside_its_picture_and_stands_out() {
        for sample in samples() {
            let picture = sample.draw();
            let (width, height) = picture.dimensions();
            let unlike = |a: &Rgb<u8>, b: &Rgb<u8>| {
                (0..3).map(|c| i32::from(a[c].abs_diff(b[c]))).sum::<i32>()
            };
            let limit = 60 + (250.0 * sample.pen.grain) as i32;
            let is_ink = |pixel: &Rgb<u8>| unlike(pixel, &sample.pen.ink) < limit;
            let inked = picture
                .enumerate_pixels()
                .filter(|(_, _, pixel)| is_ink(pixel));
            let mut count = 0;
            for (x, y, _) in inked {
                assert!(
                    (2..width - 2).contains(&x) && (2..height - 2).contains(&y),
                    "{} at {x}, {y}",
                    sample.name
                );
                count += 1;
            }
            let share = f64::from(count) / f64::from(width * height);
            assert!((0.01..0.4).contains(&share), "{}: {share}", sample.name);
            assert!(
                unlike(&sample.pen.ink, &sample.ground.colour) > 200,
                "{}",
                sample.name
            );
        }
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let message = write(Path::new("no/such/folder")).unwrap_err().to_string();
        assert!(message.starts_with("no/such/folder/1.png: "), "{message}");
    }
}
