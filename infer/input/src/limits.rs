//! How much a model may ask for.

use std::fmt;

use thiserror::Error;

/// What a model may take, whoever made it. The defaults are far above any network for small pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Operators of the graph.
    pub operators: u64,
    /// Bytes of all weights and all values that the operators compute, for one picture.
    pub bytes: u64,
    /// Multiplications with an addition, for one picture; of operators without any, the elements that they touch.
    pub multiply_adds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            operators: 2_000,
            bytes: 512 << 20,
            multiply_adds: 10_000_000_000,
        }
    }
}

impl Limits {
    /// The limits, so many times as high.
    #[must_use]
    pub fn times(self, factor: u32) -> Self {
        let factor = u64::from(factor);
        Self {
            operators: self.operators.saturating_mul(factor),
            bytes: self.bytes.saturating_mul(factor),
            multiply_adds: self.multiply_adds.saturating_mul(factor),
        }
    }

    /// Refuses so many bytes; `place` says of what.
    pub fn check_bytes(&self, found: u64, place: &str) -> Result<(), Excess> {
        check(found, self.bytes, Unit::Bytes, place)
    }

    /// Refuses so many multiply-adds; `place` says of what.
    pub fn check_multiply_adds(&self, found: u64, place: &str) -> Result<(), Excess> {
        check(found, self.multiply_adds, Unit::MultiplyAdds, place)
    }

    /// Refuses so many operators of a graph.
    pub fn check_operators(&self, found: u64) -> Result<(), Excess> {
        check(found, self.operators, Unit::Operators, "the graph")
    }
}

/// The limits as help texts name them.
impl fmt::Display for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [operators, bytes, multiply_adds] = [
            Unit::Operators.show(self.operators),
            Unit::Bytes.show(self.bytes),
            Unit::MultiplyAdds.show(self.multiply_adds),
        ];
        write!(f, "{operators}, {bytes} and {multiply_adds}")
    }
}

/// A model asks for more than it is granted.
#[derive(Debug, Error)]
#[error(
    "expected a model of at most {}, found {} with {place}; if that is meant, give --limits-times {}",
    unit.show(*limit), unit.show(*found), found.div_ceil(*limit)
)]
pub struct Excess {
    unit: Unit,
    limit: u64,
    found: u64,
    place: String,
}

#[derive(Clone, Copy, Debug)]
enum Unit {
    Operators,
    Bytes,
    MultiplyAdds,
}

impl Unit {
    fn show(self, count: u64) -> String {
        match self {
            Self::Operators => format!("{count} operators"),
            Self::Bytes => format!("{} MiB of values", count.div_ceil(1 << 20)),
            Self::MultiplyAdds if count >= 1_000_000 => {
                format!("{} million multiply-adds", count.div_ceil(1_000_000))
            }
            Self::MultiplyAdds => format!("{count} multiply-adds"),
        }
    }
}

fn check(found: u64, limit: u64, unit: Unit, place: &str) -> Result<(), Excess> {
    if found <= limit {
        return Ok(());
    }
    Err(Excess {
        unit,
        limit,
        found,
        place: place.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excess_says_how_to_allow_it() {
        let limits = Limits::default();
        limits.check_bytes(512 << 20, "all").unwrap();
        let error = limits.check_bytes((512 << 20) + 1, "Pad (x)").unwrap_err();
        assert_eq!(
            error.to_string(),
            "expected a model of at most 512 MiB of values, found 513 MiB of values with Pad (x); if that is meant, give --limits-times 2"
        );
        limits.times(2).check_bytes((512 << 20) + 1, "all").unwrap();
        let error = limits
            .times(3)
            .check_multiply_adds(u64::MAX, "all")
            .unwrap_err();
        assert!(
            error
                .to_string()
                .contains("at most 30000 million multiply-adds"),
            "{error}"
        );
        assert_eq!(
            limits.to_string(),
            "2000 operators, 512 MiB of values and 10000 million multiply-adds"
        );
    }
}
