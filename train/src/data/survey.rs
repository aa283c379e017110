//! What there is to say of a data set before a network learns from it.

use std::collections::BTreeMap;

use input::picture::Header;
use serde::Serialize;

use super::collection::{Part, Remark};
use super::duplicates::Duplicates;
use super::statistics::Statistics;
use super::{DataError, Found, Loaded};

mod print;

/// Pictures of a class to learn from, below which a network hardly knows it.
const FEW: usize = 20;
/// How many times the pictures of the smallest class that the largest may have.
const UNEVEN: usize = 3;
/// Parts in a hundred that a picture's proportions may be off the input's.
const STRETCHED: f64 = 10.0;

/// A data set, for people and for programs.
#[derive(Clone, Debug, Serialize)]
pub struct Survey {
    /// What this is, and where it came from.
    pub source: String,
    /// Tells the sets from others.
    pub sha256: String,
    /// Channels, rows and columns of what a network takes.
    pub input: [usize; 3],
    /// Why it is that, where the user did not say it, and how the sets came about.
    pub choices: Vec<String>,
    pub classes: Vec<ClassCounts>,
    /// How many picture files have this size, the most frequent first; so of the others.
    pub sizes: Vec<Count>,
    pub formats: Vec<Count>,
    pub colours: Vec<Count>,
    /// Picture files that EXIF says to turn.
    pub turned: usize,
    /// Of each channel of the pictures to learn from.
    pub statistics: Vec<Statistics>,
    /// Pictures that are there again.
    pub same: Vec<Pair>,
    /// Pictures that look like another one.
    pub near: Vec<Pair>,
    pub unreadable: Vec<Remark>,
    pub passed_over: Vec<Remark>,
    /// What looks wrong.
    pub problems: Vec<String>,
}

/// Pictures of a class in each set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClassCounts {
    pub name: String,
    pub train: usize,
    pub validation: usize,
    pub test: usize,
}

/// How often something is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Count {
    pub what: String,
    pub count: usize,
}

/// Two pictures that are the same or nearly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pair {
    pub first: String,
    pub second: String,
    /// Whether they are of two classes.
    pub classes_differ: bool,
    /// Whether one is learnt from and the other is not.
    pub sets_differ: bool,
}

impl Survey {
    /// Looks at all pictures.
    pub fn of(loaded: &Loaded) -> Result<Self, DataError> {
        let Loaded { sets, found } = loaded;
        let duplicates = match &found.duplicates {
            Some(duplicates) => duplicates.clone(),
            None => Duplicates::find(&found.all)?,
        };
        let headers: Vec<&Header> = found.files.iter().map(|(_, header)| header).collect();
        let pairs = |pairs: &[[u32; 2]]| pairs.iter().map(|&pair| found.pair(pair)).collect();
        let mut survey = Self {
            source: sets.source.clone(),
            sha256: sets.sha256.clone(),
            input: found.all.shape(),
            choices: found.chosen.iter().chain(&found.drawn).cloned().collect(),
            classes: found.classes(),
            sizes: counts(
                headers
                    .iter()
                    .map(|header| format!("{} x {}", header.rows, header.columns)),
            ),
            formats: counts(headers.iter().map(|header| header.format.to_owned())),
            colours: counts(headers.iter().map(|header| colours(header).to_owned())),
            turned: headers.iter().filter(|header| header.is_turned).count(),
            statistics: sets.train.statistics()?,
            same: pairs(&duplicates.same),
            near: pairs(&duplicates.near),
            unreadable: found.unreadable.clone(),
            passed_over: found.passed_over.clone(),
            problems: Vec::new(),
        };
        survey.problems = survey.problems(&headers);
        survey.problems.extend(loaded.note().map(str::to_owned));
        let refusal = loaded.expect_test().err();
        survey
            .problems
            .extend(refusal.map(|refusal| refusal.to_string()));
        Ok(survey)
    }

    fn problems(&self, headers: &[&Header]) -> Vec<String> {
        let mut problems = Vec::new();
        let of_two = |pairs: &[Pair], how: &str| {
            let pair = pairs.iter().find(|pair| pair.classes_differ)?;
            let count = pairs.iter().filter(|pair| pair.classes_differ).count();
            Some(format!(
                "{count} pairs of pictures {how} in two classes, such as {} and {}: one of the two is wrong",
                pair.first, pair.second
            ))
        };
        problems.extend(of_two(&self.same, "are the same"));
        problems.extend(of_two(&self.near, "look alike"));
        let mut leaks = self
            .same
            .iter()
            .chain(&self.near)
            .filter(|pair| pair.sets_differ);
        if let Some(pair) = leaks.next() {
            problems.push(format!(
                "{} pictures to choose by or to measure on are also learnt from, or look like ones that are, such as {} and {}: \
                 figures are better than the truth",
                leaks.count() + 1,
                pair.first,
                pair.second
            ));
        }
        problems.extend(self.uneven_classes());
        let stretched = headers
            .iter()
            .filter(|header| self.stretches(header))
            .count();
        if 20 * stretched > headers.len() {
            problems.push(format!(
                "{stretched} of {} pictures have other proportions than the input: `--fit crop` or `--fit pad` keep them",
                headers.len()
            ));
        }
        problems
    }

    fn uneven_classes(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let [least, most] = [
            self.classes.iter().min_by_key(|class| class.train),
            self.classes.iter().max_by_key(|class| class.train),
        ];
        let (Some(least), Some(most)) = (least, most) else {
            return problems;
        };
        let ClassCounts { name, train, .. } = least;
        if self.classes.len() < 2 {
            problems.push(format!(
                "one class alone, {name}: there is nothing to tell apart"
            ));
        } else if *train < FEW && most.train > 0 {
            problems.push(format!(
                "class {name} has {train} pictures to learn from: more help"
            ));
        }
        if most.train > UNEVEN * train {
            problems.push(format!(
                "class {} has {} pictures to learn from and {name} {train}: a network prefers the larger one",
                most.name, most.train
            ));
        }
        problems
    }

    /// Whether a picture's proportions are far from the input's.
    fn stretches(&self, header: &Header) -> bool {
        let [_, rows, columns] = self.input;
        let own = f64::from(header.rows) * columns as f64;
        let of_input = f64::from(header.columns) * rows as f64;
        (own / of_input).max(of_input / own) > 1.0 + STRETCHED / 100.0
    }
}

impl Found {
    /// How many pictures of each class are in each set.
    fn classes(&self) -> Vec<ClassCounts> {
        let none = |name: &String| ClassCounts {
            name: name.clone(),
            train: 0,
            validation: 0,
            test: 0,
        };
        let mut counts: Vec<ClassCounts> = self.all.classes().iter().map(none).collect();
        for (&label, part) in self.all.labels().iter().zip(&self.parts) {
            let counts = &mut counts[usize::from(label)];
            *match part {
                Part::Train => &mut counts.train,
                Part::Validation => &mut counts.validation,
                Part::Test => &mut counts.test,
            } += 1;
        }
        counts
    }

    fn pair(&self, [first, second]: [u32; 2]) -> Pair {
        let [a, b] = [first, second].map(|picture| picture as usize);
        let labels = self.all.labels();
        let is_learnt = |picture: usize| self.parts[picture] == Part::Train;
        Pair {
            first: self.name(a),
            second: self.name(b),
            classes_differ: labels[a] != labels[b],
            sets_differ: is_learnt(a) != is_learnt(b),
        }
    }

    /// What messages call a picture.
    fn name(&self, picture: usize) -> String {
        if let Some((name, _)) = self.files.get(picture) {
            return name.clone();
        }
        let part = self.parts[picture];
        let before = self.parts[..picture].iter().filter(|other| **other == part);
        let class = &self.all.classes()[usize::from(self.all.labels()[picture])];
        format!(
            "picture {} of the {} ({class})",
            before.count(),
            part.set_name()
        )
    }
}

/// Each with how often it is there, the most frequent first.
fn counts(all: impl Iterator<Item = String>) -> Vec<Count> {
    let mut counts = BTreeMap::<String, usize>::new();
    for one in all {
        *counts.entry(one).or_default() += 1;
    }
    let count = |(what, count)| Count { what, count };
    let mut counts: Vec<Count> = counts.into_iter().map(count).collect();
    counts.sort_by_key(|count| std::cmp::Reverse(count.count));
    counts
}

fn colours(header: &Header) -> &'static str {
    match (header.has_colours, header.has_transparency) {
        (false, false) => "grey",
        (false, true) => "grey, transparent",
        (true, false) => "colours",
        (true, true) => "colours, transparent",
    }
}

#[cfg(test)]
mod tests;
