//! What windows cover of an input, part by part.

use core::marker::PhantomData;

use super::backend::Backend;
use super::operator::Operands;
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
#[derive(Clone, Copy)]
pub(super) struct Window {
    row: isize,
    column: isize,
}

/// A part of what each window covers, and of the weights of each filter.
#[derive(Clone, Copy)]
pub(super) struct Part {
    /// Its first row in the window, and the value in that row which it begins with.
    row: isize,
    column: isize,
    /// The weight that it begins with.
    pub first: usize,
    /// The number of values.
    pub len: usize,
}

impl Part {
    /// All of a window of `len` values.
    pub fn whole(len: usize) -> Self {
        Self {
            row: 0,
            column: 0,
            first: 0,
            len,
        }
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
            row_len: values_of(shape.columns),
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

    /// The parts, of at most `most` values, of a window of `len`: neighbours in the window, and those of a group in one
    /// place.
    pub fn parts(&self, len: usize, most: usize) -> impl Iterator<Item = Part> + use<B> {
        let window_row_len = self.window_row_len;
        let (group, others) = (self.group, self.channels - self.group);
        let (mut row, mut column, mut first) = (0, 0, 0);
        core::iter::from_fn(move || {
            let mut rest = len.checked_sub(first).filter(|&rest| rest > 0)?;
            if others > 0 {
                rest = group - first % group.max(1);
            }
            let part = Part {
                row,
                column,
                first,
                len: rest.min(most),
            };
            first += part.len;
            column += part.len.cast_signed();
            if others > 0 && part.len == rest {
                column += others.cast_signed();
            }
            while column >= window_row_len {
                column -= window_row_len;
                row += 1;
            }
            Some(part)
        })
    }

    /// The part without the padding that it begins or ends with in all windows, which adds nothing; `None` if it is all
    /// padding. Parts of several rows stay as they are.
    pub fn trim(&self, part: Part, windows: &[Window]) -> Option<Part> {
        let len = part.len.cast_signed();
        if part.column + len > self.window_row_len {
            return Some(part);
        }
        let (mut before, mut after) = (len, len);
        for window in windows {
            if (0..self.rows).contains(&(window.row + part.row)) {
                let begin = window.column + part.column;
                before = before.min((-begin).max(0));
                after = after.min((begin + len - self.row_len).max(0));
            }
        }
        (before + after < len).then(|| Part {
            row: part.row,
            column: part.column + before,
            first: part.first + before.cast_unsigned(),
            len: (len - before - after).cast_unsigned(),
        })
    }

    /// What a part of a window holds, padding included.
    pub fn read<'s>(&'s self, window: Window, part: Part, staging: &'s mut [i8]) -> &'s [i8] {
        match self.unbroken(window, part) {
            Some(values) => values,
            None => self.collect(window, part, staging),
        }
    }

    /// The part in the input, if it is all there and in one row.
    fn unbroken(&self, window: Window, part: Part) -> Option<&[i8]> {
        let len = part.len.cast_signed();
        let (row, column) = (window.row + part.row, window.column + part.column);
        if part.column + len > self.window_row_len
            || !(0..self.rows).contains(&row)
            || column < 0
            || column + len > self.row_len
        {
            return None;
        }
        let begin = (row * self.row_len + column).cast_unsigned();
        self.values.get(begin..)?.get(..part.len)
    }

    /// The part put together of parts of rows.
    #[inline(never)]
    fn collect<'s>(&self, window: Window, part: Part, staging: &'s mut [i8]) -> &'s [i8] {
        let staging = staging.get_mut(..part.len).unwrap_or_default();
        if self.collect_inside(window, part, staging).is_none() {
            self.collect_padded(window, part, staging);
        }
        staging
    }

    /// The parts of a window that is all in the input. `None` for another.
    fn collect_inside(&self, window: Window, part: Part, staging: &mut [i8]) -> Option<()> {
        if window.row < 0
            || window.row + self.window_rows > self.rows
            || window.column < 0
            || window.column + self.window_row_len > self.row_len
        {
            return None;
        }
        let mut begin = (window.row + part.row) * self.row_len + window.column + part.column;
        let mut len = self.window_row_len - part.column;
        let mut rest = staging;
        loop {
            let (places, others) =
                rest.split_at_mut_checked(len.cast_unsigned().min(rest.len()))?;
            B::copy(places, self.values.get(begin.cast_unsigned()..)?);
            if others.is_empty() {
                return Some(());
            }
            begin += self.row_len - self.window_row_len + len;
            len = self.window_row_len;
            rest = others;
        }
    }

    /// The parts of any window; the rest is padding.
    fn collect_padded(&self, window: Window, part: Part, staging: &mut [i8]) {
        staging.fill(self.zero_point);
        let mut rest = staging;
        let (mut row, mut column) = (part.row, part.column);
        while !rest.is_empty() && column < self.window_row_len {
            let len = (self.window_row_len - column)
                .cast_unsigned()
                .min(rest.len());
            let (places, others) = rest.split_at_mut(len);
            self.copy_row(window.row + row, window.column + column, places);
            rest = others;
            row += 1;
            column = 0;
        }
    }

    /// Copies what the input has of the values from `column` on in `row`.
    fn copy_row(&self, row: isize, column: isize, row_places: &mut [i8]) {
        if !(0..self.rows).contains(&row) || column >= self.row_len {
            return;
        }
        let missing = (-column).max(0);
        let begin = (row * self.row_len + column + missing).cast_unsigned();
        let len = (self.row_len - column - missing).cast_unsigned();
        let places = row_places
            .get_mut(missing.cast_unsigned()..)
            .unwrap_or_default();
        let len = len.min(places.len());
        let values = self.values.get(begin..).unwrap_or_default();
        B::copy(places.get_mut(..len).unwrap_or_default(), values);
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
