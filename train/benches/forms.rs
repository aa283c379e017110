//! Time of the forms in which an operator or a gradient can be written, on the tensors of half a batch. What the
//! operators' files choose should be the fastest on its target. One thread, as each part of a batch has.
//!
//! A process can use one runtime, so this program starts itself once for each.

use std::process::Command;

use criterion::Criterion;
use ndarray::{ArrayD, IxDyn};
use train::gradient::gradients;
use train::graph::{Graph, GraphError, Target, ValueId};
use train::ops::Window;
use train::runtime::{Choice, Runtime};
use train::tensor::{Tensor, TensorType};

/// Names the runtime of a started process.
const RUNTIME: &str = "BATON_BENCH_RUNTIME";
const IMAGE: &[usize] = &[64, 16, 28, 28];
const POOLED: &[usize] = &[64, 16, 14, 14];
const CONVOLVED: &[usize] = &[64, 32, 14, 14];
const WEIGHT: &[usize] = &[32, 16, 5, 5];

type Inputs = Vec<(String, Tensor)>;
type Build = fn(&mut Graph, &[ValueId]) -> Result<ValueId, GraphError>;

/// One way to write a computation.
struct Form {
    group: &'static str,
    name: &'static str,
    target: Target,
    shapes: &'static [&'static [usize]],
    build: Build,
}

const FORMS: &[Form] = &[
    Form {
        group: "convolution",
        name: "image by image",
        target: Target::Cuda,
        shapes: &[POOLED, WEIGHT],
        build: convolution,
    },
    Form {
        group: "convolution",
        name: "one wide image",
        target: Target::Tract,
        shapes: &[POOLED, WEIGHT],
        build: convolution,
    },
    Form {
        group: "convolution",
        name: "blocks of channels",
        target: Target::OnnxruntimeX86,
        shapes: &[POOLED, WEIGHT],
        build: convolution,
    },
    Form {
        group: "gradient of a convolution's input",
        name: "ConvTranspose",
        target: Target::Onnxruntime,
        shapes: &[WEIGHT, CONVOLVED],
        build: input_gradient,
    },
    Form {
        group: "gradient of a convolution's input",
        name: "Conv with reversed taps, one wide image",
        target: Target::Tract,
        shapes: &[WEIGHT, CONVOLVED],
        build: input_gradient,
    },
    Form {
        group: "gradient of a convolution's weight",
        name: "batch and channels swapped",
        target: Target::Cuda,
        shapes: &[POOLED, CONVOLVED],
        build: swapped_correlation,
    },
    Form {
        group: "gradient of a convolution's weight",
        name: "patches, image by image",
        target: Target::Cuda,
        shapes: &[POOLED, CONVOLVED],
        build: weight_gradient,
    },
    Form {
        group: "gradient of a convolution's weight",
        name: "channels side by side",
        target: Target::Onnxruntime,
        shapes: &[POOLED, CONVOLVED],
        build: weight_gradient,
    },
    Form {
        group: "gradient of a convolution's weight",
        name: "channels side by side, blocks of images",
        target: Target::OnnxruntimeX86,
        shapes: &[POOLED, CONVOLVED],
        build: weight_gradient,
    },
    Form {
        group: "maximum of tiles",
        name: "at once",
        target: Target::Cuda,
        shapes: &[IMAGE],
        build: |graph, values| graph.max_pool(values[0], Window::tiles([2; 2])),
    },
    Form {
        group: "maximum of tiles",
        name: "by axis",
        target: Target::Tract,
        shapes: &[IMAGE],
        build: |graph, values| graph.max_pool(values[0], Window::tiles([2; 2])),
    },
    Form {
        group: "gradient of ReLU",
        name: "Where",
        target: Target::Cuda,
        shapes: &[POOLED, POOLED],
        build: selected,
    },
    Form {
        group: "gradient of ReLU",
        name: "Mul",
        target: Target::Cuda,
        shapes: &[POOLED, POOLED],
        build: masked,
    },
];

fn convolution(graph: &mut Graph, values: &[ValueId]) -> Result<ValueId, GraphError> {
    graph.conv(values[0], values[1], None, Window::same([5; 2]))
}

fn input_gradient(graph: &mut Graph, values: &[ValueId]) -> Result<ValueId, GraphError> {
    let x = graph.constant(Tensor::filled(POOLED, 0.0));
    gradient(graph, [x, values[0]], x, values[1])
}

fn weight_gradient(graph: &mut Graph, values: &[ValueId]) -> Result<ValueId, GraphError> {
    let weight = graph.constant(Tensor::filled(WEIGHT, 0.0));
    gradient(graph, [values[0], weight], weight, values[1])
}

/// The gradient of one of a convolution's inputs from that of its output.
fn gradient(
    graph: &mut Graph,
    inputs: [ValueId; 2],
    of: ValueId,
    dy: ValueId,
) -> Result<ValueId, GraphError> {
    let y = convolution(graph, &inputs)?;
    let weighted = graph.mul(y, dy)?;
    let loss = graph.sum_all(weighted)?;
    Ok(gradients(graph, loss, &[of])?[0])
}

/// What the input and the gradient of the output sum up to, as a convolution in which the batch stands for channels.
fn swapped_correlation(graph: &mut Graph, values: &[ValueId]) -> Result<ValueId, GraphError> {
    const SWAP: [usize; 4] = [1, 0, 2, 3];
    let (images, filter) = (
        graph.transpose(values[0], &SWAP)?,
        graph.transpose(values[1], &SWAP)?,
    );
    let window = Window {
        kernel: [CONVOLVED[2], CONVOLVED[3]],
        ..Window::same([5; 2])
    };
    let sums = graph.conv(images, filter, None, window)?;
    graph.transpose(sums, &SWAP)
}

fn selected(graph: &mut Graph, values: &[ValueId]) -> Result<ValueId, GraphError> {
    let zero = graph.scalar(0.0);
    let active = graph.greater(values[0], zero)?;
    graph.where_select(active, values[1], zero)
}

fn masked(graph: &mut Graph, values: &[ValueId]) -> Result<ValueId, GraphError> {
    let zero = graph.scalar(0.0);
    let active = graph.greater(values[0], zero)?;
    let active = graph.cast_to_f32(active)?;
    graph.mul(values[1], active)
}

fn main() {
    match std::env::var(RUNTIME) {
        Ok(name) => match <Choice as clap::ValueEnum>::from_str(&name, false) {
            Ok(choice) => run_on(choice),
            Err(reason) => eprintln!("{RUNTIME}: {reason}"),
        },
        Err(_) => {
            for name in ["tract", "onnxruntime", "cuda"] {
                start(name);
            }
        }
    }
}

/// Starts this program for one runtime, with the same arguments.
fn start(name: &str) {
    let program = std::env::current_exe().expect("this program was started from a file");
    let status = Command::new(program)
        .args(std::env::args_os().skip(1))
        .env(RUNTIME, name)
        .status();
    assert!(
        status.is_ok_and(|status| status.success()),
        "the benchmark on {name} failed"
    );
}

fn run_on(choice: Choice) {
    let mut criterion = Criterion::default().configure_from_args().sample_size(20);
    match Runtime::open(choice, 1) {
        Ok(runtime) => {
            println!("{}", runtime.description());
            bench(&runtime, &mut criterion);
        }
        Err(error) => println!("not measured: {error}"),
    }
}

/// Measures each form alone.
fn bench(runtime: &Runtime, criterion: &mut Criterion) {
    let runs =
        |form: &&Form| form.target != Target::OnnxruntimeX86 || form.target == runtime.target();
    for form in FORMS.iter().filter(runs) {
        let (onnx, inputs) = written(form).expect("the form is a valid graph");
        let mut session = match runtime.load(&onnx, inputs) {
            Ok(session) => session,
            Err(error) => return println!("not measured: {error}"),
        };
        let mut group = criterion.benchmark_group(form.group);
        group.bench_function(
            format!("{} on {}", form.name, runtime.kind().name()),
            |bencher| {
                bencher.iter(|| session.run(Vec::new()).expect("the runtime took the model"));
            },
        );
    }
}

/// The model of a form, with inputs between -1 and 1.
fn written(form: &Form) -> Result<(Vec<u8>, Inputs), GraphError> {
    let mut graph = Graph::for_target(form.target);
    let mut values = Vec::new();
    let mut inputs = Vec::new();
    // Numerical Recipes' generator: signs must not be predictable.
    let mut state = 1u32;
    let mut number = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    for (index, shape) in form.shapes.iter().enumerate() {
        let name = format!("x{index}");
        values.push(graph.input(&name, TensorType::f32(shape))?);
        let array = ArrayD::from_shape_simple_fn(IxDyn(shape), &mut number);
        inputs.push((name, Tensor::F32(array)));
    }
    let y = (form.build)(&mut graph, &values)?;
    graph.output("y", y)?;
    Ok((graph.specialized()?.to_onnx("form", &[]), inputs))
}
