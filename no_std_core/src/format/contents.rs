//! Writing a flash file.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use super::bytes::align;
use super::checksum::seal;
use super::header::{HEADER_LEN, Header, MAX_OPERATORS, ONE, OutputKind};
use super::operator::{NO_TENSOR, OPERATOR_LEN, OperatorRecord, dense_place};
use super::tensor::{Shape, TENSOR_LEN, TensorRecord};
use super::{KIND_ADD, KIND_DENSE, KIND_TABLE, SUM_ENTRIES};
use crate::prepare::Preparation;
use crate::requantize::Multiplier;

/// All that a flash file says. [`Model::new`](crate::Model::new) checks whether it is a model.
#[derive(Clone, Debug)]
pub struct Contents {
    /// The input. Where it lies is not looked at before [`plan`](Self::plan) has said it.
    pub input: TensorRecord,
    /// The operators in the order they run.
    pub operators: Vec<OperatorContents>,
    /// What the last tensor is.
    pub output: OutputKind,
    /// See [`Header::threshold`].
    pub threshold: u32,
    /// A name for each class, or none at all.
    pub labels: Vec<String>,
    /// Of classes the weight of each distance from the greatest logit, [`PROBABILITY_ENTRIES`](super::PROBABILITY_ENTRIES)
    /// of them; else none.
    pub probabilities: Vec<u32>,
    /// For each channel of a picture the value of each pixel, [`PIXEL_ENTRIES`](super::PIXEL_ENTRIES) of them; none where
    /// that is the pixel less 128.
    pub pixels: Vec<i8>,
    /// How a picture becomes the input.
    pub preparation: Preparation,
}

/// One operator of a flash file: what its [`OperatorRecord`] points to, and the tensor that it makes.
#[derive(Clone, Debug)]
pub struct OperatorContents {
    /// Kind, inputs and windows. Where its sections start is not looked at.
    pub record: OperatorRecord,
    /// What it makes.
    pub output: TensorRecord,
    /// Weights, or the table of an operator that looks its output up, in the order of [the kind](super#kinds-of-operators);
    /// those of a dense layer simply `[unit][input]`.
    pub weights: Vec<i8>,
    /// One an output channel, or none.
    pub biases: Vec<i32>,
    /// One an output channel, one at all, or none.
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

impl TensorRecord {
    /// A tensor that is held as a whole, at the start of the arena.
    pub const fn new(shape: Shape, scale: f32, zero_point: i8) -> Self {
        Self {
            shape,
            zero_point,
            held: 0,
            at: 0,
            scale: scale.to_bits(),
        }
    }
}

impl OperatorRecord {
    /// An operator of one input without windows and sections, that works from the first row down.
    pub fn new(kind: u8, input: u16) -> Self {
        Self {
            kind,
            upwards: false,
            inputs: [input, NO_TENSOR],
            groups: 0,
            rows: super::Axis::default(),
            columns: super::Axis::default(),
            weights_at: 0,
            biases_at: 0,
            multipliers_at: 0,
        }
    }
}

impl OperatorContents {
    /// An operator without weights, biases and multipliers.
    pub fn new(record: OperatorRecord, output: TensorRecord) -> Self {
        Self {
            record,
            output,
            weights: Vec::new(),
            biases: Vec::new(),
            multipliers: Vec::new(),
        }
    }

    /// The sum of the tensors `inputs`, whose values have one meaning: `multiplier` makes of a sum of values less their zero
    /// point, which is `zero_point`, one of the output.
    pub fn add(
        inputs: [u16; 2],
        zero_point: i8,
        multiplier: Multiplier,
        output: TensorRecord,
    ) -> Self {
        let record = OperatorRecord {
            inputs,
            ..OperatorRecord::new(KIND_ADD, 0)
        };
        let least = 2 * (i32::from(i8::MIN) - i32::from(zero_point));
        let sums = (least..).take(SUM_ENTRIES);
        Self {
            weights: sums
                .map(|sum| multiplier.requantize(sum, output.zero_point))
                .collect(),
            ..Self::new(record, output)
        }
    }

    /// A value of the output for each of the tensor `input`: of those from -128 to 127.
    pub fn table(input: u16, values: &[i8; super::VALUE_ENTRIES], output: TensorRecord) -> Self {
        Self {
            weights: values.to_vec(),
            ..Self::new(OperatorRecord::new(KIND_TABLE, input), output)
        }
    }
}

impl Contents {
    /// Classes for pictures of the input's own size, with the labels `0`, `1`, ..., a probability that halves with each step
    /// of a logit, and a threshold of three quarters.
    pub fn new(input: TensorRecord, operators: Vec<OperatorContents>) -> Self {
        let output = operators.last().map_or(input, |last| last.output);
        Self {
            input,
            operators,
            output: OutputKind::Classes,
            threshold: ONE / 4 * 3,
            labels: (0..output.shape.elements())
                .map(|class| class.to_string())
                .collect(),
            probabilities: (0..256)
                .map(|steps| ONE.checked_shr(steps).unwrap_or(0))
                .collect(),
            pixels: Vec::new(),
            preparation: Preparation::PLAIN,
        }
    }

    /// Numbers that stand for themselves, of an input that is no picture.
    pub fn values(input: TensorRecord, operators: Vec<OperatorContents>) -> Self {
        Self {
            output: OutputKind::Values,
            threshold: 0,
            labels: Vec::new(),
            probabilities: Vec::new(),
            preparation: Preparation::NONE,
            ..Self::new(input, operators)
        }
    }

    /// The tensors in the order of their table: the input, and what each operator makes.
    pub fn tensors(&self) -> impl Iterator<Item = &TensorRecord> {
        let outputs = self.operators.iter().map(|operator| &operator.output);
        core::iter::once(&self.input).chain(outputs)
    }

    /// The bytes of the file.
    ///
    /// # Errors
    ///
    /// What the file has no room to say: more than [`MAX_OPERATORS`](super::MAX_OPERATORS), 255 bytes of a label, or 4 GiB.
    pub fn to_file(&self) -> Result<Vec<u8>, TooLarge> {
        let count = self.operators.len();
        let operators = u16::try_from(count)
            .ok()
            .filter(|&count| count <= MAX_OPERATORS)
            .ok_or_else(|| TooLarge::new("operators", MAX_OPERATORS.into(), count))?;
        let tables_len = TENSOR_LEN * (count + 1) + OPERATOR_LEN * count;
        let mut file = Sections(vec![0; HEADER_LEN + tables_len]);
        let ends = self.tensors().map(TensorRecord::end);
        let header = Header {
            operators,
            total_len: 0,
            arena_len: ends.max().map_or(0, |end| end as u32),
            output: self.output as u8,
            threshold: self.threshold,
            labels_at: file.append(self.label_section()?),
            probabilities_at: file.append(self.probabilities.iter().flat_map(|p| p.to_le_bytes())),
            pixels_at: file.append(self.pixels.iter().map(|value| value.cast_unsigned())),
            preparation: self.preparation.to_bytes(),
        };
        let mut tables = header.encode().to_vec();
        tables.extend(self.tensors().flat_map(TensorRecord::encode));
        for operator in &self.operators {
            tables.extend(file.append_operator(operator).encode());
        }
        let Sections(mut file) = file;
        file.splice(..tables.len(), tables);
        let len = file.len();
        seal(&mut file).ok_or_else(|| TooLarge::new("flash file", u32::MAX as usize, len))?;
        Ok(file)
    }

    fn label_section(&self) -> Result<Vec<u8>, TooLarge> {
        let mut section = Vec::new();
        for label in &self.labels {
            let len = u8::try_from(label.len()).map_err(|_| {
                TooLarge::new(&format!("label `{label}`"), u8::MAX.into(), label.len())
            })?;
            section.push(len);
            section.extend(label.as_bytes());
        }
        Ok(section)
    }
}

impl OperatorContents {
    /// The weights in the order of the file.
    fn arranged(&self) -> Vec<i8> {
        let mut arranged = self.weights.clone();
        let units = self.output.shape.channels.into();
        let inputs = self.weights.len().checked_div(units).unwrap_or(0);
        if self.record.kind == KIND_DENSE && inputs > 0 && inputs * units == arranged.len() {
            for (index, &weight) in self.weights.iter().enumerate() {
                arranged[dense_place([units, inputs], index / inputs, index % inputs)] = weight;
            }
        }
        arranged
    }
}

/// A file that grows section by section.
struct Sections(Vec<u8>);

impl Sections {
    /// Adds a section, and zeros up to where the next one starts; gives where this one does, 0 if it is empty.
    fn append(&mut self, bytes: impl IntoIterator<Item = u8>) -> u32 {
        // What a u32 cannot say, `seal` refuses.
        let at = self.0.len() as u32;
        self.0.extend(bytes);
        let end = self.0.len() as u32;
        self.0.resize(align(end).unwrap_or(end) as usize, 0);
        if end > at { at } else { 0 }
    }

    fn append_operator(&mut self, operator: &OperatorContents) -> OperatorRecord {
        let OperatorContents {
            biases,
            multipliers,
            ..
        } = operator;
        let weights = operator.arranged();
        OperatorRecord {
            weights_at: self.append(weights.iter().map(|weight| weight.cast_unsigned())),
            biases_at: self.append(biases.iter().flat_map(|bias| bias.to_le_bytes())),
            multipliers_at: self.append(multipliers.iter().flat_map(|m| m.encode())),
            ..operator.record
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
