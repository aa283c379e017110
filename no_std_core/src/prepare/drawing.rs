//! Which ink is the drawing: all connected components of strong ink but those that are far smaller than the largest one.
//! Dust, grain and single pixels are such, and do not move the drawing's box.
//!
//! The components are those of a grid of at most 64 x 64 cells, so that little memory holds all that a row of the picture
//! touches, and a stroke that is broken in places stays whole. Cells that have ink and touch, if only at a corner, are of
//! one component.

use core::mem;

use heapless::Vec;

use super::around::is_frame;
use super::component::Component;
use super::error::PrepareError;
use super::image::SIDE;
use super::ink::Ink;
use super::paper::WIDE;
use super::picture::{Rows, Source};
use super::survey::PARTS;

/// Cells along the longer side of a picture.
const CELLS: usize = 64;

/// A component is far smaller than another one if its pixels are so many times fewer, as a power of two.
const FAR: usize = 5;

/// Drawings side by side are this part of their height apart, or more, and those above one another this part.
const BESIDE: u32 = 8;
const BELOW: u32 = 4;
/// What has less than this part of their height is no drawing of its own.
const LOWEST: u32 = 3;
/// More solid parts than that are a stroke in dots.
const SOLID: usize = 6;

/// A picture with sides up to this, twice those of an image, is of one drawing.
const ALONE: u32 = 2 * SIDE as u32;

/// One with sides up to this may be cut so close that a digit fills it.
const FILLED: u32 = (WIDE - 1) * PARTS as u32;

/// Components that are kept.
const MAX_COMPONENTS: usize = 40;

/// No component.
const NONE: u8 = u8::MAX;

/// The strong ink that is the drawing.
///
/// A stroke or two that are all that there is look like rulings, and are tried as ink. Where a frame is joined to what it is
/// around, be it by a gleam, the drawing is the strongest ink within.
#[inline(never)] // See `Survey::of`.
pub fn find(ink: &mut Ink, picture: &mut Source<'_, impl Rows>) -> Result<Component, PrepareError> {
    let size = [picture.width, picture.height];
    let strong = ink.strong();
    let whole = Component::of_size(size);
    let first = Component::of(ink, picture, &whole, strong);
    match first {
        Err(PrepareError::NoInk) if (1..=2).contains(&ink.rulings.len()) => {
            ink.rulings.clear();
            Component::of(ink, picture, &whole, strong)
        }
        Ok(all) if all.is_large(size) && is_frame(&all, ink, picture)? => {
            let inner = all.inner();
            match Component::of(ink, picture, &inner, strong + strong / 2) {
                Ok(drawing) if drawing.is_drawing_of(&inner) => Ok(drawing.moved(&inner)),
                Err(lost @ PrepareError::Row(_)) => Err(lost),
                _ => first,
            }
        }
        _ => first,
    }
}

impl Component {
    /// What of the ink in a window is the drawing, of pixels with this amount or more; its place is within the window.
    #[inline(never)] // It is asked for more than once.
    fn of(
        ink: &Ink,
        picture: &mut Source<'_, impl Rows>,
        window: &Self,
        least: u32,
    ) -> Result<Self, PrepareError> {
        let size @ [width, height] = window.size();
        let [left, top] = window.start();
        let cell = width.max(height).div_ceil(CELLS as u32).max(1);
        let mut ruled = [0; 2];
        for line in &ink.rulings {
            let [down, across] = &mut ruled;
            let covered = if line.is_across { across } else { down };
            *covered = u32::from(2 * line.reach + 1).max(*covered);
        }
        let mut components = Components::new();
        picture.each_row(top..top + height, |y, pixels| {
            let (row, y) = (ink.row(y, pixels), y - top);
            for x in (0..width).filter(|&x| row.amount(left + x) >= least) {
                let column = x.checked_div(cell).unwrap_or(0);
                components.add(column as usize, &Component::of_pixel(x, y));
            }
            if (y + 1).is_multiple_of(cell) {
                components.end_row();
            }
        })?;
        components.end_row();
        components.end_row();
        components.drawing(size, ruled)
    }
}

/// The components of a picture whose rows come from the top down.
struct Components {
    /// Those that a cell of the last two rows of cells belongs to; each row has at most 32 of them.
    open: [Component; CELLS],
    /// The component of each cell of these rows, by its place in `open`.
    above: [u8; CELLS],
    here: [u8; CELLS],
    /// The largest of all others.
    closed: Vec<Component, MAX_COMPONENTS>,
}

impl Components {
    fn new() -> Self {
        Self {
            open: [Component::default(); CELLS],
            above: [NONE; CELLS],
            here: [NONE; CELLS],
            closed: Vec::new(),
        }
    }

    /// Adds a pixel in this column of the present row of cells.
    fn add(&mut self, column: usize, pixel: &Component) {
        let mut own = label(&self.here, column);
        if own == NONE {
            own = self.join(column);
        }
        if let Some(component) = self.open.get_mut(usize::from(own)) {
            component.add(pixel);
        }
    }

    /// The component of a cell that had no ink until now: that of its neighbours, which become one, or a new one.
    fn join(&mut self, column: usize) -> u8 {
        let (left, right) = (column.wrapping_sub(1), column + 1);
        let above = [left, column, right].map(|column| label(&self.above, column));
        let [left, right] = [left, right].map(|column| label(&self.here, column));
        let mut own = NONE;
        for other in above.into_iter().chain([left, right]) {
            if own == NONE {
                own = other;
            } else if other != NONE && other != own {
                self.merge(other, own);
            }
        }
        if own == NONE {
            let unused = self.open.iter().position(|component| component.pixels == 0);
            own = unused.unwrap_or_default() as u8;
        }
        if let Some(place) = self.here.get_mut(column) {
            *place = own;
        }
        own
    }

    fn merge(&mut self, from: u8, to: u8) {
        let merged = self.open.get_mut(usize::from(from)).map(mem::take);
        if let Some((component, merged)) = self.open.get_mut(usize::from(to)).zip(merged) {
            component.add(&merged);
        }
        for label in self.above.iter_mut().chain(&mut self.here) {
            if *label == from {
                *label = to;
            }
        }
    }

    /// Goes on to the next row of cells.
    fn end_row(&mut self) {
        for label in 0..CELLS as u8 {
            let place = self.open.get_mut(usize::from(label));
            if let Some(component) = place.filter(|_| !self.here.contains(&label)).map(mem::take)
                && component.pixels > 0
            {
                self.close(component);
            }
        }
        self.above = mem::replace(&mut self.here, [NONE; CELLS]);
    }

    /// Keeps a component that is complete; of too many, the smallest is lost.
    fn close(&mut self, component: Component) {
        if let Err(component) = self.closed.push(component) {
            let smallest = self.closed.iter_mut().min_by_key(|closed| closed.pixels);
            if let Some(smallest) = smallest.filter(|smallest| smallest.pixels < component.pixels) {
                *smallest = component;
            }
        }
    }

    /// All components, once closed, that are not far smaller than the largest; without what is around a picture if there is
    /// something in it. An error if there is none, or if they are several drawings; rulings along the columns and along the rows
    /// cover so many pixels between two parts of one.
    fn drawing(&mut self, size: [u32; 2], ruled: [u32; 2]) -> Result<Component, PrepareError> {
        // Frames around others, which end above them, come first.
        for at in (0..self.closed.len()).rev() {
            if let Some(&inner) = self.closed.get(at) {
                self.drop(|closed| closed.holds(&inner));
            }
        }
        let inside = self.closed.iter().filter(|closed| closed.is_inside(size));
        if let Some(&highest) = inside.max_by_key(|inside| inside.size()[1]) {
            self.drop(|closed| closed.is_around(size) && !closed.is_stroke_beside(&highest, size));
        }
        let largest = self.closed.iter().map(|closed| closed.pixels).max();
        let least = largest.ok_or(PrepareError::NoInk)? >> FAR;
        self.drop(|closed| closed.pixels < least);
        let mut drawing = Component::default();
        self.closed.iter().for_each(|part| drawing.add(part));
        let longer = size[0].max(size[1]);
        if longer > FILLED && drawing.is_edge(size) {
            return Err(PrepareError::NoInk);
        }
        if longer > ALONE && self.are_apart(ruled) {
            return Err(PrepareError::Several);
        }
        Ok(drawing)
    }

    /// Leaves nothing of some components.
    fn drop(&mut self, is_dropped: impl Fn(&Component) -> bool) {
        let dropped = self.closed.iter_mut().filter(|closed| is_dropped(closed));
        dropped.for_each(|closed| *closed = Component::default());
    }

    /// Whether the components are drawings of their own: beside or below one of them is a gap with others behind it. A stroke
    /// in many dots is one drawing.
    fn are_apart(&self, ruled: [u32; 2]) -> bool {
        let left = || self.closed.iter().filter(|closed| closed.pixels > 0);
        if left().filter(|closed| closed.is_solid()).count() > SOLID {
            return false;
        }
        let [down, across] = ruled;
        left().any(|last| {
            self.is_apart(last, 0, BESIDE, down) || self.is_apart(last, 1, BELOW, across)
        })
    }

    /// Whether a gap of this share of the height begins where a component ends. All of a line of drawings is as high as the
    /// rest of it; of a column it is one drawing that is as high as the next, unless they are pieces of a stroke.
    fn is_apart(&self, last: &Component, axis: usize, share: u32, ruled: u32) -> bool {
        let [_, end] = last.ends(axis);
        let (mut before, mut behind, mut next) =
            (Component::default(), Component::default(), *last);
        for one in &self.closed {
            if one.ends(axis)[1] <= end {
                before.add(one);
            } else {
                if behind.pixels == 0 || one.ends(axis)[0] < behind.ends(axis)[0] {
                    next = *one;
                }
                behind.add(one);
            }
        }
        let gap = u32::from(behind.ends(axis)[0]).saturating_sub(u32::from(end) + 1 + ruled);
        if axis == 1 && !last.is_solid() && !next.is_solid() {
            (before, behind) = (*last, next);
        }
        let [first, second] = [before, behind].map(|part| part.size()[1]);
        let (lower, higher) = (first.min(second), first.max(second));
        LOWEST * lower >= higher && share * gap >= higher
    }
}

/// The component of the cell in a column; none beyond the grid.
fn label(labels: &[u8; CELLS], column: usize) -> u8 {
    labels.get(column).copied().unwrap_or(NONE)
}
