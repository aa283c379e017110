//! What goes into a graph and comes out.

use std::ops::Range;

use super::{LowerError, form};
use crate::onnx::Graph;
use crate::tensor::ElementType;

/// Name and sizes of the only input, but for its batch, which is 1.
pub(super) fn input(graph: &Graph) -> Result<(&str, [usize; 3]), LowerError> {
    const EXPECTED: &str = "one input F32[1, channels, rows, columns]";
    let [input] = &graph.input[..] else {
        return Err(form(EXPECTED, format!("{} inputs", graph.input.len())));
    };
    let value_type = input.value_type.as_ref();
    let tensor_type = value_type.and_then(|value| value.tensor_type.as_ref());
    let shape = tensor_type.and_then(|found| found.shape.as_ref());
    let dimensions = shape.iter().flat_map(|shape| &shape.dim);
    let sizes: Vec<i64> = dimensions.map(|dim| dim.dim_value.unwrap_or(-1)).collect();
    let element = tensor_type.map_or(0, |found| found.elem_type);
    let sizes_found = match sizes[..] {
        [1, channels, rows, columns] => positive([channels, rows, columns]),
        _ => None,
    };
    if let Some(shape) = sizes_found.filter(|_| element == ElementType::F32.onnx()) {
        return Ok((&input.name, shape));
    }
    let element = element_name(element);
    let found = format!("`{}` {element}{sizes:?}", input.name);
    Err(form(EXPECTED, found))
}

/// Name of the only output.
pub(super) fn output(graph: &Graph) -> Result<&str, LowerError> {
    match &graph.output[..] {
        [output] => Ok(&output.name),
        outputs => Err(form("one output", format!("{} outputs", outputs.len()))),
    }
}

/// Sizes from 1 to the largest that a flash file can say.
fn positive(sizes: [i64; 3]) -> Option<[usize; 3]> {
    const SIZES: Range<i64> = 1..1 << 16;
    let are_sizes = sizes.iter().all(|size| SIZES.contains(size));
    are_sizes.then(|| sizes.map(|size| size as usize))
}

/// How people call the `DataType` of the format, and what to do about one that cannot be quantised.
pub(super) fn element_name(element: i32) -> String {
    match element {
        0 => "of unknown type".into(),
        1 => "F32".into(),
        10 | 16 => "half floats (converters such as float16 of onnxconverter-common write them; \
                    give the model in 32-bit floats that it was made of) "
            .into(),
        11 => "F64".into(),
        other => format!("element type {other} "),
    }
}
