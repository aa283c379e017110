//! What the integers of a tensor stand for.

/// What int8 integers stand for: the real number `scale * (q - zero_point)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantization {
    /// The real number that a step of 1 stands for, positive.
    pub scale: f32,
    /// The integer that stands for 0.
    pub zero_point: i8,
}

impl Quantization {
    /// The integer that stands for this real number, or lies nearest to it: what `QuantizeLinear` gives.
    #[must_use]
    pub fn integer(self, real: f32) -> i8 {
        // Casts saturate.
        ((real / self.scale).round_ties_even() + f32::from(self.zero_point)) as i8
    }

    /// The real number that an integer stands for: what `DequantizeLinear` gives.
    #[must_use]
    pub fn real(self, integer: i8) -> f32 {
        self.scale * f32::from(i16::from(integer) - i16::from(self.zero_point))
    }

    /// The real number that the integer nearest to this one stands for. Runtimes divide by a scale in ways that differ where a
    /// number lies between two integers; on these numbers they agree.
    #[must_use]
    pub fn rounded(self, real: f32) -> f32 {
        self.real(self.integer(real))
    }

    /// Whether `pixel - 128` stands for `pixel` or for `pixel / 255`.
    #[must_use]
    pub fn is_of_pixels(self) -> bool {
        self.zero_point == i8::MIN && [1.0, 1.0 / 255.0].contains(&self.scale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_rounded_before_the_zero_point_and_saturate() {
        let of = Quantization {
            scale: 0.5,
            zero_point: 3,
        };
        for (real, integer) in [
            (0.0, 3),
            (0.25, 3),
            (0.75, 5),
            (-0.25, 3),
            (1e9, 127),
            (-1e9, -128),
        ] {
            assert_eq!(of.integer(real), integer, "{real}");
        }
        for integer in i8::MIN..=i8::MAX {
            for scale in [0.5, 1.0 / 255.0, 0.584_703, 1e-30, 1e30] {
                let of = Quantization { scale, ..of };
                assert_eq!(of.integer(of.real(integer)), integer);
            }
        }
    }
}
