//! The loops over the columns of the input.

use core::arch::naked_asm;

use super::Task;

// In the loops: r0 the end and r1 the next value, from there, r2 the next weights, r3 a value, r4 to r6 the weights of
// columns 2, 1 and 0 and products, r7 the next sum, r8 to r10 the sums of windows that have begun, r11 from a row to the
// next one, r12 what sums start from, lr from a column to the next one. The weights are at the end of the stack, of each
// row those of columns 2, 1 and 0.

/// Where the words of a task are on the stack.
macro_rules! at {
    (products) => {
        "[sp, #36]"
    }; // Those of the column 2 with the zero point, less than 0.
    (negated) => {
        "[sp, #40]"
    };
    (weights) => {
        "[sp, #80]"
    };
    (weights_len) => {
        "[sp, #84]"
    };
    (end) => {
        "[sp, #88]"
    };
    (begin) => {
        "[sp, #92]"
    };
    (before) => {
        "[sp, #96]"
    };
    (after) => {
        "[sp, #100]"
    };
    (sums_end) => {
        "[sp, #104]"
    };
}

/// Reads the next column: does the same for all rows, or something else for the last one.
macro_rules! read {
    ($each:expr) => {
        read!($each, $each)
    };
    ($each:expr, $last:expr) => {
        concat!(
            "mov r2, sp\n",
            ".rept {rows} - 1\n",
            read!(@ "r11"), $each, "\n",
            ".endr\n",
            read!(@ "lr"), $last, "\n",
        )
    };
    (@ $next:literal) => {
        concat!("ldrsb r3, [r0, r1]\nadd r1, ", $next, "\nldmia r2!, {{r4-r6}}\n")
    };
}

/// Adds products with the weights of a column to a sum.
macro_rules! add {
    (0, $sum:literal) => { add!(@ "r6", $sum) };
    (1, $sum:literal) => { add!(@ "r5", $sum) };
    (2, $sum:literal) => { add!(@ "r4", $sum) };
    (@ $weight:literal, $sum:literal) => {
        concat!("muls ", $weight, ", r3, ", $weight, "\nadd ", $sum, ", ", $weight, "\n")
    };
}

/// Adds the last product to the sum of a window, and stores it.
macro_rules! end_window {
    ($sum:literal) => {
        concat!("muls r4, r3, r4\nadd r4, ", $sum, "\nstmia r7!, {{r4}}\n")
    };
}

/// Saves what is to be kept, and takes what comes in registers.
macro_rules! begin {
    () => {
        "push {{r4-r7, lr}}
        mov r4, r8
        mov r5, r9
        mov r6, r10
        mov r7, r11
        push {{r4-r7}}
        sub sp, #44
        mov r11, r0
        mov lr, r1
        mov r7, r2
        str r3, [sp, #40]"
    };
}

/// Prepares the next channel; r8 becomes what the sum of a window starts from whose first column is in the padding.
macro_rules! begin_channel {
    () => {
        concat!(
            "ldr r0, ",
            at!(weights),
            "
            mov r2, sp
            .irp at, 0, 3, 6
            .if \\at < 3 * {rows}
            ldrb r4, [r0, #\\at + 2]
            ldrb r5, [r0, #\\at + 1]
            ldrb r6, [r0, #\\at]
            sxtb r4, r4
            sxtb r5, r5
            sxtb r6, r6
            stmia r2!, {{r4-r6}}
            .if \\at == 0
            mov r8, r4
            mov r9, r5
            mov r10, r6
            .else
            add r8, r4
            add r9, r5
            add r10, r6
            .endif
            .endif
            .endr
            ldr r1, ",
            at!(weights_len),
            "
            adds r0, r0, r1
            str r0, ",
            at!(weights),
            "
            ldr r3, ",
            at!(negated),
            "
            mov r4, r8
            mov r5, r9
            mov r6, r10
            muls r4, r3, r4
            muls r5, r3, r5
            muls r6, r3, r6
            str r4, ",
            at!(products),
            "
            ldr r1, [r7]
            adds r1, r1, r4
            adds r1, r1, r5
            mov r8, r1
            adds r1, r1, r6
            mov r12, r1
            ldr r0, ",
            at!(end),
            "
            adds r1, r0, #1
            str r1, ",
            at!(end),
            "
            ldr r1, ",
            at!(begin),
            "
            ldr r4, ",
            at!(before),
            "
            cmp r4, #0",
        )
    };
}

/// Where the last window ends in the padding, its third column; then the next channel, at 1, if there is one.
macro_rules! end_channel {
    () => {
        concat!(
            "mov r4, r8
            ldr r5, ",
            at!(products),
            "
            subs r4, r4, r5
            stmia r7!, {{r4}}
            9:
            ldr r4, ",
            at!(sums_end),
            "
            cmp r7, r4
            beq 9f
            b 1b
            9:
            add sp, #44
            pop {{r4-r7}}
            mov r8, r4
            mov r9, r5
            mov r10, r6
            mov r11, r7
            pop {{r4-r7, pc}}",
        )
    };
}

/// A column that ends a window, is in the middle of the next one and begins a third, whose sums are in these registers.
macro_rules! column {
    ($end:literal, $middle:literal, $begin:literal) => {
        concat!(
            "mov ",
            $begin,
            ", r12\n",
            read!(
                concat!(add!(2, $end), add!(1, $middle), add!(0, $begin)),
                concat!(end_window!($end), add!(1, $middle), add!(0, $begin))
            ),
            "cmp r1, #0",
        )
    };
}

/// Windows that begin in each column, over two or three rows.
#[unsafe(naked)]
pub unsafe extern "C" fn add_neighbours<const ROWS: usize>(task: Task) {
    naked_asm!(
        begin!(),
        "1:",
        begin_channel!(),
        "bne 2f",
        "mov r8, r12",
        read!(add!(0, "r8")),
        "2:",
        "mov r9, r12",
        read!(concat!(add!(1, "r8"), add!(0, "r9"))),
        "cmp r1, #0",
        "beq 6f",
        "3:",
        column!("r8", "r9", "r10"),
        "beq 4f",
        column!("r9", "r10", "r8"),
        "beq 5f",
        column!("r10", "r8", "r9"),
        "bne 3b",
        "b 6f",
        "4:",
        "mov r8, r9",
        "b 6f",
        "5:",
        "mov r8, r10",
        "6:",
        concat!("ldr r4, ", at!(after)),
        "cmp r4, #0",
        "beq 9f",
        end_channel!(),
        rows = const ROWS,
    )
}

/// Windows that begin in every other column, over two or three rows.
#[unsafe(naked)]
pub unsafe extern "C" fn add_every_other<const ROWS: usize>(task: Task) {
    naked_asm!(
        begin!(),
        "1:",
        begin_channel!(),
        "bne 2f",
        "mov r8, r12",
        read!(add!(0, "r8")),
        "2:",
        "cmp r1, #0",
        "beq 4f",
        "3:",
        read!(add!(1, "r8")),
        "mov r9, r12",
        read!(
            concat!(add!(2, "r8"), add!(0, "r9")),
            concat!(end_window!("r8"), add!(0, "r9"))
        ),
        "mov r8, r9",
        "cmp r1, #0",
        "bne 3b",
        "4:",
        concat!("ldr r4, ", at!(after)),
        "cmp r4, #0",
        "beq 9f",
        read!(add!(1, "r8")),
        end_channel!(),
        rows = const ROWS,
    )
}
