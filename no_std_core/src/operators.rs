//! What a step of a model's program computes: one kind of operator a file, one table of them.
//!
//! A new kind is a file beside these and an entry of [`OPERATORS`]. The inner loops are in [`backend`].

mod backend;
mod convolution;
mod dense;
mod operator;
mod windows;

pub(crate) use operator::{Operands, Operator};

/// Every kind of operator there is.
static OPERATORS: [Operator; 2] = [convolution::OPERATOR, dense::OPERATOR];

/// The operator of a kind.
pub(crate) fn find(kind: u8) -> Option<&'static Operator> {
    OPERATORS.iter().find(|operator| operator.kind == kind)
}
