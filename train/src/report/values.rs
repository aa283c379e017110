//! How far numbers are from those that belong to samples.

use ndarray::{Array2, ArrayView1};
use serde::Serialize;

/// Outputs whose errors are told one by one, at most.
const TOLD: usize = 20;

/// How far the outputs for a data set are from its targets.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ValuesReport {
    pub samples: usize,
    /// Over all outputs together.
    #[serde(flatten)]
    pub all: Errors,
    /// Of each output.
    pub outputs: Vec<Errors>,
}

/// Means over samples.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Errors {
    pub mean_squared_error: f64,
    pub mean_absolute_error: f64,
    /// The share of the targets' variance that the outputs explain; none where there is no variance.
    pub r2: Option<f64>,
}

impl ValuesReport {
    /// Of outputs and targets `[samples, outputs]`.
    ///
    /// # Panics
    ///
    /// Unless both have one shape.
    pub fn new(outputs: &Array2<f32>, targets: &Array2<f32>) -> Self {
        assert_eq!(outputs.dim(), targets.dim());
        let columns = outputs.columns().into_iter().zip(targets.columns());
        let sums: Vec<Sums> = columns
            .map(|(outputs, targets)| Sums::of(&outputs, &targets))
            .collect();
        Self {
            samples: outputs.nrows(),
            all: sums
                .iter()
                .copied()
                .fold(Sums::default(), Sums::and)
                .errors(),
            outputs: sums.into_iter().map(Sums::errors).collect(),
        }
    }

    /// The errors, of several outputs also each one's.
    pub fn text(&self) -> String {
        let all = format!("{} on {} samples", self.all.text(), self.samples);
        if self.outputs.len() < 2 {
            return all;
        }
        let outputs = self.outputs.iter().enumerate().take(TOLD);
        let lines = outputs.map(|(output, errors)| format!("\noutput {output}: {}", errors.text()));
        lines.fold(all, |text, line| text + &line)
    }
}

impl Errors {
    fn text(&self) -> String {
        let r2 = self.r2.map_or("-".into(), |r2| format!("{r2:.4}"));
        format!(
            "mean squared error {:.6}, mean absolute error {:.6}, R2 {r2}",
            self.mean_squared_error, self.mean_absolute_error
        )
    }
}

/// Sums over numbers.
#[derive(Clone, Copy, Default)]
struct Sums {
    count: f64,
    squares: f64,
    absolutes: f64,
    /// Of the differences of targets from their mean, squared.
    spread: f64,
}

impl Sums {
    fn of(outputs: &ArrayView1<f32>, targets: &ArrayView1<f32>) -> Self {
        let count = targets.len() as f64;
        let mean = targets.iter().map(|&target| f64::from(target)).sum::<f64>() / count;
        let mut sums = Self {
            count,
            ..Self::default()
        };
        for (&output, &target) in outputs.iter().zip(targets) {
            let (output, target) = (f64::from(output), f64::from(target));
            sums.squares += (output - target).powi(2);
            sums.absolutes += (output - target).abs();
            sums.spread += (target - mean).powi(2);
        }
        sums
    }

    fn and(self, other: Self) -> Self {
        Self {
            count: self.count + other.count,
            squares: self.squares + other.squares,
            absolutes: self.absolutes + other.absolutes,
            spread: self.spread + other.spread,
        }
    }

    fn errors(self) -> Errors {
        Errors {
            mean_squared_error: self.squares / self.count,
            mean_absolute_error: self.absolutes / self.count,
            r2: (self.spread > 0.0).then(|| 1.0 - self.squares / self.spread),
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::arr2;

    use super::*;

    #[test]
    fn errors_are_those_of_the_numbers() {
        let outputs = arr2(&[[1.0, 0.0], [2.0, 0.0], [6.0, 0.0]]);
        let targets = arr2(&[[0.0, 5.0], [2.0, 5.0], [4.0, 5.0]]);
        let report = ValuesReport::new(&outputs, &targets);
        let first = report.outputs[0];
        // (1 + 0 + 4) / 3, (1 + 0 + 2) / 3, and 1 - 5 / 8 with deviations of 2 and -2 from the mean.
        assert!((first.mean_squared_error - 5.0 / 3.0).abs() < 1e-12);
        assert!((first.mean_absolute_error - 1.0).abs() < 1e-12);
        assert!((first.r2.unwrap() - 0.375).abs() < 1e-12);
        assert_eq!(report.outputs[1].r2, None);
        assert!((report.all.mean_squared_error - 80.0 / 6.0).abs() < 1e-12);
        assert!(report.text().contains("\noutput 1: "), "{}", report.text());
    }
}
