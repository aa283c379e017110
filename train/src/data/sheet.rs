//! A picture of a few pictures of each class with its name.

use std::io::Cursor;

use font8x8::{BASIC_FONTS, GREEK_FONTS, LATIN_FONTS, UnicodeFonts};
use image::{ImageFormat, Rgb, RgbImage, imageops};

use super::{DataError, Dataset};
use crate::network::Shape;

/// Pictures of a class at most.
const SHOWN: usize = 10;
/// Side that small pictures are enlarged to, in pixels.
const SIDE: usize = 64;
/// Between pictures, in pixels.
const GAP: u32 = 4;
/// A character, in pixels.
const CHARACTER: u32 = 8;
/// How much larger titles are drawn.
const SCALE: u32 = 2;
const GROUND: Rgb<u8> = Rgb([250, 250, 250]);
const INK: Rgb<u8> = Rgb([20, 20, 20]);

/// Draws pictures of each class, evenly spread over all there are, below the class's name and their number.
pub fn draw(pictures: &Dataset) -> Result<RgbImage, DataError> {
    let classes = pictures.classes();
    let mut sheet = Sheet::new(pictures.shape(), [classes.len(), SHOWN], false);
    for (class, name) in classes.iter().enumerate() {
        let labels = pictures.labels().iter().enumerate();
        let of_class = labels.filter(|(_, label)| usize::from(**label) == class);
        let of_class: Vec<usize> = of_class.map(|(picture, _)| picture).collect();
        sheet.title(class, &format!("{name} ({})", of_class.len()));
        let shown = SHOWN.min(of_class.len());
        for place in 0..shown {
            let picture = tile(pictures, of_class[place * of_class.len() / shown])?;
            sheet.put([class, place], &picture);
        }
    }
    Ok(sheet.image)
}

/// Rows of pictures of one size, each row below a title.
pub(super) struct Sheet {
    pub image: RgbImage,
    /// Width and height of a picture.
    size: [u32; 2],
    /// From one row to the next.
    row_height: u32,
}

impl Sheet {
    /// Room for so many rows and columns of pictures of this shape, with a line below each picture or not.
    pub fn new([_, height, width]: Shape, [rows, columns]: [usize; 2], has_captions: bool) -> Self {
        let factor = (SIDE / height.max(width)).max(1) as u32;
        let size = [width, height].map(|side| side as u32 * factor);
        let caption = if has_captions { CHARACTER + GAP } else { 0 };
        let row_height = SCALE * CHARACTER + GAP + size[1] + caption + 2 * GAP;
        let image = RgbImage::from_pixel(
            GAP + columns as u32 * (size[0] + GAP),
            GAP + rows as u32 * row_height,
            GROUND,
        );
        Self {
            image,
            size,
            row_height,
        }
    }

    /// Writes a row's title.
    pub fn title(&mut self, row: usize, text: &str) {
        let corner = [GAP, GAP + row as u32 * self.row_height];
        let end = self.image.width();
        self.write(text, corner, end, SCALE);
    }

    /// Puts a picture at a row and a column.
    pub fn put(&mut self, place: [usize; 2], picture: &RgbImage) {
        let [width, height] = self.size;
        let picture = imageops::resize(picture, width, height, imageops::FilterType::Nearest);
        let [left, top] = self.corner(place);
        imageops::replace(&mut self.image, &picture, left.into(), top.into());
    }

    /// Writes a line below it.
    pub fn caption(&mut self, place: [usize; 2], text: &str) {
        let [left, top] = self.corner(place);
        let [width, height] = self.size;
        self.write(text, [left, top + height + GAP], left + width, 1);
    }

    /// Left and top of a picture.
    fn corner(&self, [row, column]: [usize; 2]) -> [u32; 2] {
        [
            GAP + column as u32 * (self.size[0] + GAP),
            GAP + row as u32 * self.row_height + SCALE * CHARACTER + GAP,
        ]
    }

    /// Writes a line of text, as much of it as there is room for before `end`.
    fn write(&mut self, text: &str, [left, top]: [u32; 2], end: u32, scale: u32) {
        for (place, character) in (0..).zip(text.chars()) {
            let left = left + place * scale * CHARACTER;
            if left + scale * CHARACTER > end {
                break;
            }
            for (row, bits) in (0..).zip(glyph(character)) {
                for column in (0..CHARACTER).filter(|column| bits >> column & 1 == 1) {
                    let (x, y) = (left + scale * column, top + scale * row);
                    for pixel in 0..scale * scale {
                        let (x, y) = (x + pixel % scale, y + pixel / scale);
                        self.image.put_pixel(x, y, INK);
                    }
                }
            }
        }
    }
}

/// A picture as a PNG file.
pub fn png(picture: &RgbImage) -> std::io::Result<Vec<u8>> {
    let mut bytes = Cursor::new(Vec::new());
    let written = picture.write_to(&mut bytes, ImageFormat::Png);
    written.map_err(std::io::Error::other)?;
    Ok(bytes.into_inner())
}

/// A picture of a data set in colours, or in grey as colours.
pub fn tile(pictures: &Dataset, picture: usize) -> Result<RgbImage, DataError> {
    let mut pixels = vec![0; pictures.picture_len()];
    pictures.read(picture, &mut pixels)?;
    Ok(of_pixels(pictures.shape(), &pixels))
}

/// Pixels `[channels, rows, columns]` likewise.
pub(super) fn of_pixels([channels, rows, columns]: Shape, pixels: &[u8]) -> RgbImage {
    RgbImage::from_fn(columns as u32, rows as u32, |x, y| {
        let at = |channel: usize| {
            let plane = channel.min(channels - 1) * rows * columns;
            pixels[plane + y as usize * columns + x as usize]
        };
        Rgb([0, 1, 2].map(at))
    })
}

/// Rows of a character, the lowest bit on the left.
fn glyph(character: char) -> [u8; 8] {
    let basic = BASIC_FONTS.get(character);
    let other = || {
        LATIN_FONTS
            .get(character)
            .or_else(|| GREEK_FONTS.get(character))
    };
    basic
        .or_else(other)
        .or_else(|| BASIC_FONTS.get('?'))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Classes, synthetic};

    #[test]
    fn each_class_has_its_pictures_and_its_name() {
        let digits = synthetic::digits(200, 1, 1).train;
        let sheet = draw(&digits).unwrap();
        let (width, height) = (2 * 28, 2 * 28);
        assert_eq!(
            sheet.dimensions(),
            (GAP + 10 * (width + GAP), GAP + 10 * (height + 28))
        );
        // The first picture of the class 3 is the fourth of all.
        let (left, top) = (GAP, GAP + 3 * (height + 28) + 20);
        let image = digits.images().unwrap();
        for ((_, row, column), &pixel) in image.index_axis(ndarray::Axis(0), 3).indexed_iter() {
            let (x, y) = (left + 2 * column as u32, top + 2 * row as u32);
            assert_eq!(sheet.get_pixel(x, y).0, [pixel; 3]);
        }
        let name = imageops::crop_imm(&sheet, 0, top - 20, 200, 16).to_image();
        assert!(name.pixels().filter(|&&pixel| pixel == INK).count() > 50);
    }

    #[test]
    fn names_of_any_length_and_letters_are_drawn() {
        let names = ["größe, λ", "漢字", &"long ".repeat(100), ""].map(String::from);
        let classes = Classes::from(names.to_vec());
        for shape in [[1, 1, 1], [3, 200, 3], [1, 2, 90]] {
            let len = shape.iter().product::<usize>();
            let pictures = Dataset::new(shape, vec![9; 3 * len], vec![0, 0, 2], classes.clone());
            let sheet = draw(&pictures).unwrap();
            assert!(
                sheet.pixels().any(|&pixel| pixel == Rgb([9; 3])),
                "{shape:?}"
            );
        }
        assert_eq!(glyph('漢'), glyph('?'));
        assert_ne!(glyph('ö'), glyph('?'));
    }
}
