//! Photographs of digits on paper, composed by code from images of 28 x 28 pixels: pens, light, shadows, rulings and dirt.

use std::f64::consts::PI;

use crate::random::Numbers;

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

/// What leaves a trace on paper, and how.
#[derive(Clone, Copy)]
struct Pen {
    /// The share of the light that a full stroke returns.
    shade: f64,
    /// By how many pixels of the image a stroke is wider than in MNIST.
    wider: f64,
    /// The share of a stroke that its grain leaves out, at most.
    gaps: f64,
}

impl Pen {
    fn of(kind: Kind, numbers: &mut Numbers) -> Self {
        let (shade, wider, gaps) = match (kind, numbers.between(0.0, 1.0)) {
            (Kind::ThickPen, _) => ([0.1, 0.3], [1.2, 2.5], 0.0),
            (Kind::Pencil, _) => ([0.55, 0.75], [-0.5, 0.0], 0.8),
            (_, at) if at < 0.4 => ([0.2, 0.4], [-0.6, -0.2], 0.2),
            _ => ([0.1, 0.3], [-0.2, 0.4], 0.0),
        };
        let mut within = |[low, high]: [f64; 2]| numbers.between(low, high);
        Self {
            shade: within(shade),
            wider: within(wider),
            gaps,
        }
    }
}

/// How far each point of an image is within a stroke, five points a pixel, in pixels; negative outside.
pub struct Strokes(Vec<f64>);

const FINE: usize = 5;
const SIDE: usize = 28 * FINE;

impl Strokes {
    /// The strokes of an image of MNIST.
    pub fn of(image: &[u8]) -> Self {
        let pixel = |x: i32, y: i32| {
            let inside = (0..28).contains(&x) && (0..28).contains(&y);
            f64::from(if inside {
                image[(y * 28 + x) as usize]
            } else {
                0
            }) / 255.0
        };
        let fine = |at: usize| {
            let [x, y] = [at % SIDE, at / SIDE].map(|at| (at as f64 + 0.5) / FINE as f64 - 0.5);
            let mut sum = 0.0;
            for row in -1..3 {
                for column in -1..3 {
                    let (left, top) = (x.floor() as i32 + column, y.floor() as i32 + row);
                    sum +=
                        spline(x - f64::from(left)) * spline(y - f64::from(top)) * pixel(left, top);
                }
            }
            sum > 0.42
        };
        let inked: Vec<bool> = (0..SIDE * SIDE).map(fine).collect();
        Self((0..SIDE * SIDE).map(|at| depth(&inked, at)).collect())
    }

    fn depth(&self, x: f64, y: f64) -> f64 {
        let [x, y] = [x, y].map(|at| at * FINE as f64 - 0.5);
        let (left, top) = (x.floor(), y.floor());
        let get = |x: f64, y: f64| {
            let inside = (0.0..SIDE as f64).contains(&x) && (0.0..SIDE as f64).contains(&y);
            if inside {
                self.0[y as usize * SIDE + x as usize]
            } else {
                -2.0
            }
        };
        let (right, down) = (x - left, y - top);
        let above = get(left, top) * (1.0 - right) + get(left + 1.0, top) * right;
        let below = get(left, top + 1.0) * (1.0 - right) + get(left + 1.0, top + 1.0) * right;
        above * (1.0 - down) + below * down
    }
}

/// The cubic B-spline.
fn spline(x: f64) -> f64 {
    let x = x.abs();
    match x {
        _ if x < 1.0 => 2.0 / 3.0 - x * x + x * x * x / 2.0,
        _ if x < 2.0 => (2.0 - x).powi(3) / 6.0,
        _ => 0.0,
    }
}

/// The distance to the nearest point of the other kind, up to two pixels.
fn depth(inked: &[bool], at: usize) -> f64 {
    let reach = 2 * FINE as i32;
    let (x, y) = ((at % SIDE) as i32, (at / SIDE) as i32);
    let mut nearest = f64::from(reach);
    for down in -reach..=reach {
        for right in -reach..=reach {
            let (x, y) = (x + right, y + down);
            let inside = (0..SIDE as i32).contains(&x) && (0..SIDE as i32).contains(&y);
            let other = inside && inked[y as usize * SIDE + x as usize];
            if other != inked[at] {
                nearest = nearest.min(f64::from(right).hypot(f64::from(down)) - 0.5);
            }
        }
    }
    nearest / FINE as f64 * if inked[at] { 1.0 } else { -1.0 }
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
    pixels
        .iter_mut()
        .for_each(|pixel| *pixel += noise * normal(numbers));
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

/// What is on the paper beside digits.
enum Marks {
    None,
    /// Lines in one direction or in both, one for each spacing.
    Rules {
        spacing: f64,
        thickness: f64,
        shade: f64,
        both: bool,
    },
    /// A frame so far from the middle, or all beyond it.
    Frame {
        half: [f64; 2],
        thickness: f64,
        shade: f64,
    },
}

impl Marks {
    fn of(kind: Kind, size: [f64; 2], view: &View, numbers: &mut Numbers) -> Self {
        let mut rules = |spacing: [f64; 2], shade: [f64; 2], both| Self::Rules {
            spacing: numbers.between(spacing[0], spacing[1]),
            thickness: numbers.between(1.2, 3.0),
            shade: numbers.between(shade[0], shade[1]),
            both,
        };
        match kind {
            Kind::DarkRules => rules([30.0, 60.0], [0.25, 0.5], false),
            Kind::BlueRules => rules([30.0, 60.0], [0.7, 0.88], false),
            Kind::Squares => rules([22.0, 45.0], [0.6, 0.85], true),
            Kind::Frame | Kind::Table => {
                let margin = numbers.between(0.02, 0.08);
                let thickness = if kind == Kind::Table {
                    f64::MAX
                } else {
                    numbers.between(2.0, 6.0)
                };
                let turned = view.turn.abs().sin() * size[0].max(size[1]) / 2.0;
                Self::Frame {
                    half: size.map(|side| side / 2.0 - margin * side - turned),
                    thickness,
                    shade: numbers.between(0.12, 0.35),
                }
            }
            _ => Self::None,
        }
    }

    /// The share of the light that comes back from a point of the paper without ink.
    fn shade(&self, [x, y]: [f64; 2]) -> f64 {
        let (within, shade) = match *self {
            Self::None => return 1.0,
            Self::Rules {
                spacing,
                thickness,
                shade,
                both,
            } => {
                let off = |at: f64| (at / spacing - (at / spacing).round()).abs() * spacing;
                let off = if both { off(x).min(off(y)) } else { off(y) };
                (thickness / 2.0 - off, shade)
            }
            Self::Frame {
                half,
                thickness,
                shade,
            } => {
                let beyond = (x.abs() - half[0]).max(y.abs() - half[1]);
                (beyond.min(thickness - beyond), shade)
            }
        };
        1.0 - (within + 0.5).clamp(0.0, 1.0) * (1.0 - shade)
    }
}

/// How much light falls on each point of a photograph.
struct Light {
    slope: [f64; 2],
    size: [f64; 2],
    shadow: Shadow,
    /// Waves of the paper: direction, length, phase and depth.
    waves: Vec<[f64; 4]>,
}

enum Shadow {
    None,
    Round {
        middle: [f64; 2],
        radius: f64,
    },
    Half {
        middle: [f64; 2],
        direction: f64,
        soft: f64,
    },
}

impl Light {
    fn of(kind: Kind, size: [f64; 2], numbers: &mut Numbers) -> Self {
        let steep = if kind == Kind::Gradient { 0.35 } else { 0.06 };
        let slope = [(); 2].map(|()| numbers.between(-steep, steep));
        let middle = size.map(|side| numbers.between(0.3, 0.7) * side);
        let shadow = match kind {
            Kind::RoundShadow => Shadow::Round {
                middle,
                radius: numbers.between(0.25, 0.5) * size[0],
            },
            Kind::HalfShadow => Shadow::Half {
                middle: size.map(|side| side / 2.0),
                direction: numbers.between(0.0, 2.0 * PI),
                soft: numbers.between(15.0, 60.0),
            },
            _ => Shadow::None,
        };
        let count = if kind == Kind::Crumpled { 7 } else { 0 };
        let mut wave = || {
            let [from, length, phase] = [(0.0, PI), (60.0, 250.0), (0.0, 2.0 * PI)]
                .map(|(low, high)| numbers.between(low, high));
            [from, length, phase, numbers.between(0.02, 0.07)]
        };
        let waves = (0..count).map(|_| wave()).collect();
        Self {
            slope,
            size,
            shadow,
            waves,
        }
    }

    fn at(&self, [x, y]: [f64; 2]) -> f64 {
        let slope = 1.0
            + self.slope[0] * (2.0 * x / self.size[0] - 1.0)
            + self.slope[1] * (2.0 * y / self.size[1] - 1.0);
        let waves = self.waves.iter().map(|[direction, length, phase, depth]| {
            let along = x * direction.cos() + y * direction.sin();
            // A fold has a steep side.
            let angle = 2.0 * PI * along / length + phase;
            depth * (angle.sin() + (2.0 * angle).sin() / 2.0)
        });
        let dark = match self.shadow {
            Shadow::None => 0.0,
            Shadow::Round { middle, radius } => {
                smooth(1.5 - (x - middle[0]).hypot(y - middle[1]) / radius)
            }
            Shadow::Half {
                middle,
                direction,
                soft,
            } => {
                let along = (x - middle[0]) * direction.cos() + (y - middle[1]) * direction.sin();
                smooth(along / soft + 0.5)
            }
        };
        slope.max(0.1) * (1.0 + waves.sum::<f64>()) * (1.0 - 0.5 * dark)
    }
}

fn smooth(at: f64) -> f64 {
    let at = at.clamp(0.0, 1.0);
    at * at * (3.0 - 2.0 * at)
}

/// Each pixel with this share of its neighbours to each side, along rows and then along columns.
fn blurred(pixels: &[f64], width: usize, share: f64) -> Vec<f64> {
    let along = |pixels: &[f64], step: usize| -> Vec<f64> {
        let get = |at: usize, other: Option<usize>| {
            other
                .and_then(|other| pixels.get(other))
                .unwrap_or(&pixels[at])
        };
        let mean = |at: usize| {
            let sides = get(at, at.checked_sub(step)) + get(at, Some(at + step));
            pixels[at] * (1.0 - 2.0 * share) + share * sides
        };
        (0..pixels.len()).map(mean).collect()
    };
    along(&along(pixels, 1), width)
}

/// What JPEG does to squares of 8 x 8 pixels: rounds their cosine transforms, the more the finer.
fn compress(pixels: &mut [f64], width: usize, coarse: f64) {
    let cosine = |at: usize, wave: usize| {
        let scale = if wave == 0 { 0.125_f64 } else { 0.25 }.sqrt();
        scale * (PI * (2.0 * at as f64 + 1.0) * wave as f64 / 16.0).cos()
    };
    let table: [[f64; 8]; 8] =
        std::array::from_fn(|wave| std::array::from_fn(|at| cosine(at, wave)));
    let height = pixels.len() / width;
    for top in (0..height / 8 * 8).step_by(8) {
        for left in (0..width / 8 * 8).step_by(8) {
            let mut block = [[0.0; 8]; 8];
            for (y, row) in block.iter_mut().enumerate() {
                row.copy_from_slice(&pixels[(top + y) * width + left..][..8]);
            }
            let forward = |wave: usize, at: usize| table[wave][at];
            let mut waves = transformed(&transformed(&block, forward), forward);
            for (down, row) in waves.iter_mut().enumerate() {
                for (right, wave) in row.iter_mut().enumerate() {
                    let step = coarse * (2.0 + (down + right) as f64);
                    *wave = (*wave / step).round() * step;
                }
            }
            let back = |at: usize, wave: usize| table[wave][at];
            let block = transformed(&transformed(&waves, back), back);
            for (y, row) in block.iter().enumerate() {
                pixels[(top + y) * width + left..][..8].copy_from_slice(row);
            }
        }
    }
}

/// The rows of a block transformed, and rows made columns.
fn transformed(block: &[[f64; 8]; 8], factor: impl Fn(usize, usize) -> f64) -> [[f64; 8]; 8] {
    let value = |to: usize, row: &[f64; 8]| (0..8).map(|from| factor(to, from) * row[from]).sum();
    std::array::from_fn(|to| std::array::from_fn(|row| value(to, &block[row])))
}

/// Dark pixels on the lens or the sensor.
fn dirty(kind: Kind, pixels: &mut [f64], [width, height]: [usize; 2], numbers: &mut Numbers) {
    let (count, side) = match kind {
        Kind::Pixel => (1, 1),
        Kind::Specks => (3, 3),
        Kind::Pixels => (10, 1),
        _ => (0, 0),
    };
    for _ in 0..count {
        let [left, top] =
            [width, height].map(|len| numbers.between(0.0, (len - side) as f64) as usize);
        for y in top..top + side {
            pixels[y * width + left..][..side].fill(30.0);
        }
    }
}
