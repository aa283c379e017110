//! What quantising made of a network, as a table.

use std::fmt;

use no_std_core::format::{ONE, OutputKind};

use super::candidate::Candidate;
use super::check::{FlashFacts, LayerFacts};
use super::compare::Measured;
use super::int8::Int8Node;
use super::prune::Pruned;
use super::range::{Method, Range};
use crate::architecture::thousands;

/// One layer of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Name: `conv1`.
    pub name: String,
    /// Where the method saw its output; the integers cover this up to the rounding of scale and zero point.
    pub range: Range,
    /// Real number that a step of 1 stands for.
    pub scale: f32,
    /// How much stronger the float output is than what the integers change in it, in decibels.
    pub signal_to_noise: f64,
    /// Bytes of weights, biases and multipliers.
    pub flash: usize,
    /// Bytes of its output.
    pub memory: usize,
    /// Multiplications and additions for one image.
    pub multiply_adds: usize,
}

/// What quantising made of a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The layers in order.
    pub rows: Vec<Row>,
    /// How their ranges were found.
    pub method: Method,
    /// What the output is.
    pub output: OutputKind,
    /// How often the models are right, if they tell classes apart.
    pub measured: Option<Measured>,
    /// What was taken out, because it is the same for every input.
    pub pruned: Pruned,
    /// What the core says of the flash file.
    pub flash_facts: FlashFacts,
    /// Why the files would not have been written without being forced.
    pub forced: Option<String>,
    /// Which runtime was not asked, and why.
    pub unchecked: Option<String>,
}

impl Report {
    pub(super) fn new(
        best: &Candidate,
        signal_to_noise: &[f64],
        (measured, pruned): (Option<Measured>, Pruned),
        flash_facts: FlashFacts,
    ) -> Self {
        let layers = best.int8.nodes.iter().zip(signal_to_noise);
        let row = |((layer, &signal_to_noise), facts): ((&Int8Node, _), &LayerFacts)| Row {
            name: layer.name.clone(),
            range: layer.range,
            scale: layer.to.scale,
            signal_to_noise,
            flash: facts.flash,
            memory: facts.memory,
            multiply_adds: facts.multiply_adds,
        };
        let rows = layers.zip(&flash_facts.layers).map(row);
        Self {
            rows: rows.collect(),
            method: best.method,
            output: OutputKind::Values,
            measured,
            pruned,
            flash_facts,
            forced: None,
            unchecked: None,
        }
    }

    fn table(&self) -> Vec<[String; 7]> {
        let header = [
            "layer",
            "range",
            "scale",
            "signal/noise",
            "flash bytes",
            "RAM bytes",
            "multiply-adds",
        ];
        let row = |row: &Row| {
            [
                row.name.clone(),
                format!("{:.3} to {:.3}", row.range.low, row.range.high),
                format!("{:.3e}", row.scale),
                format!("{:.1} dB", row.signal_to_noise),
                thousands(row.flash),
                thousands(row.memory),
                thousands(row.multiply_adds),
            ]
        };
        let multiply_adds = self.rows.iter().map(|row| row.multiply_adds).sum();
        let totals = [
            self.flash_facts.flash,
            self.flash_facts.memory,
            multiply_adds,
        ]
        .map(thousands);
        let [flash, memory, multiply_adds] = totals;
        let none = String::new;
        let total = [
            "total".into(),
            none(),
            none(),
            none(),
            flash,
            memory,
            multiply_adds,
        ];
        let mut table = vec![header.map(Into::into)];
        table.extend(self.rows.iter().map(row));
        table.push(total);
        table
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for [name, range, scale, noise, flash, memory, multiply_adds] in self.table() {
            writeln!(
                formatter,
                "{name:<16}{range:>19}{scale:>11}{noise:>14}{flash:>13}{memory:>11}{multiply_adds:>15}"
            )?;
        }
        self.write_accuracies(formatter)?;
        self.write_pruned(formatter)?;
        write!(formatter, "\nranges by {}", self.method.name())?;
        self.write_threshold(formatter)
    }
}

impl Report {
    fn write_accuracies(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(measured) = &self.measured else {
            return Ok(());
        };
        let title = if measured.by_labels {
            "right by the labels"
        } else {
            "answers as the floats"
        };
        writeln!(
            formatter,
            "\n{:<26}{:>8}{:>8}{:>8}{:>6}{:>8}{:>22}",
            title, "samples", "float", "int8", "lost", "gained", "change, in 95 %"
        )?;
        for (_, name, counts) in measured.rows() {
            let ([float, int8], lost, gained) = (counts.accuracies(), counts.lost, counts.gained());
            let (samples, [middle, reach]) = (counts.samples, counts.change());
            let change = format!("{:+.4} to {:+.4}", middle - reach, middle + reach);
            writeln!(
                formatter,
                "{name:<26}{samples:>8}{float:>8.4}{int8:>8.4}{lost:>6}{gained:>8}{change:>22}"
            )?;
        }
        Ok(())
    }

    fn write_threshold(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let threshold = f64::from(self.flash_facts.threshold);
        let accepted = format!(
            "{:.1} % of the samples held out",
            100.0 * self.flash_facts.accepted
        );
        match self.output {
            OutputKind::Values => Ok(()),
            OutputKind::Classes => {
                let probability = threshold / f64::from(ONE);
                write!(
                    formatter,
                    "; accepted from probability {probability:.3}, {accepted}"
                )
            }
            OutputKind::Reconstruction => {
                let score = threshold / 256.0;
                write!(
                    formatter,
                    "; accepted up to a score of {score:.2}, the mean squared difference in steps, {accepted}"
                )
            }
        }
    }

    fn write_pruned(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Pruned {
            channels: [gone, channels],
            multiply_adds,
            weights,
        } = self.pruned;
        if gone == 0 {
            return Ok(());
        }
        let [before, after] = multiply_adds.map(thousands);
        let [weights_before, weights_after] = weights.map(thousands);
        writeln!(
            formatter,
            "\n{gone} of {channels} channels are the same for every input and were taken out: {before} multiply-adds \
             became {after}, {weights_before} weights {weights_after}, no output another"
        )
    }
}
