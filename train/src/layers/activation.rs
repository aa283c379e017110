//! A function of each number. In integers it is a table of 256 values; a limit that the range of a layer's output can
//! end at is no layer but part of the one before.

use no_std_core::format::{OperatorContents, TensorRecord, TooLarge, VALUE_ENTRIES};

use super::{
    Channels, Factors, Form, Function, Int8Form, Int8Layer, Interval, Meaning, Overflow, Scales,
};
use crate::graph::{Graph, GraphError, ValueId};
use crate::network::Shape;
use crate::tensor::{ElementType, Tensor};

/// A function of each number of a tensor.
#[derive(Clone, Debug, PartialEq)]
pub struct Activation {
    /// The function.
    pub function: Function,
}

impl Form for Activation {
    fn kind(&self) -> &'static str {
        self.function.kind()
    }

    fn output(&self, inputs: &[Shape]) -> Result<Shape, String> {
        Ok(inputs[0])
    }

    fn multiply_adds(&self, _: &[Shape], _: Shape) -> usize {
        0
    }

    fn float(&self, graph: &mut Graph, inputs: &[ValueId]) -> Result<ValueId, GraphError> {
        self.function.float(graph, inputs[0])
    }

    fn scales(&self) -> Scales {
        Scales::Own
    }

    fn int8(&self, meaning: Meaning, _: Factors) -> Result<Int8Layer, Overflow> {
        Ok(Int8Layer::Table(Table::new(&self.function, meaning)))
    }
}

/// A function as a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The outputs for -128 to 127.
    values: [i8; VALUE_ENTRIES],
}

impl Table {
    /// What the function gives for the number that each integer stands for, rounded to nearest, ties to even.
    fn new(function: &Function, Meaning { from, to }: Meaning) -> Self {
        let value = |index: usize| {
            let steps = index as f64 - 128.0 - f64::from(from.zero_point);
            let output = function.of(f64::from(from.scale) * steps) / f64::from(to.scale);
            // Casts saturate.
            (output.round_ties_even() + f64::from(to.zero_point)) as i8
        };
        Self {
            values: std::array::from_fn(value),
        }
    }
}

impl Int8Form for Table {
    fn graph(
        &self,
        graph: &mut Graph,
        inputs: &[ValueId],
        _: Meaning,
    ) -> Result<ValueId, GraphError> {
        let wide = graph.cast(inputs[0], ElementType::I64)?;
        let first = graph.constant(Tensor::integer(128));
        let index = graph.add(wide, first)?;
        let table = graph.constant(ndarray::arr1(&self.values).into());
        graph.gather(table, index, 0)
    }

    fn operator(
        &self,
        inputs: &[u16],
        _: Meaning,
        output: TensorRecord,
    ) -> Result<OperatorContents, TooLarge> {
        Ok(OperatorContents::table(inputs[0], &self.values, output))
    }

    fn reach(&self, inputs: &[&[Interval]], _: Meaning) -> Vec<Interval> {
        let reach = |&Interval { low, high }: &Interval| {
            let entries = &self.values[(low + 128) as usize..=(high + 128) as usize];
            let ends = entries.iter().map(|&value| i32::from(value));
            Interval {
                low: ends.clone().min().unwrap_or(low),
                high: ends.max().unwrap_or(high),
            }
        };
        inputs[0].iter().map(reach).collect()
    }

    fn channels(&self) -> Channels {
        Channels::Apart
    }

    fn weights(&self) -> usize {
        VALUE_ENTRIES
    }
}
