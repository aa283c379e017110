//! What reading a model may take.

use std::cell::Cell;

use input::limits::{Excess, Limits};

use crate::onnx::{Graph, Tensor};

/// Constants may take this part of the bytes: they are in memory as the file, as numbers and as weights.
const SHARE: u64 = 4;

/// What is left of the limits.
pub struct Budget {
    limits: Limits,
    bytes: Cell<u64>,
    multiply_adds: Cell<u64>,
}

impl Budget {
    pub fn new(limits: Limits) -> Self {
        let (bytes, multiply_adds) = (Cell::new(0), Cell::new(0));
        Self {
            limits,
            bytes,
            multiply_adds,
        }
    }

    /// Takes so many elements of so many bytes for a node.
    pub fn take(&self, elements: usize, each: usize, node: &str) -> Result<(), Excess> {
        let bytes = (elements as u64).saturating_mul(each as u64);
        self.bytes.set(self.bytes.get().saturating_add(bytes));
        self.limits.check_bytes(self.bytes.get(), node)
    }

    /// Takes so many multiplications with an addition for a node.
    pub fn work(&self, multiply_adds: usize, node: &str) -> Result<(), Excess> {
        let sum = self.multiply_adds.get();
        self.multiply_adds
            .set(sum.saturating_add(multiply_adds as u64));
        self.limits
            .check_multiply_adds(self.multiply_adds.get(), node)
    }
}

/// Refuses a graph of too many nodes, or with too many bytes of constants.
pub fn check(graph: &Graph, limits: &Limits) -> Result<(), Excess> {
    limits.check_operators(graph.node.len() as u64)?;
    let attributes = graph.node.iter().flat_map(|node| &node.attribute);
    let constants = attributes.filter_map(|attribute| attribute.t.as_ref());
    let bytes: u64 = graph.initializer.iter().chain(constants).map(bytes).sum();
    limits.check_bytes(bytes.saturating_mul(SHARE), "the weights, four times")
}

/// Bytes of the elements, where all kinds of integers have 64 bits.
fn bytes(tensor: &Tensor) -> u64 {
    let raw = match tensor.data_type {
        2 | 3 | 9 => 8 * tensor.raw_data.len(),
        4 | 5 => 4 * tensor.raw_data.len(),
        6 => 2 * tensor.raw_data.len(),
        _ => tensor.raw_data.len(),
    };
    let long = tensor.int32_data.len() + tensor.int64_data.len() + tensor.double_data.len();
    (raw + 4 * tensor.float_data.len() + 8 * long) as u64
}
