//! Numbers that are the same on every machine.

/// Marsaglia's xorshift with 32 bits of state ("Xorshift RNGs", 2003).
#[derive(Clone, Copy, Debug)]
pub struct Random(u32);

impl Random {
    /// The numbers of a seed.
    pub const fn new(seed: u32) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9) | 1)
    }

    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }

    /// A number from `least` to `most`.
    pub fn within(&mut self, least: u16, most: u16) -> u16 {
        least + (self.next() >> 8) as u16 % (most - least + 1)
    }

    /// A value from -`limit` - 1 or -`limit` to `limit`: in one of four, one of the ends.
    pub fn value(&mut self, least: i8) -> i8 {
        match self.next() >> 28 {
            0 | 1 => least,
            2 | 3 => i8::MAX,
            _ => ((self.next() >> 24) as u8).cast_signed().max(least),
        }
    }
}
