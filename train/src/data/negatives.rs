//! Pictures that are no digits, made by code, from which a network learns to refuse them.
//!
//! They are 28 x 28 grey bytes. What is drawn with a pen is light on black as in MNIST, and drawn as digits are by
//! [`synthetic`], so that no network tells the two apart by pen or frame. Some kinds are never learnt from: they
//! measure what a network does with pictures of a sort that it has not seen.

use super::augment::{Picture, WHITE};
use super::random::Random;
use super::synthetic;
use super::synthetic::Style;
use crate::network::Shape;

// Tables: one character or style a line.
#[rustfmt::skip]
mod alphabet;
mod noise;
mod pieces;
mod print;
mod scenes;
#[rustfmt::skip]
mod scripts;
mod scribbles;
#[rustfmt::skip]
mod symbols;
#[cfg(test)]
mod tests;
mod textures;

/// Rows and columns of every picture, in pixels.
pub const SIDE: usize = 28;
const SHAPE: Shape = [1, SIDE, SIDE];

/// Streams of random numbers of each kind.
const STREAMS_OF_KIND: u64 = 1 << 40;

/// Gives a picture of a digit, 0 to 9, of 28 x 28 bytes: one of many, by any number.
pub type Digits<'a> = &'a dyn Fn(u8, usize) -> Vec<u8>;

/// A character, and the ways to write it.
type Character = (char, &'static [Style]);

/// Kinds of pictures that are no digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Latin letters by pen.
    Letter,
    /// Letters and marks of an 8 x 8 font.
    Printed,
    /// Signs and simple figures by pen.
    Symbol,
    /// Tangles, coils, zigzags and hatching.
    Scribble,
    /// Random numbers, fine to coarse.
    Noise,
    /// Nothing, or hardly anything.
    Blank,
    /// Gratings, squares, dots and slopes.
    Texture,
    /// Shaded shapes over each other.
    Patch,
    /// Less than half of a digit.
    Cut,
    /// Two digits over each other, or quarters of four.
    Merged,
    /// Two to six small digits.
    Row,
    /// Joined Latin letters by pen.
    Cursive,
    /// Greek, Cyrillic, Hebrew and Chinese characters by pen.
    Script,
    /// Greek and hiragana of an 8 x 8 font.
    PrintedScript,
    /// Things, in a few strokes.
    Doodle,
    /// Bricks, wood, rings, cells and scales.
    Surface,
    /// Hills and buildings below a sky.
    Scene,
    /// One digit whose quarters changed places.
    Shuffled,
    /// Latin letters that are digits to the eye: those of a table, in turn.
    Ambiguous,
}

/// What is learnt from.
pub const LEARNT: &[Kind] = &[
    Kind::Letter,
    Kind::Printed,
    Kind::Symbol,
    Kind::Scribble,
    Kind::Noise,
    Kind::Blank,
    Kind::Texture,
    Kind::Patch,
    Kind::Cut,
    Kind::Merged,
    Kind::Row,
];

/// The kinds of [`LEARNT`], each as often as it is hard to tell from digits, in an order that has all of them soon.
const ORDER: [Kind; 20] = [
    Kind::Letter,
    Kind::Texture,
    Kind::Letter,
    Kind::Cut,
    Kind::Symbol,
    Kind::Letter,
    Kind::Texture,
    Kind::Scribble,
    Kind::Letter,
    Kind::Merged,
    Kind::Noise,
    Kind::Letter,
    Kind::Texture,
    Kind::Printed,
    Kind::Symbol,
    Kind::Letter,
    Kind::Row,
    Kind::Texture,
    Kind::Patch,
    Kind::Blank,
];

/// What only measures.
pub const KEPT: &[Kind] = &[
    Kind::Cursive,
    Kind::Script,
    Kind::PrintedScript,
    Kind::Doodle,
    Kind::Surface,
    Kind::Scene,
    Kind::Shuffled,
];

impl Kind {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Letter => "letter",
            Self::Printed => "printed",
            Self::Symbol => "symbol",
            Self::Scribble => "scribble",
            Self::Noise => "noise",
            Self::Blank => "blank",
            Self::Texture => "texture",
            Self::Patch => "patch",
            Self::Cut => "cut",
            Self::Merged => "merged",
            Self::Row => "row",
            Self::Cursive => "cursive",
            Self::Script => "script",
            Self::PrintedScript => "printed script",
            Self::Doodle => "doodle",
            Self::Surface => "surface",
            Self::Scene => "scene",
            Self::Shuffled => "shuffled",
            Self::Ambiguous => "ambiguous",
        }
    }
}

/// Picture `index` of a kind, 28 x 28 bytes: it follows from the seed, the index and what `digits` gives alone. Tables
/// of characters are gone through in turn.
pub fn picture(kind: Kind, seed: u64, index: usize, digits: Digits) -> Vec<u8> {
    let random = &mut Random::new(seed, kind as u64 * STREAMS_OF_KIND + index as u64);
    match kind {
        Kind::Letter => character(alphabet::LEARNT, index, random),
        Kind::Printed => print::picture(print::LEARNT, index, random),
        Kind::Symbol => drawing(symbols::SYMBOLS, index, random),
        Kind::Scribble => scribbles::picture(random),
        Kind::Noise => noise::picture(random),
        Kind::Blank => noise::blank(random),
        Kind::Texture => textures::texture(random),
        Kind::Patch => scenes::patch(random),
        Kind::Cut => pieces::cut(digits, random),
        Kind::Merged => pieces::merged(digits, random),
        Kind::Row => pieces::row(digits, random),
        Kind::Cursive => character(scripts::CURSIVE, index, random),
        Kind::Script => character(scripts::OTHERS, index, random),
        Kind::PrintedScript => print::picture(print::KEPT, index, random),
        Kind::Doodle => drawing(symbols::DOODLES, index, random),
        Kind::Surface => textures::surface(random),
        Kind::Scene => scenes::scene(random),
        Kind::Shuffled => pieces::shuffled(digits, random),
        Kind::Ambiguous => character(alphabet::AMBIGUOUS, index, random),
    }
}

/// Picture `index` of those to learn from.
pub fn learnt(seed: u64, index: usize, digits: Digits) -> Vec<u8> {
    let (turn, place) = (index / ORDER.len(), index % ORDER.len());
    let before = ORDER[..place].iter().filter(|kind| **kind == ORDER[place]);
    let each = ORDER.iter().filter(|kind| **kind == ORDER[place]);
    let number = turn * each.count() + before.count();
    picture(ORDER[place], seed, number, digits)
}

fn character(table: &[Character], index: usize, random: &mut Random) -> Vec<u8> {
    let (_, styles) = table[index % table.len()];
    written(styles, random)
}

fn drawing(table: &[Style], index: usize, random: &mut Random) -> Vec<u8> {
    written(&[table[index % table.len()]], random)
}

/// One of `styles` by a pen.
fn written(styles: &[Style], random: &mut Random) -> Vec<u8> {
    let canvas = synthetic::write(styles, random);
    synthetic::exposed(&canvas, random)
}

/// A number for each pixel by its middle, down and across from the upper left corner in pixels; row by row.
fn plane(mut number: impl FnMut(f32, f32) -> f32) -> Vec<f32> {
    let middle = |place: usize| place as f32 + 0.5;
    let numbers = (0..SIDE * SIDE).map(|index| number(middle(index / SIDE), middle(index % SIDE)));
    numbers.collect()
}

/// A picture of numbers, 0 for black to 1 for white.
fn picture_of(numbers: Vec<f32>) -> Picture {
    let mut picture = Picture::new(&[0; SIDE * SIDE], SHAPE);
    picture.replace(numbers);
    picture.each(|number| number * WHITE);
    picture
}

/// Two levels of 0 to 1, at least this far apart, either of them the lighter one.
fn levels(least: f32, random: &mut Random) -> [f32; 2] {
    let distance = random.between(least, 1.0);
    let low = random.between(0.0, 1.0 - distance);
    let levels = [low, low + distance];
    match random.below(2) {
        0 => levels,
        _ => [levels[1], levels[0]],
    }
}

/// A sine of the same bits on every machine, of a number of turns.
fn wave(turns: f32) -> f32 {
    libm::sinf(turns * std::f32::consts::TAU)
}
