//! Characters of an 8 x 8 font, enlarged as smooth as their few pixels allow.

use font8x8::{BASIC_FONTS, GREEK_FONTS, HIRAGANA_FONTS, UnicodeFonts};

use super::{SIDE, picture_of, plane};
use crate::data::augment::Affine;
use crate::data::random::Random;

/// Letters and marks that are no digits to the eye.
pub const LEARNT: &str = "ACEFHJKLMNPRTUVWXacdefhjkmnprtuvwx#%*+<=>?@~";

/// Greek and hiragana, without those that are a digit or a learnt letter to the eye.
pub const KEPT: &str = "ΞΠΣΦΨΩαγηλμπφχψωあいえおかきけさせたなにぬねはひふほまみむめもやゆよれわを";

/// One of `characters`, in turn, in the frame of digits.
pub fn picture(characters: &str, index: usize, random: &mut Random) -> Vec<u8> {
    let count = characters.chars().count();
    let glyph = characters.chars().nth(index % count).and_then(glyph);
    let glyph = glyph.unwrap_or_default();
    let (middle, [height, width]) = frame(glyph);
    let (narrowness, slant) = (random.between(0.8, 1.4), random.bell(0.15));
    let width = (width + height * slant.abs()) / narrowness;
    let scale = height.max(width) / random.between(17.5, 20.5);
    let turned = Affine::rotation(random.bell(4.0));
    let turned = turned.then(Affine::shear(slant));
    let drawn = turned.then(Affine::scale([scale, scale * narrowness]));
    let shift = [0; 2].map(|_| SIDE as f32 / 2.0 + random.bell(0.7));
    // More of the edges is ink the lower the least number.
    let (least, sharpness) = (random.between(0.4, 0.65), random.between(1.5, 3.0));
    let light = random.between(0.8, 1.15);
    let numbers = plane(|down, across| {
        let [row, column] = drawn.of([down - shift[0], across - shift[1]]);
        let amount = between(glyph, [row + middle[0], column + middle[1]]);
        light * ((amount - least) * sharpness + 0.5).clamp(0.0, 1.0)
    });
    picture_of(numbers).bytes()
}

/// Eight rows, the leftmost pixel in the lowest bit.
pub fn glyph(character: char) -> Option<[u8; 8]> {
    let basic = BASIC_FONTS.get(character);
    let greek = || GREEK_FONTS.get(character);
    let hiragana = || HIRAGANA_FONTS.get(character);
    basic.or_else(greek).or_else(hiragana)
}

/// 1 where a glyph has ink, else 0, outside too.
fn ink(glyph: [u8; 8], [row, column]: [isize; 2]) -> f32 {
    let is_inside = (0..8).contains(&row) && (0..8).contains(&column);
    f32::from(u8::from(
        is_inside && glyph[row as usize] >> column & 1 == 1,
    ))
}

/// The place in the middle of the ink, from the middle of the first pixel, and the height and the width of it, in the
/// font's pixels.
fn frame(glyph: [u8; 8]) -> ([f32; 2], [f32; 2]) {
    let inked = (0..64).map(|index| [index / 8, index % 8]);
    let inked = inked.filter(|&place| ink(glyph, place) > 0.0);
    let (mut first, mut last) = ([7.0_f32; 2], [0.0_f32; 2]);
    for place in inked {
        for axis in 0..2 {
            first[axis] = first[axis].min(place[axis] as f32);
            last[axis] = last[axis].max(place[axis] as f32);
        }
    }
    let middle = [0, 1].map(|axis| f32::midpoint(first[axis], last[axis]));
    (middle, [0, 1].map(|axis| last[axis] - first[axis] + 1.0))
}

/// The ink at a place between the middles of four pixels.
fn between(glyph: [u8; 8], place: [f32; 2]) -> f32 {
    let [row, column] = place.map(|place| place.floor() as isize);
    let [down, across] = place.map(|place| place - place.floor());
    let line = |row: isize| {
        let [left, right] = [0, 1].map(|next| ink(glyph, [row, column + next]));
        left + (right - left) * across
    };
    line(row) + (line(row + 1) - line(row)) * down
}
