//! Networks of other programs in integers: the same on a runtime and in the core, dead channels taken out or not.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use input::limits::Limits;
use input::normalization::Normalization;
use input::onnx::for_one_picture;
use ndarray::{ArrayD, Axis, Slice};
use tests::random::Numbers;
use tests::{networks, runtimes};
use train::data::arrays::{self, Inputs};
use train::graph::Graph;
use train::import::{Options, import};
use train::network::Network;
use train::ops::Quantization;
use train::quantize::{Arrays, Data, OutputKind, Report, Request, int8_name, quantize};
use train::runtime::Runtime;

/// Pixels over 255.
const PIXELS: Quantization = Quantization {
    scale: 1.0 / 255.0,
    zero_point: -128,
};
/// Pixels as they are.
const RAW_PIXELS: Quantization = Quantization {
    scale: 1.0,
    zero_point: -128,
};
/// The features of the benchmark's test inputs.
pub const FEATURES: Quantization = Quantization {
    scale: 0.584_703,
    zero_point: 83,
};

/// A model, the range of random inputs for it, and what these and its outputs are.
#[derive(Clone, Copy)]
pub struct Task {
    pub name: &'static str,
    pub range: [f32; 2],
    pub meaning: Option<Quantization>,
    /// What black and white become, if pictures become the input.
    pub pixels: Option<[f32; 2]>,
    pub output: Option<OutputKind>,
}

impl Task {
    /// These inputs, and what is known of them.
    pub fn arrays(&self, inputs: ArrayD<f32>) -> Arrays {
        let normalization = |range| Normalization::new(range, [&[0.0], &[1.0]], 3).unwrap();
        Arrays {
            meaning: self.meaning,
            pixels: self.pixels.map(normalization),
            output: self.output,
            ..Arrays::new(Inputs::Numbers(inputs))
        }
    }
}

pub const TASKS: [Task; 4] = [
    Task {
        name: "ic_resnet8",
        range: [0.0, 255.0],
        meaning: Some(RAW_PIXELS),
        pixels: Some([0.0, 255.0]),
        output: None,
    },
    Task {
        name: "kws_dscnn",
        range: [-120.0, 25.0],
        meaning: Some(FEATURES),
        pixels: None,
        output: None,
    },
    Task {
        name: "ad_autoencoder",
        range: [-60.0, 10.0],
        meaning: None,
        pixels: None,
        output: Some(OutputKind::Reconstruction),
    },
    Task {
        name: "vww_mobilenet_v1_025",
        range: [0.0, 1.0],
        meaning: Some(PIXELS),
        pixels: Some([0.0, 1.0]),
        output: None,
    },
];

/// Random inputs `[count, ...]`, each with a mean of its own, as a network over them has outputs that vary.
pub fn random_inputs(task: &Task, count: usize, sizes: &[usize]) -> ArrayD<f32> {
    let mut random = Numbers::new(17);
    let mut share = || random.between(0.0, 1.0) as f32;
    let [low, high] = task.range;
    let mut inputs = ArrayD::zeros([&[count], sizes].concat());
    for mut numbers in inputs.axis_iter_mut(Axis(0)) {
        let (middle, spread) = (share(), share());
        numbers.mapv_inplace(|_: f32| {
            let place = middle + spread * (share() - 0.5);
            low + (high - low) * place.clamp(0.0, 1.0)
        });
    }
    inputs
}

pub fn model(folder: &Path, name: &str) -> Vec<u8> {
    let bytes = std::fs::read(folder.join(name).with_extension("onnx")).unwrap();
    let tract = input::onnx::Runtime::Tract;
    for_one_picture(&bytes, &Limits::default(), tract).unwrap()
}

/// Writes both files of a quantised model into a folder, after they gave the same integers.
pub fn quantize_into(
    folder: &Path,
    runtime: &Runtime,
    task: &Task,
    model: &[u8],
    inputs: Arrays,
) -> Report {
    let request = Request {
        model,
        options: Options::default(),
        name: task.name,
        data: Data::Arrays(inputs),
        second: None,
        out: folder,
        max_drop: 1.0,
        force: true,
        interrupted: &AtomicBool::new(false),
    };
    quantize(runtime, &request, &mut |_| {}).unwrap()
}

/// What quantising says, and the int8 model.
fn quantized(runtime: &Runtime, task: &Task, model: &[u8], inputs: Arrays) -> (Report, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let report = quantize_into(folder.path(), runtime, task, model, inputs);
    println!(
        "{}: arena {}\n{report}\n",
        task.name, report.flash_facts.memory
    );
    let int8 = std::fs::read(folder.path().join(int8_name(task.name))).unwrap();
    (report, int8)
}

/// Quantises all four with so many random inputs each, at most 500 for ranges, the others to compare.
fn all_are_equal(runtime: &Runtime, folder: &Path, counts: [usize; 4]) -> Vec<Report> {
    let quantized = |(task, count): (&Task, usize)| {
        let model = model(folder, task.name);
        let [channels, rows, columns] = import(&model).unwrap().input.shape;
        let sizes = [rows, columns, channels];
        let inputs = task.arrays(random_inputs(task, count, &sizes));
        quantized(runtime, task, &model, inputs).0
    };
    TASKS.iter().zip(counts).map(quantized).collect()
}

pub fn folder(test: &str) -> Option<PathBuf> {
    networks::folder(test, "MLPERF_TINY_DIR")
}

#[test]
fn the_networks_of_mlperf_tiny_give_equal_integers_on_onnxruntime() {
    let test = "the_networks_of_mlperf_tiny_give_equal_integers_on_onnxruntime";
    let (Some(folder), Some(runtime)) = (folder(test), runtimes::onnxruntime(test)) else {
        return;
    };
    let reports = all_are_equal(&runtime, &folder, [200, 200, 200, 1_500]);
    let vww = reports.last().unwrap();
    let [[_, multiply_adds], [_, weights]] = [vww.pruned.multiply_adds, vww.pruned.weights];
    assert!(
        multiply_adds <= 3_900_000 && weights <= 40_000,
        "{:?}",
        vww.pruned
    );
}

#[test]
fn the_networks_of_mlperf_tiny_give_equal_integers_on_tract() {
    let test = "the_networks_of_mlperf_tiny_give_equal_integers_on_tract";
    if let Some(folder) = folder(test) {
        all_are_equal(&runtimes::tract(), &folder, [8; 4]);
    }
}

/// The share of samples that a model from `input` to `logits` answers rightly.
fn accuracy(runtime: &Runtime, model: &[u8], network: &Network, samples: &Arrays) -> f64 {
    let mut session = runtime.load(model, Vec::new()).unwrap();
    let labels = samples.labels.as_ref().unwrap().as_ref().unwrap();
    let is_right = |(input, &label): (ndarray::ArrayViewD<f32>, &usize)| {
        let input = network.input.arranged(input.to_owned()).unwrap();
        let mut outputs = session.run(vec![("input".into(), input.into())]).unwrap();
        let logits = outputs.take("logits").unwrap();
        let best = (0..logits.len()).max_by(|&a, &b| logits[[0, a]].total_cmp(&logits[[0, b]]));
        best == Some(label)
    };
    let Inputs::Numbers(inputs) = &samples.inputs else {
        panic!("{:?}", samples.inputs.shape())
    };
    let right = inputs.outer_iter().zip(labels).map(is_right);
    right.filter(|&right| right).count() as f64 / labels.len() as f64
}

#[test]
fn keywords_are_spotted_by_integers_as_by_floats() {
    let test = "keywords_are_spotted_by_integers_as_by_floats";
    let (Some(folder), Some(runtime)) = (folder(test), runtimes::onnxruntime(test)) else {
        return;
    };
    let samples =
        arrays::read_samples(&folder.join("kws_test.npz"), None, arrays::Uint8::Unknown).unwrap();
    let real = |q: f32| FEATURES.scale * (q - f32::from(FEATURES.zero_point));
    let Inputs::Numbers(integers) = samples.inputs else {
        panic!("{:?}", samples.inputs.shape())
    };
    let (inputs, labels) = (integers.mapv(real), samples.labels.unwrap().unwrap());
    let part = |range: Range<usize>| {
        let inputs = inputs.slice_axis(Axis(0), Slice::from(range.clone()));
        Arrays {
            labels: Ok(Some(labels[range].to_vec())),
            meaning: Some(FEATURES),
            ..Arrays::new(Inputs::Numbers(inputs.to_owned()))
        }
    };
    let task = &TASKS[1];
    let model = model(&folder, task.name);
    let network = import(&model).unwrap();
    // What is measured gives no range and chooses no method.
    let measured = part(100..1_000);
    let float = accuracy(&runtime, &float_model(&network), &network, &measured);
    let (_, int8) = quantized(&runtime, task, &model, part(0..100));
    let of_samples = accuracy(&runtime, &int8, &network, &measured);
    let random = Arrays {
        inputs: Inputs::Numbers(random_inputs(task, 100, &[49, 10, 1])),
        labels: Ok(None),
        ..measured.clone()
    };
    let (_, int8) = quantized(&runtime, task, &model, random);
    let of_noise = accuracy(&runtime, &int8, &network, &measured);
    println!(
        "floats {float:.4}, with ranges of 100 samples {of_samples:.4}, of noise {of_noise:.4}"
    );
    assert!(of_samples > float - 0.01);
}

/// Quantises all models of other exporters that are imported; how many there were.
fn exported_are_equal(runtime: &Runtime, paths: &[PathBuf], count: usize) -> usize {
    let mut equal = 0;
    for path in paths {
        let bytes = std::fs::read(path).unwrap();
        let tract = input::onnx::Runtime::Tract;
        let model = for_one_picture(&bytes, &Limits::default(), tract);
        let Some((model, network)) = model.ok().and_then(|model| {
            let network = import(&model).ok()?;
            Some((model, network))
        }) else {
            continue;
        };
        let task = Task {
            name: "exported",
            range: [-1.0, 1.0],
            meaning: None,
            pixels: None,
            output: None,
        };
        let inputs = Arrays::new(Inputs::Numbers(random_inputs(
            &task,
            count,
            &network.input.shape,
        )));
        println!("{}", path.display());
        quantized(runtime, &task, &model, inputs);
        equal += 1;
    }
    equal
}

#[test]
fn what_exporters_write_gives_equal_integers_on_onnxruntime() {
    let test = "what_exporters_write_gives_equal_integers_on_onnxruntime";
    if let Some(paths) = networks::models(test, "EXPORTERS_DIR")
        && let Some(runtime) = runtimes::onnxruntime(test)
    {
        assert!(exported_are_equal(&runtime, &paths, 40) > 60);
    }
}

#[test]
fn what_exporters_write_gives_equal_integers_on_tract() {
    let test = "what_exporters_write_gives_equal_integers_on_tract";
    if let Some(paths) = networks::models(test, "EXPORTERS_DIR") {
        assert!(exported_are_equal(&runtimes::tract(), &paths, 6) > 60);
    }
}

fn float_model(network: &Network) -> Vec<u8> {
    let mut graph = Graph::new();
    let input = network.graph_input(&mut graph, "input").unwrap();
    let values = network.forward(&mut graph, input).unwrap();
    let logits = graph.flatten(values[network.nodes.len()]).unwrap();
    graph.output("logits", logits).unwrap();
    graph.to_onnx("float", &[])
}
