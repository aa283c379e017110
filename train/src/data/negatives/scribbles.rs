//! What a pen leaves that writes nothing: too long and too tangled for a digit.

use super::{picture_of, wave};
use crate::data::augment::Affine;
use crate::data::random::Random;
use crate::data::synthetic::framed;
use crate::data::synthetic::strokes::{Point, curve};

/// How wide the pen is against that of digits, so that what is tangled does not fill up.
const PEN: f32 = 0.6;

type Strokes = Vec<Vec<Point>>;

/// One of the sorts of scribbles, turned, and smaller or larger than digits are.
pub fn picture(random: &mut Random) -> Vec<u8> {
    let sorts = [tangle, walk, zigzag, coil, hatching, pieces];
    let mut strokes = sorts[random.below(sorts.len())](random);
    turn(&mut strokes, random.between(0.0, 360.0));
    let canvas = framed(strokes, random);
    let mut picture = picture_of(canvas.ink().to_vec());
    picture.sample(Affine::scale([0; 2].map(|_| random.between(0.65, 1.4))));
    picture.bytes()
}

fn turn(strokes: &mut Strokes, degrees: f32) {
    let affine = Affine::rotation(degrees);
    for point in strokes.iter_mut().flatten() {
        [point.y, point.x] = affine.of([point.y, point.x]);
    }
}

fn point(x: f32, y: f32) -> Point {
    Point { x, y, width: PEN }
}

fn somewhere(random: &mut Random) -> Point {
    point(random.between(0.0, 1.0), random.between(0.0, 1.0))
}

/// One smooth line to many places: from the left half to the right one and back, and from the upper to the lower one at
/// half the pace, so that it crosses itself.
fn tangle(random: &mut Random) -> Strokes {
    let count = 9 + random.below(8);
    let knots = (0..count).map(|index| {
        let halves = [index % 2, index / 2 % 2].map(|half| half as f32 - 0.5);
        let Point { x, y, .. } = somewhere(random);
        point(x + halves[0], y + halves[1])
    });
    let knots: Vec<Point> = knots.collect();
    vec![curve(&knots)]
}

/// One line that trembles along, kept about a place.
fn walk(random: &mut Random) -> Strokes {
    let (mut place, mut step) = ([0.5; 2], [0.0; 2]);
    let steps = (0..40 + random.below(30)).map(|_| {
        for axis in 0..2 {
            // Towards the middle the more, the farther from it.
            step[axis] = 0.5 * step[axis] + random.bell(0.2) - 0.1 * (place[axis] - 0.5);
            place[axis] += step[axis];
        }
        point(place[0], place[1])
    });
    vec![steps.collect()]
}

/// To and fro, in corners or in bends.
fn zigzag(random: &mut Random) -> Strokes {
    let (count, is_smooth) = (7 + random.below(7), random.below(2) == 1);
    let unrest = random.between(0.02, 0.15);
    let height = random.between(0.4, 1.2);
    let knots = (0..count).map(|index| {
        let along = index as f32 / (count - 1) as f32;
        let side = (index % 2) as f32 * height;
        point(
            along + random.bell(unrest / 2.0),
            side + random.bell(unrest),
        )
    });
    let knots: Vec<Point> = knots.collect();
    vec![if is_smooth { curve(&knots) } else { knots }]
}

/// Loops in a row, as of a spring.
fn coil(random: &mut Random) -> Strokes {
    let loops = 3 + random.below(4);
    let (width, height) = (random.between(0.1, 0.25), random.between(0.2, 0.6));
    let pieces = 16 * loops;
    let round = (0..=pieces).map(|piece| {
        let turns = piece as f32 / 16.0;
        let along = turns / loops as f32;
        let swell = 1.0 + random.bell(0.04);
        point(
            along + width * wave(turns + 0.25) * swell,
            height * wave(turns) * swell,
        )
    });
    vec![round.collect()]
}

/// Lines side by side, often crossed by others.
fn hatching(random: &mut Random) -> Strokes {
    let count = 4 + random.below(5);
    let unrest = random.between(0.01, 0.08);
    let directions = 1 + random.below(2);
    let line = |index: usize| {
        let away = (index % count) as f32 / (count - 1) as f32;
        let ends = [0.0, 1.0].map(|end| {
            let (along, aside) = (end + random.bell(unrest), away + random.bell(unrest));
            match index / count {
                0 => point(along, aside),
                _ => point(aside, along),
            }
        });
        ends.to_vec()
    };
    (0..directions * count).map(line).collect()
}

/// Short strokes here and there.
fn pieces(random: &mut Random) -> Strokes {
    let piece = |_| {
        let start = somewhere(random);
        let mut away = |from: f32| from + random.bell(0.16);
        let middle = point(away(start.x), away(start.y));
        curve(&[start, middle, point(away(middle.x), away(middle.y))])
    };
    (0..8).map(piece).collect()
}
