//! An input among its padding, and where windows begin in it.

use alloc::vec::Vec;
use core::ops::Range;

use super::simd::LANES;
use crate::format::{Axis, OperatorRecord, Shape};

/// How an input lies among its padding.
#[derive(Clone, Debug)]
pub(super) struct Padding {
    /// Values of a row of the input, and of one with its padding.
    pub row_len: usize,
    pub padded_row_len: usize,
    /// Rows with the padding above and below, the padding above, and values of that to the left.
    height: usize,
    above: usize,
    left: usize,
    channels: usize,
}

impl Padding {
    /// The padding that windows over an input need.
    pub fn of(shape: Shape, record: &OperatorRecord) -> Self {
        let channels = usize::from(shape.channels);
        Self {
            row_len: shape.row_len() as usize,
            padded_row_len: record.columns.padded(shape.columns) as usize * channels,
            height: record.rows.padded(shape.rows) as usize,
            above: record.rows.pad_begin.into(),
            left: usize::from(record.columns.pad_begin) * channels,
            channels,
        }
    }

    /// None around so many values in one row.
    pub fn none(len: usize) -> Self {
        Self {
            row_len: len,
            padded_row_len: len,
            height: 1,
            above: 0,
            left: 0,
            channels: len,
        }
    }

    /// The number of values with the padding, and a few behind it that are read but count for nothing.
    pub fn len(&self) -> usize {
        self.height * self.padded_row_len + LANES
    }

    /// Where the rows of the input go.
    pub fn rows(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let (len, padded, left) = (self.row_len, self.padded_row_len, self.left);
        (self.above..self.height).map(move |row| {
            let start = row * padded + left;
            start..start + len
        })
    }

    /// Where the place of a window begins that is at this row and column of it.
    pub fn tap(&self, row: usize, column: usize) -> usize {
        row * self.padded_row_len + column * self.channels
    }

    /// Where the first window of each place of an output begins.
    pub fn places(&self, output: Shape, record: &OperatorRecord) -> Vec<u32> {
        let step = |axis: &Axis| usize::from(axis.stride) * usize::from(axis.pool);
        let lens = [output.rows, output.columns].map(usize::from);
        self.taps(lens, [step(&record.rows), step(&record.columns)])
    }

    /// The way from the first window of a place to each of its windows.
    pub fn tile(&self, record: &OperatorRecord) -> Vec<u32> {
        let axes = [record.rows, record.columns];
        self.taps(
            axes.map(|axis| axis.pool.into()),
            axes.map(|axis| axis.stride.into()),
        )
    }

    /// Where windows begin, so many down and to the right and so far from one another.
    fn taps(&self, lens: [usize; 2], steps: [usize; 2]) -> Vec<u32> {
        let mut taps = Vec::with_capacity(lens[0] * lens[1]);
        for row in 0..lens[0] {
            let columns = 0..lens[1];
            taps.extend(columns.map(|column| self.tap(row * steps[0], column * steps[1]) as u32));
        }
        taps
    }
}
