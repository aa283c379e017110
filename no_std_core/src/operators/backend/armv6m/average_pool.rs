//! Sums of the values of places, four channels at a time.

use core::arch::naked_asm;

use crate::operators::backend::plain::{self, Places};

/// Channels that are worked on at a time.
const LANES: usize = 4;

/// See [`Backend::accumulate`](crate::operators::backend::Backend::accumulate).
pub fn accumulate(sums: &mut [i32], places: &Places<'_>) {
    let (groups, rest) = sums.as_chunks_mut::<LANES>();
    let Some(others) = places.count.checked_sub(1) else {
        return;
    };
    let len = others.saturating_mul(places.stride).saturating_add(LANES);
    let mut values = places.values;
    for sums in groups {
        if values.len() < len {
            return;
        }
        // SAFETY: there is a place, and all places have values for the four sums.
        unsafe { add_places(values.as_ptr(), places.stride, places.count, sums) };
        values = values.get(LANES..).unwrap_or_default();
    }
    plain::accumulate(rest, &Places { values, ..*places });
}

/// Adds the values of at least one place to the sums.
#[unsafe(naked)]
unsafe extern "C" fn add_places(
    values: *const i8,
    stride: usize,
    count: usize,
    sums: &mut [i32; LANES],
) {
    // r0 the place, r1 a value, r2 places left, r3 to r6 the numbers 0 to 3, r7 the sums in memory, r8 to r11 the sums, r12
    // from a place to the next one.
    naked_asm!(
        "push {{r4-r7, lr}}",
        "mov r4, r8",
        "mov r5, r9",
        "mov r6, r10",
        "mov r7, r11",
        "push {{r4-r7}}",
        "mov r12, r1",
        "mov r7, r3",
        "ldmia r3!, {{r1, r4-r6}}",
        "mov r8, r1",
        "mov r9, r4",
        "mov r10, r5",
        "mov r11, r6",
        "movs r3, #0",
        "movs r4, #1",
        "movs r5, #2",
        "movs r6, #3",
        "2:",
        "ldrsb r1, [r0, r3]",
        "add r8, r1",
        "ldrsb r1, [r0, r4]",
        "add r9, r1",
        "ldrsb r1, [r0, r5]",
        "add r10, r1",
        "ldrsb r1, [r0, r6]",
        "add r11, r1",
        "add r0, r12",
        "subs r2, r2, #1",
        "bne 2b",
        "mov r3, r8",
        "mov r4, r9",
        "mov r5, r10",
        "mov r6, r11",
        "stmia r7!, {{r3-r6}}",
        "pop {{r4-r7}}",
        "mov r8, r4",
        "mov r9, r5",
        "mov r10, r6",
        "mov r11, r7",
        "pop {{r4-r7, pc}}",
    )
}
