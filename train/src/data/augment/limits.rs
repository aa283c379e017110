//! Numbers of a recipe, of which none is out of its range.

use std::fmt::Display;
use std::ops::RangeInclusive;

use super::transform::Transform;
use crate::data::random::Random;
use serde::{Deserialize, Deserializer, Serialize, de::Error};

/// A number above 0 and at most 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Share(pub(super) f32);

/// The share of the pictures that are changed, above 0 and at most 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Chance(f32);

impl Chance {
    /// Whether a picture is one of them.
    pub fn happens(self, random: &mut Random) -> bool {
        random.between(0.0, 1.0) < self.0
    }
}

/// A number above 0 and at most a quarter.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Part(pub(super) f32);

/// An angle above 0 and at most 180.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Degrees(pub(super) f32);

/// A length above 0 and at most 16.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Pixels(pub(super) f32);

/// A number from a hundredth to 1: below, nearly all samples of a beta distribution are 0 or 1, and cannot be drawn in 32 bits.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Evenness(pub(super) f32);

/// Two factors from a tenth to ten, the smaller one first.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Factors(pub(super) [f32; 2]);

impl Factors {
    /// One between them; halves are as likely as doubles.
    pub fn drawn(self, random: &mut Random) -> f32 {
        let [low, high] = self.0.map(libm::logf);
        libm::expf(random.between(low, high))
    }
}

/// Two shares from -0.25 to 0.25, the smaller one first.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Widths(pub(super) [f32; 2]);

/// Two qualities from 1 to 100, the lower one first.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Qualities(pub(super) [u8; 2]);

fn up_to<'de, D: Deserializer<'de>>(deserializer: D, limit: f32) -> Result<f32, D::Error> {
    let found = f32::deserialize(deserializer)?;
    if found > 0.0 && found <= limit {
        Ok(found)
    } else {
        let reason = format!("expected a number above 0 and at most {limit}, found {found}");
        Err(D::Error::custom(reason))
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        up_to(deserializer, 1.0).map(Self)
    }
}

impl<'de> Deserialize<'de> for Chance {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        up_to(deserializer, 1.0).map(Self)
    }
}

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        up_to(deserializer, 0.25).map(Self)
    }
}

impl<'de> Deserialize<'de> for Degrees {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        up_to(deserializer, 180.0).map(Self)
    }
}

impl<'de> Deserialize<'de> for Pixels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        up_to(deserializer, 16.0).map(Self)
    }
}

impl<'de> Deserialize<'de> for Evenness {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let found = f32::deserialize(deserializer)?;
        if (0.01..=1.0).contains(&found) {
            return Ok(Self(found));
        }
        let reason = format!("expected a number from 0.01 to 1, found {found}");
        Err(D::Error::custom(reason))
    }
}

/// Two numbers of a range, neither beyond the other one.
fn ordered<'de, T, D>(
    deserializer: D,
    range: RangeInclusive<T>,
    numbers: &str,
) -> Result<[T; 2], D::Error>
where
    T: Deserialize<'de> + Copy + Display + PartialOrd,
    D: Deserializer<'de>,
{
    let [low, high] = <[T; 2]>::deserialize(deserializer)?;
    if range.contains(&low) && range.contains(&high) && low <= high {
        return Ok([low, high]);
    }
    Err(D::Error::custom(format!(
        "expected two {numbers} from {} to {}, the smaller one first, found {low} and {high}",
        range.start(),
        range.end()
    )))
}

impl<'de> Deserialize<'de> for Factors {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        ordered(deserializer, 0.1..=10.0, "factors").map(Self)
    }
}

impl<'de> Deserialize<'de> for Widths {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        ordered(deserializer, -0.25..=0.25, "shares").map(Self)
    }
}

impl<'de> Deserialize<'de> for Qualities {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        ordered(deserializer, 1..=100, "qualities").map(Self)
    }
}

/// At least one change.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Choices(pub(super) Vec<Transform>);

impl<'de> Deserialize<'de> for Choices {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let choices = Vec::<Transform>::deserialize(deserializer)?;
        let mixes = |one: &Transform| matches!(one, Transform::Mixup(_));
        let found = match &choices[..] {
            [] => "none",
            changes if changes.iter().any(mixes) => "mixup",
            _ => return Ok(Self(choices)),
        };
        let reason = format!("expected changes of one picture to choose from, found {found}");
        Err(D::Error::custom(reason))
    }
}
