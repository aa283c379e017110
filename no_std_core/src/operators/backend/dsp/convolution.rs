//! The products of windows with filters, and the values that their sums become.
//!
//! `SXTB16` widens bytes 0 and 2 of a word, after a rotation bytes 1 and 3, and `SMLAD` adds the two products of such
//! pairs to a sum. Weights stay in the order of the file; it is the patch that is laid out in the order of those pairs.

use core::arch::naked_asm;
use core::ops::Range;
use core::ptr;

use super::requantize::{prepare, scale, scale_exactly, zero};
use super::{GROUP, offsets};
use crate::operators::backend::{self, Filters, LANES, Outputs};

/// Windows of a patch at most.
const MOST: usize = LANES + 1;

/// Values of four or five windows, from which their zero point is taken off, in groups of [`GROUP`]: of each window the
/// pair of values 0 and 2, then of each the pair of values 1 and 3. Those of four windows take less of the room.
pub struct Patch<const GROUPS: usize> {
    groups: [[[u32; MOST]; 2]; GROUPS],
    lanes: usize,
}

impl<const GROUPS: usize> backend::Patch for Patch<GROUPS> {
    const LEN: usize = GROUPS * GROUP;

    const PART: usize = GROUPS * GROUP * MOST / LANES;

    const EMPTY: Self = Self {
        groups: [[[0; MOST]; 2]; GROUPS],
        lanes: LANES,
    };

    type Staging = [[i8; GROUP * MOST / LANES]; GROUPS];

    const STAGING: Self::Staging = [[0; GROUP * MOST / LANES]; GROUPS];

    fn staged(staging: &mut Self::Staging) -> &mut [i8] {
        staging.as_flattened_mut()
    }

    /// Five where a row takes so much fewer rounds that it makes up for what a round takes more.
    fn arrange(&mut self, windows: usize) -> usize {
        let [fours, fives] = [LANES, MOST].map(|lanes| windows.div_ceil(lanes));
        let fewer = 7 * fives < 6 * fours;
        self.lanes = if fewer { MOST } else { LANES };
        self.lanes
    }

    fn set(&mut self, lane: usize, values: &[i8], zero_point: i8) {
        self.lay_out(lane..lane + 1, values, [values.len(), 0], zero_point);
    }

    fn set_neighbours(
        &mut self,
        count: usize,
        values: &[i8],
        [len, step]: [usize; 2],
        zero_point: i8,
    ) {
        self.lay_out(0..count, values, [len, step], zero_point);
    }

    fn add_products(
        &self,
        [_, len]: [usize; 2],
        weights: &[u8],
        stride: usize,
        sums: &mut [[i32; LANES]],
    ) {
        let read = Self::read(Self::PART, len, weights, stride, sums.len());
        let Some(read) = read.filter(|_| self.lanes == LANES) else {
            return;
        };
        let patch = self.words();
        // SAFETY: `read` has seen that there are weights and values, and there are sums for each filter.
        unsafe {
            convolve::<LANES>(
                weights.as_ptr(),
                read / GROUP,
                sums.as_mut_ptr(),
                0,
                patch,
                patch.add(read / GROUP * 2 * LANES),
                stride.wrapping_sub(read),
                ptr::null(),
                0,
                sums.as_ptr_range().end.addr(),
                0,
                ptr::null_mut(),
                0,
            );
        }
    }

    fn convolve(&self, len: usize, filters: &Filters<'_>, outputs: Outputs<'_>) {
        let (biases, multipliers) = (filters.biases, filters.multipliers);
        let count = biases.len().min(multipliers.len());
        let read = Self::read(Self::LEN, len, filters.weights, filters.stride, count);
        let others = outputs.windows.saturating_sub(1);
        let end = others.saturating_mul(outputs.stride).saturating_add(count);
        let Some(read) = read else {
            return;
        };
        if outputs.windows > self.lanes || end > outputs.values.len() {
            return;
        }
        let convolve = match self.lanes {
            LANES => convolve::<LANES>,
            _ => convolve::<MOST>,
        };
        let patch = self.words();
        // SAFETY: `read` has seen that there are weights and values, there are biases and multipliers of all filters, and
        // places for all values that are stored.
        unsafe {
            convolve(
                filters.weights.as_ptr(),
                read / GROUP,
                ptr::null_mut(),
                outputs.windows,
                patch,
                patch.add(read / GROUP * 2 * self.lanes),
                filters.stride.wrapping_sub(read),
                biases.as_ptr(),
                multipliers
                    .as_ptr()
                    .addr()
                    .wrapping_sub(biases.as_ptr().addr()),
                biases.as_ptr().add(count).addr(),
                zero(filters.zero_point),
                outputs.values.as_mut_ptr(),
                outputs.stride,
            );
        }
    }
}

impl<const GROUPS: usize> Patch<GROUPS> {
    fn words(&self) -> *const u32 {
        self.groups.as_ptr().cast()
    }

    /// The weights that are read of each filter, to meet the first `len` values of each window, of at most `most`. `None` if
    /// there is no filter, no value, or the last of these weights is not there: behind those of a file there are always more
    /// bytes.
    fn read(
        most: usize,
        len: usize,
        weights: &[u8],
        stride: usize,
        filters: usize,
    ) -> Option<usize> {
        let read = len.next_multiple_of(GROUP);
        let last = filters.checked_sub(1)?.saturating_mul(stride);
        let there = last.saturating_add(read) <= weights.len();
        debug_assert!(there, "the loader has seen all weights");
        (there && (1..=most).contains(&len)).then_some(read)
    }

    /// Sets the first `len` values of the windows in some lanes, which are `step` values apart.
    fn lay_out(
        &mut self,
        lanes: Range<usize>,
        values: &[i8],
        [len, step]: [usize; 2],
        zero_point: i8,
    ) {
        let Some(others) = lanes.len().checked_sub(1) else {
            return;
        };
        let end = others.saturating_mul(step).saturating_add(len);
        let room = len.div_ceil(GROUP) * 2 * self.lanes;
        if end > values.len() || lanes.end > self.lanes || room > GROUPS * 2 * MOST || len == 0 {
            return;
        }
        let first = self.groups.as_mut_ptr().cast::<u32>();
        // SAFETY: there is a value, of each window there are so many, and there is room for its pairs.
        unsafe {
            widen(
                values.as_ptr(),
                len,
                first.add(lanes.start),
                self.lanes * size_of::<u32>(),
                lanes.len(),
                step,
                offsets(zero_point),
                u32::from_ne_bytes([zero_point.cast_unsigned(); GROUP]),
            );
        }
    }
}

/// Takes the zero point off the `len` values of so many windows, one at least of each, and puts the pairs of each group in
/// the windows' `places`, the second one `lanes` bytes behind the first. Values after them in the last group become what
/// adds nothing.
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
) {
    // r0 the next window, r4 its next values, r5 windows left, r6 the offsets, r7 the next place, r8 groups or values left,
    // r9 and r10 pairs. On the stack: at 36 the step, 44 the zero points.
    naked_asm!(
        processor!(),
        "push {{r4-r10, lr}}",
        "ldr r5, [sp, #32]",
        "ldr r6, [sp, #40]",
        "2:",
        "mov r4, r0",
        "mov r7, r2",
        "lsrs r8, r1, #2",
        "beq 5f",
        "tst r8, #1",
        "bne 4f",
        "3:",
        "ldr r9, [r4], #4",
        "sxtab16 r10, r6, r9",
        "sxtab16 r9, r6, r9, ror #8",
        "str r10, [r7]",
        "str r9, [r7, r3]",
        "add r7, r7, r3, lsl #1",
        "4:",
        "ldr r9, [r4], #4",
        "sxtab16 r10, r6, r9",
        "sxtab16 r9, r6, r9, ror #8",
        "str r10, [r7]",
        "str r9, [r7, r3]",
        "add r7, r7, r3, lsl #1",
        "subs r8, r8, #2",
        "bgt 3b",
        "5:",
        "ands r8, r1, #3",
        "beq 7f",
        // Values come in at the top of a word of zero points, the last one first.
        "ldr r9, [sp, #44]",
        "6:",
        "subs r8, r8, #1",
        "ldrb r10, [r4, r8]",
        "orr r9, r10, r9, lsl #8",
        "bne 6b",
        "sxtab16 r10, r6, r9",
        "sxtab16 r9, r6, r9, ror #8",
        "str r10, [r7]",
        "str r9, [r7, r3]",
        "7:",
        "ldr r9, [sp, #36]",
        "add r0, r0, r9",
        "add r2, r2, #4",
        "subs r5, r5, #1",
        "bne 2b",
        "pop {{r4-r10, pc}}",
    )
}

/// The value of a lane, which is stored.
macro_rules! value {
    ($sum:literal, $at:literal, $unclear:literal, $back:literal) => {
        concat!(
            scale!($sum, $unclear),
            $back,
            ":\nssat ",
            $sum,
            ", #8, ",
            $sum,
            "\nstrb.w ",
            $sum,
            ", ",
            $at
        )
    };
}

/// Where the value of a lane is not clear.
macro_rules! unclear {
    ($sum:literal, $here:literal, $back:literal) => {
        concat!(
            $here,
            ":\npush {{r0-r3, lr}}\nmov r0, ",
            $sum,
            "\nbl 60f\nmov ",
            $sum,
            ", r0\npop {{r0-r3, lr}}\nb.w ",
            $back
        )
    };
}

/// Meets a patch of so many windows with at least one filter, over at least one group. With `sums`, whose end is
/// `biases_end`, the products are added to them. Without, sums start from the biases and become values, whose first place
/// is `output`, and that of the next window `stride` further: as many as there are `windows`, or the greatest one for 0.
///
/// After what is read of the weights of a filter, those of the next one begin `skip` bytes further, and `multipliers` is
/// the way from its bias to its multiplier. `zero` is twice the zero point, and 1.
///
/// A round has four groups; where the groups are no multiple of four, each filter enters its first round in the middle.
#[unsafe(naked)]
#[allow(clippy::too_many_arguments, reason = "they are registers")]
unsafe extern "C" fn convolve<const LANES: usize>(
    weights: *const u8,
    groups: usize,
    sums: *mut [i32; backend::LANES],
    windows: usize,
    patch: *const u32,
    patch_end: *const u32,
    skip: usize,
    biases: *const [u8; 4],
    multipliers: usize,
    biases_end: usize,
    zero: i32,
    output: *mut i8,
    stride: usize,
) {
    // r0 weights, r1 patch, r3 and r12 pairs of weights, r4 to r8 the sums. Of four windows r8 to r11 are pairs of values,
    // r2 is the end of the patch and lr the place of the sums, of five r2, r9 to r11 and lr are pairs of values. For values:
    // r1 the place of the first one, r2 the way to the next one, lr the second one, the others as in `prepare`.
    //
    // On the stack: at 0 the entry, 4 where a filter ends, 8 where it becomes values; at 52 the patch, 56 its end, 60 the
    // skip, 64 the bias, 68 the way to the multiplier, 72 the end, 76 the zero, 80 the place, 84 the way to the next one.
    naked_asm!(
        processor!(),
        "push {{r0-r11, lr}}",
        "mov lr, r2",
        "rsb r4, r1, #0",
        "and r4, r4, #3",
        "mov r5, #(20 + 8 * {lanes})",
        "adr.w r6, 6f",
        "mla r4, r4, r5, r6",
        "add r4, r4, #1",
        "adr.w r6, 40f",
        "mov r7, #24",
        "rsb r8, r3, #{lanes}",
        "mla r6, r8, r7, r6",
        "cmp r3, #0",
        "it eq",
        "adreq.w r6, 30f",
        "add r6, r6, #1",
        "adr.w r5, 7f",
        "cmp lr, #0",
        "it ne",
        "adrne.w r5, 8f",
        "add r5, r5, #1",
        "stm sp, {{r4-r6}}",
        "bne 3f",
        "2:", // From the bias.
        "ldrd r1, r2, [sp, #52]",
        "ldr r12, [sp, #64]",
        "ldr r4, [r12]",
        "mov r5, r4",
        "mov r6, r4",
        "mov r7, r4",
        ".if {lanes} == 5",
        "mov r8, r4",
        ".endif",
        "ldr pc, [sp]",
        "3:", // From the sums.
        "ldrd r1, r2, [sp, #52]",
        "ldm lr, {{r4-r7}}",
        "ldr pc, [sp]",
        ".p2align 2",
        "6:",
        ".rept 4",
        "ldr r12, [r0], #4",
        ".if {lanes} == 4",
        "ldmia.w r1!, {{r8-r11}}",
        "sxtb16 r3, r12",
        "sxtb16 r12, r12, ror #8",
        "smlad r4, r8, r3, r4",
        "smlad r5, r9, r3, r5",
        "smlad r6, r10, r3, r6",
        "smlad r7, r11, r3, r7",
        "ldmia.w r1!, {{r8-r11}}",
        "smlad r4, r8, r12, r4",
        "smlad r5, r9, r12, r5",
        "smlad r6, r10, r12, r6",
        "smlad r7, r11, r12, r7",
        ".else",
        "ldmia.w r1!, {{r2, r9-r11, lr}}",
        "sxtb16 r3, r12",
        "sxtb16 r12, r12, ror #8",
        "smlad r4, r2, r3, r4",
        "smlad r5, r9, r3, r5",
        "smlad r6, r10, r3, r6",
        "smlad r7, r11, r3, r7",
        "smlad r8, lr, r3, r8",
        "ldmia.w r1!, {{r2, r9-r11, lr}}",
        "smlad r4, r2, r12, r4",
        "smlad r5, r9, r12, r5",
        "smlad r6, r10, r12, r6",
        "smlad r7, r11, r12, r7",
        "smlad r8, lr, r12, r8",
        ".endif",
        ".endr",
        ".if {lanes} == 5",
        "ldr r2, [sp, #56]",
        ".endif",
        "cmp r1, r2",
        "bne 6b",
        "ldr pc, [sp, #4]",
        "7:", // To values.
        "ldrd r12, r3, [sp, #64]",
        "ldr r3, [r12, r3]",
        "add r12, r12, #4",
        "str r12, [sp, #64]",
        "ldr lr, [sp, #76]",
        prepare!(),
        "ldrd r1, r2, [sp, #80]",
        "add lr, r1, r2",
        "ldr pc, [sp, #8]",
        "8:", // To sums.
        "stm lr!, {{r4-r7}}",
        "ldr r3, [sp, #60]",
        "add r0, r0, r3",
        "ldr r3, [sp, #72]",
        "cmp lr, r3",
        "bne 3b",
        "b 9f",
        "30:", // The greatest.
        "cmp r5, r4",
        "it gt",
        "movgt r4, r5",
        "cmp r6, r4",
        "it gt",
        "movgt r4, r6",
        "cmp r7, r4",
        "it gt",
        "movgt r4, r7",
        "b 41f",
        ".p2align 2",
        "40:",
        ".if {lanes} == 5",
        value!("r8", "[r1, r2, lsl #2]", "58f", "48"),
        ".endif",
        value!("r7", "[lr, r2, lsl #1]", "57f", "47"),
        value!("r6", "[r1, r2, lsl #1]", "56f", "46"),
        value!("r5", "[r1, r2]", "55f", "45"),
        "41:",
        value!("r4", "[r1]", "54f", "44"),
        "add r1, r1, #1",
        "str r1, [sp, #80]",
        "ldr r3, [sp, #60]",
        "add r0, r0, r3",
        "ldr r12, [sp, #64]",
        "ldr r3, [sp, #72]",
        "cmp r12, r3",
        "bne 2b",
        "9:",
        "add sp, sp, #16",
        "pop {{r4-r11, pc}}",
        unclear!("r4", "54", "44b"),
        unclear!("r5", "55", "45b"),
        unclear!("r6", "56", "46b"),
        unclear!("r7", "57", "47b"),
        ".if {lanes} == 5",
        unclear!("r8", "58", "48b"),
        ".endif",
        "60:", // The arguments, after five words more on the stack.
        "ldrd r1, r2, [sp, #84]",
        "add r1, r1, r2",
        "ldr r1, [r1, #-4]",
        "ldr r2, [sp, #96]",
        "b.w {scale_exactly}",
        lanes = const LANES,
        scale_exactly = sym scale_exactly,
    )
}
