//! Pictures of any size brought to the size that a model takes.

use image::imageops::{self, FilterType};
use image::{ImageBuffer, Pixel};

/// What becomes of a picture whose proportions are not the model's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fit {
    /// It is stretched: all of it is seen, in other proportions.
    #[default]
    Stretch,
    /// The largest part of it in the model's proportions, from its middle.
    Crop,
    /// All of it in its own proportions, between black bars.
    Pad,
}

impl Fit {
    /// The picture in so many rows and columns, as bytes `[row][column][channel]`.
    pub fn apply<P: Pixel<Subpixel = u8> + 'static>(
        self,
        picture: &ImageBuffer<P, Vec<u8>>,
        rows: u32,
        columns: u32,
    ) -> Vec<u8> {
        let (width, height) = picture.dimensions();
        match self {
            Self::Stretch => scaled(picture, rows, columns).into_raw(),
            Self::Crop => {
                let (part_width, part_height) = within([columns, rows], [width, height]);
                let (x, y) = ((width - part_width) / 2, (height - part_height) / 2);
                let part = imageops::crop_imm(picture, x, y, part_width, part_height);
                scaled(&part.to_image(), rows, columns).into_raw()
            }
            Self::Pad => {
                let (part_columns, part_rows) = within([width, height], [columns, rows]);
                let part = scaled(picture, part_rows, part_columns);
                let mut whole = ImageBuffer::<P, Vec<u8>>::new(columns, rows);
                let (x, y) = ((columns - part_columns) / 2, (rows - part_rows) / 2);
                imageops::replace(&mut whole, &part, x.into(), y.into());
                whole.into_raw()
            }
        }
    }
}

/// The largest width and height in these proportions that fit into a frame; at least 1, rounded to the nearest.
fn within([width, height]: [u32; 2], [frame_width, frame_height]: [u32; 2]) -> (u32, u32) {
    let share = |side: u32, of: u32, frame: u32| {
        let (side, of, frame) = (u64::from(side), u64::from(of), u64::from(frame));
        ((2 * frame * side + of) / (2 * of)) as u32
    };
    let scaled_height = share(height, width, frame_width);
    if scaled_height <= frame_height {
        (frame_width, scaled_height.max(1))
    } else {
        let scaled_width = share(width, height, frame_height);
        (scaled_width.clamp(1, frame_width), frame_height)
    }
}

fn scaled<P: Pixel<Subpixel = u8> + 'static>(
    picture: &ImageBuffer<P, Vec<u8>>,
    rows: u32,
    columns: u32,
) -> ImageBuffer<P, Vec<u8>> {
    // A triangle kernel weighs all pixels that a target pixel covers and, unlike sharper ones,
    // leaves no halo around ink.
    imageops::resize(picture, columns, rows, FilterType::Triangle)
}

#[cfg(test)]
mod tests {
    use image::{GrayImage, Luma};

    use super::*;

    /// Light in the middle square, dark beside it.
    fn wide() -> GrayImage {
        GrayImage::from_fn(60, 20, |x, _| {
            Luma([if (20..40).contains(&x) { 200 } else { 50 }])
        })
    }

    fn turned(picture: &GrayImage) -> GrayImage {
        imageops::rotate90(picture)
    }

    fn row(pixels: &[u8], row: usize, columns: usize) -> Vec<u8> {
        pixels[row * columns..][..columns].to_vec()
    }

    #[test]
    fn each_way_shows_what_it_says() {
        let picture = wide();
        let stretched = Fit::Stretch.apply(&picture, 12, 12);
        assert_eq!(row(&stretched, 5, 12)[..3], [50; 3]);
        assert_eq!(row(&stretched, 5, 12)[5..7], [200; 2]);
        assert_eq!(Fit::Crop.apply(&picture, 12, 12), [200; 144]);
        let padded = Fit::Pad.apply(&picture, 12, 12);
        assert_eq!(row(&padded, 3, 12), [0; 12]);
        assert_eq!(row(&padded, 5, 12)[5..7], [200; 2]);
        assert_eq!(row(&padded, 4, 12)[0], 50);
        assert_eq!(row(&padded, 8, 12), [0; 12]);
    }

    #[test]
    fn a_turned_picture_gives_the_turned_pixels() {
        for fit in [Fit::Stretch, Fit::Crop, Fit::Pad] {
            let upright = GrayImage::from_raw(15, 9, fit.apply(&wide(), 9, 15)).unwrap();
            let other = fit.apply(&turned(&wide()), 15, 9);
            assert_eq!(turned(&upright).into_raw(), other, "{fit:?}");
        }
    }

    #[test]
    fn extreme_proportions_leave_a_pixel_at_least() {
        for (width, height) in [(1, 1), (10_000, 1), (1, 10_000), (7, 3)] {
            let picture = GrayImage::from_pixel(width, height, Luma([9]));
            for fit in [Fit::Stretch, Fit::Crop, Fit::Pad] {
                let pixels = fit.apply(&picture, 5, 6);
                assert_eq!(pixels.len(), 30);
                assert!(pixels.contains(&9), "{width} x {height} {fit:?}");
            }
        }
    }

    #[test]
    fn a_picture_of_the_right_size_keeps_every_value() {
        let picture = GrayImage::from_fn(6, 5, |x, y| Luma([(7 * x + 40 * y) as u8]));
        for fit in [Fit::Stretch, Fit::Crop, Fit::Pad] {
            assert_eq!(fit.apply(&picture, 5, 6), *picture.as_raw());
        }
    }
}
