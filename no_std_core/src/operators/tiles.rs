//! The windows that places of a convolution's output are made of.

use super::backend::{Backend, LANES};
use super::windows::{Window, Windows};
use crate::format::OperatorRecord;

/// The windows of a row of the output, tile by tile: of the windows of a tile the maximum is taken. Where a layer takes
/// none, every place has a tile of one window.
pub(super) struct Tiles {
    rows: usize,
    columns: usize,
    /// The column of the next tile's first window, and where in the tile the next window is.
    first: usize,
    row: usize,
    column: usize,
}

/// Neighbouring windows, from the first one to the right.
#[derive(Clone, Copy, Default)]
pub(super) struct Span {
    pub window: Window,
    pub len: usize,
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

    /// The next windows, `count` of them, where every place has a tile of one.
    pub fn next_places<B: Backend>(&mut self, windows: &Windows<'_, B>, count: usize) -> Span {
        let window = windows.window(0, self.first);
        self.first += count;
        Span { window, len: count }
    }

    /// The next windows of a larger tile, `count` of them for all lanes: the last one once more for each that is left over.
    pub fn next<B: Backend>(&mut self, windows: &Windows<'_, B>, count: usize) -> [Span; LANES] {
        let mut spans = [Span::default(); LANES];
        let (mut lane, mut last) = (0, Window::default());
        for span in &mut spans {
            if lane < count {
                *span = self.next_span(windows, count - lane);
            } else if lane < LANES {
                *span = Span {
                    window: last,
                    len: 1,
                };
            } else {
                break;
            }
            lane += span.len;
            last = windows.last(span);
        }
        spans
    }

    /// The next window and its neighbours in the tile, at most so many.
    fn next_span<B: Backend>(&mut self, windows: &Windows<'_, B>, most: usize) -> Span {
        let window = windows.window(self.row, self.first + self.column);
        let len = most.min(self.columns - self.column);
        self.column += len;
        if self.column == self.columns {
            self.column = 0;
            self.row += 1;
        }
        if self.row == self.rows {
            self.row = 0;
            self.first += self.columns;
        }
        Span { window, len }
    }
}
