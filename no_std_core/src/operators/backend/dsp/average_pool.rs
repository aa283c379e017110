//! Sums of the values of places, four channels at a time, as two pairs of halfwords.

use core::arch::asm;

use crate::operators::backend::plain::{self, Places};

/// Channels that are worked on at a time.
const LANES: usize = 4;

/// Places whose values a halfword has room for the sum of.
const MOST: usize = 255;

/// See [`Backend::accumulate`](crate::operators::backend::Backend::accumulate).
pub fn accumulate(sums: &mut [i32], places: &Places<'_>) {
    let (groups, rest) = sums.as_chunks_mut::<LANES>();
    let mut values = places.values;
    for [a, b, c, d] in groups {
        let (mut next, mut left) = (values, places.count);
        while left > 0 {
            let count = left.min(MOST);
            let [even, odd] = add_places(next, places.stride, count);
            *a += low(even);
            *b += low(odd);
            *c += high(even);
            *d += high(odd);
            left -= count;
            next = next
                .get(count.saturating_mul(places.stride)..)
                .unwrap_or_default();
        }
        values = values.get(LANES..).unwrap_or_default();
    }
    plain::accumulate(rest, &Places { values, ..*places });
}

/// The sums of values 0 and 2, and of values 1 and 3, over at most [`MOST`] places, one at least.
#[inline]
fn add_places(values: &[i8], stride: usize, count: usize) -> [u32; 2] {
    let (mut even, mut odd) = (0, 0);
    let len = count
        .saturating_sub(1)
        .saturating_mul(stride)
        .saturating_add(LANES);
    if count > 0 && values.len() >= len {
        // SAFETY: there is a place, all places have four values, and words need not be aligned here.
        unsafe {
            asm!(
                "2:",
                "ldr {word}, [{place}]",
                "add {place}, {place}, {stride}",
                "sxtab16 {even}, {even}, {word}",
                "sxtab16 {odd}, {odd}, {word}, ror #8",
                "subs {left}, {left}, #1",
                "bne 2b",
                word = out(reg) _,
                place = inout(reg) values.as_ptr() => _,
                stride = in(reg) stride,
                even = inout(reg) even,
                odd = inout(reg) odd,
                left = inout(reg) count => _,
                options(nostack, readonly),
            );
        }
    }
    [even, odd]
}

fn low(pair: u32) -> i32 {
    i32::from(pair as i16)
}

fn high(pair: u32) -> i32 {
    pair.cast_signed() >> 16
}
