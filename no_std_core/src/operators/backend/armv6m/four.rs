//! Products of values with four weights each: of an input with those of four units, or of one window of a patch with those
//! of four filters. A value is fetched once for all four, and if it is zero, as a half of what ReLU leaves are, that is all.

use core::arch::naked_asm;

use crate::operators::backend::UNITS;
use crate::operators::backend::plain::add_one_by_one;

/// See [`Backend::add_products`](crate::operators::backend::Backend::add_products).
pub fn add_products(input: &[i8], zero_point: i8, weights: &[u8], sums: &mut [i32; UNITS]) {
    let len = input.len();
    if len > 0 && weights.len() >= len.saturating_mul(UNITS) {
        // SAFETY: there is an input, and all units have a weight for each.
        unsafe {
            add_products_of_input(
                input.as_ptr().add(len),
                len.wrapping_neg(),
                weights.as_ptr(), // Where those of a unit before the first one would end.
                len,
                sums,
                1,
                -i32::from(zero_point),
            );
        }
        return;
    }
    add_one_by_one(input, 0, zero_point, weights, sums);
}

/// Saves what is to be kept and begins with the first four, whose sums are so many bytes apart. If the values are no
/// multiple of four, each four enter their first round in the middle; a value takes so many bytes of instructions. Before
/// that comes what is to be done with r6, the number of values that this round goes without.
macro_rules! begin {
    ($distance:literal, $bytes:literal, $skip:literal) => {
        concat!(
            "push {{r4-r7, lr}}
            mov r4, r8
            mov r5, r9
            mov r6, r10
            mov r7, r11
            push {{r4-r7}}
            mov lr, r3
            mov r5, r2
            movs r6, #3
            ands r6, r1\n",
            $skip,
            "\nmovs r7, #", $bytes, "
            muls r6, r7, r6
            adr r7, 3f
            adds r6, r6, r7
            adds r6, r6, #1
            push {{r0, r1, r6}}
            2:
            ldr r7, [sp, #48]
            ldr r6, [r7]
            mov r8, r6
            ldr r6, [r7, #", $distance, "]
            mov r9, r6
            ldr r6, [r7, #2 * ", $distance, "]
            mov r10, r6
            ldr r6, [r7, #3 * ", $distance, "]
            mov r11, r6
            mov r6, lr
            adds r2, r5, r6
            adds r3, r2, r6
            adds r4, r3, r6
            adds r5, r4, r6
            mov r7, sp
            ldmia r7!, {{r0, r1, r6}}
            bx r6
            .p2align 2
            3:",
        )
    };
}

/// Adds the products of a value in r6.
macro_rules! add {
    () => {
        "cmp r6, #0
        beq 4f
        ldrsb r7, [r2, r1]
        muls r7, r6, r7
        add r8, r7
        ldrsb r7, [r3, r1]
        muls r7, r6, r7
        add r9, r7
        ldrsb r7, [r4, r1]
        muls r7, r6, r7
        add r10, r7
        ldrsb r7, [r5, r1]
        muls r7, r6, r7
        add r11, r7
        4:"
    };
}

/// Leaves the sums where they came from and goes on with the next four.
macro_rules! end {
    ($distance:literal) => {
        concat!(
            "bne 3b
            ldr r7, [sp, #48]
            mov r6, r8
            str r6, [r7]
            mov r6, r9
            str r6, [r7, #", $distance, "]
            mov r6, r10
            str r6, [r7, #2 * ", $distance, "]
            mov r6, r11
            str r6, [r7, #3 * ", $distance, "]
            adds r7, #4 * ", $distance, "
            str r7, [sp, #48]
            ldr r6, [sp, #52]
            subs r6, r6, #1
            str r6, [sp, #52]
            bne 2b
            add sp, #12
            pop {{r4-r7}}
            mov r8, r4
            mov r9, r5
            mov r10, r6
            mov r11, r7
            pop {{r4-r7, pc}}",
        )
    };
}

// In both: r0 values, r1 the next weight, from where they end, r2 to r5 the ends of the four's weights, r6 a value, r7 a
// weight and a product, r8 to r11 the sums, lr from one's weights to the next one's. On the stack: at 0 what r0, r1 and the
// program begin with, 48 the sums, 52 the fours left.

/// [`add_products`] for at least one value. `input` is where it ends, `next` less than 0 the first value from there, and
/// `weights` where those of a unit before the first one would end.
#[unsafe(naked)]
unsafe extern "C" fn add_products_of_input(
    input: *const i8,
    next: usize,
    weights: *const u8,
    stride: usize,
    sums: *mut [i32; UNITS],
    fours: usize,
    offset: i32,
) {
    naked_asm!(
        begin!("4", "34", "ldr r7, [sp, #44]\nmov r12, r7"),
        ".rept 4",
        "ldrsb r6, [r0, r1]",
        "add r6, r12",
        add!(),
        "adds r1, r1, #1",
        ".endr",
        end!("4"),
    )
}

/// Adds to the sums of filters in a lane of a patch, four by four, the products of at least one of its values. `next`, less
/// than 0, is the first weight from where they end, and `weights` where those of a filter before the first one would end.
#[unsafe(naked)]
pub unsafe extern "C" fn add_products_of_lane(
    values: *const i32,
    next: usize,
    weights: *const u8,
    stride: usize,
    sums: *mut i32,
    fours: usize,
) {
    naked_asm!(
        begin!("16", "32", "lsls r7, r6, #4\nsubs r0, r0, r7"),
        ".irp at, 0, 16, 32, 48",
        "ldr r6, [r0, #\\at]",
        add!(),
        ".if \\at == 48",
        "adds r0, #64",
        ".endif",
        "adds r1, r1, #1",
        ".endr",
        end!("16"),
    )
}
