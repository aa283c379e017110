//! What windows cover of an input, part by part.

use core::marker::PhantomData;

use super::backend::{Backend, Neighbours, Patch};
use super::operator::Operands;
use super::tiles::Span;
use crate::format::Axis;

/// The input of a convolution, from the first row that a row of its output needs.
pub(super) struct Windows<'a, B> {
    values: &'a [i8],
    zero_point: i8,
    /// Rows of the input that are there.
    rows: isize,
    /// Values of a row of the input.
    row_len: isize,
    /// Rows of a window, and values of a row of it.
    window_rows: isize,
    window_row_len: isize,
    /// Values of a place that a group of filters takes, and of a place.
    group: usize,
    channels: usize,
    backend: PhantomData<B>,
    /// Where the first window begins, and the way from it to the next one down and to the next one to the right.
    origin: Window,
    step: Window,
}

/// Where a window begins: in which row of those that are there, and at which of its values. Both can be less than 0, in
/// the padding.
#[derive(Clone, Copy, Default)]
pub(super) struct Window {
    row: isize,
    column: isize,
}

/// A part of what each window covers, and of the weights of each filter: one row or a part of it, or several rows.
#[derive(Clone, Copy)]
pub(super) struct Part {
    /// Its first row in the window, and the value in that row which it begins with.
    row: isize,
    column: isize,
    /// The number of rows, and values of each.
    height: isize,
    width: isize,
    /// The weight that it begins with.
    pub first: usize,
}

impl Part {
    /// The number of values.
    pub fn len(&self) -> usize {
        (self.height * self.width).cast_unsigned()
    }
}

impl<'a, B: Backend> Windows<'a, B> {
    /// The windows for the row `row` of the output; `values` begin where they first read.
    pub fn new(operands: &Operands<'_>, values: &'a [i8], row: u16) -> Self {
        let (down, right) = (operands.record().rows, operands.record().columns);
        let shape = operands.input().shape;
        let channels = usize::from(shape.channels);
        let covered = down.covered(shape.rows, row);
        let above = (down.start(row) as usize).cast_signed() - size(down.pad_begin);
        let values_of = |columns: u16| size(columns) * channels.cast_signed();
        Self {
            values,
            zero_point: operands.input().zero_point,
            rows: covered.len().cast_signed(),
            // Several rows come as one where windows are points.
            row_len: if covered.len() == 1 {
                values.len().cast_signed()
            } else {
                values_of(shape.columns)
            },
            window_rows: size(down.kernel),
            window_row_len: values_of(right.kernel),
            group: channels
                .checked_div(operands.record().groups.into())
                .unwrap_or(channels),
            channels,
            backend: PhantomData,
            origin: Window {
                row: above - size(covered.start),
                column: -values_of(right.pad_begin),
            },
            step: Window {
                row: size(down.stride),
                column: values_of(right.stride),
            },
        }
    }

    /// The first windows of the group of channels at `index`.
    pub fn select(&mut self, index: usize, right: &Axis) {
        let padding = size(right.pad_begin) * self.channels.cast_signed();
        self.origin.column = (index * self.group).cast_signed() - padding;
    }

    /// The window `down` windows below the first one and `right` windows to its right.
    pub fn window(&self, down: usize, right: usize) -> Window {
        Window {
            row: self.origin.row + self.step.row * down.cast_signed(),
            column: self.origin.column + self.step.column * right.cast_signed(),
        }
    }

    /// All of a window.
    pub fn whole(&self) -> Part {
        Part {
            row: 0,
            column: 0,
            height: self.window_rows,
            width: self.window_row_len,
            first: 0,
        }
    }

    /// The parts, of at most `most` values, of some windows: neighbours in a row of each, and those of a group in one place.
    /// Several rows make a part if they are short. What is padding in all windows is left out.
    pub fn parts<'s>(
        &'s self,
        most: usize,
        spans: &'s [Span],
    ) -> impl Iterator<Item = Part> + use<'a, 's, B> {
        let (most, row_len) = (most.cast_signed(), self.window_row_len);
        let others = (self.channels - self.group).cast_signed();
        let run = if others > 0 {
            self.group.cast_signed()
        } else {
            row_len
        };
        let rows = if others == 0 && 2 * row_len <= most {
            most / row_len.max(1)
        } else {
            1
        };
        let (mut row, mut column, mut left, mut first) = (0, 0, run, 0);
        core::iter::from_fn(move || {
            loop {
                let part = Part {
                    row,
                    column,
                    height: rows.min(self.window_rows - row),
                    width: left.min(most),
                    first,
                };
                if part.height <= 0 || part.width <= 0 {
                    return None;
                }
                first += part.len();
                column += part.width;
                left -= part.width;
                if left == 0 {
                    column += others;
                    left = run;
                }
                if column >= row_len {
                    column = 0;
                    row += part.height;
                }
                let part = self.trim(part, spans);
                if part.is_some() {
                    return part;
                }
            }
        })
    }

    /// The part without the padding that it begins or ends with in all windows, which adds nothing; `None` if it is all
    /// padding. Parts of several rows stay as they are.
    fn trim(&self, part: Part, spans: &[Span]) -> Option<Part> {
        if part.height > 1 {
            return Some(part);
        }
        let (mut before, mut after) = (part.width, part.width);
        for span in spans.iter().filter(|span| span.len > 0) {
            if (0..self.rows).contains(&(span.window.row + part.row)) {
                let begin = self.last(span).column + part.column;
                let end = span.window.column + part.column + part.width;
                before = before.min((-begin).max(0));
                after = after.min((end - self.row_len).max(0));
            }
        }
        (before + after < part.width).then(|| Part {
            column: part.column + before,
            width: part.width - before - after,
            first: part.first + before.cast_unsigned(),
            ..part
        })
    }

    /// The last one of some windows.
    pub fn last(&self, span: &Span) -> Window {
        Window {
            column: span.window.column + self.step.column * (span.len.cast_signed() - 1),
            ..span.window
        }
    }

    /// The next window to the right.
    pub fn right_of(&self, window: Window) -> Window {
        Window {
            column: window.column + self.step.column,
            ..window
        }
    }

    /// Lays a part of windows out side by side.
    pub fn lay_out<P: Patch>(&self, spans: &[Span], part: Part, patch: &mut P) {
        let mut lane = 0;
        for span in spans {
            if span.len > 0 {
                self.lay_out_span(span, part, lane, patch);
            }
            lane += span.len;
        }
    }

    /// The same for some neighbours, from a lane on.
    #[inline(never)]
    pub fn lay_out_span<P: Patch>(&self, span: &Span, part: Part, lane: usize, patch: &mut P) {
        let lanes = lane..lane + span.len;
        if let Some(neighbours) = self.inside(span, part) {
            patch.set_neighbours(lanes, &neighbours, self.zero_point);
            return;
        }
        let mut window = span.window;
        for lane in lanes {
            self.collect(window, part, patch.staged(part.len(), self.zero_point));
            patch.set(lane, part.len(), self.zero_point);
            window = self.right_of(window);
        }
    }

    /// A part of windows that are all in the input.
    fn inside(&self, span: &Span, part: Part) -> Option<Neighbours<'a>> {
        let (row, begin) = (span.window.row + part.row, span.window.column + part.column);
        let end = self.last(span).column + part.column + part.width;
        if row < 0 || row + part.height > self.rows || begin < 0 || end > self.row_len {
            return None;
        }
        let first = row * self.row_len + begin;
        Some(Neighbours {
            values: self.values.get(first.cast_unsigned()..)?,
            step: self.step.column.cast_unsigned(),
            rows: part.height.cast_unsigned(),
            row_step: self.row_len.cast_unsigned(),
            width: part.width.cast_unsigned(),
        })
    }

    /// Puts the part together of rows, in the middle of the padding around them.
    #[inline(never)] // What it needs is not on the stack where windows are unbroken.
    fn collect(&self, window: Window, part: Part, staging: &mut [i8]) {
        let (first, column) = (window.row + part.row, window.column + part.column);
        let (above, before) = ((-first).max(0), (-column).max(0));
        let rows = part.height.min(self.rows - first) - above;
        let width = part.width.min(self.row_len - column) - before;
        let len = width.max(0).cast_unsigned();
        for row in above..above + rows {
            let place = (row * part.width + before).cast_unsigned();
            let value = (first + row) * self.row_len + column + before;
            let places = staging.get_mut(place..).unwrap_or_default();
            let places = places.get_mut(..len).unwrap_or_default();
            let values = self.values.get(value.cast_unsigned()..);
            B::copy(places, values.unwrap_or_default());
        }
    }
}

/// The places of one window that lie in the input, each with the values of all channels.
pub(super) struct Covered<'a> {
    /// The input from the next place on.
    values: &'a [i8],
    channels: usize,
    /// Places of a row of the input, and of the window in it.
    row_len: usize,
    width: usize,
    /// Places left in this row of the window, and rows left.
    left: usize,
    rows: usize,
}

impl<'a> Covered<'a> {
    /// The window for the output at a row and a column; `input` begins with the first row that it covers.
    pub fn of(operands: &Operands<'_>, input: &'a [i8], [row, column]: [u16; 2]) -> Self {
        let (record, shape) = (operands.record(), operands.input().shape);
        let columns = record.columns.covered(shape.columns, column);
        let channels = usize::from(shape.channels);
        let first = usize::from(columns.start) * channels;
        Self {
            values: input.get(first..).unwrap_or_default(),
            channels,
            row_len: shape.columns.into(),
            width: columns.len(),
            left: columns.len(),
            rows: record.rows.covered(shape.rows, row).len(),
        }
    }
}

impl<'a> Iterator for Covered<'a> {
    type Item = &'a [i8];

    fn next(&mut self) -> Option<&'a [i8]> {
        if self.left == 0 {
            self.rows = self.rows.checked_sub(1)?;
            let gap = self.row_len.checked_sub(self.width)? * self.channels;
            self.values = self.values.get(gap..)?;
            self.left = self.width;
        }
        if self.rows == 0 {
            return None;
        }
        let (place, rest) = self.values.split_at_checked(self.channels)?;
        self.values = rest;
        self.left = self.left.checked_sub(1)?;
        Some(place)
    }
}

fn size(size: u16) -> isize {
    usize::from(size).cast_signed()
}
