//! From the box that ink takes up in the picture to its place in the image.
//!
//! Lengths along a side are in units that make cells of the image and pixels of the picture whole numbers: where the longer
//! side of the box, of `n` pixels, becomes `s` cells, a pixel is `2 * s` units long and a cell `2 * n`.

use core::ops::Range;

use super::component::Component;
use super::error::PrepareError;
use super::image::{Image, SIDE, quantize_pixel};
use super::ink::{Ink, InkRow};
use super::picture::{Rows, Source};
use crate::divide::quotient;

/// Amounts of ink in the cells, 0 to [`FULL`], or [`HIDDEN`]; only as many rows and columns as a frame has are used.
type Cells = [[u16; SIDE]; SIDE];

/// A cell where all is ink.
const FULL: u16 = HIDDEN - 1;

/// A cell that rulings cover.
const HIDDEN: u16 = u16::MAX;

/// Areas of what a cell has.
#[derive(Clone, Copy, Default)]
struct Sums {
    ink: u64,
    /// What is hidden by rulings.
    ruled: u32,
}

impl Sums {
    /// The mean amount of ink in a cell of this area, where no rulings are; `full` is that of all ink.
    fn mean(self, area: u32, full: u32) -> u16 {
        let free = area.saturating_sub(self.ruled);
        let whole = u64::from(free) * u64::from(full);
        let mean = quotient(self.ink * u64::from(FULL), whole, u16::BITS);
        if 8 * free < area {
            HIDDEN
        } else {
            FULL.min(mean as u16)
        }
    }
}

/// A box of the picture and the cells that it becomes.
pub struct Frame {
    rows: Side,
    columns: Side,
}

/// One dimension of a box.
struct Side {
    /// Its pixels in the picture.
    pixels: Range<u32>,
    /// The number of cells that they become, 1 to [`SIDE`].
    cells: u32,
    /// The length of a pixel.
    pixel: u32,
    /// The length of a cell.
    cell: u32,
}

impl Frame {
    /// The box of a drawing. Its longer side becomes `box_side` cells.
    pub fn around(drawing: &Component, box_side: u8) -> Self {
        let [width, height] = drawing.size();
        let longer = width.max(height);
        let side = |[start, end]: [u16; 2]| {
            Side::new(start.into()..u32::from(end) + 1, longer, box_side.into())
        };
        Self {
            rows: side(drawing.rows),
            columns: side(drawing.columns),
        }
    }

    /// The ink of the box, scaled, stretched to full contrast and placed in an image.
    #[inline(never)] // See `Survey::of`.
    pub fn draw(
        &self,
        ink: &Ink,
        picture: &mut Source<'_, impl Rows>,
        image: &mut Image,
    ) -> Result<(), PrepareError> {
        let mut cells = Cells::default();
        self.scale(ink, picture, &mut cells)?;
        // Where two rulings cross there is nothing on both sides before these are filled.
        self.reveal(&mut cells);
        self.reveal(&mut cells);
        let known = |cell: u16| if cell == HIDDEN { 0 } else { u32::from(cell) };
        let peak = cells.as_flattened().iter().map(|&cell| known(cell)).max();
        let peak = peak.unwrap_or(0);
        for cell in cells.as_flattened_mut() {
            let stretched = (known(*cell) * 255 + peak / 2).checked_div(peak);
            *cell = stretched.ok_or(PrepareError::NoInk)? as u16;
        }
        self.place(&cells, image);
        Ok(())
    }

    /// Fills the cells with their mean amounts of ink.
    fn scale(
        &self,
        ink: &Ink,
        picture: &mut Source<'_, impl Rows>,
        cells: &mut Cells,
    ) -> Result<(), PrepareError> {
        // At most (2 * 8192)^2, which is 2^28.
        let area = self.rows.cell * self.columns.cell;
        let mut sums = [Sums::default(); SIDE];
        let mut rows = (0..self.rows.cells).zip(cells);
        let mut current = rows.next();
        picture.each_row(self.rows.pixels.clone(), |y, pixels| {
            let ink_row = ink.row(y, pixels);
            // The row may belong to many rows of cells, or with others to one.
            while let Some((row, cells)) = &mut current {
                let pixels = self.rows.pixels_in(*row);
                if !pixels.contains(&y) {
                    break;
                }
                self.add(&ink_row, self.rows.overlap(*row, y), &mut sums);
                if y + 1 < pixels.end {
                    break;
                }
                for (cell, sums) in cells.iter_mut().zip(&mut sums) {
                    *cell = core::mem::take(sums).mean(area, ink.full());
                }
                current = rows.next();
            }
        })
    }

    /// Adds the ink of a row of the picture, of which a part of this height counts, to the cells' sums.
    fn add(&self, row: &InkRow<'_>, height: u32, sums: &mut [Sums; SIDE]) {
        for (column, sum) in (0..self.columns.cells).zip(sums) {
            for x in self.columns.pixels_in(column) {
                let area = height * self.columns.overlap(column, x);
                sum.ink += u64::from(area) * u64::from(row.amount(x));
                sum.ruled += area * u32::from(row.is_ruled(x));
            }
        }
    }

    /// Fills cells that rulings hide with what is on both sides of these, if there is something.
    fn reveal(&self, cells: &mut Cells) {
        for row in 0..self.rows.cells as usize {
            for column in 0..self.columns.cells as usize {
                let beside = self.beside(cells, [row, column]);
                let cell = cells.get_mut(row).and_then(|row| row.get_mut(column));
                if let Some(cell) = cell.filter(|cell| **cell == HIDDEN) {
                    *cell = beside;
                }
            }
        }
    }

    /// The lesser one of the two cells beside a hidden one, in its row or in its column, whichever are nearer; [`HIDDEN`] if
    /// there are none.
    fn beside(&self, cells: &Cells, at: [usize; 2]) -> u16 {
        let mut nearest = (usize::MAX, HIDDEN);
        for step in [[0, 1], [1, 0]] {
            let [first, second] =
                [step.map(isize::wrapping_neg), step].map(|step| self.nearest(cells, at, step));
            if let Some(((before, first), (behind, second))) = first.zip(second) {
                nearest = nearest.min((before + behind, first.min(second)));
            }
        }
        nearest.1
    }

    /// How many steps from a cell the first one lies that is not hidden, and what it has. `None` where the frame ends before.
    #[inline(never)] // Flash is scarcer than time.
    fn nearest(
        &self,
        cells: &Cells,
        [mut row, mut column]: [usize; 2],
        [down, across]: [isize; 2],
    ) -> Option<(usize, u16)> {
        let [rows, columns] = [&self.rows, &self.columns].map(|side| side.cells as usize);
        let mut steps = 0;
        while row < rows && column < columns {
            let cell = *cells.get(row)?.get(column)?;
            if cell != HIDDEN {
                return Some((steps, cell));
            }
            row = row.wrapping_add_signed(down);
            column = column.wrapping_add_signed(across);
            steps += 1;
        }
        None
    }

    /// Fills the image with the cells where their centre of mass is nearest the middle, but all of them in the image.
    fn place(&self, cells: &Cells, image: &mut Image) {
        let (mut mass, mut row_moment, mut column_moment) = (0, 0, 0);
        for (y, row) in (0..).zip(cells) {
            for (x, &cell) in (0..).zip(row) {
                mass += u32::from(cell);
                row_moment += y * u32::from(cell);
                column_moment += x * u32::from(cell);
            }
        }
        let (top, left) = (
            self.rows.margin(mass, row_moment),
            self.columns.margin(mass, column_moment),
        );
        image.fill(i8::MIN);
        for (targets, cells) in image.chunks_mut(SIDE).skip(top).zip(cells) {
            for (target, &cell) in targets.iter_mut().skip(left).zip(cells) {
                *target = quantize_pixel(cell as u8);
            }
        }
    }
}

impl Side {
    /// The side of a box whose longer side, of `longer` pixels, becomes `box_side` cells.
    fn new(pixels: Range<u32>, longer: u32, box_side: u32) -> Self {
        let rounded = (2 * pixels.len() as u32 * box_side + longer)
            .checked_div(2 * longer)
            .unwrap_or(0);
        Self {
            pixels,
            cells: rounded.max(1),
            pixel: 2 * box_side,
            cell: 2 * longer,
        }
    }

    /// From where to where a cell is, in a coordinate that is 0 where the first pixel begins: the cells' middle is the pixels'.
    #[inline(never)] // Flash is scarcer than time.
    fn extent(&self, cell: u32) -> Range<i32> {
        let pixels = self.pixels.len() as u32 * self.pixel;
        let first = (pixels / 2).cast_signed() - (self.cells * self.cell / 2).cast_signed();
        let start = first + (cell * self.cell).cast_signed();
        start..start + self.cell.cast_signed()
    }

    /// The pixels that lie in a cell, in whole or in part.
    fn pixels_in(&self, cell: u32) -> Range<u32> {
        let extent = self.extent(cell);
        let start = extent
            .start
            .max(0)
            .unsigned_abs()
            .checked_div(self.pixel)
            .unwrap_or(0);
        let end = (extent.end.max(0).unsigned_abs() + self.pixel - 1)
            .checked_div(self.pixel)
            .unwrap_or(0);
        self.pixels.start + start..self.pixels.end.min(self.pixels.start + end)
    }

    /// The length of the part of a pixel that lies in a cell.
    #[inline(never)] // Flash is scarcer than time.
    fn overlap(&self, cell: u32, pixel: u32) -> u32 {
        let extent = self.extent(cell);
        let start = ((pixel - self.pixels.start) * self.pixel).cast_signed();
        let end = start + self.pixel.cast_signed();
        (extent.end.min(end) - extent.start.max(start))
            .max(0)
            .unsigned_abs()
    }

    /// Cells of margin before the first one that bring the centre of mass `moment / mass`, where the first cell is 0, to at
    /// least 13.5 and less than 14.5, as in MNIST; fewer, if the last cell would leave the image.
    #[inline(never)] // Flash is scarcer than time.
    fn margin(&self, mass: u32, moment: u32) -> usize {
        let missing = (27 * mass).saturating_sub(2 * moment);
        let margin = (missing + 2 * mass)
            .saturating_sub(1)
            .checked_div(2 * mass)
            .unwrap_or(0);
        margin.min(SIDE as u32 - self.cells) as usize
    }
}
