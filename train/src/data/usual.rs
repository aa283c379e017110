//! Sets for a network that learns what is normal, to tell what is strange.

use super::{Classes, DataError, Dataset, Sets};

/// The share of the normal samples that is held out where the data hold out none.
const SHARE: f64 = 0.15;
/// The same samples at each run.
const SEED: u64 = 0;
/// Samples to learn from, and as many held out, at least.
const LEAST: usize = 2;

/// What samples are afterwards: label 0 and label 1.
pub const KINDS: [&str; 2] = ["normal", "strange"];

/// Sets of normal samples, and a test set of both kinds.
#[derive(Clone, Debug)]
pub struct Usual {
    /// All have a validation set; labels are places among [`KINDS`].
    pub sets: Sets,
    /// The names of the classes that are normal.
    pub normal: Vec<String>,
    /// What was done to come there, for people.
    pub notes: Vec<String>,
}

impl Usual {
    /// The sets with the classes of these names for normal ones, or else the only one there is to learn from, or 0 of 0 and 1.
    /// Strange samples are measured on, and left out of what is learnt from and chosen by.
    pub fn of(sets: Sets, normal: &[String]) -> Result<Self, DataError> {
        let train = &sets.train;
        if !train.is_labelled() && train.classes().is_empty() && train.target_len() > 0 {
            return Err(DataError::NoKinds);
        }
        let normal = normal_classes(train, normal)?;
        let classes = train.classes().iter();
        let is_normal: Vec<bool> = classes.map(|class| normal.contains(class)).collect();
        let mut notes = Vec::new();
        let mut only = |set: &Dataset, of: &str| {
            let (normal, left) = only_normal(set, &is_normal);
            if left > 0 {
                notes.push(format!("{left} strange samples are left out of {of}"));
            }
            normal
        };
        let train = only(train, "those to learn from");
        let validation = sets.validation.as_ref();
        let validation = validation.map(|set| only(set, "those to choose by"));
        let (train, validation) = held_out(train, validation)?;
        let sets = Sets {
            train,
            validation: Some(validation),
            test: told_apart(&sets.test, &is_normal),
            ..sets
        };
        Ok(Self {
            sets,
            normal,
            notes,
        })
    }
}

/// The normal samples, and how many others there are.
fn only_normal(set: &Dataset, is_normal: &[bool]) -> (Dataset, usize) {
    let set = told_apart(set, is_normal);
    let indices: Vec<usize> = (0..set.len()).filter(|&at| set.labels()[at] == 0).collect();
    (set.select(&indices), set.len() - indices.len())
}

/// Normal samples to learn from and those held out, which are some of them unless there are others.
fn held_out(train: Dataset, validation: Option<Dataset>) -> Result<(Dataset, Dataset), DataError> {
    let (validation, train) = if let Some(validation) = validation.filter(|set| !set.is_empty()) {
        (validation, train)
    } else {
        let count = (train.len() as f64 * SHARE).round() as usize;
        train.split_stratified(count.max(LEAST), SEED)
    };
    if train.len().min(validation.len()) < LEAST {
        return Err(DataError::FewNormal {
            expected: 2 * LEAST,
            found: train.len() + validation.len(),
        });
    }
    Ok((train, validation))
}

/// Samples as normal ones and strange ones; without classes all are normal.
fn told_apart(set: &Dataset, is_normal: &[bool]) -> Dataset {
    let kind = |&label: &u16| {
        let is_strange = is_normal
            .get(usize::from(label))
            .is_some_and(|&is_normal| !is_normal);
        u16::from(is_strange)
    };
    let labels = set.labels().iter().map(kind).collect();
    set.clone()
        .labelled(Classes::from(KINDS.map(String::from)), labels)
}

/// The names of the normal classes, those that are given or else one that is clear.
fn normal_classes(train: &Dataset, given: &[String]) -> Result<Vec<String>, DataError> {
    let classes = train.classes();
    if let Some(found) = given.iter().find(|name| !classes.contains(name)) {
        return Err(DataError::Normal {
            classes: classes.to_vec(),
            found: found.clone(),
        });
    }
    if !given.is_empty() || classes.is_empty() {
        return Ok(given.to_vec());
    }
    let learnt: Vec<bool> = classes_of(train);
    let found = classes
        .iter()
        .zip(learnt)
        .filter(|(_, is_learnt)| *is_learnt);
    let found: Vec<String> = found.map(|(class, _)| class.clone()).collect();
    match &found[..] {
        [_] => Ok(found),
        [zero, one] if zero == "0" && one == "1" => Ok(vec![zero.clone()]),
        _ => Err(DataError::WhichNormal { found }),
    }
}

/// Whether a sample is of each class.
fn classes_of(set: &Dataset) -> Vec<bool> {
    let mut found = vec![false; set.classes().len()];
    for &label in set.labels() {
        found[usize::from(label)] = true;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::numbers;

    fn set(classes: &Classes, labels: &[u16]) -> Dataset {
        let pixels = (0..labels.len()).map(|at| at as u8).collect();
        Dataset::new([1, 1, 1], pixels, labels.to_vec(), classes.clone())
    }

    fn sets(classes: usize, [train, validation, test]: [&[u16]; 3]) -> Sets {
        let classes = numbers(0, classes);
        let set = |labels| set(&classes, labels);
        Sets {
            train: set(train),
            validation: Some(set(validation)).filter(|set| !set.is_empty()),
            test: set(test),
            source: String::new(),
            sha256: String::new(),
        }
    }

    #[test]
    fn strange_samples_are_only_measured_on() {
        let given = sets(2, [&[0, 1, 0, 0], &[0, 0, 1], &[0, 1, 1]]);
        let usual = Usual::of(given, &[]).unwrap();
        assert_eq!(usual.normal, ["0"]);
        assert_eq!(usual.notes.len(), 2);
        let Sets {
            train,
            validation,
            test,
            ..
        } = usual.sets;
        assert_eq!(
            train.images().unwrap().into_raw_vec_and_offset().0,
            [0, 2, 3]
        );
        assert_eq!(validation.unwrap().labels(), [0, 0]);
        assert_eq!(test.labels(), [0, 1, 1]);
        assert_eq!(test.classes()[..], KINDS);
    }

    #[test]
    fn normal_samples_are_held_out_where_the_data_hold_out_none() {
        let usual = Usual::of(sets(3, [&[2; 40], &[], &[0, 1, 2]]), &[]).unwrap();
        let validation = usual.sets.validation.unwrap();
        assert_eq!((usual.sets.train.len(), validation.len()), (34, 6));
        assert_eq!(usual.sets.test.labels(), [1, 1, 0]);
        // Of few, as many as it takes.
        for few in [4, 5, 7] {
            let usual = Usual::of(sets(1, [&vec![0; few], &[], &[0]]), &[]).unwrap();
            let validation = usual.sets.validation.unwrap();
            assert_eq!((usual.sets.train.len(), validation.len()), (few - 2, 2));
        }
    }

    #[test]
    fn what_is_normal_is_named_or_clear() {
        let three = || sets(3, [&[0, 1, 2, 2, 2, 1, 1], &[1, 1, 2], &[0, 1]]);
        let error = Usual::of(three(), &[]).unwrap_err().to_string();
        assert!(
            error.contains("found 0, 1, 2") && error.contains("--normal"),
            "{error}"
        );
        let error = Usual::of(three(), &["3".into()]).unwrap_err().to_string();
        assert!(error.contains("which are 0, 1, 2, found \"3\""), "{error}");
        let usual = Usual::of(three(), &["1".into(), "2".into()]).unwrap();
        assert_eq!(
            (usual.sets.train.len(), usual.sets.test.labels()),
            (6, &[1, 0][..])
        );
        let error = Usual::of(sets(1, [&[0, 0], &[], &[0]]), &[])
            .unwrap_err()
            .to_string();
        assert!(error.contains("at least 4 normal samples"), "{error}");
    }
}
