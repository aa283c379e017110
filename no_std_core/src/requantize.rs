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

    /// `acc` times the multiplier, rounded, plus `zero_point`, saturated to int8. It never falls as `acc` rises.
    pub const fn requantize(self, acc: i32, zero_point: i8) -> i8 {
        let acc24 = round_to_precision(acc.unsigned_abs() as u64);
        let product24 = round_to_precision(acc24 * self.mantissa as u64);
        // At most 2^55, so it fits and neither the sign nor the zero point can overflow.
        let magnitude = divide(product24, self.shift as u32).cast_signed();
        let rounded = if acc < 0 { -magnitude } else { magnitude } + zero_point as i64;
        if rounded < i8::MIN as i64 {
            i8::MIN
        } else if rounded > i8::MAX as i64 {
            i8::MAX
        } else {
            rounded as i8
        }
    }
}

/// `x`, at most 2^55, rounded to 24 significant bits, ties to even.
const fn round_to_precision(x: u64) -> u64 {
    let excess = (u64::BITS - x.leading_zeros()).saturating_sub(PRECISION);
    divide(x, excess) << excess
}

/// `x / 2^shift` rounded to nearest, ties to even; `x` is at most 2^55.
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
