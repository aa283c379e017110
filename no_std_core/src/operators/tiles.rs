//! The windows that places of a convolution's output are made of.

use super::backend::Backend;
use super::windows::{Window, Windows};
use crate::format::OperatorRecord;

/// The windows of a row of the output, tile by tile: of the windows of a tile the maximum is taken. Where a layer takes
/// none, every place has a tile of one window.
#[derive(Clone)]
pub(super) struct Tiles {
    rows: usize,
    columns: usize,
    /// The column of the next tile's first window, and where in the tile the next window is.
    first: usize,
    row: usize,
    column: usize,
}

impl Tiles {
    pub fn of(record: &OperatorRecord) -> Self {
        Self {
            rows: record.rows.pool.into(),
            columns: record.columns.pool.into(),
            first: 0,
            row: 0,
            column: 0,
        }
    }

    /// The windows of a tile.
    pub fn len(&self) -> usize {
        self.rows * self.columns
    }

    /// Passes over so many tiles of one window.
    pub fn skip(&mut self, count: usize) {
        self.first += count;
    }

    /// The next window.
    pub fn next<B: Backend>(&mut self, windows: &Windows<'_, B>) -> Window {
        let window = windows.window(self.row, self.first + self.column);
        self.column += 1;
        if self.column == self.columns {
            self.column = 0;
            self.row += 1;
        }
        if self.row == self.rows {
            self.row = 0;
            self.first += self.columns;
        }
        window
    }
}
