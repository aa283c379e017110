//! The products of windows with filters, and the values that their sums become.
//!
//! `SXTB16` widens bytes 0 and 2 of a word, after a rotation bytes 1 and 3, and `SMLAD` adds the two products of such
//! pairs to a sum. Weights stay in the order of the file; it is the patch that is laid out in the order of those pairs.

use core::arch::{asm, naked_asm};
use core::ptr;

use super::requantize::{prepare, scale, scale_exactly, zero};
use super::{GROUP, copy, offsets};
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

    const EMPTY: Self = Self {
        groups: [[[0; MOST]; 2]; GROUPS],
        lanes: LANES,
    };

    type Staging = [[i8; GROUP]; GROUPS];

    const STAGING: Self::Staging = [[0; GROUP]; GROUPS];

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

    /// Values after them in the last group become what adds nothing.
    fn set(&mut self, lane: usize, values: &[i8], zero_point: i8) {
        let (groups, rest) = values.as_chunks();
        let mut last = [zero_point; GROUP];
        copy(&mut last, rest);
        if lane >= self.lanes || values.len() > Self::LEN {
            return;
        }
        let lanes = self.lanes;
        let places = self.groups.as_flattened_mut().as_flattened_mut();
        let (places, others) = places.split_at_mut(groups.len() * 2 * lanes);
        widen(places, lanes, lane, groups, zero_point);
        if !rest.is_empty() {
            widen(others, lanes, lane, &[last], zero_point);
        }
    }

    fn add_products(
        &self,
        [_, len]: [usize; 2],
        weights: &[u8],
        stride: usize,
        sums: &mut [[i32; LANES]],
    ) {
        let read = self.read(len, weights, stride, sums.len());
        let Some(read) = read.filter(|_| self.lanes == LANES) else {
            return;
        };
        // SAFETY: `read` has seen that there are weights and values, and there is a place for the sums of each filter.
        unsafe {
            convolve::<LANES>(Task {
                sums: sums.as_mut_ptr().addr(),
                biases_end: sums.len() * size_of::<i32>(),
                ..self.task(read, weights, stride)
            });
        }
    }

    fn convolve(&self, len: usize, filters: &Filters<'_>, outputs: Outputs<'_>) {
        let count = filters.biases.len().min(filters.multipliers.len());
        let Some(read) = self.read(len, filters.weights, filters.stride, count) else {
            return;
        };
        let others = outputs.windows.saturating_sub(1);
        let end = others.saturating_mul(outputs.stride).saturating_add(count);
        if outputs.windows > self.lanes || end > outputs.values.len() {
            return;
        }
        let biases = filters.biases.as_ptr().addr();
        let multipliers = filters.multipliers.as_ptr().addr();
        let task = Task {
            keeps_sums: 0,
            windows: outputs.windows,
            biases,
            multipliers: multipliers.wrapping_sub(biases),
            biases_end: biases + count * size_of::<i32>(),
            zero: zero(filters.zero_point),
            output: outputs.values.as_mut_ptr(),
            stride: outputs.stride,
            ..self.task(read, filters.weights, filters.stride)
        };
        // SAFETY: `read` has seen that there are weights and values, there are biases and multipliers of all filters, and
        // places for all values that are stored.
        unsafe {
            if self.lanes == LANES {
                convolve::<LANES>(task);
            } else {
                convolve::<MOST>(task);
            }
        }
    }
}

impl<const GROUPS: usize> Patch<GROUPS> {
    /// The weights that are read of each filter, to meet the first `len` values of each window. `None` if there is no
    /// filter, no value, or the last of these weights is not there: there are always more bytes behind those of a file.
    fn read(&self, len: usize, weights: &[u8], stride: usize, filters: usize) -> Option<usize> {
        let read = len.next_multiple_of(GROUP);
        let last = filters.checked_sub(1)?.saturating_mul(stride);
        let there = last.saturating_add(read) <= weights.len();
        debug_assert!(there, "the loader has seen all weights");
        (there && (1..=GROUPS * GROUP).contains(&read)).then_some(read)
    }

    /// A task that keeps sums, over so many weights of each filter.
    fn task(&self, read: usize, weights: &[u8], stride: usize) -> Task {
        let groups = read / GROUP;
        let patch = self.groups.as_ptr().cast::<u32>();
        Task {
            weights: weights.as_ptr(),
            groups,
            keeps_sums: 1,
            windows: 0,
            patch,
            patch_end: patch.wrapping_add(groups * 2 * self.lanes),
            skip: stride.wrapping_sub(read),
            biases: 0,
            multipliers: 0,
            biases_end: 0,
            zero: 0,
            output: ptr::null_mut(),
            stride: 0,
            sums: 0,
            ways: [0; 4],
        }
    }
}

/// Takes the zero point off the values of each group and puts the two pairs where the window `lane` of so many has its own.
#[inline]
fn widen(places: &mut [u32], lanes: usize, lane: usize, groups: &[[i8; GROUP]], zero_point: i8) {
    if groups.is_empty() || places.len() < groups.len() * 2 * lanes || lane >= lanes {
        return;
    }
    // SAFETY: there is a group, and of the `2 * lanes` places of each the words `lane` and `lane + lanes` are set.
    unsafe {
        asm!(
            "tst {left}, #1",
            "bne 3f",
            "2:",
            "ldr {word}, [{groups}], #4",
            "sxtab16 {pair}, {offsets}, {word}",
            "sxtab16 {word}, {offsets}, {word}, ror #8",
            "str {pair}, [{places}]",
            "str {word}, [{places}, {lanes}]",
            "add {places}, {places}, {lanes}, lsl #1",
            "3:",
            "ldr {word}, [{groups}], #4",
            "sxtab16 {pair}, {offsets}, {word}",
            "sxtab16 {word}, {offsets}, {word}, ror #8",
            "str {pair}, [{places}]",
            "str {word}, [{places}, {lanes}]",
            "add {places}, {places}, {lanes}, lsl #1",
            "subs {left}, {left}, #2",
            "bgt 2b",
            groups = inout(reg) groups.as_ptr() => _,
            places = inout(reg) places.as_mut_ptr().add(lane) => _,
            lanes = in(reg) lanes * size_of::<u32>(),
            left = inout(reg) groups.len() => _,
            offsets = in(reg) offsets(zero_point),
            word = out(reg) _,
            pair = out(reg) _,
            options(nostack),
        );
    }
}

/// What the loops are called with: four words in registers, the others on the stack, where they may change.
#[repr(C)]
struct Task {
    /// The weights of a filter, and groups of them.
    weights: *const u8,
    groups: usize,
    /// Whether sums are read and stored, instead of biases read and values stored.
    keeps_sums: usize,
    /// The windows that have a value; 0 if the greatest sum becomes one.
    windows: usize,
    patch: *const u32,
    patch_end: *const u32,
    /// Bytes between the weights of two filters.
    skip: usize,
    /// The address of a filter's bias, the way from there to its multiplier, and where biases end. Where sums are kept,
    /// the addresses begin with 0.
    biases: usize,
    multipliers: usize,
    biases_end: usize,
    /// Twice the zero point, and 1.
    zero: i32,
    /// The filter's value in the first window, and the way to that in the next one.
    output: *mut i8,
    stride: usize,
    sums: usize,
    /// Where the loop over groups is entered, and where a filter begins, ends and becomes values.
    ways: [usize; 4],
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

/// Meets a patch of so many windows with at least one filter, over at least one group.
///
/// A round has four groups; where the groups are no multiple of four, each filter enters its first round in the middle.
#[unsafe(naked)]
unsafe extern "C" fn convolve<const LANES: usize>(task: Task) {
    // r0 weights, r1 patch, r3 and r12 pairs of weights, r4 to r8 the sums. Of four windows r8 to r11 are pairs of values
    // and r2 is the end of the patch, of five r2, r9 to r11 and lr are pairs of values. For values: r1 the place of the
    // first one, r2 the way to the next one, lr the second one, the others as in `prepare`.
    //
    // On the stack: at 36 the patch, 40 its end, 44 the skip, 48 the bias, 52 the way to the multiplier, 56 the end of the
    // biases, 60 the zero, 64 the place, 68 the way to the next one, 72 the sums, 76 the entry, 80 where a filter begins,
    // 84 where it ends, 88 where it becomes values.
    naked_asm!(
        processor!(),
        "push {{r4-r11, lr}}",
        "rsb r4, r1, #0",
        "and r4, r4, #3",
        "mov r5, #(20 + 8 * {lanes})",
        "adr.w r6, 6f",
        "mla r4, r4, r5, r6",
        "add r4, r4, #1",
        "str r4, [sp, #76]",
        "adr.w r4, 3f",
        "adr.w r5, 7f",
        "cmp r2, #0",
        "itt ne",
        "adrne.w r4, 4f",
        "adrne.w r5, 8f",
        "add r4, r4, #1",
        "add r5, r5, #1",
        "strd r4, r5, [sp, #80]",
        "adr.w r4, 30f",
        "adr.w r5, 40f",
        "mov r6, #24",
        "rsb r7, r3, #{lanes}",
        "mla r5, r7, r6, r5",
        "cmp r3, #0",
        "it ne",
        "movne r4, r5",
        "add r4, r4, #1",
        "str r4, [sp, #88]",
        "2:",
        "ldrd r1, r2, [sp, #36]",
        "ldr r12, [sp, #48]",
        "ldr pc, [sp, #80]",
        "3:", // From the bias.
        "ldr r4, [r12]",
        "mov r5, r4",
        "mov r6, r4",
        "mov r7, r4",
        ".if {lanes} == 5",
        "mov r8, r4",
        ".endif",
        "ldr pc, [sp, #76]",
        "4:", // From the sums.
        "ldr r3, [sp, #72]",
        "add r3, r3, r12, lsl #2",
        "ldm r3, {{r4-r7}}",
        "ldr pc, [sp, #76]",
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
        "ldr r2, [sp, #40]",
        ".endif",
        "cmp r1, r2",
        "bne 6b",
        "ldr pc, [sp, #84]",
        "7:", // To values.
        "ldrd r12, r3, [sp, #48]",
        "ldr r3, [r12, r3]",
        "add r12, r12, #4",
        "str r12, [sp, #48]",
        "ldr lr, [sp, #60]",
        prepare!(),
        "ldrd r1, r2, [sp, #64]",
        "add lr, r1, r2",
        "ldr pc, [sp, #88]",
        "8:", // To sums.
        "ldr r12, [sp, #48]",
        "ldr r3, [sp, #72]",
        "add r3, r3, r12, lsl #2",
        "stm r3, {{r4-r7}}",
        "add r12, r12, #4",
        "str r12, [sp, #48]",
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
        "str r1, [sp, #64]",
        "ldr r12, [sp, #48]",
        "9:",
        "ldr r3, [sp, #44]",
        "add r0, r0, r3",
        "ldr r3, [sp, #56]",
        "cmp r12, r3",
        "bne 2b",
        "pop {{r4-r11, pc}}",
        unclear!("r4", "54", "44b"),
        unclear!("r5", "55", "45b"),
        unclear!("r6", "56", "46b"),
        unclear!("r7", "57", "47b"),
        ".if {lanes} == 5",
        unclear!("r8", "58", "48b"),
        ".endif",
        "60:", // The arguments, after five words more on the stack.
        "ldr r1, [sp, #68]",
        "ldr r2, [sp, #72]",
        "add r1, r1, r2",
        "ldr r1, [r1, #-4]",
        "ldr r2, [sp, #80]",
        "b.w {scale_exactly}",
        lanes = const LANES,
        scale_exactly = sym scale_exactly,
    )
}
