//! Depthwise convolution with kernels of 3 by 3: the windows of one channel after the other, from left to right.
//!
//! A column of the input is read once, for all windows that it is in: the values of two rows as a pair, and that of the
//! third one. The weights of a channel stay in registers in the same form. The zero point is taken off in what the sums
//! start from; a column in the padding is one of zero points.

use core::arch::naked_asm;

use crate::operators::backend::plain::{self, Channels};

/// Rows and columns of a kernel.
const SIDE: usize = 3;

/// See [`Backend::add_channels`](crate::operators::backend::Backend::add_channels).
#[inline(never)] // What it needs on the stack, its caller need not keep.
pub fn add_channels(channels: &Channels<'_>, sums: &mut [i32]) {
    let Some(task) = Task::of(channels, sums) else {
        return plain::add_channels(channels, sums);
    };
    // SAFETY: `Task::of` has seen that all that the loops read and write is there.
    unsafe {
        match (channels.stride, channels.rows) {
            (1, 2) => add_neighbours::<2>(task),
            (1, _) => add_neighbours::<3>(task),
            (_, 2) => add_every_other::<2>(task),
            (_, _) => add_every_other::<3>(task),
        }
    }
}

/// What the loops are called with: four words in registers, the others on the stack, where they may change.
#[repr(C)]
struct Task {
    /// From a row of the input to the next one, and from a column to the next one.
    row: usize,
    column: usize,
    sums: *mut i32,
    /// Windows that end in the input.
    windows: usize,
    /// The weights of a channel, and the first value of it that is read.
    weights: *const u8,
    values: *const i8,
    /// What takes off the zero point of a pair.
    negated: u32,
    /// Rounds of the loop over windows, in the upper half.
    rounds: usize,
    /// Whether the first window begins in the padding, and whether the last one ends there.
    before: usize,
    after: usize,
    /// A pair of zero points.
    zero_points: u32,
    sums_end: *const i32,
    /// Where the loop over windows is entered.
    entry: usize,
}

impl Task {
    /// `None` for what the loops are not made for.
    fn of(channels: &Channels<'_>, sums: &mut [i32]) -> Option<Self> {
        let &Channels {
            rows,
            columns,
            place,
            stride,
            windows,
            first,
            ..
        } = channels;
        let shape = (channels.kernel, channels.weights_len);
        if shape != (SIDE, SIDE * SIDE) || !(2..=SIDE).contains(&rows) || !(1..=2).contains(&stride)
        {
            return None;
        }
        // The column behind the last window, and how many before it are in the padding: of the three of a window two are
        // read without a look, the second one and, of windows that do not begin in the padding, the first one.
        let end = first + (windows.checked_sub(1)? * stride + SIDE).cast_signed();
        let after = (end - columns.cast_signed()).max(0).cast_unsigned();
        if first < -1 || first + 1 >= columns.cast_signed() || after > 1 {
            return None;
        }
        let count = sums.len() / windows;
        let row = columns * place;
        let values = ((rows - 1) * row + (columns - 1) * place).checked_add(count)?;
        // Weights are read as words, of which the last one ends behind them.
        let weights = count.checked_sub(1)?.checked_mul(SIDE * SIDE)? + SIDE * SIDE + 1;
        if count * windows != sums.len()
            || channels.values.len() < values
            || channels.weights.len() < weights
        {
            return None;
        }
        let begin = first.max(0).cast_unsigned() * place;
        let inside = windows - after;
        let zero_point = i16::from(channels.zero_point);
        Some(Self {
            row,
            column: place,
            sums: sums.as_mut_ptr(),
            windows: inside,
            weights: channels.weights.as_ptr(),
            values: channels.values.get(begin..)?.as_ptr(),
            negated: pair(-zero_point),
            rounds: inside << 16,
            before: usize::from(first < 0),
            after,
            zero_points: pair(zero_point),
            sums_end: sums.as_ptr_range().end,
            entry: 0,
        })
    }
}

fn pair(value: i16) -> u32 {
    let value = u32::from(value.cast_unsigned());
    value << 16 | value
}

// In the loops: r0 from a row to the next one, r1 from a column to the next one, r2 the next sum, r3 the next column, r6, r7
// and r4 the pairs of weights of columns 0, 1 and 2, r9 the weights of the third row in columns 0 and 2, r10 that in column
// 1 and above it the rounds left, r8 and r5 a pair of values and the third, r11 and r12 the sums of windows that have
// begun, lr what sums start from.

/// Where the words of a task are on the stack.
macro_rules! at {
    (weights) => {
        "[sp, #36]"
    };
    (negated) => {
        "[sp, #44]"
    };
    (rounds) => {
        "[sp, #48]"
    };
    (before) => {
        "[sp, #52]"
    };
    (after) => {
        "[sp, #56]"
    };
    (zero_points) => {
        "[sp, #60]"
    };
    (sums_end) => {
        "[sp, #64]"
    };
    (entry) => {
        "[sp, #68]"
    };
}

/// What is done only where windows have a third row.
macro_rules! third {
    ($($line:expr),+) => {
        concat!(".if {rows} == 3\n", $($line, "\n",)+ ".endif")
    };
}

/// Adds to a sum, whose value was in another register, the products of a column of the window.
macro_rules! add {
    (0, $to:literal, $from:literal, $pair:literal, $third:literal) => {
        add!("r6", "smlabb", "r9", $to, $from, $pair, $third)
    };
    (1, $to:literal, $from:literal, $pair:literal, $third:literal) => {
        add!("r7", "smlabb", "r10", $to, $from, $pair, $third)
    };
    (2, $to:literal, $from:literal, $pair:literal, $third:literal) => {
        add!("r4", "smlabt", "r9", $to, $from, $pair, $third)
    };
    ($pairs:literal, $single:literal, $weight:literal, $to:literal, $from:literal, $pair:literal, $third:literal) => {
        concat!(
            "smlad ",
            $to,
            ", ",
            $pair,
            ", ",
            $pairs,
            ", ",
            $from,
            "\n",
            third!(concat!(
                $single, " ", $to, ", ", $third, ", ", $weight, ", ", $to
            )),
        )
    };
}

/// Reads the next column.
macro_rules! read {
    () => {
        concat!(
            "ldrsb r8, [r3]\n",
            "ldrsb r5, [r3, r0]\n",
            "pkhbt r8, r8, r5, lsl #16\n",
            third!("ldrsb r5, [r3, r0, lsl #1]"),
            "\nadd r3, r3, r1",
        )
    };
}

/// Prepares the next channel; r11 becomes what the sum of a window starts from whose first column is in the padding.
macro_rules! begin_channel {
    () => {
        concat!(
            "ldrd r8, r3, ",
            at!(weights),
            "\n",
            "ldr r4, [r8], #3\n",
            "ldr r5, [r8], #3\n",
            third!("ldr r10, [r8]"),
            "\nadd r8, r8, #3\n",
            "add r6, r3, #1\n",
            "strd r8, r6, ",
            at!(weights),
            "\n",
            "sxtb16 r6, r4\n",
            "sxtb16 r4, r4, ror #8\n",
            "sxtb16 r8, r5\n",
            "sxtb16 r5, r5, ror #8\n",
            "pkhbt r7, r4, r5, lsl #16\n",
            "pkhtb r4, r8, r6, asr #16\n",
            "pkhbt r6, r6, r8, lsl #16\n",
            "ldrd r5, r12, ",
            at!(negated),
            "\n",
            third!(
                "sxtb16 r9, r10",
                "sxtb16 r10, r10, ror #8",
                "pkhbt r10, r10, r12"
            ),
            "\n.if {rows} == 2\nmov r10, r12\n.endif\n",
            "ldr lr, [r2]\n",
            add!(1, "lr", "lr", "r5", "r5"),
            "\n",
            add!(2, "r11", "lr", "r5", "r5"),
            "\n",
            add!(0, "lr", "r11", "r5", "r5"),
        )
    };
}

/// Where the last window ends in the padding, its third column; then the next channel, at 1, if there is one.
macro_rules! end_channel {
    () => {
        concat!(
            "ldr r5, ",
            at!(zero_points),
            "\n",
            add!(2, "r11", "r11", "r5", "r5"),
            "\nstr r11, [r2], #4\n",
            "9:\n",
            "ldr r5, ",
            at!(sums_end),
            "\n",
            "cmp r2, r5\n",
            "bne 1b\n",
            "pop {{r4-r11, pc}}",
        )
    };
}

/// A column that ends a window, is in the middle of the next one and begins a third.
macro_rules! column {
    () => {
        concat!(
            read!(),
            "\n",
            add!(2, "r11", "r11", "r8", "r5"),
            "\nstr r11, [r2], #4\n",
            add!(1, "r11", "r12", "r8", "r5"),
            "\n",
            add!(0, "r12", "lr", "r8", "r5"),
        )
    };
}

/// Windows that begin in each column, over two or three rows. A round ends two windows; the first one is entered in the
/// middle where their number is odd.
#[unsafe(naked)]
unsafe extern "C" fn add_neighbours<const ROWS: usize>(task: Task) {
    naked_asm!(
        processor!(),
        "push {{r4-r11, lr}}",
        "adds r3, r3, #1",
        "lsrs r3, r3, #1",
        "adr.w r4, 2f",
        "it cc",
        "adrcc.w r4, 3f",
        "subs r3, r3, #1",
        "it mi",
        "adrmi.w r4, 4f",
        "orr r4, r4, #1",
        concat!("str r4, ", at!(entry)),
        "lsl r3, r3, #16",
        concat!("str r3, ", at!(rounds)),
        "1:",
        begin_channel!(),
        concat!("ldr r5, ", at!(before)),
        "cbnz r5, 5f",
        read!(),
        add!(0, "r11", "lr", "r8", "r5"),
        "5:",
        read!(),
        add!(1, "r11", "r11", "r8", "r5"),
        add!(0, "r12", "lr", "r8", "r5"),
        concat!("ldr pc, ", at!(entry)),
        "2:",
        column!(),
        "3:",
        column!(),
        "subs r10, r10, #0x10000",
        "bpl 2b",
        "4:",
        concat!("ldr r5, ", at!(after)),
        "cbz r5, 9f",
        end_channel!(),
        rows = const ROWS,
    )
}

/// Windows that begin in every other column, over two or three rows.
#[unsafe(naked)]
unsafe extern "C" fn add_every_other<const ROWS: usize>(task: Task) {
    naked_asm!(
        processor!(),
        "push {{r4-r11, lr}}",
        "1:",
        begin_channel!(),
        concat!("ldr r5, ", at!(before)),
        "cbnz r5, 3f",
        read!(),
        add!(0, "r11", "lr", "r8", "r5"),
        "b 3f",
        "2:",
        read!(),
        add!(1, "r11", "r11", "r8", "r5"),
        read!(),
        add!(2, "r11", "r11", "r8", "r5"),
        "str r11, [r2], #4",
        add!(0, "r11", "lr", "r8", "r5"),
        "3:",
        "subs r10, r10, #0x10000",
        "bpl 2b",
        concat!("ldr r5, ", at!(after)),
        "cbz r5, 9f",
        read!(),
        add!(1, "r11", "r11", "r8", "r5"),
        end_channel!(),
        rows = const ROWS,
    )
}
