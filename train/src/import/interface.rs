//! What goes into a graph and comes out.

use super::error::form;
use super::view::Axis::{Channel, Column, Row};
use super::{Axes, Constant, ImportError};
use crate::network::{Input, Integers, Layout, Shape};
use crate::onnx::{self, Graph};
use crate::tensor::ElementType;

/// Sizes that a vector may have as an image, at most.
const RESHAPES: usize = 16;

/// Channels of pictures: an axis of so many, and no other one, is taken for that of the channels where layers take both.
const COLOURS: [usize; 3] = [1, 3, 4];

/// A way to understand the sizes of the input.
pub struct InputForm<'a> {
    /// Name of the input.
    pub name: &'a str,
    /// Channels, rows and columns, and in which order the model has them.
    pub input: Input,
    /// The axes of the ONNX value.
    pub axes: Axes,
    /// The file's batch.
    pub batch: usize,
    /// The integers that the file takes, if it does.
    pub integers: Option<Integers>,
}

/// The ways to understand the only input, those first that are more usual; with a layout those of it.
pub fn forms(graph: &Graph, layout: Option<Layout>) -> Result<Vec<InputForm<'_>>, ImportError> {
    const EXPECTED: &str = "one input F32[batch, ...] of two to four axes";
    const KNOWN: &str = "sizes of the input that are known (but for the batch); export the model for inputs of one size, or \
                         fix it with onnxruntime.tools.make_dynamic_shape_fixed --input_shape";
    let constants: Vec<&str> = graph.initializer.iter().map(|one| &*one.name).collect();
    let is_fed = |input: &&onnx::ValueInfo| !constants.contains(&&*input.name);
    let fed: Vec<_> = graph.input.iter().filter(is_fed).collect();
    let [input] = fed[..] else {
        let advice = match fed.len() {
            0 => "",
            _ => "; a model without its weights is to be exported with them (export_params=True)",
        };
        return Err(form(EXPECTED, format!("{} inputs{advice}", fed.len())));
    };
    let value_type = input.value_type.as_ref();
    let tensor_type = value_type.and_then(|value| value.tensor_type.as_ref());
    let shape = tensor_type.and_then(|found| found.shape.as_ref());
    let dimensions = shape.iter().flat_map(|shape| &shape.dim);
    let sizes: Vec<i64> = dimensions.map(|dim| dim.dim_value.unwrap_or(-1)).collect();
    let element = tensor_type.map_or(0, |found| found.elem_type);
    let ways = match &sizes[..] {
        [_, sizes @ ..] if is_number(element) => positive(sizes).map(|sizes| ways(graph, &sizes)),
        _ => None,
    };
    let is_wanted = |axes: &Axes| layout.is_none_or(|wanted| layout_of(axes) == wanted);
    if let Some(ways) = ways.filter(|ways| !ways.is_empty()) {
        if !ways.iter().any(|(_, axes)| is_wanted(axes)) {
            let found = format!(
                "`{}` {}, which has no channels last",
                input.name,
                shown(&sizes)
            );
            return Err(form("an input that --layout fits", found));
        }
        Ok(ways
            .into_iter()
            .filter(|(_, axes)| is_wanted(axes))
            .map(|(shape, axes)| InputForm {
                name: &input.name,
                input: Input::new(shape, layout_of(&axes)),
                axes,
                batch: usize::try_from(sizes[0]).unwrap_or(1).max(1),
                integers: match element {
                    2 => Some(Integers::Unsigned),
                    3 => Some(Integers::Signed),
                    _ => None,
                },
            })
            .collect())
    } else {
        let element = element_name(element);
        let found = format!("`{}` {element}{}", input.name, shown(&sizes));
        let is_open = sizes.iter().skip(1).any(|&size| size < 1);
        Err(form(if is_open { KNOWN } else { EXPECTED }, found))
    }
}

/// Sizes of axes, with a question mark for those that only an input says.
fn shown(sizes: &[i64]) -> String {
    let size = |&size: &i64| match size {
        ..1 => "?".to_owned(),
        known => known.to_string(),
    };
    let sizes: Vec<String> = sizes.iter().map(size).collect();
    format!("[{}]", sizes.join(", "))
}

/// Name of the output that is wanted, or of the only one.
pub fn output<'a>(graph: &'a Graph, wanted: Option<&str>) -> Result<&'a str, ImportError> {
    let names: Vec<&str> = graph.output.iter().map(|output| &*output.name).collect();
    let found = match (wanted, &names[..]) {
        (None, &[only]) => return Ok(only),
        (Some(wanted), _) => names.iter().find(|&&name| name == wanted),
        _ => None,
    };
    let list: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let list = match &list[..] {
        [] => "none".to_owned(),
        list => list.join(", "),
    };
    found.copied().ok_or_else(|| match wanted {
        Some(wanted) => {
            let expected = format!("--output-name with one of the model's outputs, {list}");
            form(&expected, format!("`{wanted}`"))
        }
        None => form(
            "one output, or --output-name with the one that is wanted",
            list,
        ),
    })
}

/// A constant of the file that cannot be read.
pub fn describe(tensor: &onnx::Tensor) -> String {
    let length = tensor.raw_data.len() + size_of::<f32>() * tensor.float_data.len();
    let (name, element, dims) = (&tensor.name, element_name(tensor.data_type), &tensor.dims);
    format!("`{name}` {element}{dims:?} with {length} bytes")
}

/// Shapes and axes for sizes without the batch.
fn ways(graph: &Graph, sizes: &[usize]) -> Vec<(Shape, Axes)> {
    let axes = |lists: &[&[super::Axis]]| {
        let batch: &[super::Axis] = &[];
        let lists = [batch].into_iter().chain(lists.iter().copied());
        lists.map(<[_]>::to_vec).collect::<Axes>()
    };
    match *sizes {
        [a, b, c] => {
            let mut ways = vec![
                ([a, b, c], axes(&[&[Channel], &[Row], &[Column]])),
                ([c, a, b], axes(&[&[Row], &[Column], &[Channel]])),
            ];
            if COLOURS.contains(&c) && !COLOURS.contains(&a) {
                ways.reverse();
            }
            ways
        }
        [a, b] => vec![
            ([1, a, b], axes(&[&[Row], &[Column]])),
            ([a, 1, b], axes(&[&[Channel], &[Column]])),
            ([b, 1, a], axes(&[&[Column], &[Channel]])),
        ],
        [n] => {
            let mut ways = vec![([n, 1, 1], axes(&[&[Channel]]))];
            for [a, b, c] in reshapes(graph, n) {
                ways.push(([a, b, c], axes(&[&[Channel, Row, Column]])));
                ways.push(([c, a, b], axes(&[&[Row, Column, Channel]])));
            }
            ways
        }
        _ => Vec::new(),
    }
}

/// The sizes, without the batch, that Reshapes of the graph give to vectors of so many numbers.
fn reshapes(graph: &Graph, count: usize) -> Vec<[usize; 3]> {
    let sizes = graph
        .initializer
        .iter()
        .filter(|one| one.data_type == ElementType::I64.onnx());
    let mut found = Vec::new();
    for sizes in sizes.filter_map(|one| Constant::decode(one)?.integers()) {
        if let [_, sizes @ ..] = &sizes[..]
            && let Some(sizes) = positive(sizes)
            && sizes
                .iter()
                .try_fold(1_usize, |all, &size| all.checked_mul(size))
                == Some(count)
            && let Ok(sizes) = sizes.try_into()
            && found.len() < RESHAPES
            && !found.contains(&sizes)
        {
            found.push(sizes);
        }
    }
    found
}

fn layout_of(axes: &Axes) -> Layout {
    match axes.iter().flatten().next() {
        Some(Row | Column) if axes.iter().flatten().any(|&axis| axis == Channel) => {
            Layout::ChannelsLast
        }
        _ => Layout::ChannelsFirst,
    }
}

/// Sizes from 1 to the largest that a flash file can say.
fn positive(sizes: &[i64]) -> Option<Vec<usize>> {
    let is_size = |size: &i64| (1..1 << 16).contains(size);
    let all = sizes.iter().all(is_size);
    all.then(|| sizes.iter().map(|&size| size as usize).collect())
}

/// Whether an input of this element type holds numbers that are floats or become some.
fn is_number(element: i32) -> bool {
    matches!(element, 1 | 2 | 3 | 10 | 16)
}

/// What people call the types of elements, from the `DataType` 0 of the format on.
const ELEMENTS: [&str; 24] = [
    "of unknown type",
    "F32",
    "U8",
    "I8",
    "U16",
    "I16",
    "I32",
    "I64",
    "text",
    "bool",
    "float16",
    "F64",
    "U32",
    "U64",
    "complex64",
    "complex128",
    "bfloat16",
    "float8e4m3fn",
    "float8e4m3fnuz",
    "float8e5m2",
    "float8e5m2fnuz",
    "U4",
    "I4",
    "float4e2m1",
];

/// What people call a `DataType` of the format.
pub fn element_name(element: i32) -> String {
    let known = usize::try_from(element)
        .ok()
        .and_then(|at| ELEMENTS.get(at));
    known.map_or_else(|| format!("element type {element} "), |&name| name.into())
}
