//! What a classifier accepts, the surer it must be: of samples of its classes, and of others.

use std::fmt;

use ndarray::Array2;
use serde::Serialize;

use super::Answer;

/// Shares of the samples that are accepted at the points of the curve.
const SHARES: [f64; 8] = [0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 1.0];
/// The one of these at which kinds are told apart.
const TOLD: usize = 4;

/// How much is accepted by thresholds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Acceptance {
    /// Samples of the classes.
    pub samples: usize,
    /// Samples of no class, of the kinds that are counted.
    pub negatives: usize,
    /// The highest threshold first.
    pub points: Vec<Point>,
    /// By the model's own threshold, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own: Option<Point>,
    /// The share of the samples that are accepted where [`Self::kinds`] is.
    pub told_at: f64,
    pub kinds: Vec<Kind>,
}

/// What is accepted by one threshold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Point {
    /// The least probability of an answer that is accepted.
    pub threshold: f64,
    /// Samples of the classes that are accepted.
    pub accepted: usize,
    /// Of these the ones that are put in a wrong class.
    pub wrong: usize,
    /// Samples of no class that are accepted, of the kinds that are counted.
    pub accepted_negatives: usize,
}

/// What is accepted of samples of no class that are of one kind.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Kind {
    pub name: String,
    pub samples: usize,
    pub accepted: usize,
}

/// Samples of no class: their logits `[samples, classes]`, and of which kind each is.
pub struct Negatives<'a> {
    pub logits: &'a Array2<f32>,
    pub kinds: &'a [u16],
    /// The names of the kinds.
    pub names: &'a [String],
    /// How many of the kinds are counted; they come first.
    pub counted: usize,
}

impl Acceptance {
    /// Of samples with these labels and logits `[samples, classes]`, by a model that accepts answers from a probability `own` on.
    pub fn new(
        labels: &[u16],
        logits: &Array2<f32>,
        negatives: &Negatives,
        own: Option<f64>,
    ) -> Self {
        let (known, others) = (Answer::all(logits), Answer::all(negatives.logits));
        let mut sure: Vec<f64> = known.iter().map(|answer| answer.confidence).collect();
        sure.sort_by(|a, b| b.total_cmp(a));
        let is_counted = |kind: &u16| usize::from(*kind) < negatives.counted;
        let counted = others.iter().zip(negatives.kinds);
        let counted = counted.filter(|(_, kind)| is_counted(kind));
        let counted: Vec<&Answer> = counted.map(|(answer, _)| answer).collect();
        let point = |threshold| Point::at(threshold, (&known, labels), &counted);
        let at_share = |share: f64| {
            let count = (share * sure.len() as f64).ceil() as usize;
            point(sure.get(count.max(1) - 1).copied().unwrap_or(0.0))
        };
        let points = SHARES.map(at_share);
        let least = points[TOLD].threshold;
        let kinds = negatives.names.iter().zip(0..);
        Self {
            samples: known.len(),
            negatives: counted.len(),
            points: points.to_vec(),
            own: own.map(point),
            told_at: SHARES[TOLD],
            kinds: kinds
                .map(|(name, kind)| Kind::new(name, (&others, negatives.kinds), (kind, least)))
                .collect(),
        }
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, point: &Point) -> fmt::Result {
        let accepted = format!("{} of {}", point.accepted, self.samples);
        let negatives = format!(
            "{:.4} {} of {}",
            self.share(point),
            point.accepted_negatives,
            self.negatives
        );
        write!(
            f,
            "{:>9.4} {accepted:>18} {:>6} {negatives:>27}",
            point.threshold, point.wrong
        )
    }

    /// The share of the samples of no class that are accepted at a point.
    pub fn share(&self, point: &Point) -> f64 {
        point.accepted_negatives as f64 / self.negatives.max(1) as f64
    }
}

impl Point {
    /// Of samples of these labels, and of others.
    fn at(threshold: f64, (known, labels): (&[Answer], &[u16]), others: &[&Answer]) -> Self {
        let is_accepted = |answer: &&Answer| answer.confidence >= threshold;
        let wrong = |(answer, label): &(&Answer, &u16)| {
            is_accepted(answer) && answer.class != usize::from(**label)
        };
        Self {
            threshold,
            accepted: known.iter().filter(is_accepted).count(),
            wrong: known.iter().zip(labels).filter(wrong).count(),
            accepted_negatives: others.iter().copied().filter(is_accepted).count(),
        }
    }
}

impl Kind {
    fn new(name: &str, (answers, kinds): (&[Answer], &[u16]), (kind, least): (u16, f64)) -> Self {
        let own = answers.iter().zip(kinds).filter(|(_, of)| **of == kind);
        let own: Vec<bool> = own.map(|(answer, _)| answer.confidence >= least).collect();
        Self {
            name: name.into(),
            samples: own.len(),
            accepted: own.iter().filter(|accepted| **accepted).count(),
        }
    }

    pub fn share(&self) -> f64 {
        self.accepted as f64 / self.samples.max(1) as f64
    }
}

impl fmt::Display for Acceptance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:>9} {:>18} {:>6} {:>27}",
            "threshold", "accepted", "wrong", "accepted that is no class"
        )?;
        for point in &self.points {
            self.write(f, point)?;
            f.write_str("\n")?;
        }
        if let Some(own) = &self.own {
            self.write(f, own)?;
            f.write_str("  the model's own\n")?;
        }
        write!(
            f,
            "\nof each kind, where {} of the samples are accepted:",
            self.told_at
        )?;
        let width = self.kinds.iter().map(|kind| kind.name.chars().count());
        let width = width.max().unwrap_or(0);
        for kind in &self.kinds {
            let (name, accepted, samples) = (&kind.name, kind.accepted, kind.samples);
            write!(
                f,
                "\n{name:<width$}  {:.4} {accepted} of {samples}",
                kind.share()
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Logits of two classes whose answer has this probability.
    fn logits(answers: &[(usize, f64)]) -> Array2<f32> {
        let mut logits = Array2::zeros((answers.len(), 2));
        for (row, &(class, probability)) in answers.iter().enumerate() {
            logits[[row, class]] = (probability / (1.0 - probability)).ln() as f32;
        }
        logits
    }

    #[test]
    fn the_surer_it_must_be_the_less_is_accepted() {
        // Probabilities from .501 to .999, one in ten wrong.
        let of = |index: usize| {
            (
                usize::from(index.is_multiple_of(10)),
                0.5 + (index + 1) as f64 / 1002.0,
            )
        };
        let known: Vec<_> = (0..500).map(of).collect();
        let others: Vec<_> = (0..200)
            .map(|index| (0, 0.6 + f64::from(index) / 1000.0))
            .collect();
        let (known, others) = (logits(&known), logits(&others));
        let kinds: Vec<u16> = (0..200).map(|index| u16::from(index >= 150)).collect();
        let names = ["low".to_owned(), "high".to_owned(), "none".to_owned()];
        let negatives = Negatives {
            logits: &others,
            kinds: &kinds,
            names: &names,
            counted: 1,
        };
        let found = Acceptance::new(&[0; 500], &known, &negatives, Some(0.7005));
        let counts = found
            .points
            .iter()
            .map(|point| (point.accepted, point.wrong));
        let expected = [
            (400, 40),
            (450, 45),
            (475, 47),
            (490, 49),
            (495, 49),
            (498, 49),
            (500, 50),
            (500, 50),
        ];
        assert!(counts.eq(expected), "{found:?}");
        for point in &found.points {
            let least = point.threshold;
            let accepted =
                (0..200).filter(|&index| 0.6 + f64::from(index) / 1000.0 >= least - 1e-6);
            let low = accepted.filter(|&index| index < 150);
            assert_eq!(point.accepted_negatives, low.count(), "{point:?}");
        }
        // The last 300 samples are as sure, 30 of them wrong, and of the others from number 101 on the 49 that are counted.
        let own = found.own.unwrap();
        assert_eq!((own.accepted, own.wrong), (300, 30));
        assert_eq!(own.accepted_negatives, 49);
        let kinds: Vec<_> = found
            .kinds
            .iter()
            .map(|kind| (&*kind.name, kind.samples, kind.accepted))
            .collect();
        assert_eq!(kinds, [("low", 150, 150), ("high", 50, 50), ("none", 0, 0)]);
        let text = found.to_string();
        for part in [
            "400 of 500",
            "wrong",
            "\nhigh  1.0000 50 of 50",
            "  the model's own\n",
        ] {
            assert!(text.contains(part), "{text}");
        }
    }
}
