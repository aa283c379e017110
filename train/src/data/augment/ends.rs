//! How strokes end.

use super::ground::Ink;
use super::pixels::Picture;
use crate::data::random::Random;
use crate::data::synthetic::strokes::{Canvas, Point};

/// The least amount of ink that belongs to a stroke.
const DRAWN: f32 = 0.5;
/// How far around a place ink is looked for, as a share of the longer side: somewhat more than a stroke is wide.
const REACH: f32 = 0.14;
/// Directions in which it is looked for.
const DIRECTIONS: usize = 24;
/// The neighbouring directions, at most, in which a stroke goes on from its end.
const ONWARD: usize = DIRECTIONS / 3;

impl Picture {
    /// Ends strokes in balls, as many printed characters are: each end with an even chance.
    pub fn end_in_balls(&mut self, random: &mut Random) {
        let [rows, columns] = self.size();
        let mut canvas = Canvas::new(columns, rows);
        for [row, column] in self.ends() {
            let width = self.side() * random.between(0.08, 0.22);
            let middle = Point {
                x: column + 0.5,
                y: row + 0.5,
                width,
            };
            if random.below(2) == 1 {
                canvas.draw(&[middle, middle], 1.0);
            }
        }
        self.lay(canvas.ink());
    }

    /// The middle of the last bit of each stroke, in rows and columns.
    fn ends(&self) -> Vec<[f32; 2]> {
        let reach = REACH * self.side();
        let is_drawn = self.drawn();
        let columns = self.size()[1];
        let mut groups: Vec<Vec<[f32; 2]>> = Vec::new();
        for index in (0..is_drawn.len()).filter(|&index| is_drawn[index]) {
            let place = [index / columns, index % columns].map(|at| at as f32);
            if !is_end(&is_drawn, self.size(), place, reach) {
                continue;
            }
            let is_near = |group: &&mut Vec<[f32; 2]>| distance(group[0], place) < reach;
            match groups.iter_mut().find(is_near) {
                Some(group) => group.push(place),
                None => groups.push(vec![place]),
            }
        }
        groups.iter().map(|group| mean(group)).collect()
    }

    /// Where there is ink in the mean of the channels.
    fn drawn(&self) -> Vec<bool> {
        let size = self.size();
        let mut amounts = vec![0.0; size[0] * size[1]];
        for plane in self.planes() {
            let ink = Ink::of(plane, size);
            for (amount, pixel) in amounts.iter_mut().zip(plane) {
                *amount += ink.amount(*pixel);
            }
        }
        let least = DRAWN * self.shape()[0] as f32;
        amounts.into_iter().map(|amount| amount >= least).collect()
    }
}

/// Whether the ink at a distance from a place is in one stretch of few neighbouring directions.
fn is_end(is_drawn: &[bool], [rows, columns]: [usize; 2], place: [f32; 2], reach: f32) -> bool {
    let is_ink: Vec<bool> = (0..DIRECTIONS)
        .map(|direction| {
            let radians = direction as f32 * std::f32::consts::TAU / DIRECTIONS as f32;
            let row = (place[0] + reach * libm::sinf(radians)).round();
            let column = (place[1] + reach * libm::cosf(radians)).round();
            let is_inside =
                (0.0..rows as f32).contains(&row) && (0.0..columns as f32).contains(&column);
            is_inside && is_drawn[row as usize * columns + column as usize]
        })
        .collect();
    let starts = (0..DIRECTIONS).filter(|&at| is_ink[at] && !is_ink[(at + 1) % DIRECTIONS]);
    starts.count() == 1 && is_ink.iter().filter(|is_ink| **is_ink).count() <= ONWARD
}

fn distance([row, column]: [f32; 2], [other_row, other_column]: [f32; 2]) -> f32 {
    let (down, across) = (row - other_row, column - other_column);
    (down * down + across * across).sqrt()
}

/// The mean of one place or more.
fn mean(places: &[[f32; 2]]) -> [f32; 2] {
    [0, 1].map(|axis| places.iter().map(|place| place[axis]).sum::<f32>() / places.len() as f32)
}
