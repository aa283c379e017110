//! Operators on small inputs, at least one for each gradient rule.

use train::graph::{Graph, GraphError, ValueId};
use train::ops::{Attributes, Operator, Window};
use train::tensor::Tensor;

type Build = dyn Fn(&mut Graph, &'static Operator, &[ValueId]) -> Result<ValueId, GraphError>;

/// An operator on float inputs of some shapes, all of which get a gradient.
pub struct Case {
    pub operator: &'static str,
    pub shapes: Vec<Vec<usize>>,
    pub build: Box<Build>,
}

fn case(
    operator: &'static str,
    shapes: &[&[usize]],
    build: impl Fn(&mut Graph, &'static Operator, &[ValueId]) -> Result<ValueId, GraphError> + 'static,
) -> Case {
    let shapes = shapes.iter().map(|shape| shape.to_vec()).collect();
    Case {
        operator,
        shapes,
        build: Box::new(build),
    }
}

/// A case whose inputs are the operator's inputs.
fn plain(operator: &'static str, shapes: &[&[usize]], attributes: Attributes) -> Case {
    case(operator, shapes, move |graph, operator, inputs| {
        graph.apply(operator, inputs, attributes.clone())
    })
}

/// A case whose second input is a constant vector.
fn with_integers(
    operator: &'static str,
    shape: &[usize],
    integers: &'static [i64],
    attributes: Attributes,
) -> Case {
    case(operator, &[shape], move |graph, operator, inputs| {
        let integers = graph.constant(Tensor::vector(integers));
        graph.apply(operator, &[inputs[0], integers], attributes.clone())
    })
}

fn window(
    kernel: [usize; 2],
    strides: [usize; 2],
    pads: [usize; 4],
    dilations: [usize; 2],
) -> Attributes {
    Window {
        kernel,
        strides,
        pads,
        dilations,
    }
    .attributes()
}

fn conv(image: [usize; 4], filters: usize, attributes: Attributes) -> Case {
    let kernel = attributes.get_sizes("kernel_shape");
    let weight = [filters, image[1], kernel[0], kernel[1]];
    plain("Conv", &[&image, &weight, &[filters]], attributes)
}

fn gemm(a: &[usize], b: &[usize], bias: &[usize], flags: [i64; 2]) -> Case {
    let attributes = Attributes::none()
        .integer("transA", flags[0])
        .integer("transB", flags[1]);
    plain("Gemm", &[a, b, bias], attributes)
}

/// At least one case for each operator that has a gradient rule.
pub fn cases() -> Vec<Case> {
    let groups = [
        arithmetic(),
        functions(),
        shapes(),
        products(),
        convolutions(),
        depthwise_convolutions(),
        pools(),
        average_pools(),
    ];
    groups.into_iter().flatten().collect()
}

/// Without broadcasting, with it on both sides, and of a scalar.
fn arithmetic() -> Vec<Case> {
    let none = Attributes::none;
    let each = |name| {
        [
            plain(name, &[&[2, 3], &[2, 3]], none()),
            plain(name, &[&[2, 3, 4], &[3, 1]], none()),
            plain(name, &[&[], &[5]], none()),
        ]
    };
    ["Add", "Sub", "Mul", "Div"]
        .into_iter()
        .flat_map(each)
        .collect()
}

fn functions() -> Vec<Case> {
    let none = Attributes::none;
    vec![
        plain("Sqrt", &[&[7]], none()),
        plain("Exp", &[&[2, 5]], none()),
        plain("Log", &[&[2, 5]], none()),
        plain(
            "ReduceMax",
            &[&[3, 10]],
            none().sizes("axes", &[1]).integer("keepdims", 1),
        ),
        case("Relu", &[&[4, 9]], |graph, operator, inputs| {
            // Inputs are positive; half of them shall not be.
            let shift = graph.scalar(1.0);
            let shifted = graph.sub(inputs[0], shift)?;
            graph.apply(operator, &[shifted], Attributes::none())
        }),
        case("LeakyRelu", &[&[4, 9]], |graph, operator, inputs| {
            let shift = graph.scalar(1.0);
            let shifted = graph.sub(inputs[0], shift)?;
            let attributes = Attributes::none().float("alpha", 0.1);
            graph.apply(operator, &[shifted], attributes)
        }),
        case("Clip", &[&[5, 9]], |graph, operator, inputs| {
            // A third below the limits, a third between them, a third above.
            let [low, high] = [0.8, 1.2].map(|limit| graph.scalar(limit));
            graph.apply(operator, &[inputs[0], low, high], Attributes::none())
        }),
        case(
            "BatchNormalization",
            &[&[2, 3, 2, 2]],
            |graph, operator, inputs| {
                let mut numbers = |row: [f32; 3]| graph.constant(ndarray::arr1(&row).into());
                let (scale, bias) = (numbers([0.5, -1.0, 2.0]), numbers([0.1, 0.2, 0.3]));
                let (mean, variance) = (numbers([1.0, 0.9, 1.1]), numbers([0.5, 1.5, 0.0]));
                let inputs = [inputs[0], scale, bias, mean, variance];
                graph.apply(operator, &inputs, Attributes::none().float("epsilon", 0.1))
            },
        ),
        case("Where", &[&[3, 4], &[3, 4]], |graph, operator, inputs| {
            let condition = graph.greater(inputs[0], inputs[1])?;
            graph.apply(
                operator,
                &[condition, inputs[0], inputs[1]],
                Attributes::none(),
            )
        }),
    ]
}

fn shapes() -> Vec<Case> {
    let none = Attributes::none;
    vec![
        plain(
            "Concat",
            &[&[2, 3, 4], &[2, 1, 4], &[2, 2, 4]],
            none().integer("axis", 1),
        ),
        with_integers("Expand", &[3, 1], &[2, 3, 4], none()),
        with_integers(
            "ReduceSum",
            &[2, 3, 4],
            &[0, 2],
            none().integer("keepdims", 1),
        ),
        with_integers("Reshape", &[2, 6], &[3, 4], none()),
        plain("Flatten", &[&[2, 3, 4]], none().integer("axis", 1)),
        plain("Transpose", &[&[2, 3, 4]], none().sizes("perm", &[2, 0, 1])),
    ]
}

/// Each flag, and biases of each shape that broadcasts.
fn products() -> Vec<Case> {
    vec![
        gemm(&[3, 4], &[4, 5], &[5], [0, 0]),
        gemm(&[3, 4], &[5, 4], &[3, 1], [0, 1]),
        gemm(&[4, 3], &[4, 5], &[3, 5], [1, 0]),
        gemm(&[4, 3], &[5, 4], &[5], [1, 1]),
    ]
}

/// Padding, also unequal and wider than the filter, strides that leave a rest, dilations, all of them together, a
/// filter as large as the image, and whole blocks of channels, of images and of filters.
fn convolutions() -> Vec<Case> {
    vec![
        conv(
            [2, 3, 6, 5],
            4,
            window([3, 3], [1, 1], [1, 1, 1, 1], [1, 1]),
        ),
        conv(
            [2, 1, 8, 8],
            2,
            window([5, 5], [1, 1], [2, 2, 2, 2], [1, 1]),
        ),
        conv(
            [2, 2, 10, 9],
            3,
            window([3, 2], [2, 3], [0, 0, 0, 0], [1, 1]),
        ),
        conv(
            [1, 2, 9, 9],
            2,
            window([3, 3], [1, 1], [0, 0, 0, 0], [2, 2]),
        ),
        conv(
            [2, 2, 7, 6],
            3,
            window([7, 6], [1, 1], [0, 0, 0, 0], [1, 1]),
        ),
        conv(
            [3, 2, 9, 8],
            3,
            window([3, 2], [2, 1], [1, 0, 2, 1], [1, 3]),
        ),
        conv(
            [2, 2, 8, 9],
            3,
            window([2, 3], [1, 1], [0, 1, 1, 2], [2, 1]),
        ),
        conv(
            [2, 2, 6, 6],
            2,
            window([2, 2], [1, 1], [2, 2, 2, 2], [1, 1]),
        ),
        conv(
            [2, 2, 11, 6],
            2,
            window([3, 2], [2, 1], [0, 0, 0, 0], [2, 1]),
        ),
        conv(
            [1, 16, 3, 4],
            16,
            window([3, 2], [1, 2], [1, 0, 1, 1], [1, 1]),
        ),
        conv(
            [16, 1, 5, 4],
            16,
            window([2, 2], [2, 1], [1, 1, 1, 1], [2, 1]),
        ),
        conv(
            [2, 2, 7, 6],
            2,
            window([2, 2], [2, 3], [2, 2, 3, 2], [1, 1]),
        ),
    ]
}

/// One filter a channel: padding, also unequal, steps that leave a rest, dilations, and whole blocks of channels.
fn depthwise_convolutions() -> Vec<Case> {
    let depthwise = |image: [usize; 4], attributes: Attributes| {
        let kernel = attributes.get_sizes("kernel_shape");
        let channels = image[1];
        let weight = [channels, 1, kernel[0], kernel[1]];
        let groups = i64::try_from(channels).unwrap();
        let attributes = attributes.integer("group", groups);
        plain("Conv", &[&image, &weight, &[channels]], attributes)
    };
    vec![
        depthwise([2, 3, 6, 5], window([3, 3], [1, 1], [1, 1, 1, 1], [1, 1])),
        depthwise([2, 4, 8, 7], window([3, 3], [2, 2], [0, 0, 1, 1], [1, 1])),
        depthwise([1, 2, 9, 8], window([3, 2], [2, 1], [1, 0, 2, 1], [1, 3])),
        depthwise([1, 16, 6, 6], window([3, 3], [1, 1], [1, 1, 1, 1], [1, 1])),
        depthwise([1, 16, 7, 6], window([3, 3], [2, 2], [1, 0, 1, 1], [1, 1])),
    ]
}

/// All of a picture, tiles with and without a rest, and windows that overlap.
fn average_pools() -> Vec<Case> {
    let pool = |image: [usize; 4], kernel: [usize; 2], strides: [usize; 2], pads: [usize; 4]| {
        let attributes = Attributes::none()
            .sizes("kernel_shape", &kernel)
            .sizes("strides", &strides)
            .sizes("pads", &pads)
            .integer("count_include_pad", 1);
        plain("AveragePool", &[&image], attributes)
    };
    vec![
        pool([2, 3, 4, 5], [4, 5], [1, 1], [0; 4]),
        pool([2, 2, 6, 4], [3, 2], [3, 2], [0; 4]),
        pool([2, 2, 7, 5], [2, 2], [2, 2], [0; 4]),
        pool([1, 2, 7, 6], [3, 2], [2, 1], [1, 0, 1, 1]),
    ]
}

/// Tiles with and without a rest, and windows that overlap.
fn pools() -> Vec<Case> {
    vec![
        plain(
            "MaxPool",
            &[&[2, 3, 6, 4]],
            window([2, 2], [2, 2], [0, 0, 0, 0], [1, 1]),
        ),
        plain(
            "MaxPool",
            &[&[2, 2, 7, 5]],
            window([2, 2], [2, 2], [0, 0, 0, 0], [1, 1]),
        ),
        plain(
            "MaxPool",
            &[&[2, 2, 6, 8]],
            Window::tiles([3, 2]).attributes(),
        ),
        plain(
            "MaxPool",
            &[&[2, 2, 6, 8]],
            Window::tiles([1, 4]).attributes(),
        ),
        plain(
            "MaxPool",
            &[&[2, 2, 7, 7]],
            window([3, 3], [2, 2], [1, 1, 1, 1], [1, 1]),
        ),
        plain(
            "MaxPool",
            &[&[1, 2, 6, 6]],
            window([3, 2], [1, 1], [0, 0, 0, 0], [1, 1]),
        ),
    ]
}
