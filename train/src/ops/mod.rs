//! The operators a graph is made of, each with its shape rule, its ONNX form and its gradient rule, and one table that
//! lists them.
//!
//! To add an operator, write it in the file of its kind and add it to [`OPERATORS`]; the tests over the table then demand
//! that its gradient is checked. Semantics are those of the
//! [ONNX operator pages](https://onnx.ai/onnx/operators/) at [`crate::onnx::OPSET`].

mod activations;
mod arrange;
mod attributes;
mod average_pool;
mod batch_normalization;
mod blocked_conv;
mod conv;
mod conv_gradient;
mod depthwise_conv;
mod elementwise;
mod max_pool;
mod products;
mod quantized;
mod reductions;
mod select;
mod shape;

pub use activations::*;
pub use arrange::*;
pub use attributes::Attributes;
pub use average_pool::*;
pub use batch_normalization::*;
pub use blocked_conv::*;
pub use conv::*;
pub use elementwise::*;
pub use max_pool::*;
pub use products::*;
pub use quantized::*;
pub use reductions::*;
pub use select::*;
pub use shape::Window;

use crate::graph::{Graph, GraphError, Node, Operand, Target, ValueId};
use crate::tensor::TensorType;

/// Decides the type of a result from the inputs and attributes, or says what is wrong with them.
pub type ShapeRule = fn(&[Operand], &Attributes) -> Result<TensorType, String>;

/// Adds the gradient of each input, given the node and the gradient of its output.
///
/// `None` stands for an input that no gradient flows to, such as a shape. The gradient of an input that was
/// broadcast may keep the broadcast shape: the caller sums it.
pub type GradientRule = fn(&mut Graph, &Node, ValueId) -> Result<Vec<Option<ValueId>>, GraphError>;

/// How a loss is differentiated through an operator.
#[derive(Clone, Copy)]
pub enum Gradient {
    Rule(GradientRule),
    /// Piecewise constant: the gradient is zero wherever it exists.
    Zero,
    /// Not at all: a loss that depends on a parameter through it is an error.
    Missing,
}

/// Adds what an operator computes in another form, given its inputs and attributes; `None` where that does not fit.
pub type FormRule = fn(&mut Graph, &[ValueId], &Attributes) -> Result<Option<ValueId>, GraphError>;

/// Another form of an operator.
pub struct SpecialForm {
    pub operator: &'static Operator,
    pub name: &'static str,
    /// Where it comes before the plain one: there it is faster as a rule, or the only one.
    pub usual: &'static [Target],
    /// Where it may be tried beside the others.
    pub tried: &'static [Target],
    pub rule: FormRule,
}

/// Where the fastest form depends on the processor. On a GPU forms are chosen for results that are the same every time.
const CPUS: &[Target] = &[Target::Onnxruntime, Target::OnnxruntimeX86, Target::Tract];

pub struct Operator {
    /// ONNX operator type, after the name of its operator set and a dot where that is not the standard one.
    pub name: &'static str,
    pub infer: ShapeRule,
    pub gradient: Gradient,
}

impl std::fmt::Debug for Operator {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name)
    }
}

pub static OPERATORS: &[&Operator] = &[
    &ABS,
    &ADD,
    &ARG_MAX,
    &AVERAGE_POOL,
    &BATCH_NORMALIZATION,
    &BLOCKED_CONV,
    &CAST,
    &CLIP,
    &CONCAT,
    &CONV,
    &CONV_TRANSPOSE,
    &DEQUANTIZE_LINEAR,
    &DIV,
    &ELU,
    &EQUAL,
    &ERF,
    &EXP,
    &EXPAND,
    &FLATTEN,
    &GATHER,
    &GEMM,
    &GREATER,
    &HARD_SIGMOID,
    &HARD_SWISH,
    &LEAKY_RELU,
    &LOG,
    &MAT_MUL,
    &MAX_POOL,
    &MUL,
    &ONE_HOT,
    &PAD,
    &Q_LINEAR_CONV,
    &QUANTIZE_LINEAR,
    &REDUCE_MAX,
    &REDUCE_SUM,
    &RELU,
    &REORDER_INPUT,
    &REORDER_OUTPUT,
    &RESHAPE,
    &RESIZE,
    &SIGMOID,
    &SLICE,
    &SOFTPLUS,
    &SQRT,
    &SUB,
    &TANH,
    &TRANSPOSE,
    &WHERE,
];

/// Operators that some runtimes compute faster, or only, in another form. Of the usual ones the first that fits is taken.
pub static SPECIAL_FORMS: &[SpecialForm] = &[
    SpecialForm {
        operator: &BATCH_NORMALIZATION,
        name: "of elements",
        usual: &[Target::Tract],
        tried: &[],
        rule: batch_normalization::of_elements,
    },
    SpecialForm {
        operator: &CONV,
        name: "in blocks",
        usual: &[Target::OnnxruntimeX86],
        tried: &[Target::OnnxruntimeX86],
        rule: blocked_conv::of_blocks,
    },
    SpecialForm {
        operator: &CONV,
        name: "of one image",
        usual: CPUS,
        tried: CPUS,
        rule: conv::of_one_image,
    },
    SpecialForm {
        operator: &MAX_POOL,
        name: "by axis",
        usual: &[Target::Tract],
        tried: CPUS,
        rule: max_pool::by_axis,
    },
    SpecialForm {
        operator: &REDUCE_SUM,
        name: "by product",
        usual: &[Target::Cuda],
        tried: &[],
        rule: reductions::by_product,
    },
];
