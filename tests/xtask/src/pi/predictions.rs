//! What `infer predict --json` prints, compared.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// Compares what was printed here and elsewhere of the same pictures: everything but time must be the same, probabilities
/// up to `tolerance`. Returns how many pictures there are and the largest difference.
pub fn compare(here: &str, there: &str, tolerance: f64) -> Result<(usize, f64)> {
    let (here, there) = (parse(here)?, parse(there)?);
    ensure!(!here.is_empty(), "expected predictions, found none");
    let (pictures, found) = (here.len(), there.len());
    ensure!(
        pictures == found,
        "expected predictions of {pictures} pictures, found {found}"
    );
    let mut largest = 0.0_f64;
    for (one, other) in here.iter().zip(&there) {
        let (expected, found) = (&one.rest, &other.rest);
        ensure!(expected == found, "expected {expected}, found {found}");
        let difference = one.difference(other);
        ensure!(
            difference <= tolerance,
            "expected probabilities to within {tolerance}, found {difference} between {} and {}",
            one.line,
            other.line
        );
        largest = largest.max(difference);
    }
    Ok((pictures, largest))
}

struct Prediction<'l> {
    line: &'l str,
    probabilities: Vec<f64>,
    /// What must be the same everywhere.
    rest: Value,
}

fn parse(lines: &str) -> Result<Vec<Prediction<'_>>> {
    lines.lines().map(Prediction::parse).collect()
}

impl<'l> Prediction<'l> {
    fn parse(line: &'l str) -> Result<Self> {
        let parse = || {
            let mut rest: Value = serde_json::from_str(line).ok()?;
            let object = rest.as_object_mut()?;
            object.remove("elapsed_microseconds")?;
            // One of the probabilities, once more.
            object.remove("probability")?;
            let probabilities = object.remove("probabilities")?;
            let probabilities = probabilities.as_array()?.iter().map(Value::as_f64);
            Some(Self {
                line,
                probabilities: probabilities.collect::<Option<_>>()?,
                rest,
            })
        };
        parse().with_context(|| format!("infer: expected a prediction in JSON, found {line:?}"))
    }

    /// The largest difference of two probabilities of a class, infinite where the classes differ.
    fn difference(&self, other: &Self) -> f64 {
        if self.probabilities.len() != other.probabilities.len() {
            return f64::INFINITY;
        }
        let pairs = self.probabilities.iter().zip(&other.probabilities);
        let differences = pairs.map(|(one, other)| (one - other).abs());
        differences.fold(0.0, f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(class: usize, probabilities: &str, microseconds: u32) -> String {
        format!(
            "{{\"file\":\"1.png\",\"class\":{class},\"probability\":1,\"probabilities\":[{probabilities}],\
             \"accepted\":true,\"elapsed_microseconds\":{microseconds}}}\n"
        )
    }

    #[test]
    fn time_does_not_count_and_probabilities_do_up_to_the_tolerance() {
        let here = line(1, "0.25,0.75", 7) + &line(0, "1,0", 8);
        let there = line(1, "0.25,0.75", 90) + &line(0, "0.875,0.125", 91);
        assert_eq!(compare(&here, &here, 0.0).unwrap(), (2, 0.0));
        assert_eq!(compare(&here, &there, 0.125).unwrap(), (2, 0.125));
        for tolerance in [0.0, 0.124] {
            let error = compare(&here, &there, tolerance).unwrap_err().to_string();
            assert!(error.contains(" found 0.125 between "), "{error}");
        }
    }

    #[test]
    fn everything_else_must_be_the_same() {
        let here = line(1, "0.5,0.5", 7);
        for there in [
            line(0, "0.5,0.5", 7),
            line(1, "0.5", 7),
            here.replace("true", "false"),
            here.replace("1.png", "2.png"),
            here.repeat(2),
            String::new(),
            "not JSON".to_owned(),
            "{}".to_owned(),
            line(1, "0.5,\"0.5\"", 7),
        ] {
            assert!(compare(&here, &there, 0.5).is_err(), "{there}");
        }
        assert!(compare("", "", 0.5).is_err(), "no picture is no proof");
    }
}
