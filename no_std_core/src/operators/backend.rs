//! The inner loops, in one form for each family of processors; all forms give the same sums.

use core::ops::Range;

#[cfg(backend = "armv6m")]
mod armv6m;
#[cfg(backend = "dsp")]
mod dsp;
mod plain;
mod portable;
#[cfg(any(backend = "armv6m", backend = "dsp"))]
mod thumb;

#[cfg(backend = "armv6m")]
pub use armv6m::Armv6m as Native;
#[cfg(backend = "dsp")]
pub use dsp::Dsp as Native;
pub(super) use plain::{Channels, Neighbours, Places};
pub use portable::Portable;
#[cfg(backend = "portable")]
pub use portable::Portable as Native;

/// Windows that a patch has.
pub(super) const LANES: usize = 4;

/// Values of windows that belong together.
pub(super) const GROUP: usize = 4;

/// The inner loops for a family of processors.
pub trait Backend: 'static {
    /// Values of four windows side by side: its sums with many filters are what convolutions are made of.
    type Patch: Patch;

    /// The same for windows of at most so many times 4 values.
    type SmallPatch<const GROUPS: usize>: Patch;

    /// Copies values to all `places` that there are values for: few, so that a call of `memcpy` would take longer.
    fn copy(places: &mut [i8], values: &[i8]);

    /// What dense layers are made of: every unit meets the whole input, less its zero point. There are as many units as
    /// outputs, and their weights lie [four by four](crate::format::DENSE_GROUP).
    fn dense(input: &[i8], zero_point: i8, units: &Filters<'_>, outputs: &mut [i8]);

    /// Makes sums values: that of a filter in a lane goes to the place `lane * stride + filter` of the outputs.
    fn requantize(
        sums: &Sums<'_>,
        multipliers: &[[u8; 4]],
        zero_point: i8,
        outputs: &mut [i8],
        stride: usize,
    );

    /// Sums the products of channels with their weights in each of the windows: what depthwise convolutions are made of.
    /// `sums` has those of the windows for one channel after the other; what they start from is in the first of each channel.
    fn add_channels(channels: &Channels<'_>, sums: &mut [i32]);

    /// Adds to the sum of each channel its values in all places.
    fn accumulate(sums: &mut [i32], places: &Places<'_>);

    /// Looks up for each value of the output and the one of another tensor what their sum becomes.
    fn add(output: &mut [i8], other: &[i8], table: &[u8; crate::format::SUM_ENTRIES]);
}

/// Filters of a convolution or units of a dense layer.
pub struct Filters<'f> {
    /// The file from the weights of the first one on.
    pub weights: &'f [u8],
    /// Bytes from the weights of one to those of the next.
    pub stride: usize,
    /// What the sum of each starts from.
    pub biases: &'f [[u8; 4]],
    /// What makes the sum of each a value.
    pub multipliers: &'f [[u8; 4]],
    /// The value that stands for 0.
    pub zero_point: i8,
}

impl Filters<'_> {
    /// The same, from the weight at an index of each on.
    #[must_use]
    pub fn from_weight(&self, index: usize) -> Self {
        Self {
            weights: self.weights.get(index..).unwrap_or_default(),
            ..*self
        }
    }

    /// Those after the first ones.
    #[must_use]
    pub fn skip(&self, count: usize) -> Self {
        let weights = self.weights.get(count * self.stride..);
        Self {
            weights: weights.unwrap_or_default(),
            biases: self.biases.get(count..).unwrap_or_default(),
            multipliers: self.multipliers.get(count..).unwrap_or_default(),
            ..*self
        }
    }
}

/// Where the values of filters go: that of a filter in a window to the place `window * stride + filter`.
pub struct Outputs<'o> {
    /// From the place of the first filter in the first window on.
    pub values: &'o mut [i8],
    /// The way from a filter's place in one window to that in the next.
    pub stride: usize,
    /// The windows of a patch, the first ones, whose values are wanted; 0 if it is the greatest one of all, as if there
    /// were one window.
    pub windows: usize,
}

/// A part of the windows in a patch, and what it has to do with filters.
pub struct Products<'p, 'f> {
    /// The window, of a patch that has one at a time.
    pub lane: usize,
    /// The first values of each window that are meant, as many as were set.
    pub len: usize,
    /// The filters, from their weights for the first of these values on.
    pub filters: &'p Filters<'f>,
    /// The sums of each filter: room for them, unless the part is the first and the last one.
    pub sums: &'p mut [[i32; LANES]],
    /// Whether sums start from the biases now.
    pub is_first: bool,
    /// Whether they become values now.
    pub is_last: bool,
    /// Where those go.
    pub outputs: Outputs<'p>,
}

/// The sums of filters in some lanes.
pub struct Sums<'s> {
    /// Those of each filter, one filter after the other.
    pub values: &'s [i32],
    /// Sums of a filter.
    pub group: usize,
    /// The first ones that are to become values, at most `group`.
    pub lanes: usize,
}

impl Sums<'_> {
    /// The number of filters.
    pub fn filters(&self) -> usize {
        match self.group {
            LANES => self.values.len() / LANES, // A shift; some processors divide by a call.
            group => self.values.len().checked_div(group).unwrap_or(0),
        }
    }
}

/// Values of windows side by side, from which their zero point is taken off: four, or as many as are arranged.
pub trait Patch {
    /// Values of each window that there is room for, if they are put together ten of every eleven.
    const LEN: usize;

    /// Windows that are set before they meet filters: four, or 1 where each does so by itself, which is then the only
    /// way to use it.
    const WINDOWS: usize = LANES;

    /// Values of windows that are put together, for which there is room in as many lanes as [`arrange`](Self::arrange) chooses.
    const WHOLE: usize = Self::LEN * 10 / 11;

    /// Values of a part of each window that there is room for, of four side by side, put together or not.
    const PART: usize = Self::LEN;

    /// One that holds nothing.
    fn empty() -> Self;

    /// Where the `len` values of a window, or of a part of it, are put together; all of them stand for 0 at first.
    fn staged(&mut self, len: usize, zero_point: i8) -> &mut [i8];

    /// Chooses how many windows of a row of so many are side by side, and returns that number.
    fn arrange(&mut self, _windows: usize) -> usize {
        LANES
    }

    /// Sets the first values of the window `lane`: the `len` that have been put together.
    fn set(&mut self, lane: usize, len: usize, zero_point: i8);

    /// Sets the first values of the windows in some lanes, one after the other.
    fn set_neighbours(&mut self, lanes: Range<usize>, neighbours: &Neighbours<'_>, zero_point: i8);

    /// Adds the products of a part of each window with the weights of filters to their sums.
    fn convolve(&self, products: Products<'_, '_>);

    /// The same for four windows whose greatest values alone are wanted.
    fn convolve_tile(&self, products: Products<'_, '_>) {
        self.convolve(products);
    }
}
