//! What comparing two networks has shown, as a table and a few sentences.

use std::fmt;

use serde::Serialize;

use super::noise::{Noise, ROUNDING};
use super::pairs::{Pair, Pairs};
use super::run::Counts;
use super::{CompareError, Comparison};
use crate::network::Shape;

/// A tensor in integers: the input, or what a layer makes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// Name of the layer, `conv1`, or `input`.
    pub name: String,
    /// The node of the float model, with its operator; empty of the input, and of a copy in another scale.
    pub node: String,
    /// Channels that are left, rows and columns.
    pub shape: Shape,
    /// The real number that a step of its output's integers stands for.
    pub scale: f32,
    /// How much stronger the floats are than what the integers change in them, in decibels; JSON has no number where that
    /// is nothing.
    pub signal_to_noise: f64,
    /// The greatest difference from the floats, in steps of the integers.
    pub greatest_steps: f64,
    /// What the layer adds by itself, on the same inputs as the layer in floats: the root of the mean square, in steps.
    pub own_steps: f64,
    /// The share of the floats that lie beyond what the integers reach.
    pub saturated: f64,
    /// CRC-32 of the integers on the runtime, and in the core, over all samples; none of the input, and without
    /// a flash file.
    pub digests: Option<[String; 2]>,
}

/// Where two that should have the same integers have others.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// The first layer that has others in any sample.
    pub layer: String,
    /// The first sample in which it has.
    pub sample: usize,
}

/// What a board did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OnBoard {
    /// Its name.
    pub name: String,
    /// Samples that it ran.
    pub samples: usize,
    /// Where its integers are not the core's here.
    pub difference: Option<Difference>,
    /// Why it could not be asked, if its firmware is too old or its memory too small for it.
    pub unable: Option<String>,
}

/// What comparing two networks has shown.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The input and the layers in integers, in order.
    pub rows: Vec<Row>,
    /// Samples that both networks ran on.
    pub samples: usize,
    /// Samples whose class is the same in both; none where the output is no classes.
    pub same_class: Option<usize>,
    /// The first layer that adds more by itself than rounding does.
    pub parts: Option<String>,
    /// The layer over which signal to noise falls most, and by how many decibels.
    pub steepest: Option<(String, f64)>,
    /// What ran the int8 model.
    pub runtime: &'static str,
    /// Whether there was a flash file for the core to run.
    pub has_core: bool,
    /// Where its integers are not those of the runtime.
    pub difference: Option<Difference>,
    /// What a board did, if one was asked.
    pub board: Option<OnBoard>,
}

impl Difference {
    /// That of a layer of this index, in a sample.
    pub(super) fn of(pairs: &Pairs, found: Option<(usize, usize)>) -> Option<Self> {
        found.map(|(layer, sample)| Self {
            layer: pairs.layers[layer].name.clone(),
            sample,
        })
    }
}

impl Report {
    pub(super) fn new(
        comparison: &Comparison<'_>,
        runtime: &'static str,
        (counts, are_classes): (&Counts, bool),
        board: Option<OnBoard>,
    ) -> Self {
        let pairs = &comparison.pairs;
        let has_core = comparison.flash.is_some();
        let parted = counts.noise[1..]
            .iter()
            .position(|noise| noise.own() > ROUNDING);
        Self {
            rows: rows(pairs, counts, has_core),
            samples: counts.samples,
            same_class: are_classes.then_some(counts.same_class),
            parts: parted.map(|layer| pairs.layers[layer].name.clone()),
            steepest: steepest(pairs, &counts.noise),
            runtime,
            has_core,
            difference: Difference::of(pairs, counts.core.difference),
            board,
        }
    }

    /// Why the files, or the board, are not to be trusted: integers that should be the same are not.
    pub fn disagreement(&self) -> Option<CompareError> {
        let error = |one: &str, other: &str, found: &Difference| CompareError::Differs {
            one: one.into(),
            other: other.into(),
            layer: found.layer.clone(),
            sample: found.sample,
        };
        let of_core = self.difference.as_ref();
        let of_board = self.board.as_ref().and_then(|board| {
            let found = board.difference.as_ref()?;
            Some(error(
                "the core",
                &format!("the board {}", board.name),
                found,
            ))
        });
        of_core
            .map(|found| {
                error(
                    &format!("the int8 model on {}", self.runtime),
                    "the core",
                    found,
                )
            })
            .or(of_board)
    }
}

fn rows(pairs: &Pairs, counts: &Counts, has_core: bool) -> Vec<Row> {
    let row = |(tensor, noise): (usize, &Noise)| {
        let layer = tensor.checked_sub(1);
        let pair = layer.map(|layer| &pairs.layers[layer]);
        let digests = layer
            .filter(|_| has_core)
            .map(|layer| counts.digests[layer]);
        Row {
            name: pair.map_or("input", |pair| &pair.name).to_owned(),
            node: pair.map_or("", |pair| pairs.origin(pair)).to_owned(),
            shape: pairs.shape(tensor),
            scale: pairs.meaning(tensor).scale,
            signal_to_noise: noise.signal_to_noise(),
            greatest_steps: noise.greatest(),
            own_steps: noise.own(),
            saturated: noise.saturated(),
            digests: digests.map(|both| both.map(|digest| format!("{digest:08x}"))),
        }
    };
    counts.noise.iter().enumerate().map(row).collect()
}

/// The layer over which signal to noise falls most from what it reads, by how many decibels.
fn steepest(pairs: &Pairs, noise: &[Noise]) -> Option<(String, f64)> {
    let fall = |pair: &Pair, after: &Noise| {
        let before = pair
            .inputs
            .iter()
            .map(|&input| noise[input].signal_to_noise());
        before.fold(f64::INFINITY, f64::min) - after.signal_to_noise()
    };
    let falls = pairs.layers.iter().zip(&noise[1..]);
    let falls = falls.map(|(pair, after)| (pair.name.clone(), fall(pair, after)));
    let falls = falls.filter(|(_, fall)| fall.is_finite() && *fall > 0.0);
    falls.max_by(|one, other| one.1.total_cmp(&other.1))
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_table(formatter)?;
        writeln!(formatter, "\n{}", self.parting())?;
        if let Some(same) = self.same_class {
            let share = 100.0 * same as f64 / self.samples as f64;
            let samples = self.samples;
            writeln!(
                formatter,
                "{same} of {samples} samples have the same class in both ({share:.1} %)"
            )?;
        }
        let layers = self.rows.len() - 1;
        let (runtime, samples) = (self.runtime, self.samples);
        match &self.difference {
            _ if !self.has_core => write!(
                formatter,
                "there is no flash file beside the int8 model: the core was not asked"
            )?,
            None => write!(
                formatter,
                "the int8 model on {runtime} and the core have equal integers in all {layers} layers, on {samples} samples"
            )?,
            Some(Difference { layer, sample }) => write!(
                formatter,
                "the int8 model on {runtime} and the core have other integers from layer {layer} on, in sample {sample} first"
            )?,
        }
        self.board.as_ref().map_or(Ok(()), |board| {
            write!(formatter, "\n{}", board.sentence(layers))
        })
    }
}

impl Report {
    fn write_table(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.rows.iter().map(|row| row.name.len());
        let name = names.max().unwrap_or_default();
        writeln!(
            formatter,
            "{:<name$}{:>14}{:>11}{:>14}{:>10}{:>8}{:>11}  {:<8}  node",
            "layer", "shape", "scale", "signal/noise", "greatest", "own", "saturated", "crc-32"
        )?;
        for row in &self.rows {
            let [channels, rows, columns] = row.shape;
            let digests = match &row.digests {
                None => String::new(),
                Some([runtime, core]) if runtime == core => runtime.clone(),
                Some([runtime, core]) => format!("{runtime}, in the core {core}"),
            };
            let line = format!(
                "{:<name$}{:>14}{:>11.3e}{:>11.1} dB{:>10.1}{:>8.2}{:>9.2} %  {digests:<8}  {}",
                row.name,
                format!("{channels}x{rows}x{columns}"),
                row.scale,
                row.signal_to_noise,
                row.greatest_steps,
                row.own_steps,
                100.0 * row.saturated,
                row.node
            );
            writeln!(formatter, "{}", line.trim_end())?;
        }
        Ok(())
    }

    /// Where floats and integers part first.
    fn parting(&self) -> String {
        let parted = self
            .rows
            .iter()
            .find(|row| Some(&row.name) == self.parts.as_ref());
        if let Some(Row {
            name,
            node,
            own_steps,
            saturated,
            ..
        }) = parted
        {
            return format!(
                "they part first at layer {name} ({node}): on the inputs of the layer in floats its outputs are {own_steps:.2} \
                 steps off (root of the mean square; rounding makes 0.29 to {ROUNDING}), {:.2} % saturate",
                100.0 * saturated
            );
        }
        let none = format!(
            "no layer adds more than rounding does, {ROUNDING} step (root of the mean square)"
        );
        match &self.steepest {
            None => none,
            Some((name, fall)) => {
                format!("{none}; signal to noise falls most over layer {name}, by {fall:.1} dB")
            }
        }
    }
}

impl OnBoard {
    fn sentence(&self, layers: usize) -> String {
        let (name, samples) = (&self.name, self.samples);
        match (&self.unable, &self.difference) {
            (Some(reason), _) => format!("the board {name} was not compared: {reason}"),
            (None, None) => format!(
                "the board {name} and the core have equal integers in all {layers} layers, on {samples} samples"
            ),
            (None, Some(Difference { layer, sample })) => {
                format!(
                    "the board {name} and the core have other integers from layer {layer} on, in sample {sample} first"
                )
            }
        }
    }
}
