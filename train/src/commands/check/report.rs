//! What `train check` prints, as text or JSON.

use std::collections::BTreeMap;
use std::path::Path;

use input::file::display_name;
use serde::Serialize;

use super::failure::Failure;
use crate::architecture::thousands;
use crate::boards::{Room, rooms};
use crate::error::Error;
use crate::import::Survey;
use crate::network::Shape;
use crate::quantize::{Origin, Outline, OutlinedLayer, OutputKind};

/// What becomes of a model.
#[derive(Debug, Serialize)]
pub struct Report {
    model: String,
    /// What the file holds, if it can be read.
    #[serde(flatten)]
    surveyed: Option<Surveyed>,
    quantized: Option<Quantized>,
    /// What the command ends with, where it fails.
    pub error: Option<Failure>,
}

/// What a model file holds.
#[derive(Debug, Serialize)]
struct Surveyed {
    /// Version of the standard operators.
    opset: Option<i64>,
    /// Nodes that the output needs.
    nodes: usize,
    /// Why tract does not run the model as it is, in floats.
    not_on_tract: Option<String>,
    /// Nodes that cannot become integers, and what to do.
    refused: Vec<String>,
}

/// Where the scales decide.
const DEAD_OF_DRAWN: &str =
    " that was drawn; with --calibrate, just those that `train quantize` leaves out";

/// What the model will be in integers.
#[derive(Debug, Serialize)]
struct Quantized {
    /// Whether no inputs were given.
    is_drawn: bool,
    /// Whether it is known what pixels become.
    takes_pictures: bool,
    /// Classes, values or a reconstruction.
    output: &'static str,
    input: Shape,
    layers: Vec<Layer>,
    /// How many nodes of each operator are no layer of their own.
    folded: BTreeMap<String, usize>,
    /// The node at the end that is left out.
    dropped: Option<String>,
    /// Channels that are the same for every input, and of how many.
    dead_channels: [usize; 2],
    flash: usize,
    arena: usize,
    multiply_adds: usize,
    weights: usize,
    boards: Vec<Fit>,
}

#[derive(Debug, Serialize)]
struct Layer {
    name: String,
    node: String,
    output: Shape,
    multiply_adds: usize,
    weights: usize,
    flash: usize,
    memory: usize,
    runs_on: [&'static str; 2],
}

#[derive(Debug, Serialize)]
struct Fit {
    #[serde(flatten)]
    room: Room,
    fits: bool,
}

impl Report {
    /// Nothing is known yet of the model in this file.
    pub fn new(model: &Path) -> Self {
        Self {
            model: display_name(model),
            surveyed: None,
            quantized: None,
            error: None,
        }
    }

    pub fn add_survey(&mut self, survey: &Survey, not_on_tract: Option<String>) {
        self.surveyed = Some(Surveyed {
            opset: survey.opset,
            nodes: survey.nodes.len(),
            not_on_tract,
            refused: survey.refused.iter().map(ToString::to_string).collect(),
        });
    }

    pub fn add_outline(&mut self, outline: &Outline, survey: &Survey) {
        self.quantized = Some(Quantized::new(outline, survey));
    }

    pub fn expect_fit(&self, board: Option<&str>, model: &Path) -> Result<(), Error> {
        let Some(quantized) = &self.quantized else {
            return Ok(());
        };
        let named = |fit: &&Fit| Some(fit.room.board) == board;
        match quantized.boards.iter().find(named) {
            Some(Fit { room, fits: false }) => Err(Error::Room {
                path: model.into(),
                room: *room,
                flash: quantized.flash,
                arena: quantized.arena,
            }),
            _ => Ok(()),
        }
    }

    /// What is known of a file that can be read.
    pub fn text(&self, board: Option<&str>) -> Option<String> {
        let surveyed = self.surveyed.as_ref()?;
        let opset = surveyed.opset;
        let opset = opset.map(|opset| format!(" of operator set {opset}"));
        let (model, nodes) = (&self.model, surveyed.nodes);
        let mut lines = vec![format!(
            "{model}: ONNX{}, {nodes} nodes",
            opset.unwrap_or_default()
        )];
        if let Some(quantized) = &self.quantized {
            lines.extend(quantized.text(board));
        }
        let refused = surveyed.refused.iter();
        lines.extend(refused.map(|one| format!("cannot go: {one}")));
        lines.push(match &surveyed.not_on_tract {
            None => "in floats: tract runs the model as it is".into(),
            Some(reason) => format!("in floats: tract does not run the model as it is: {reason}"),
        });
        Some(lines.join("\n"))
    }
}

impl Quantized {
    fn new(outline: &Outline, survey: &Survey) -> Self {
        let layers: Vec<Layer> = outline.layers.iter().map(Layer::new).collect();
        Self {
            is_drawn: outline.origin == Origin::Drawn,
            takes_pictures: outline.takes_pictures,
            output: match outline.output {
                OutputKind::Classes => "classes",
                OutputKind::Values => "values",
                OutputKind::Reconstruction => "reconstruction",
            },
            input: outline.input,
            folded: folded(outline, survey),
            dropped: outline.dropped.clone(),
            dead_channels: outline.pruned.channels,
            flash: outline.flash,
            arena: outline.arena,
            multiply_adds: layers.iter().map(|layer| layer.multiply_adds).sum(),
            weights: layers.iter().map(|layer| layer.weights).sum(),
            boards: fits(outline),
            layers,
        }
    }

    fn text(&self, board: Option<&str>) -> Vec<String> {
        let size = |[channels, rows, columns]: Shape| format!("{channels} x {rows} x {columns}");
        let row = |name: &str, output: &str, numbers: [usize; 4], node: &str| {
            let [multiply_adds, weights, flash, memory] = numbers.map(thousands);
            format!(
                "{name:<16} {output:<16} {multiply_adds:>13} {weights:>9} {flash:>11} {memory:>9}  {node}"
            )
        };
        let mut lines = vec![
            format!(
                "input: {}, channels x rows x columns {}; output: {}",
                if self.takes_pictures {
                    "pictures"
                } else {
                    "numbers"
                },
                size(self.input),
                self.output
            ),
            String::new(),
            format!(
                "{:<16} {:<16} {:>13} {:>9} {:>11} {:>9}  node",
                "layer", "output", "multiply-adds", "weights", "flash bytes", "RAM bytes"
            ),
        ];
        lines.extend(self.layers.iter().map(|layer| {
            let numbers = [
                layer.multiply_adds,
                layer.weights,
                layer.flash,
                layer.memory,
            ];
            row(&layer.name, &size(layer.output), numbers, &layer.node)
        }));
        let total = [self.multiply_adds, self.weights, self.flash, self.arena];
        lines.extend([row("total", "", total, ""), String::new()]);
        lines.push("in integers: every layer runs in the core and, as ONNX, on tract".into());
        lines.extend(self.said_of_nodes());
        lines.push(String::new());
        lines.extend(rooms_table(&self.boards, [self.flash, self.arena], board));
        lines.push(String::new());
        lines
    }

    fn said_of_nodes(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let folded = self.folded.iter();
        let folded: Vec<String> = folded
            .map(|(name, count)| format!("{count} {name}"))
            .collect();
        if !folded.is_empty() {
            lines.push(format!("computed now or in a layer: {}", folded.join(", ")));
        }
        if let Some(node) = &self.dropped {
            lines.push(format!(
                "left out: {node}, the answer is the greatest logit"
            ));
        }
        let [dead, all] = self.dead_channels;
        if dead > 0 {
            lines.push(format!(
                "left out: {dead} of {all} channels, which are the same for every input{}",
                if self.is_drawn { DEAD_OF_DRAWN } else { "" }
            ));
        }
        lines
    }
}

impl Layer {
    fn new(layer: &OutlinedLayer) -> Self {
        Self {
            name: layer.name.clone(),
            node: layer.origin.clone(),
            output: layer.shape,
            multiply_adds: layer.facts.multiply_adds,
            weights: layer.weights,
            flash: layer.facts.flash,
            memory: layer.facts.memory,
            runs_on: ["core", "tract"],
        }
    }
}

/// How many nodes of each operator are no layer of their own, the one that is dropped not among them.
fn folded(outline: &Outline, survey: &Survey) -> BTreeMap<String, usize> {
    let mut folded = BTreeMap::new();
    for (name, operator) in &survey.nodes {
        let is_layer = outline
            .layers
            .iter()
            .any(|layer| layer.origin.starts_with(name));
        if !is_layer && outline.dropped.as_ref() != Some(name) {
            *folded.entry(operator.clone()).or_default() += 1;
        }
    }
    folded
}

/// What a network takes in integers, and on which boards there is room for it.
pub fn rooms_text(outline: &Outline) -> String {
    let needed = [outline.flash, outline.arena];
    let [flash, arena] = needed.map(thousands);
    let mut lines = vec![format!(
        "in integers: {flash} bytes of flash, {arena} bytes of RAM\n"
    )];
    lines.extend(rooms_table(&fits(outline), needed, None));
    lines.join("\n")
}

fn fits(outline: &Outline) -> Vec<Fit> {
    let fit = |room: Room| Fit {
        fits: room.fits(outline.flash, outline.arena),
        room,
    };
    rooms().into_iter().map(fit).collect()
}

/// A line for each board, or for the one that is named, where this much flash and RAM are needed.
fn rooms_table(boards: &[Fit], needed: [usize; 2], board: Option<&str>) -> Vec<String> {
    let wanted = |fit: &&Fit| board.is_none_or(|board| fit.room.board == board);
    let head = format!(
        "{:<20} {:>11} {:>9}  fits",
        "board", "flash free", "RAM free"
    );
    let lines = boards.iter().filter(wanted);
    let lines = lines.map(|fit| room_line(fit.room, needed));
    [head].into_iter().chain(lines).collect()
}

fn room_line(room: Room, [needed_flash, needed_arena]: [usize; 2]) -> String {
    let Room {
        board,
        flash,
        arena,
    } = room;
    let beyond = |needed: usize, there: usize, what| {
        let missing = needed.checked_sub(there).filter(|&missing| missing > 0)?;
        Some(format!("{} bytes of {what}", thousands(missing)))
    };
    let missing = [
        beyond(needed_flash, flash, "flash"),
        beyond(needed_arena, arena, "RAM"),
    ];
    let missing: Vec<String> = missing.into_iter().flatten().collect();
    let verdict = match &missing[..] {
        [] => "yes".into(),
        missing => format!("no, {} missing", missing.join(" and ")),
    };
    let [flash, arena] = [flash, arena].map(thousands);
    format!("{board:<20} {flash:>11} {arena:>9}  {verdict}")
}
