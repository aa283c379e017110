//! Windows side by side, as the products with filters take them.
//!
//! Weights stay in the order of the file; it is the patch that is laid out in the order in which they are widened.

use core::mem::MaybeUninit;
use core::ops::Range;
use core::{ptr, slice};

use super::convolution::convolve;
use super::offsets;
use super::requantize::halves;
use super::widen::widen;
use crate::operators::backend::thumb::fill;
use crate::operators::backend::{self, GROUP, LANES, Neighbours, Products};

/// Windows of a patch at most.
const MOST: usize = LANES + 1;

/// Values from a window to the next one, or from a row to the next one, at most.
const MOST_STEP: usize = 1 << 24;

/// Values of four or five windows, from which their zero point is taken off, in groups of [`GROUP`]: of each window the
/// pair of values 0 and 2, then of each the pair of values 1 and 3. They take the beginning of the room, and windows are put
/// together at its end.
pub struct Patch<const GROUPS: usize> {
    groups: [[[MaybeUninit<u32>; MOST]; 2]; GROUPS],
    /// Windows besides four.
    others: usize,
}

impl<const GROUPS: usize> backend::Patch for Patch<GROUPS> {
    const LEN: usize = GROUPS * GROUP;

    const PART: usize = GROUPS * GROUP * 10 / 9 / GROUP * GROUP;

    #[inline(always)]
    fn empty() -> Self {
        Self {
            groups: [[[MaybeUninit::uninit(); MOST]; 2]; GROUPS],
            others: 0,
        }
    }

    /// At the end of the room.
    fn staged(&mut self, len: usize, zero_point: i8) -> &mut [i8] {
        let words = len.div_ceil(GROUP);
        if !(1..=Self::WORDS).contains(&words) {
            return &mut [];
        }
        // SAFETY: there is room for whole words, and then they hold values.
        unsafe {
            let first = self.staging(words);
            fill(first, len, zero_point);
            slice::from_raw_parts_mut(first.cast(), len)
        }
    }

    /// Five where a row takes so much fewer rounds that it makes up for what a round takes more.
    fn arrange(&mut self, windows: usize) -> usize {
        let (fours, fives) = (windows.div_ceil(LANES), windows.div_ceil(MOST));
        self.others = usize::from(7 * fives < 6 * fours);
        self.lanes()
    }

    fn set(&mut self, lane: usize, len: usize, zero_point: i8) {
        let words = len.div_ceil(GROUP);
        if self.has_room(len, words) && lane < self.lanes() {
            // SAFETY: there is room for so many, and the loop may read whatever is there.
            unsafe {
                let values = self.staging(words).cast_const().cast();
                self.widen(lane..lane + 1, values, [len, 0], [0; 2], zero_point);
            }
        }
    }

    fn set_neighbours(&mut self, lanes: Range<usize>, neighbours: &Neighbours<'_>, zero_point: i8) {
        let &Neighbours {
            values,
            rows,
            width,
            ..
        } = neighbours;
        // Steps that memory has no room for become so small that so few rows do not overflow.
        let step = neighbours.step.min(MOST_STEP);
        let row_step = neighbours.row_step.min(MOST_STEP);
        let may_be = |size: usize| (1..=Self::WORDS * GROUP).contains(&size);
        if lanes.is_empty() || lanes.end > self.lanes() || !may_be(rows) || !may_be(width) {
            return;
        }
        let len = rows * width;
        let staged = if rows > 1 { len.div_ceil(GROUP) } else { 0 };
        if !self.has_room(len, staged) {
            return;
        }
        let last = (lanes.len() - 1) * step + (rows - 1) * row_step;
        if last + width > values.len() {
            return;
        }
        // SAFETY: there is a value, of each window there are so many, and there is room for them and for their pairs.
        unsafe {
            self.widen(
                lanes,
                values.as_ptr(),
                [width, rows - 1],
                [step, row_step],
                zero_point,
            );
        }
    }

    fn convolve(&self, products: Products<'_, '_>) {
        match self.lanes() {
            LANES => self.convolve_with::<LANES, LANES>(products),
            _ => self.convolve_with::<MOST, MOST>(products),
        }
    }

    fn convolve_tile(&self, products: Products<'_, '_>) {
        self.convolve_with::<LANES, 1>(products);
    }
}

impl<const GROUPS: usize> Patch<GROUPS> {
    /// What filters make of so many windows, at most so many values.
    fn convolve_with<const WINDOWS: usize, const VALUES: usize>(&self, products: Products<'_, '_>) {
        let Products {
            len,
            filters,
            sums,
            is_first,
            is_last,
            outputs,
            ..
        } = products;
        let count = filters.biases.len().min(filters.multipliers.len());
        let read = Self::read(len, filters.weights, filters.stride, count);
        let has_sums = is_first && is_last || WINDOWS == LANES && count <= sums.len();
        let windows = WINDOWS - LANES..=VALUES;
        // The first window's alone where the greatest value of all is wanted.
        let others = if VALUES == 1 {
            0
        } else {
            outputs.windows.saturating_sub(1)
        };
        let places = others.saturating_mul(outputs.stride).saturating_add(count);
        let has_places = windows.contains(&outputs.windows) && places <= outputs.values.len();
        let output = if is_last {
            outputs.values.as_mut_ptr()
        } else {
            ptr::null_mut()
        };
        let end = if is_last {
            output.addr() + count
        } else {
            sums.as_ptr().addr() + count * size_of::<[i32; LANES]>()
        };
        let there = has_sums && has_places;
        let Some(read) = read.filter(|_| there) else {
            return;
        };
        let patch = self.words();
        let multipliers = filters.multipliers.as_ptr().addr();
        // SAFETY: `read` has seen that there are weights and values, there are biases and multipliers of all filters, and
        // there is room for all sums and values that are stored.
        unsafe {
            convolve::<WINDOWS, VALUES>(
                filters.weights.as_ptr(),
                read / GROUP,
                sums.as_mut_ptr(),
                outputs.windows,
                multipliers.wrapping_sub(output.addr().wrapping_mul(size_of::<u32>())),
                halves(filters.zero_point),
                filters.stride.wrapping_sub(read),
                end,
                patch.add(read / GROUP * 2 * WINDOWS),
                patch,
                if is_first {
                    filters.biases.as_ptr()
                } else {
                    ptr::null()
                },
                output,
                outputs.stride,
                0,
            );
        }
    }

    /// Words of the room.
    const WORDS: usize = GROUPS * 2 * MOST;

    /// Whether there is room for windows of `WHOLE` values in all lanes, and for one behind them.
    pub const HAS_WHOLE: bool =
        <Self as backend::Patch>::WHOLE.div_ceil(GROUP) * (2 * MOST + 1) <= Self::WORDS;

    fn lanes(&self) -> usize {
        LANES + self.others
    }

    fn words(&self) -> *const u32 {
        self.groups.as_ptr().cast()
    }

    /// The weights that are read of each filter, to meet the first `len` values of each window. `None` if there is no filter,
    /// no value, or the last of these weights is not there: behind those of a file there are always more bytes.
    fn read(len: usize, weights: &[u8], stride: usize, filters: usize) -> Option<usize> {
        let read = len.next_multiple_of(GROUP);
        let last = filters.checked_sub(1)?.saturating_mul(stride);
        let there = last.saturating_add(read) <= weights.len();
        debug_assert!(there, "the loader has seen all weights");
        (there && (1..=<Self as backend::Patch>::PART).contains(&len)).then_some(read)
    }

    /// Whether there is room for windows of so many values, at least one, and for some words where they are put together.
    fn has_room(&self, len: usize, staged: usize) -> bool {
        let may_be = (1..=<Self as backend::Patch>::PART).contains(&len);
        may_be && len.div_ceil(GROUP) * 2 * self.lanes() + staged <= Self::WORDS
    }

    /// Where windows of so many words are put together; they must be in the room.
    unsafe fn staging(&mut self, words: usize) -> *mut u32 {
        // SAFETY: as the caller says.
        unsafe {
            self.groups
                .as_mut_ptr()
                .cast::<u32>()
                .add(Self::WORDS - words)
        }
    }

    /// Lays out windows of a row of `width` values and of some other rows: the caller says that they are there, and that
    /// there is room.
    #[inline(always)] // The loop needs the stack more.
    unsafe fn widen(
        &mut self,
        lanes: Range<usize>,
        values: *const i8,
        [width, others]: [usize; 2],
        [step, row_step]: [usize; 2],
        zero_point: i8,
    ) {
        let len = (others + 1) * width;
        let first = self.groups.as_mut_ptr().cast::<u32>();
        // SAFETY: as the caller says.
        unsafe {
            widen(
                values,
                len,
                first.add(lanes.start),
                self.lanes() * size_of::<u32>(),
                lanes.len(),
                step,
                offsets(zero_point),
                u32::from_ne_bytes([zero_point.cast_unsigned(); GROUP]),
                self.staging(len.div_ceil(GROUP)).cast(),
                others,
                row_step,
                width,
            );
        }
    }
}
