//! What the windows of a convolution cover of its input, part by part.

use super::backend::{self, Patch};
use crate::format::LayerRecord;

/// The input of a convolution, from the first row that a row of its output needs.
pub(super) struct Windows<'a> {
    values: &'a [i8],
    zero_point: i8,
    /// Rows of the input that are there.
    rows: isize,
    /// Values of a row of the input.
    row_len: isize,
    /// Rows of a window, and values of a row of it.
    window_rows: isize,
    window_row_len: isize,
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
    /// The number of values, at most [`Patch::LEN`].
    pub len: usize,
}

/// Where the values of a part are put together.
pub(super) type Staging = [i8; Patch::LEN];

impl<'a> Windows<'a> {
    /// The windows for the row `row` of the output; `values` begin where they first read.
    pub fn new(layer: &LayerRecord, values: &'a [i8], row: usize) -> Self {
        let [rows, columns, channels] =
            [layer.input.rows, layer.input.columns, layer.input.channels]
                .map(|size| usize::from(size).cast_signed());
        let (down, right) = (layer.rows, layer.columns);
        let top = row * usize::from(down.pool) * usize::from(down.stride);
        let top = top.cast_signed() - isize::from(i16::from(down.pad_begin));
        // Not `clamp`, which could panic.
        let first_row = top.max(0).min(rows);
        let values_of = |columns: u8| isize::from(i16::from(columns)) * channels;
        Self {
            values,
            zero_point: layer.input_zero_point,
            rows: rows - first_row,
            row_len: columns * channels,
            window_rows: isize::from(i16::from(down.kernel)),
            window_row_len: values_of(right.kernel),
            origin: Window {
                row: top - first_row,
                column: -values_of(right.pad_begin),
            },
            step: Window {
                row: isize::from(i16::from(down.stride)),
                column: values_of(right.stride),
            },
        }
    }

    /// The window `down` windows below the first one and `right` windows to its right.
    pub fn window(&self, down: usize, right: usize) -> Window {
        Window {
            row: self.origin.row + self.step.row * down.cast_signed(),
            column: self.origin.column + self.step.column * right.cast_signed(),
        }
    }

    /// The parts of a window of `len` values.
    pub fn parts(&self, len: usize) -> impl Iterator<Item = Part> + use<> {
        let window_row_len = self.window_row_len;
        let (mut row, mut column) = (0, 0);
        (0..len).step_by(Patch::LEN).map(move |first| {
            let part = Part {
                row,
                column,
                first,
                len: (len - first).min(Patch::LEN),
            };
            column += part.len.cast_signed();
            while column >= window_row_len {
                column -= window_row_len;
                row += 1;
            }
            part
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
    pub fn read<'s>(&'s self, window: Window, part: Part, staging: &'s mut Staging) -> &'s [i8] {
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
    fn collect<'s>(&self, window: Window, part: Part, staging: &'s mut Staging) -> &'s [i8] {
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
            backend::copy(places, self.values.get(begin.cast_unsigned()..)?);
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
        backend::copy(places.get_mut(..len).unwrap_or_default(), values);
    }
}
