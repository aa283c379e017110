//! Rules of paper: lines far longer than any stroke, and thin.

use super::ink::Ink;

/// A rule is as long as this share of the page, as its inverse.
const LENGTH: u32 = 2;

/// The thickest rule, as this share of the page's shorter side, as its inverse.
const THICKNESS: u32 = 90;

/// The longest gap in a faint rule, as a share of the page, as its inverse.
const GAP: u32 = 100;

/// Takes the ink of rules away, but not where a stroke crosses them.
pub fn remove(ink: &mut Ink) {
    let (width, height) = (ink.width, ink.height);
    // None on a page of so few pixels that a stroke may be as thin.
    let thickest = width.min(height) / THICKNESS;
    let mut found = rules(width, height, thickest, |x, y| ink.is_traced(x, y));
    let upright = rules(height, width, thickest, |y, x| ink.is_traced(x, y));
    found.extend(upright.into_iter().map(|(y, x)| (x, y)));
    for (x, y) in found {
        ink.remove(x, y);
    }
}

/// The pixels of rules from the left to the right.
fn rules(
    width: u32,
    height: u32,
    thickest: u32,
    is_there: impl Fn(u32, u32) -> bool,
) -> Vec<(u32, u32)> {
    let mut found = Vec::new();
    // The pixels below each other that have ink, up from here and with this one.
    let is_thin = |x: u32, y: u32| {
        let up = (0..=thickest).take_while(|&by| y >= by && is_there(x, y - by));
        let down = (1..=thickest).take_while(|&by| is_there(x, y + by));
        up.count() + down.count() <= thickest as usize
    };
    let gap = (width / GAP).max(1);
    for y in 0..height {
        let (mut start, mut end) = (0, 0);
        for x in (0..width).filter(|&x| is_there(x, y)).chain([u32::MAX]) {
            if x - end <= gap {
                end = x + 1;
                continue;
            }
            if end - start >= (width / LENGTH).max(1) {
                let run = (start..end).filter(|&x| is_thin(x, y));
                let run: Vec<(u32, u32)> = run.map(|x| (x, y)).collect();
                // A stroke that is long is thick as well.
                if 2 * run.len() as u32 > end - start {
                    found.extend(run);
                }
            }
            (start, end) = (x, x.saturating_add(1));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use image::{GrayImage, Luma};

    use super::*;

    #[test]
    fn rules_go_and_what_crosses_them_stays() {
        // Two rules, one upright and one faint and broken, and a stroke across both kinds.
        let is_rule = |x: u32, y: u32| (50..52).contains(&y) && !x.is_multiple_of(40) || x == 150;
        let is_stroke = |x: u32, y: u32| (60..70).contains(&x) && (30..90).contains(&y);
        let page = GrayImage::from_fn(300, 200, |x, y| match () {
            () if is_stroke(x, y) => Luma([20]),
            () if is_rule(x, y) => Luma([130]),
            () => Luma([220]),
        });
        let mut ink = Ink::of(&page).unwrap();
        assert!(ink.is_traced(150, 10) && ink.is_traced(10, 50));
        remove(&mut ink);
        // Where two rules cross, a speck is left.
        let is_crossing = |x: u32, y: u32| x.abs_diff(150) < 5 && y.abs_diff(50) < 5;
        let places = page.enumerate_pixels().map(|(x, y, _)| (x, y));
        for (x, y) in places.filter(|&(x, y)| !is_crossing(x, y)) {
            assert_eq!(ink.amount(x, y) > 60, is_stroke(x, y), "{x} {y}");
        }
    }

    #[test]
    fn a_small_page_has_none() {
        let page = GrayImage::from_fn(28, 28, |x, _| Luma([if x == 14 { 0 } else { 255 }]));
        let mut ink = Ink::of(&page).unwrap();
        remove(&mut ink);
        assert!((0..28).all(|y| ink.is_there(14, y)));
    }
}
