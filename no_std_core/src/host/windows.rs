//! Where the values of windows lie.

use alloc::vec;
use alloc::vec::Vec;

use super::padding::Padding;
use super::simd::LANES;
use crate::format::{KIND_DENSE, OperatorRecord};
use crate::operators::Operands;

/// Windows that are unfolded at a time.
pub(super) const UNFOLDED: usize = 256;

/// Windows over an input.
pub(super) struct Windows {
    /// Where the first window of each place of the output begins, and the way from it to each window of the place's tile.
    pub places: Vec<u32>,
    pub tile: Vec<u32>,
    /// Where in a window its runs begin, which are values one behind the other, and the length of each.
    pub runs: Vec<usize>,
    pub run_len: usize,
}

impl Windows {
    /// The windows of a convolution over one of its groups of channels, and the padding that they need.
    pub fn of(operands: &Operands<'_>) -> (Self, Padding) {
        let (record, input) = (operands.record(), operands.input().shape);
        if record.kind == KIND_DENSE {
            let len = input.elements() as usize;
            return (Self::one(len), Padding::none(len));
        }
        let padding = Padding::of(input, &record);
        let channels = usize::from(input.channels / record.groups);
        let (runs, run_len) = runs(&record, &padding, channels);
        let windows = Self {
            places: padding.places(operands.output().shape, &record),
            tile: padding.tile(&record),
            runs,
            run_len,
        };
        (windows, padding)
    }

    /// One window of one run: all there is.
    fn one(len: usize) -> Self {
        Self {
            places: vec![0],
            tile: vec![0],
            runs: vec![0],
            run_len: len,
        }
    }

    /// How far a window reaches whose runs are taken `depth` values at a time.
    pub fn extent(&self, depth: usize) -> usize {
        let len = self.run_len.next_multiple_of(depth);
        self.runs.last().map_or(0, |run| run + len)
    }

    /// How the windows lie once they are [unfolded](Self::unfold), each a run of values that are taken `depth` at a time.
    /// `None` where that is not worth while, as runs are long already, or a place has more windows than are unfolded at a time.
    pub fn unfolded(&self, depth: usize) -> Option<Self> {
        let places = UNFOLDED / self.tile.len();
        if self.runs.len() == 1 || self.run_len > LANES || places == 0 {
            return None;
        }
        let run_len = self.runs.len() * self.run_len;
        let window_len = run_len.next_multiple_of(depth) as u32;
        let count = self.tile.len() as u32;
        Some(Self {
            places: (0..places as u32)
                .map(|place| place * count * window_len)
                .collect(),
            tile: (0..count).map(|window| window * window_len).collect(),
            runs: vec![0],
            run_len,
        })
    }

    /// Copies the runs of the windows of some places so that they lie one behind the other, a window every so many values.
    #[inline(always)]
    pub fn unfold<V: Copy + Default>(
        &self,
        places: &[u32],
        values: &[V],
        window_len: usize,
        windows: &mut Vec<V>,
    ) {
        windows.resize(UNFOLDED * window_len + LANES, V::default());
        // Of one length all, so that what is checked of one window holds for the others.
        let extent = self.extent(LANES);
        let len = (self.runs.len() - 1) * self.run_len + LANES;
        let mut place = 0;
        for &first in places {
            for &window in &self.tile {
                let values = &values[(first + window) as usize..][..extent];
                let copy = &mut windows[place..][..len];
                let mut at = 0;
                for &run in &self.runs {
                    // What is too much is overwritten by what comes next, or meets weights of 0.
                    copy[at..][..LANES].copy_from_slice(&values[run..][..LANES]);
                    at += self.run_len;
                }
                place += window_len;
            }
        }
    }
}

/// Where the runs of a window begin that reads so many neighbouring channels, and their length.
fn runs(record: &OperatorRecord, padding: &Padding, channels: usize) -> (Vec<usize>, usize) {
    let [rows, columns] = [record.rows, record.columns].map(|axis| usize::from(axis.kernel));
    let is_grouped = record.groups > 1;
    let is_wide = !is_grouped && padding.tap(0, columns) == padding.padded_row_len;
    let (rows, columns, places) = match (is_grouped, is_wide) {
        (true, _) => (rows, columns, 1),
        (false, true) => (1, 1, rows * columns),
        (false, false) => (rows, 1, columns),
    };
    let starts = (0..rows).flat_map(|row| (0..columns).map(move |column| [row, column]));
    let starts = starts.map(|[row, column]| padding.tap(row, column));
    (starts.collect(), places * channels)
}
