//! Writing a flash file.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use super::bytes::align;
use super::checksum::seal;
use super::header::{HEADER_LEN, Header, LAYOUT_PORTABLE, ONE};
use super::layer::{Axis, LAYER_LEN, LayerRecord};
use super::shape::Shape;
use crate::prepare::Preparation;
use crate::requantize::Multiplier;

/// All that a flash file says. [`Model::new`](crate::Model::new) checks whether it is a model.
#[derive(Clone, Debug)]
pub struct Contents {
    /// See [`Header::input`].
    pub input: Shape,
    /// See [`Header::input_zero_point`].
    pub input_zero_point: i8,
    /// The layers in the order they run, each of which takes what the one before gives.
    pub layers: Vec<LayerContents>,
    /// A name for each class.
    pub labels: Vec<String>,
    /// See [`PROBABILITY_ENTRIES`](super::PROBABILITY_ENTRIES).
    pub probabilities: Vec<u32>,
    /// See [`Header::threshold`].
    pub threshold: u32,
    /// How a picture becomes the input.
    pub preparation: Preparation,
}

/// One layer of a flash file: what is in its [`LayerRecord`], and what that points to.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the fields are those of the record")]
pub struct LayerContents {
    pub kind: u8,
    pub output: Shape,
    pub output_zero_point: i8,
    pub rows: Axis,
    pub columns: Axis,
    /// Channel by channel, in the order that the [module](super) gives.
    pub weights: Vec<i8>,
    /// One a channel.
    pub biases: Vec<i32>,
    /// One a channel.
    pub multipliers: Vec<Multiplier>,
}

/// What has more than a flash file can say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TooLarge {
    /// What it is.
    pub name: String,
    /// The most that there may be of it.
    pub limit: usize,
    /// How much there is.
    pub found: usize,
}

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, limit, found } = self;
        write!(
            f,
            "{name}: expected at most {limit} in a flash file, found {found}"
        )
    }
}

impl core::error::Error for TooLarge {}

impl Contents {
    /// Layers for pictures of the input's own size, with the labels `0`, `1`, ..., a probability that halves with each step
    /// of a logit, and a threshold of three quarters.
    pub fn new(input: Shape, input_zero_point: i8, layers: Vec<LayerContents>) -> Self {
        let classes = layers.last().map_or(0, |layer| layer.output.elements());
        Self {
            input,
            input_zero_point,
            layers,
            labels: (0..classes).map(|class| class.to_string()).collect(),
            probabilities: (0..256)
                .map(|steps| ONE.checked_shr(steps).unwrap_or(0))
                .collect(),
            threshold: ONE / 4 * 3,
            preparation: Preparation::PLAIN,
        }
    }

    /// The bytes of the file.
    ///
    /// # Errors
    ///
    /// What the file has no room to say: more than 255 layers, labels or bytes of a label, or 4 GiB.
    pub fn to_file(&self) -> Result<Vec<u8>, TooLarge> {
        let labels = byte("labels", self.labels.len())?;
        let layers = byte("layers", self.layers.len())?;
        let mut file = Sections(vec![0; HEADER_LEN]);
        let layers_at = file.append(vec![0; LAYER_LEN * self.layers.len()]);
        let header = Header {
            weight_layout: LAYOUT_PORTABLE,
            layers,
            total_len: 0,
            input: self.input,
            input_zero_point: self.input_zero_point,
            classes: labels,
            layers_at,
            probabilities_at: file.append(self.probabilities.iter().flat_map(|p| p.to_le_bytes())),
            labels_at: file.append(self.label_section()?),
            threshold: self.threshold,
            preparation: self.preparation.to_bytes(),
        };
        let mut records = header.encode().to_vec();
        records.resize(layers_at as usize, 0);
        let mut input = (self.input, self.input_zero_point);
        for layer in &self.layers {
            records.extend(file.append_layer(layer, input).encode());
            input = (layer.output, layer.output_zero_point);
        }
        let Sections(mut file) = file;
        file.splice(..records.len(), records);
        let len = file.len();
        seal(&mut file).ok_or_else(|| TooLarge::new("flash file", u32::MAX as usize, len))?;
        Ok(file)
    }

    fn label_section(&self) -> Result<Vec<u8>, TooLarge> {
        let mut section = Vec::new();
        for label in &self.labels {
            section.push(byte(&format!("label `{label}`"), label.len())?);
            section.extend(label.as_bytes());
        }
        Ok(section)
    }
}

/// A file that grows section by section.
struct Sections(Vec<u8>);

impl Sections {
    /// Adds a section, and zeros up to where the next one starts; gives where this one does.
    fn append(&mut self, bytes: impl IntoIterator<Item = u8>) -> u32 {
        // What a u32 cannot say, `seal` refuses.
        let at = self.0.len() as u32;
        self.0.extend(bytes);
        let end = self.0.len() as u32;
        self.0.resize(align(end).unwrap_or(end) as usize, 0);
        at
    }

    fn append_layer(
        &mut self,
        layer: &LayerContents,
        (input, input_zero_point): (Shape, i8),
    ) -> LayerRecord {
        LayerRecord {
            kind: layer.kind,
            input_zero_point,
            output_zero_point: layer.output_zero_point,
            input,
            output: layer.output,
            rows: layer.rows,
            columns: layer.columns,
            weights_at: self.append(layer.weights.iter().map(|weight| weight.cast_unsigned())),
            biases_at: self.append(layer.biases.iter().flat_map(|bias| bias.to_le_bytes())),
            multipliers_at: self.append(layer.multipliers.iter().flat_map(|m| m.encode())),
        }
    }
}

impl TooLarge {
    fn new(name: &str, limit: usize, found: usize) -> Self {
        Self {
            name: name.into(),
            limit,
            found,
        }
    }
}

fn byte(name: &str, size: usize) -> Result<u8, TooLarge> {
    u8::try_from(size).map_err(|_| TooLarge::new(name, u8::MAX.into(), size))
}
