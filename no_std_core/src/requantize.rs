//! From an accumulator of a layer to its int8 output: the one rounding rule.
//!
//! The rule is what IEEE 754 single precision gives for `round(acc as f32 * m) + zero_point`, every rounding to nearest,
//! ties to even, so that runtimes which compute in floats agree to the bit. Here it is done in integers alone.

/// Bits of a single-precision significand.
const PRECISION: u32 = 24;

/// The greatest shift: that of the smallest normal single-precision number.
const MAX_SHIFT: u8 = 149;

/// A positive factor `mantissa / 2^shift` with 24 significant bits: an `f32` that is normal and less than 2^24.
///
/// In a flash file it is the u32 `shift << 24 | mantissa`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Multiplier {
    mantissa: u32,
    shift: u8,
}

impl Multiplier {
    /// A multiplier from its parts. `None` unless `mantissa` is 2^23 to 2^24 - 1 and `shift` 0 to 149.
    pub const fn new(mantissa: u32, shift: u8) -> Option<Self> {
        if mantissa >> (PRECISION - 1) == 1 && shift <= MAX_SHIFT {
            Some(Self { mantissa, shift })
        } else {
            None
        }
    }

    /// The multiplier equal to the `f32` with these bits ([`f32::to_bits`]). `None` unless that is positive, normal and
    /// less than 2^24.
    pub const fn from_f32_bits(bits: u32) -> Option<Self> {
        // Sign and exponent together: a negative number, an infinity or NaN is too great. An exponent of 150 is 2^23.
        let exponent = bits >> (PRECISION - 1);
        if exponent == 0 || exponent > 150 {
            return None;
        }
        let mantissa = bits & ((1 << (PRECISION - 1)) - 1) | 1 << (PRECISION - 1);
        Self::new(mantissa, (150 - exponent) as u8)
    }

    /// The single-precision number that it is.
    #[cfg(feature = "host")]
    pub(crate) const fn to_f32(self) -> f32 {
        let fraction = self.mantissa & ((1 << (PRECISION - 1)) - 1);
        f32::from_bits((150 - self.shift as u32) << (PRECISION - 1) | fraction)
    }

    /// The multiplier in the four bytes of a flash file. `None` if they hold none.
    pub const fn decode(bytes: [u8; 4]) -> Option<Self> {
        let [low, middle, high, shift] = bytes;
        Self::new(u32::from_le_bytes([low, middle, high, 0]), shift)
    }

    /// The four bytes that stand for the multiplier in a flash file.
    pub const fn encode(self) -> [u8; 4] {
        let [low, middle, high, _] = self.mantissa.to_le_bytes();
        [low, middle, high, self.shift]
    }

    /// The significant bits, 2^23 to 2^24 - 1.
    pub const fn mantissa(self) -> u32 {
        self.mantissa
    }

    /// The power of two that divides the mantissa, 0 to 149.
    pub const fn shift(self) -> u8 {
        self.shift
    }

    /// The multiplier in four bytes that [`decode`](Self::decode) takes.
    pub(crate) const fn of_checked(bytes: [u8; 4]) -> Self {
        let bits = u32::from_le_bytes(bytes);
        Self {
            mantissa: bits & ((1 << PRECISION) - 1),
            shift: (bits >> PRECISION) as u8,
        }
    }

    /// `acc` times the multiplier, rounded, plus `zero_point`, saturated to int8. It never falls as `acc` rises.
    pub const fn requantize(self, acc: i32, zero_point: i8) -> i8 {
        Requantizer::new(self, zero_point).requantize(acc)
    }

    /// [`requantize`](Self::requantize) in less code, for values that are few.
    pub(crate) fn requantize_one(self, acc: i32, zero_point: i8) -> i8 {
        saturate(self.scale(acc) + i32::from(zero_point))
    }

    /// `acc` times the multiplier as single precision computes and rounds it, limited to 2^24 either way.
    #[cold]
    #[inline(never)]
    pub(crate) const fn scale(self, acc: i32) -> i32 {
        let acc24 = round_to_precision(acc.unsigned_abs() as u64);
        let product24 = round_to_precision(acc24 * self.mantissa as u64);
        let rounded = divide(product24, self.shift as u32);
        let most = 1 << PRECISION;
        let magnitude = if rounded < most { rounded } else { most } as i32;
        if acc < 0 { -magnitude } else { magnitude }
    }
}

/// A multiplier and a zero point, and what all sums that they make values of have in common.
#[derive(Clone, Copy)]
pub(crate) struct Requantizer {
    multiplier: Multiplier,
    zero_point: i32,
    /// How far the most significant bits of a product are shifted.
    fraction_bits: u32,
    /// A half of what the shift makes 1; 1 for multipliers out of the ordinary.
    half: i32,
}

/// The most bits of a product that are shifted out without leaving none.
const MOST_FRACTION_BITS: u32 = 30;

impl Requantizer {
    #[inline]
    pub const fn new(multiplier: Multiplier, zero_point: i8) -> Self {
        let fraction_bits = (multiplier.shift as u32).wrapping_sub(PRECISION);
        let is_short = fraction_bits.wrapping_sub(1) < MOST_FRACTION_BITS;
        Self {
            multiplier,
            zero_point: zero_point as i32,
            fraction_bits,
            half: if is_short {
                1 << (fraction_bits - 1)
            } else {
                1
            },
        }
    }

    /// See [`Multiplier::requantize`].
    #[inline]
    pub const fn requantize(&self, acc: i32) -> i8 {
        let scaled = match self.scale_shortly(acc) {
            Some(scaled) => scaled,
            None => self.multiplier.scale(acc),
        };
        // At most 2^24 either way, so the zero point cannot make it overflow.
        saturate(scaled + self.zero_point)
    }

    /// What [`Multiplier::scale`] gives, by one multiplication. `None` where that does not tell: where the exact product is
    /// within the errors of single precision of a half, and for sums and multipliers out of the ordinary.
    #[inline]
    const fn scale_shortly(&self, acc: i32) -> Option<i32> {
        if acc << 8 >> 8 != acc {
            return None;
        }
        let nearest = product_high(acc, self.multiplier.mantissa) + self.half;
        // The true sum is less than 1 greater. Where single precision rounds it, that moves it by 1/2 at most. Neither
        // matters unless this is the last number that is rounded down or the first that is rounded up. A half of 1 leaves
        // no bits to see that by.
        if (nearest + 1) & (self.half * 2 - 2) == 0 {
            return None;
        }
        Some(nearest >> self.fraction_bits)
    }
}

/// The value of an int8 that is nearest to a number.
const fn saturate(value: i32) -> i8 {
    if value < i8::MIN as i32 {
        i8::MIN
    } else if value > i8::MAX as i32 {
        i8::MAX
    } else {
        value as i8
    }
}

/// `a * b / 2^24`, rounded down; `a` is -2^23 to 2^23 - 1, `b` less than 2^24.
#[cfg(not(backend = "armv6m"))]
const fn product_high(a: i32, b: u32) -> i32 {
    (((a << 8) as i64 * b as i64) >> 32) as i32
}

/// `a * b / 2^24`, rounded down; `a` is -2^23 to 2^23 - 1, `b` less than 2^24. Armv6-M multiplies to 32 bits only.
#[cfg(any(test, backend = "armv6m"))]
const fn product_high_of_halves(a: i32, b: u32) -> i32 {
    const HALF: u32 = PRECISION / 2;
    const LOW: i32 = (1 << HALF) - 1;
    let b = b.cast_signed();
    let [a_high, a_low, b_high, b_low] = [a >> HALF, a & LOW, b >> HALF, b & LOW];
    let middle = a_high * b_low + a_low * b_high + ((a_low * b_low) >> HALF);
    a_high * b_high + (middle >> HALF)
}

#[cfg(backend = "armv6m")]
use product_high_of_halves as product_high;

/// `x`, at most 2^55, rounded to 24 significant bits, ties to even.
const fn round_to_precision(x: u64) -> u64 {
    let excess = (u64::BITS - x.leading_zeros()).saturating_sub(PRECISION);
    divide(x, excess) << excess
}

/// `x / 2^shift` rounded to nearest, ties to even; `x` is at most 2^55.
#[inline(never)] // Three times in one function is much code for processors of 32 bits.
const fn divide(x: u64, shift: u32) -> u64 {
    match shift {
        0 => x,
        1..=56 => {
            let odd = x >> shift & 1;
            (x + odd + (1 << (shift - 1)) - 1) >> shift
        }
        // Less than a half.
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::product_high_of_halves;

    #[test]
    fn products_of_halves_are_those_of_the_whole() {
        let mut state = 1_u32;
        let mut random = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state
        };
        for _ in 0..1_000_000 {
            let a = random().cast_signed() >> (8 + random() % 24);
            let b = random() >> 8 | 1 << 23;
            let product = (i64::from(a) * i64::from(b)).div_euclid(1 << 24);
            assert_eq!(i64::from(product_high_of_halves(a, b)), product, "{a} {b}");
        }
        for (a, expected) in [
            (-0x80_0000, -0x80_0000),
            (0x7f_ffff, 0x7f_fffe),
            (-1, -1),
            (0, 0),
        ] {
            assert_eq!(product_high_of_halves(a, 0xff_ffff), expected, "{a}");
        }
    }
}
