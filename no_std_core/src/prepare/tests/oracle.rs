//! Scaling and placing against a naive oracle in floating point.

use super::std::vec::Vec;

use super::super::{Preparation, PrepareError, SIDE};
use super::drawing::Picture;
use super::{Random, image_of, places, span};

/// The box around a black and white drawing as (left, top, width, height): the picture is flooded cell by cell, and of the
/// parts that are found, those with fewer than a 32nd of the pixels of the largest are specks.
fn box_of(picture: &Picture) -> (u32, u32, u32, u32) {
    let cell = picture.width.max(picture.height).div_ceil(64);
    let places = places(picture.width, picture.height);
    let mut dry: Vec<_> = places.filter(|&(x, y)| picture.get(x, y) > 0).collect();
    let mut parts = Vec::new();
    while let Some(first) = dry.pop() {
        let mut part = [first].to_vec();
        let mut at = 0;
        while let Some(&(x, y)) = part.get(at) {
            let touch = |a: u32, b: u32| (a / cell).abs_diff(b / cell) <= 1;
            part.extend(dry.extract_if(.., |&mut (a, b)| touch(a, x) && touch(b, y)));
            at += 1;
        }
        parts.push(part);
    }
    let largest = parts.iter().map(Vec::len).max().unwrap();
    parts.retain(|part| part.len() >= largest / 32);
    let ink = parts.concat();
    let (columns, rows) = (span(&ink, |ink| ink.0), span(&ink, |ink| ink.1));
    let [width, height] = [&columns, &rows].map(|range| range.end - range.start);
    (columns.start, rows.start, width, height)
}

/// The mean of the box over cells of equal size, the cells' middle on the box's; what is outside of the box is black.
fn scaled(picture: &Picture, box_side: f64) -> Vec<Vec<f64>> {
    let (left, top, width, height) = box_of(picture);
    let cell = f64::from(width.max(height)) / box_side;
    let cells = |pixels: u32| (f64::from(pixels) / cell + 0.5).floor().max(1.0);
    let share = |cell_at: f64, count: f64, pixels: u32, pixel: u32| {
        let start = f64::from(pixels) / 2.0 + (cell_at - count / 2.0) * cell;
        let end = f64::from(pixel + 1).min(start + cell);
        (end - f64::from(pixel).max(start)).max(0.0) / cell
    };
    let mean = |row: u32, column: u32| {
        let mut sum = 0.0;
        for y in 0..height {
            let rows = share(f64::from(row), cells(height), height, y);
            for x in (0..width).filter(|_| rows > 0.0) {
                let columns = share(f64::from(column), cells(width), width, x);
                sum += rows * columns * f64::from(picture.get(left + x, top + y)) / 255.0;
            }
        }
        sum
    };
    let row = |row| {
        let columns = 0..cells(width) as u32;
        columns.map(|column| mean(row, column)).collect()
    };
    (0..cells(height) as u32).map(row).collect()
}

/// The centre of mass along an axis whose `masses` these are, from the first one.
fn centre_of_mass(masses: impl Iterator<Item = f64> + Clone) -> f64 {
    let moments = masses
        .clone()
        .enumerate()
        .map(|(at, mass)| at as f64 * mass);
    moments.sum::<f64>() / masses.sum::<f64>()
}

#[test]
fn black_and_white_pictures() {
    let mut random = Random(2024);
    let mut checked = 0;
    for round in 0..400 {
        let (width, height) = (random.within(1, 70), random.within(1, 70));
        let density = random.real(0.38, 0.46);
        let ink = Picture::ink(width, height, |_, _| random.real(0.0, 1.0) < density);
        if !ink.pixels.contains(&255) {
            continue;
        }
        let picture = ink.pasted(width + 9, height + 11, 4, 5);
        let box_side = if round % 4 == 0 {
            random.within(1, 28)
        } else {
            20
        } as u8;
        let image = match image_of(Preparation::centred(box_side).unwrap(), &mut picture.rows()) {
            // Random dots of which there are few are several drawings now and then.
            Err(PrepareError::Several) => continue,
            image => image.unwrap(),
        };

        let cells = scaled(&picture, f64::from(box_side));
        let peak = cells.iter().flatten().copied().fold(0.0, f64::max);
        let row_masses = cells.iter().map(|row| row.iter().sum());
        let column_masses =
            (0..cells[0].len()).map(|column| cells.iter().map(|row| row[column]).sum());
        let top = 13.5 - centre_of_mass(row_masses);
        let left = 13.5 - centre_of_mass(column_masses);
        // Rounding to grey levels moves the centre of mass by less than this.
        let is_near = |margin: f64| (margin - margin.round()).abs() < 0.02;
        if is_near(top) || is_near(left) {
            continue;
        }
        let margin = |least: f64, cells| least.ceil().clamp(0.0, (SIDE - cells) as f64) as usize;
        let (top, left) = (margin(top, cells.len()), margin(left, cells[0].len()));
        for (at, &pixel) in image.iter().enumerate() {
            let cell = (at / SIDE).checked_sub(top).and_then(|row| cells.get(row));
            let cell = cell.and_then(|row| row.get((at % SIDE).checked_sub(left)?));
            let expected = cell.map_or(0.0, |cell| cell / peak * 255.0);
            let off = (f64::from(pixel) + 128.0 - expected).abs();
            let limit = 0.51 + 0.01 / peak;
            assert!(
                off < limit,
                "{off} at {at} of a picture of {width} x {height}"
            );
        }
        checked += 1;
    }
    assert!(checked > 250, "{checked}");
}
