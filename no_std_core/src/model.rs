//! A flash file, checked once and read where it lies.

use core::fmt;
use core::ops::Range;

use crate::error::FormatError;
use crate::format::{self, HEADER_LEN, Header, OutputKind, TENSOR_LEN, TensorRecord};
use crate::operators::backend::Native;
use crate::operators::{Operands, Operator, Operators};
use crate::plan::Program;
use crate::prepare::{self, Preparation, PrepareError, Rows, quantize_pixel};

mod check;
mod operation;

pub use operation::Operation;

/// A model in a flash file, which it borrows.
#[derive(Clone)]
pub struct Model<'a> {
    file: &'a [u8],
    header: &'a [u8; HEADER_LEN],
    pub(crate) program: Program<'a>,
}

impl<'a> Model<'a> {
    /// Checks the file in `bytes`, all of it: its length, checksum, layout, shapes, windows, weights, multipliers, labels
    /// and tables, that no sum can overflow, and that no tensor is overwritten before it has been read. Whatever image a
    /// checked model runs on, nothing can panic.
    ///
    /// It runs with every kind of operator there is, in the form for this processor. See [`Self::with`] for fewer.
    ///
    /// # Errors
    ///
    /// Which check failed, and at which byte of the file.
    pub fn new(bytes: &'a [u8]) -> Result<Self, FormatError> {
        Self::with(bytes, Operators::<Native>::ALL)
    }

    /// Checks a file that is to run with these operators: what no table names is not linked. Another table has other inner
    /// loops; all of them give the same values.
    ///
    /// # Errors
    ///
    /// As [`Self::new`], and [`Fault::Kind`](crate::Fault::Kind) for a kind that is not among the operators.
    pub fn with(
        bytes: &'a [u8],
        operators: &'static [&'static Operator],
    ) -> Result<Self, FormatError> {
        check::check(bytes, operators)
            .map_err(|(refusal, expected)| FormatError::new(refusal, expected, bytes))
    }

    /// The parts of a file, none of which has been checked. `None` if it ends before its tables do.
    fn of(file: &'a [u8], known: &'static [&'static Operator]) -> Option<Self> {
        let header = file.first_chunk()?;
        let count = usize::from(Header::decode(header).operators);
        let (tensors, operators) = format::tables(file, count)?;
        Some(Self {
            file,
            header,
            program: Program {
                tensors,
                operators,
                known,
            },
        })
    }

    #[inline(always)]
    fn header(&self) -> Header {
        Header::decode(self.header)
    }

    /// Bytes of arena that a run needs, the input among them.
    pub fn arena_len(&self) -> usize {
        self.header().arena_len as usize
    }

    /// The tensor that the model takes: its shape, and what its values stand for.
    pub fn input(&self) -> TensorRecord {
        self.tensor_or_none(0)
    }

    /// The tensor that the model gives.
    pub fn output(&self) -> TensorRecord {
        self.tensor_or_none(self.program.operators.len())
    }

    /// The tensor at `index`: 0 is the input, the next one what the first operator makes. `None` if there are fewer.
    pub fn tensor(&self, index: u16) -> Option<TensorRecord> {
        self.program.tensor(index.into())
    }

    /// A tensor that the loader has seen.
    fn tensor_or_none(&self, index: usize) -> TensorRecord {
        TensorRecord::decode(self.program.tensors.get(index).unwrap_or(&[0; TENSOR_LEN]))
    }

    /// Where in the arena the input lies.
    pub(crate) fn input_place(&self) -> Range<usize> {
        self.place(0)
    }

    /// Where in the arena the output lies in the end.
    pub(crate) fn output_place(&self) -> Range<usize> {
        self.place(self.program.operators.len())
    }

    #[inline(never)]
    fn place(&self, tensor: usize) -> Range<usize> {
        let Range { start, end } = self.tensor_or_none(tensor).place();
        start as usize..end as usize
    }

    /// What the values that the model gives are.
    pub fn output_kind(&self) -> OutputKind {
        // The loader has seen that the byte is one.
        OutputKind::from_byte(self.header().output).unwrap_or(OutputKind::Values)
    }

    /// How a picture becomes the model's input.
    pub fn preparation(&self) -> Preparation {
        // The loader has seen that these are the bytes of one.
        Preparation::from_bytes(&self.header().preparation).unwrap_or(Preparation::PLAIN)
    }

    /// The value of the input that stands for a pixel in a channel.
    pub fn quantize_pixel(&self, channel: usize, pixel: u8) -> i8 {
        if self.header().pixels_at == 0 {
            return quantize_pixel(pixel);
        }
        let table = format::tail(self.file, self.header().pixels_at);
        let at = channel
            .saturating_mul(format::PIXEL_ENTRIES)
            .saturating_add(pixel.into());
        table.get(at).map_or(0, |value| value.cast_signed())
    }

    /// Makes a picture the model's input, as the file says; an input that is no picture comes as rows of its int8 values.
    ///
    /// # Errors
    ///
    /// See [`PrepareError`]; the input can hold anything then.
    pub fn prepare(&self, picture: &mut impl Rows, input: &mut [i8]) -> Result<(), PrepareError> {
        match (self.preparation().box_side(), input.first_chunk_mut()) {
            (Some(box_side), Some(image)) => prepare::centre(picture, box_side, image),
            _ => self.resize(picture, input),
        }
    }

    /// Like [`Self::prepare`] for models that centre no drawings: the code for that is not linked then.
    ///
    /// # Errors
    ///
    /// As there; a model that centres drawings takes only pictures of its own size.
    pub fn resize(&self, picture: &mut impl Rows, input: &mut [i8]) -> Result<(), PrepareError> {
        let (preparation, shape) = (self.preparation(), self.input().shape);
        let takes_pictures = preparation.takes_pictures();
        preparation.resize(picture, shape, input, |channel, pixel| {
            if takes_pictures {
                self.quantize_pixel(channel, pixel)
            } else {
                pixel.cast_signed()
            }
        })
    }

    /// The labels, class 0 first; none if the file has none.
    pub fn labels(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let labels = self.label_bytes();
        labels.map_while(|label| core::str::from_utf8(label).ok())
    }

    /// The labels in UTF-8, for whoever passes them on: the library's check of it would take more flash than anything else here.
    pub fn label_bytes(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let labels = match self.header().labels_at {
            0 => &[],
            at => format::tail(self.file, at),
        };
        let classes = match labels {
            [] => 0,
            _ => self.output().shape.elements(),
        };
        let mut rest = labels;
        (0..classes).map_while(move |_| {
            let (label, others) = format::split_label(rest)?;
            rest = others;
            Some(label)
        })
    }

    /// The name of a class. `None` if the model has fewer, or no names.
    pub fn label(&self, class: usize) -> Option<&'a str> {
        self.labels().nth(class)
    }

    /// Of classes the least probability, in 1/65536, of the best one with which a picture is accepted; of a reconstruction
    /// the greatest mean of its squared differences, in 1/256, with which its input is.
    pub fn threshold(&self) -> u32 {
        self.header().threshold
    }

    /// The probability table, as it is in the file.
    pub(crate) fn probabilities(&self) -> &'a [[u8; 4]] {
        let entries = format::PROBABILITY_ENTRIES as u16;
        format::words(self.file, self.header().probabilities_at, entries)
    }

    /// The number of operators, at least 1.
    pub fn operators_len(&self) -> u16 {
        self.header().operators
    }

    /// The operators in the order they run.
    pub fn operations(&self) -> impl Iterator<Item = Operation<'a>> {
        (0..self.program.operators.len()).map_while(|index| self.operation(index))
    }

    /// The operator at `index`. `None` if the model has fewer.
    #[inline(never)] // What it is put together of is not on the stack while it runs.
    pub(crate) fn operation(&self, index: usize) -> Option<Operation<'a>> {
        let node = self.program.node(index)?;
        let [input, second] = node.record().inputs;
        let tensors = self.program.tensors;
        let (input, second) = (
            tensors.get(usize::from(input)),
            tensors.get(usize::from(second)),
        );
        Some(Operation {
            operator: node.operator,
            operands: Operands::of(
                self.file,
                node.operator,
                node.record,
                [input?, tensors.get(index + 1)?],
            ),
            second,
        })
    }

    /// Multiplications that a run takes; [`u64::MAX`] if they are more. Who runs files of others may want to limit them.
    pub fn multiply_adds(&self) -> u64 {
        self.operations().fold(0, |sum, operator| {
            sum.saturating_add(operator.multiply_adds())
        })
    }
}

impl fmt::Debug for Model<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Model")
            .field("header", &self.header())
            .finish_non_exhaustive()
    }
}
