//! What each picture of a data set is for: to learn from, to choose by or to measure on.

use super::{Loaded, SEED};
use crate::data::collection::{Divided, Entry, Part};
use crate::data::duplicates::Duplicates;
use crate::data::{DataError, Dataset, split};

/// The share of the pictures to be measured on, and as much to choose by.
const SHARE: f64 = 0.15;

/// What each picture is for, and how that was drawn, if it was.
pub fn divide(
    all: &Dataset,
    entries: &[Entry],
    duplicates: Option<&Duplicates>,
    divided: Divided,
) -> Result<(Vec<Part>, Option<String>), DataError> {
    let has = |part| entries.iter().any(|entry| entry.part == Some(part));
    let mut wanted = Vec::new();
    if !has(Part::Test) {
        wanted.push(Part::Test);
    }
    if !has(Part::Validation) && divided == Divided::WithValidation {
        wanted.push(Part::Validation);
    }
    let given = |entry: &Entry| entry.part.unwrap_or(Part::Train);
    let mut parts: Vec<Part> = entries.iter().map(given).collect();
    // A test set alone is to be measured on.
    if wanted.is_empty() || !parts.contains(&Part::Train) {
        return Ok((parts, None));
    }
    let groups = groups(all, duplicates)?;
    let learnt: Vec<usize> = (0..parts.len())
        .filter(|&at| parts[at] == Part::Train)
        .collect();
    let of = |values: &[u32]| -> Vec<u32> { learnt.iter().map(|&at| values[at]).collect() };
    let labels: Vec<u16> = learnt.iter().map(|&at| all.labels()[at]).collect();
    let drawn = split::grouped(&labels, &of(&groups), &vec![SHARE; wanted.len()], SEED);
    for (&at, part) in learnt.iter().zip(drawn) {
        if part > 0 {
            parts[at] = wanted[part - 1];
        }
    }
    let sets: Vec<&str> = wanted.iter().map(|part| part.set_name()).collect();
    let drawn = format!(
        "{} drawn from what is there to learn from, {:.0} % each of every class; copies and pictures that look alike stay together",
        sets.join(" and "),
        100.0 * SHARE
    );
    Ok((parts, Some(drawn)))
}

/// A group's number for each picture: those that look alike are in one.
fn groups(all: &Dataset, known: Option<&Duplicates>) -> Result<Vec<u32>, DataError> {
    Ok(match known {
        Some(duplicates) => duplicates.groups(all.len()),
        None => Duplicates::find(all)?.groups(all.len()),
    })
}

impl Loaded {
    /// Fails if nothing is there to measure on, as where all pictures of each class look alike.
    pub fn expect_test(&self) -> Result<(), DataError> {
        if !self.sets.test.is_empty() {
            return Ok(());
        }
        let all = &self.found.all;
        let mut groups = groups(all, self.found.duplicates.as_ref())?;
        groups.sort_unstable();
        groups.dedup();
        Err(DataError::NothingToMeasureOn {
            samples: all.len(),
            unlike: groups.len(),
        })
    }
}
