//! Edges alone ([Canny](https://doi.org/10.1109/TPAMI.1986.4767851)).

use super::unit;
use crate::data::augment::{Picture, WHITE};

/// Steepness from which on an edge begins, and goes on, in white a pixel by Sobel's sums.
const BEGINS: f32 = 0.2;
const GOES_ON: f32 = 0.1;
/// The tangent of an eighth of a turn's half: steeper directions are diagonals.
const DIAGONAL: f32 = 0.414_213_56;

/// How much brighter it gets a place, downwards and across.
type Slope = [f32; 2];

/// Mixes a picture with its edges, of which no more than this share is left.
pub fn canny(picture: &mut Picture, share: f32) {
    let mut blurred = picture.clone();
    blurred.blur(unit(picture));
    let size = picture.size();
    let slopes = slopes(&grey(&blurred), size);
    let edges = linked(&thinned(&slopes, size), size);
    for plane in picture.planes_mut() {
        for (pixel, &is_edge) in plane.iter_mut().zip(&edges) {
            let edge = if is_edge { WHITE } else { 0.0 };
            *pixel += (edge - *pixel) * share;
        }
    }
}

/// The mean of the channels, 0 to 1.
fn grey(picture: &Picture) -> Vec<f32> {
    let [channels, rows, columns] = picture.shape();
    let mut grey = vec![0.0; rows * columns];
    for plane in picture.planes() {
        for (grey, pixel) in grey.iter_mut().zip(plane) {
            *grey += pixel / (channels as f32 * WHITE);
        }
    }
    grey
}

/// Sobel's operator; what is from outside is as the edge.
fn slopes(grey: &[f32], [rows, columns]: [usize; 2]) -> Vec<Slope> {
    let at = |row: usize, column: usize| {
        let (row, column) = (row.saturating_sub(1), column.saturating_sub(1));
        grey[row.min(rows - 1) * columns + column.min(columns - 1)]
    };
    let slope = |index: usize| {
        // Rows and columns of `at` count from 1.
        let (row, column) = (index / columns, index % columns);
        let down = |column: usize| at(row + 2, column) - at(row, column);
        let across = |row: usize| at(row, column + 2) - at(row, column);
        [
            down(column) + 2.0 * down(column + 1) + down(column + 2),
            across(row) + 2.0 * across(row + 1) + across(row + 2),
        ]
    };
    (0..grey.len()).map(slope).collect()
}

fn steepness([down, across]: Slope) -> f32 {
    (down * down + across * across).sqrt()
}

/// The steepness of each place that is a ridge along its slope; of others 0, as of those at the border.
fn thinned(slopes: &[Slope], [rows, columns]: [usize; 2]) -> Vec<f32> {
    let ridge = |(index, &slope): (usize, &Slope)| {
        let (row, column) = (index / columns, index % columns);
        if row == 0 || column == 0 || row + 1 == rows || column + 1 == columns {
            return 0.0;
        }
        let [down, across] = slope;
        let step = if down.abs() <= DIAGONAL * across.abs() {
            1
        } else if across.abs() <= DIAGONAL * down.abs() {
            columns
        } else if (down > 0.0) == (across > 0.0) {
            columns + 1
        } else {
            columns - 1
        };
        let [before, here, behind] =
            [index - step, index, index + step].map(|at| steepness(slopes[at]));
        if here >= before && here > behind {
            here
        } else {
            0.0
        }
    };
    slopes.iter().enumerate().map(ridge).collect()
}

/// Which places belong to an edge: the steep ones, and those less steep ones that are linked with one.
fn linked(ridges: &[f32], [_, columns]: [usize; 2]) -> Vec<bool> {
    let mut are_edges = vec![false; ridges.len()];
    let is_steep = |index: &usize| ridges[*index] >= BEGINS;
    let mut found: Vec<usize> = (0..ridges.len()).filter(is_steep).collect();
    while let Some(index) = found.pop() {
        if std::mem::replace(&mut are_edges[index], true) {
            continue;
        }
        // Ridges are not at the border, so each has all its neighbours.
        for line in [index - columns, index, index + columns] {
            let near = line - 1..=line + 1;
            found.extend(near.filter(|&near| ridges[near] >= GOES_ON));
        }
    }
    are_edges
}
