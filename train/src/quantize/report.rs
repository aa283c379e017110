//! What quantising made of a network, as a table.

use std::fmt;

use no_std_core::format::ONE;

use super::check::FlashFacts;
use super::choose::Candidate;
use super::measure::{Accuracies, Measured};
use super::network::FloatNetwork;
use super::range::{Method, Range};
use crate::net::thousands;

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
    /// How often the models are right.
    pub measured: Measured,
    /// What the core says of the flash file.
    pub flash_facts: FlashFacts,
}

impl Report {
    pub(super) fn new(
        network: &FloatNetwork,
        best: &Candidate,
        signal_to_noise: &[f64],
        measured: Measured,
        flash_facts: FlashFacts,
    ) -> Self {
        let layers = network.layers.iter().zip(&flash_facts.layers).enumerate();
        let rows = layers.map(|(index, (layer, facts))| Row {
            name: layer.name.clone(),
            range: best.ranges[index],
            scale: best.layers[index].to.scale,
            signal_to_noise: signal_to_noise[index],
            flash: facts.flash,
            memory: facts.memory,
            multiply_adds: facts.multiply_adds,
        });
        Self {
            rows: rows.collect(),
            method: best.method,
            measured,
            flash_facts,
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
                "{name:<8}{range:>19}{scale:>11}{noise:>14}{flash:>13}{memory:>11}{multiply_adds:>15}"
            )?;
        }
        writeln!(formatter, "\n{:<36}{:>8}{:>8}", "accuracy", "float", "int8")?;
        let Measured {
            held_out,
            test,
            inverted,
        } = self.measured;
        let rows = [
            ("training images held out", held_out),
            ("test images", test),
            ("test images, inverted", inverted),
        ];
        for (name, Accuracies { float, int8 }) in rows {
            writeln!(formatter, "{name:<36}{float:>8.4}{int8:>8.4}")?;
        }
        let FlashFacts {
            threshold,
            accepted,
            ..
        } = self.flash_facts;
        let probability = f64::from(threshold) / f64::from(ONE);
        write!(
            formatter,
            "\nranges by {}; accepted from probability {probability:.3}, {:.1} % of the images held out",
            self.method.name(),
            100.0 * accepted
        )
    }
}
