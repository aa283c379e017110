//! The operators of a model, packed.

use super::convolution::Convolution;
use super::depthwise::Depthwise;
use super::memory::Scratch;
use super::pointwise::{Concatenation, Sum, Table};
use super::pool::Pool;
use super::simd::Simd;
use crate::format;
use crate::operators::Operands;

/// What a step of a model's program computes.
pub(super) enum Operator {
    Convolution(Convolution),
    Depthwise(Depthwise),
    Pool(Pool),
    Sum(Sum),
    Concatenation(Concatenation),
    Table(Table),
}

impl Operator {
    /// Packs an operator of a checked model.
    pub fn new<S: Simd>(operands: &Operands<'_>) -> Option<Self> {
        Some(match operands.record().kind {
            format::KIND_CONVOLUTION | format::KIND_DENSE => {
                Self::Convolution(Convolution::new::<S>(operands))
            }
            format::KIND_DEPTHWISE => Self::Depthwise(Depthwise::new::<S>(operands)),
            format::KIND_MAX_POOL | format::KIND_AVERAGE_POOL => Self::Pool(Pool::new(operands)),
            format::KIND_ADD => Self::Sum(Sum::new(operands)?),
            format::KIND_CONCATENATE => Self::Concatenation(Concatenation::new(operands)),
            format::KIND_TABLE => Self::Table(Table::new(operands)?),
            _ => return None,
        })
    }

    /// Makes the output of the inputs.
    #[inline(always)]
    pub fn run<S: Simd>(
        &self,
        simd: S,
        [one, other]: [&[i8]; 2],
        output: &mut [i8],
        scratch: &mut Scratch,
    ) {
        match self {
            Self::Convolution(operator) => operator.run(simd, one, output, scratch),
            Self::Depthwise(operator) => operator.run(simd, one, output, scratch),
            Self::Pool(operator) => operator.run(simd, one, output),
            Self::Sum(operator) => operator.run(simd, one, other, output),
            Self::Concatenation(operator) => operator.run(one, other, output),
            Self::Table(operator) => operator.run(simd, one, output),
        }
    }
}
