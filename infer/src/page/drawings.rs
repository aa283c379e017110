//! Which strokes belong together, and which are specks.
//!
//! Lengths are compared with the heights of what is there, for nobody says how large a page is written.

use super::strokes::{Area, Stroke, Strokes};

/// Strokes that are joined to drawings at most: it takes the square of them.
const MAX_STROKES: usize = 4000;

/// A drawing: the box around it, and its strokes by their labels.
#[derive(Clone, Debug)]
pub struct Drawing {
    pub area: Area,
    pub strokes: Vec<u32>,
    pixels: u32,
}

impl Drawing {
    /// A drawing without strokes.
    #[cfg(test)]
    pub fn new(area: Area) -> Self {
        Self {
            area,
            strokes: Vec::new(),
            pixels: 1,
        }
    }

    fn add(&mut self, other: Self) {
        self.area = self.area.joined(&other.area);
        self.strokes.extend(other.strokes);
        self.pixels += other.pixels;
    }
}

/// The drawings of a page. `None` of a page with far too many strokes.
pub fn of(strokes: &Strokes) -> Option<Vec<Drawing>> {
    let alone = |(label, stroke): (u32, &Stroke)| Drawing {
        area: stroke.area,
        strokes: vec![label],
        pixels: stroke.pixels,
    };
    let strong = (0..)
        .zip(&strokes.all)
        .filter(|(_, stroke)| stroke.is_strong);
    let mut drawings: Vec<Drawing> = strong.map(alone).collect();
    let tallest = tallest(&drawings);
    // What is too small to be a part of anything.
    drawings.retain(|drawing| 25 * drawing.area.longer_side() >= tallest);
    if drawings.len() > MAX_STROKES {
        return None;
    }
    let usual = usual_height(&drawings, tallest);
    let mut drawings = joined(drawings, usual);
    let largest = drawings.iter().map(|drawing| drawing.pixels).max();
    let largest = largest.unwrap_or_default();
    let is_speck = |drawing: &Drawing| {
        6 * drawing.area.longer_side() < tallest || 64 * drawing.pixels < largest
    };
    let is_rule = |area: &Area| {
        let [width, height] = [area.width(), area.height()];
        width > 8 * height || (height > 12 * width && height > 2 * usual)
    };
    drawings.retain(|drawing| !is_speck(drawing) && !is_rule(&drawing.area));
    Some(drawings)
}

/// The height of the tallest one that is no rule.
fn tallest(drawings: &[Drawing]) -> u32 {
    let heights = drawings.iter().map(|drawing| drawing.area);
    let heights = heights.filter(|area| area.height() < 12 * area.width());
    heights.map(|area| area.height()).max().unwrap_or_default()
}

/// The median height of those that are not far smaller than the tallest.
fn usual_height(drawings: &[Drawing], tallest: u32) -> u32 {
    let heights = drawings.iter().map(|drawing| drawing.area.height());
    let mut heights: Vec<u32> = heights.filter(|height| 3 * height >= tallest).collect();
    heights.sort_unstable();
    heights.get(heights.len() / 2).copied().unwrap_or(tallest)
}

/// Joins what belongs together.
fn joined(drawings: Vec<Drawing>, usual: u32) -> Vec<Drawing> {
    let mut joined: Vec<Drawing> = Vec::new();
    for mut drawing in drawings {
        // With what it has reached, it may reach others.
        while let Some(other) = joined
            .iter()
            .position(|other| belong_together(&drawing, other, usual))
        {
            drawing.add(joined.swap_remove(other));
        }
        joined.push(drawing);
    }
    joined
}

/// Whether two are of one drawing.
fn belong_together(a: &Drawing, b: &Drawing, usual: u32) -> bool {
    let (larger, smaller) = if a.area.longer_side() < b.area.longer_side() {
        (b, a)
    } else {
        (a, b)
    };
    let columns = a.area.common_columns(&b.area);
    let rows = a.area.common_rows(&b.area);
    let narrower = i64::from(a.area.width().min(b.area.width()));
    let lower = i64::from(a.area.height().min(b.area.height()));
    // One within the other, or nearly.
    if 10 * columns >= 7 * narrower && 10 * rows >= 7 * lower {
        return true;
    }
    let joined = a.area.joined(&b.area);
    let side = i64::from(larger.area.longer_side());
    let limit = side.max(i64::from(usual));
    if 10 * i64::from(joined.longer_side()) > 13 * limit {
        return false;
    }
    // A stroke beside or above a larger part, as the bar of a 5; a scrap of ink may be farther away.
    let is_bar = 2 * smaller.area.height() <= larger.area.height();
    let is_part = is_bar || 10 * i64::from(smaller.area.longer_side()) <= 7 * side;
    let is_scrap = 8 * smaller.pixels <= larger.pixels;
    let reach = if is_scrap { side / 4 } else { side / 8 };
    let is_near = columns >= -reach && rows >= -side / 5 && (columns > 0 || rows > -side / 8);
    // Two halves above each other.
    let are_halves = 2 * columns >= narrower && rows <= 0 && 5 * rows >= -side;
    let is_whole = 10 * i64::from(joined.height()) <= 12 * limit;
    (is_part && is_near) || (are_halves && is_whole)
}

#[cfg(test)]
mod tests {
    use image::{GrayImage, Luma};

    use super::super::ink::Ink;
    use super::*;

    /// The drawings of a page with these boxes of ink: left, top, width, height.
    fn found(boxes: &[[u32; 4]]) -> Vec<[u32; 4]> {
        let page = GrayImage::from_fn(600, 500, |x, y| {
            let is_in = |&[left, top, width, height]: &[u32; 4]| {
                (left..left + width).contains(&x) && (top..top + height).contains(&y)
            };
            Luma([if boxes.iter().any(is_in) { 30 } else { 200 }])
        });
        let strokes = Strokes::of(&Ink::of(&page).unwrap());
        let found = of(&strokes)
            .unwrap()
            .into_iter()
            .map(|drawing| drawing.area);
        let mut found: Vec<[u32; 4]> = found
            .map(|area| [area.left, area.top, area.width(), area.height()])
            .collect();
        found.sort_unstable();
        found
    }

    #[test]
    fn strokes_of_one_drawing_are_joined() {
        const STEM: [u32; 4] = [100, 100, 12, 80];
        for (other, whole) in [
            // The bar of a 5, above and to the right.
            ([115, 95, 45, 10], [100, 95, 60, 85]),
            // The lower half.
            ([104, 186, 12, 16], [100, 100, 16, 102]),
            // A scrap.
            ([130, 130, 8, 8], [100, 100, 38, 80]),
        ] {
            assert_eq!(found(&[STEM, other]), [whole], "{other:?}");
        }
        // Two digits, however near.
        let other = [116, 104, 12, 78];
        assert_eq!(found(&[STEM, other]), [STEM, other]);
        // Two lines of them.
        let below = [100, 190, 12, 80];
        assert_eq!(found(&[STEM, below]), [STEM, below]);
    }

    #[test]
    fn specks_and_lines_are_none() {
        const DIGIT: [u32; 4] = [100, 100, 40, 80];
        let specks = [[300, 30, 3, 3], [20, 400, 12, 11], [400, 300, 1, 2]];
        let across = [150, 450, 440, 6];
        let mut all = vec![DIGIT, across];
        all.extend(specks);
        assert_eq!(found(&all), [DIGIT]);
    }
}
