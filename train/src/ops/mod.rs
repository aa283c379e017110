//! The operators a graph is made of: one file each with its shape rule, its ONNX form and its gradient rule, and
//! one table that lists them.
//!
//! To add an operator, write its file and add a line to `operators!` below; the tests over the table
//! then demand that its gradient is checked. Semantics are those of the
//! [ONNX operator pages](https://onnx.ai/onnx/operators/) at [`crate::onnx::OPSET`].

mod add;
mod arg_max;
mod attributes;
mod blocked_conv;
mod cast;
mod concat;
mod conv;
mod conv_transpose;
mod dequantize_linear;
mod div;
mod equal;
mod exp;
mod expand;
mod flatten;
mod gather;
mod gemm;
mod greater;
mod log;
mod mat_mul;
mod max_pool;
mod mul;
mod one_hot;
mod pad;
mod q_linear_conv;
mod quantize_linear;
mod reduce_max;
mod reduce_sum;
mod relu;
mod reorder_input;
mod reorder_output;
mod reshape;
mod resize;
mod shape;
mod slice;
mod sqrt;
mod sub;
mod transpose;
mod where_select;

pub use attributes::Attributes;
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
    /// By this rule.
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
    /// The operator.
    pub operator: &'static Operator,
    /// Where the form is faster.
    pub targets: &'static [Target],
    /// The form.
    pub rule: FormRule,
}

/// One operator of the table.
pub struct Operator {
    /// ONNX operator type, after the name of its operator set and a dot where that is not the standard one.
    pub name: &'static str,
    /// Shape rule.
    pub infer: ShapeRule,
    /// Gradient rule.
    pub gradient: Gradient,
}

impl std::fmt::Debug for Operator {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name)
    }
}

macro_rules! operators {
    ($($module:ident::$operator:ident,)*) => {
        $(pub use $module::*;)*
        /// Every operator.
        pub static OPERATORS: &[&Operator] = &[$(&$module::$operator,)*];
    };
}

operators! {
    add::ADD,
    arg_max::ARG_MAX,
    blocked_conv::BLOCKED_CONV,
    cast::CAST,
    concat::CONCAT,
    conv::CONV,
    conv_transpose::CONV_TRANSPOSE,
    dequantize_linear::DEQUANTIZE_LINEAR,
    div::DIV,
    equal::EQUAL,
    exp::EXP,
    expand::EXPAND,
    flatten::FLATTEN,
    gather::GATHER,
    gemm::GEMM,
    greater::GREATER,
    log::LOG,
    mat_mul::MAT_MUL,
    max_pool::MAX_POOL,
    mul::MUL,
    one_hot::ONE_HOT,
    pad::PAD,
    q_linear_conv::Q_LINEAR_CONV,
    quantize_linear::QUANTIZE_LINEAR,
    reduce_max::REDUCE_MAX,
    reduce_sum::REDUCE_SUM,
    relu::RELU,
    reorder_input::REORDER_INPUT,
    reorder_output::REORDER_OUTPUT,
    reshape::RESHAPE,
    resize::RESIZE,
    slice::SLICE,
    sqrt::SQRT,
    sub::SUB,
    transpose::TRANSPOSE,
    where_select::WHERE,
}

/// Operators that some runtimes compute faster in another form; the first one that fits is taken.
pub static SPECIAL_FORMS: &[SpecialForm] = &[
    SpecialForm {
        operator: &CONV,
        targets: &[Target::OnnxruntimeX86],
        rule: blocked_conv::of_blocks,
    },
    SpecialForm {
        operator: &CONV,
        targets: &[Target::Onnxruntime, Target::OnnxruntimeX86, Target::Tract],
        rule: conv::of_one_image,
    },
    SpecialForm {
        operator: &MAX_POOL,
        targets: &[Target::Tract],
        rule: max_pool::by_axis,
    },
    SpecialForm {
        operator: &REDUCE_SUM,
        targets: &[Target::Cuda],
        rule: reduce_sum::by_product,
    },
];
