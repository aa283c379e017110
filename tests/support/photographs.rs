//! Photographs of digits on paper, composed by code from images of 28 x 28 pixels: pens, light, shadows, rulings and dirt.

use std::f64::consts::PI;

use crate::random::Numbers;

mod camera;
mod light;
mod marks;
mod pen;

use camera::{blurred, compress, dirty};
use light::Light;
use marks::Marks;
use pen::Pen;

pub use pen::Strokes;

/// What is wrong with a photograph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Clean,
    Pixel,
    Specks,
    Pixels,
    RoundShadow,
    HalfShadow,
    DarkRules,
    BlueRules,
    Squares,
    Frame,
    Table,
    Gradient,
    ThickPen,
    Pencil,
    Angle,
    Crumpled,
}

impl Kind {
    pub const ALL: [Self; 16] = [
        Self::Clean,
        Self::Pixel,
        Self::Specks,
        Self::Pixels,
        Self::RoundShadow,
        Self::HalfShadow,
        Self::DarkRules,
        Self::BlueRules,
        Self::Squares,
        Self::Frame,
        Self::Table,
        Self::Gradient,
        Self::ThickPen,
        Self::Pencil,
        Self::Angle,
        Self::Crumpled,
    ];
}

/// A grey photograph, row by row from the top left.
pub struct Photograph {
    pub width: u32,
    pub height: u32,
    pub pixels: Vec<u8>,
}

/// Where a point of a photograph lies on the paper: turned, and seen from a side. The middle stays where it is.
struct View {
    turn: f64,
    tilt: [f64; 2],
    middle: [f64; 2],
}

impl View {
    fn on_paper(&self, x: f64, y: f64) -> [f64; 2] {
        let [x, y] = [x - self.middle[0], y - self.middle[1]];
        let nearness = 1.0 + self.tilt[0] * x / self.middle[0] + self.tilt[1] * y / self.middle[1];
        let [x, y] = [x, y].map(|at| at / nearness);
        let (sine, cosine) = self.turn.sin_cos();
        [x * cosine + y * sine, y * cosine - x * sine]
    }
}

/// A digit's place on the paper, from its middle, and its pixels for each of an image of 28 x 28.
struct Place {
    middle: [f64; 2],
    scale: f64,
}

/// A photograph of the digits, side by side.
pub fn photograph(kind: Kind, digits: &[&Strokes], numbers: &mut Numbers) -> Photograph {
    let [width, height] = [(); 2].map(|()| numbers.between(300.0, 640.0).round());
    let view = view(kind, [width / 2.0, height / 2.0], numbers);
    let pen = Pen::of(kind, numbers);
    let places = places(digits.len(), [width, height], numbers);
    let marks = Marks::of(kind, [width, height], &view, numbers);
    let light = Light::of(kind, [width, height], numbers);
    let paper = numbers.between(170.0, 235.0);
    let rough = if kind == Kind::Pencil { 2.0 } else { 1.0 };
    let grain = rough * numbers.between(0.005, 0.015);
    let noise = rough * numbers.between(0.5, 2.5);

    let mut pixels = Vec::new();
    for y in 0..height as u32 {
        for x in 0..width as u32 {
            let at = [x, y].map(|at| f64::from(at) + 0.5);
            let on_paper = view.on_paper(at[0], at[1]);
            let ink = digits.iter().zip(&places).map(|(digit, place)| {
                let [x, y] =
                    [0, 1].map(|axis| (on_paper[axis] - place.middle[axis]) / place.scale + 14.0);
                ((digit.depth(x, y) + pen.wider / 2.0) * place.scale + 0.5).clamp(0.0, 1.0)
            });
            let ink = ink.fold(0.0, f64::max) * (1.0 - numbers.between(0.0, pen.gaps));
            let shade = (1.0 - ink * (1.0 - pen.shade)).min(marks.shade(on_paper));
            pixels.push(paper * light.at(at) * shade * (1.0 + grain * normal(numbers)));
        }
    }
    let (width, height) = (width as usize, height as usize);
    let mut pixels = blurred(&pixels, width, numbers.between(0.1, 0.33));
    for pixel in &mut pixels {
        *pixel += noise * normal(numbers);
    }
    compress(&mut pixels, width, numbers.between(1.0, 3.0));
    dirty(kind, &mut pixels, [width, height], numbers);
    Photograph {
        width: width as u32,
        height: height as u32,
        pixels: pixels.iter().map(|pixel| pixel.round() as u8).collect(),
    }
}

fn view(kind: Kind, middle: [f64; 2], numbers: &mut Numbers) -> View {
    let (turn, tilt) = match kind {
        Kind::Angle => (15.0, 0.2),
        _ => (4.0, 0.05),
    };
    View {
        turn: numbers.between(-turn, turn) * PI / 180.0,
        tilt: [(); 2].map(|()| numbers.between(-tilt, tilt)),
        middle,
    }
}

/// Places of so many digits in a row.
fn places(count: usize, size: [f64; 2], numbers: &mut Numbers) -> Vec<Place> {
    let room = size[0].min(size[1]);
    let height = numbers.between(
        60.0,
        (0.55 * room).min(200.0) / count as f64 * if count > 1 { 1.3 } else { 1.0 },
    );
    let scale = height / 20.0;
    // So far that the ink stays off the border.
    let free = size.map(|side| (side / 2.0 - 0.1 * side - 0.6 * height).max(0.0));
    let [x, y] = free.map(|free| numbers.between(-free, free));
    let x = if count > 1 { x / 4.0 } else { x };
    let place = |at: usize| Place {
        middle: [
            x + (at as f64 - (count as f64 - 1.0) / 2.0) * height * 1.1,
            y,
        ],
        scale,
    };
    (0..count).map(place).collect()
}

fn normal(numbers: &mut Numbers) -> f64 {
    let sum: f64 = (0..6).map(|_| numbers.between(-1.0, 1.0)).sum();
    sum / 2_f64.sqrt()
}
