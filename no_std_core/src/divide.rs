//! Division of 64-bit sums into small quotients.
//!
//! Where hardware does not divide, the routine for all 64-bit divisions takes a kilobyte of flash; a quotient of few bits
//! takes as many comparisons.

/// `sum / count`, rounded down, of at most so many bits; greater ones are the greatest of these, and of no count it is 0.
///
/// `count` is less than 2 to the power of `64 - bits`.
#[inline(never)] // Flash is scarcer than time.
pub fn quotient(sum: u64, count: u64, bits: u32) -> u32 {
    let (mut rest, mut quotient) = (sum, 0);
    for bit in (0..bits).rev() {
        let part = count << bit;
        quotient <<= 1;
        if part > 0 && rest >= part {
            (rest, quotient) = (rest - part, quotient | 1);
        }
    }
    quotient
}

#[cfg(test)]
mod tests {
    use super::quotient;

    #[test]
    fn quotients_are_those_of_division() {
        let mut state = 1_u64;
        let mut random = move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            state ^ state >> 33
        };
        for _ in 0..100_000 {
            let bits = 1 + (random() % 32) as u32;
            let count = (random() >> bits >> (random() % 32)).max(1);
            let sum = random() >> (random() % 64);
            let greatest = (1_u64 << bits) - 1;
            let expected = (sum / count).min(greatest);
            assert_eq!(
                u64::from(quotient(sum, count, bits)),
                expected,
                "{sum} {count} {bits}"
            );
        }
    }

    #[test]
    fn the_quotient_of_no_count_is_0() {
        assert_eq!(quotient(0, 0, 8), 0);
        assert_eq!(quotient(5, 0, 8), 0);
    }
}
