//! Windows side by side, as the products with filters take them.
//!
//! Weights stay in the order of the file; it is the patch that is laid out in the order in which they are widened.

use core::arch::naked_asm;
use core::mem::MaybeUninit;
use core::ops::Range;
use core::{ptr, slice};

use super::convolution::convolve;
use super::offsets;
use super::requantize::halves;
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

/// Takes the zero point off the `len` values of so many windows, one at least of each, and puts the pairs of each group in
/// the windows' `places`, the second one `lanes` bytes behind the first. Values after them in the last group become what
/// adds nothing. Windows of `others` rows besides the first are put together in the staging first.
#[unsafe(naked)]
#[allow(clippy::too_many_arguments, reason = "they are registers")]
unsafe extern "C" fn widen(
    values: *const i8,
    len: usize,
    places: *mut u32,
    lanes: usize,
    windows: usize,
    step: usize,
    offsets: u32,
    zero_points: u32,
    staging: *mut i8,
    others: usize,
    row_step: usize,
    width: usize,
) {
    // r0 the next window, r4 its next values, r5 windows left, r6 the offsets, r7 the next place, r8 groups, values or rows
    // left, r9 and r10 pairs or values, r11 the width, r12 the next row, lr values left of a row. On the stack: at 36 the
    // windows, 40 the step, 44 the offsets, 48 the zero points, 52 the staging, 56 the other rows, 60 the row step, 64 the
    // width.
    naked_asm!(
        processor!(),
        "push {{r4-r11, lr}}",
        "ldr r5, [sp, #36]",
        "ldr r6, [sp, #44]",
        "2:",
        "mov r4, r0",
        "ldr r8, [sp, #56]",
        "cmp r8, #0",
        "beq 8f",
        "mov r12, r0",
        "ldrd r9, r11, [sp, #60]",
        "ldr r7, [sp, #52]",
        "3:", // Row by row.
        "mov r4, r12",
        "subs lr, r11, #4",
        "bmi 5f",
        "4:",
        "ldr r10, [r4], #4",
        "str r10, [r7], #4",
        "subs lr, lr, #4",
        "bpl 4b",
        "5:",
        "adds lr, lr, #4",
        "beq 7f",
        "6:",
        "ldrb r10, [r4], #1",
        "strb r10, [r7], #1",
        "subs lr, lr, #1",
        "bne 6b",
        "7:",
        "add r12, r12, r9",
        "subs r8, r8, #1",
        "bpl 3b",
        "ldr r4, [sp, #52]",
        "8:", // Group by group.
        "mov r7, r2",
        "lsrs r8, r1, #2",
        "beq 22f",
        "tst r8, #1",
        "bne 21f",
        "20:",
        "ldr r9, [r4], #4",
        "sxtab16 r10, r6, r9",
        "sxtab16 r9, r6, r9, ror #8",
        "str r10, [r7]",
        "str r9, [r7, r3]",
        "add r7, r7, r3, lsl #1",
        "21:",
        "ldr r9, [r4], #4",
        "sxtab16 r10, r6, r9",
        "sxtab16 r9, r6, r9, ror #8",
        "str r10, [r7]",
        "str r9, [r7, r3]",
        "add r7, r7, r3, lsl #1",
        "subs r8, r8, #2",
        "bgt 20b",
        "22:",
        "ands r8, r1, #3",
        "beq 24f",
        // Values come in at the bottom of a word of zero points, the last one first.
        "ldr r9, [sp, #48]",
        "23:",
        "subs r8, r8, #1",
        "ldrb r10, [r4, r8]",
        "orr r9, r10, r9, lsl #8",
        "bne 23b",
        "sxtab16 r10, r6, r9",
        "sxtab16 r9, r6, r9, ror #8",
        "str r10, [r7]",
        "str r9, [r7, r3]",
        "24:",
        "ldr r9, [sp, #40]",
        "add r0, r0, r9",
        "add r2, r2, #4",
        "subs r5, r5, #1",
        "bne 2b",
        "pop {{r4-r11, pc}}",
    )
}
