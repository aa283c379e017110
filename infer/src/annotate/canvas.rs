//! A picture to write and draw on.

use font8x8::{BASIC_FONTS, GREEK_FONTS, LATIN_FONTS, UnicodeFonts};
use image::{Rgb, RgbImage, imageops};

/// Side of a character in units of its scale, in pixels.
const CHARACTER: u32 = 8;

/// Characters that a line of the largest letters has room for.
const LARGEST: u32 = 10;

/// A picture to write and draw on. What is beyond its edges is left out.
#[derive(Debug)]
pub struct Canvas(RgbImage);

impl Canvas {
    pub fn new([width, height]: [u32; 2], ground: Rgb<u8>) -> Self {
        Self(RgbImage::from_pixel(width, height, ground))
    }

    pub fn of(picture: RgbImage) -> Self {
        Self(picture)
    }

    pub fn into_image(self) -> RgbImage {
        self.0
    }

    /// Puts a picture at the top left.
    pub fn put(&mut self, picture: &RgbImage) {
        imageops::replace(&mut self.0, picture, 0, 0);
    }

    /// The scale with which the longest of these lines fills so many pixels, within what is large enough.
    pub fn scale_of(lines: &[String], width: u32) -> u32 {
        let longest = lines.iter().map(|line| line.chars().count() as u32).max();
        let characters = longest.unwrap_or_default().max(LARGEST) + 1;
        (width / (characters * CHARACTER)).max(1)
    }

    /// The height of a line, in pixels.
    pub fn line_height(scale: u32) -> u32 {
        scale * (CHARACTER + 2)
    }

    /// Writes a line from a top left corner on.
    pub fn write(&mut self, text: &str, [left, top]: [u32; 2], scale: u32, ink: Rgb<u8>) {
        for (place, character) in (0..).zip(text.chars()) {
            let left = left + place * scale * CHARACTER;
            for (row, bits) in (0..).zip(glyph(character)) {
                for column in (0..CHARACTER).filter(|column| bits >> column & 1 == 1) {
                    let corner = [left + scale * column, top + scale * row];
                    self.fill(corner, [scale, scale], ink);
                }
            }
            if left >= self.0.width() {
                break;
            }
        }
    }

    /// Draws the frame of a box, as wide as `line` around its `[width, height]`.
    pub fn frame(
        &mut self,
        [left, top]: [u32; 2],
        [width, height]: [u32; 2],
        line: u32,
        ink: Rgb<u8>,
    ) {
        let [outer_left, outer_top] = [left, top].map(|edge| edge.saturating_sub(line));
        let across = left + width + line - outer_left;
        self.fill([outer_left, outer_top], [across, line], ink);
        self.fill([outer_left, top + height], [across, line], ink);
        self.fill(
            [outer_left, outer_top],
            [line, top + height - outer_top],
            ink,
        );
        self.fill(
            [left + width, outer_top],
            [line, top + height - outer_top],
            ink,
        );
    }

    fn fill(&mut self, [left, top]: [u32; 2], [width, height]: [u32; 2], ink: Rgb<u8>) {
        for y in top..(top + height).min(self.0.height()) {
            for x in left..(left + width).min(self.0.width()) {
                self.0.put_pixel(x, y, ink);
            }
        }
    }
}

/// Rows of a character, the lowest bit on the left.
fn glyph(character: char) -> [u8; 8] {
    let fonts: [&dyn Fn(char) -> Option<[u8; 8]>; 3] = [
        &|character| BASIC_FONTS.get(character),
        &|character| LATIN_FONTS.get(character),
        &|character| GREEK_FONTS.get(character),
    ];
    let mut found = fonts.iter().filter_map(|font| font(character));
    found
        .next()
        .or_else(|| BASIC_FONTS.get('?'))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUND: Rgb<u8> = Rgb([9; 3]);
    const INK: Rgb<u8> = Rgb([1, 2, 3]);

    fn ink(canvas: &Canvas) -> Vec<[u32; 2]> {
        let pixels = canvas.0.enumerate_pixels();
        let inked = pixels.filter(|(_, _, pixel)| **pixel == INK);
        inked.map(|(x, y, _)| [x, y]).collect()
    }

    #[test]
    fn frames_lie_around_their_box() {
        let mut canvas = Canvas::new([6, 5], GROUND);
        canvas.frame([2, 1], [2, 2], 1, INK);
        let [rows, columns] = [0..4, 1..5];
        let around = |&[x, y]: &[u32; 2]| !((2..4).contains(&x) && (1..3).contains(&y));
        let expected = rows.flat_map(|y| columns.clone().map(move |x| [x, y]));
        assert_eq!(ink(&canvas), expected.filter(around).collect::<Vec<_>>());
        // At the edges, what there is room for.
        let mut canvas = Canvas::new([3, 3], GROUND);
        canvas.frame([0, 0], [3, 3], 2, INK);
        canvas.frame([9, 9], [100, 100], 7, INK);
        canvas.write("0", [1, 2], 5, INK);
    }

    #[test]
    fn letters_have_their_size() {
        assert_eq!(glyph('漢'), glyph('?'));
        assert_ne!(glyph('ö'), glyph('?'));
        let lines = ["7 98.6%".to_owned(), "x".repeat(31)];
        assert_eq!(Canvas::scale_of(&lines, 512), 2);
        assert_eq!(Canvas::scale_of(&lines[..1], 512), 5);
        assert_eq!(Canvas::scale_of(&[], 3), 1);
        for scale in [1, 3] {
            let mut canvas = Canvas::new([100, 100], GROUND);
            canvas.write("7", [4, 5], scale, INK);
            let bits: u32 = glyph('7').iter().map(|row| row.count_ones()).sum();
            let inked = ink(&canvas);
            assert_eq!(inked.len() as u32, bits * scale * scale);
            let inside = |at: u32, start| (start..start + 8 * scale).contains(&at);
            assert!(inked.iter().all(|[x, y]| inside(*x, 4) && inside(*y, 5)));
        }
    }
}
