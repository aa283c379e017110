//! The int8 path as a whole: as accurate as the floats, and the same integers on ONNX Runtime, on tract and in the core.

mod shipped;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use infer::engine::Engine;
use infer::flash::FlashModel;
use infer::input::Input;
use infer::model::Model;
use infer::output::Numbers;
use ndarray::Array2;
use no_std_core::prepare::Preparation;
use tests::{mnist, runtimes};
use train::data::Dataset;
use train::data::augment::Variant;
use train::evaluate::run_model;
use train::import::Options;
use train::quantize::{Data, Request, flash_name, int8_name, quantize};

/// A model of ours, in three files.
struct Shipped {
    name: &'static str,
    /// What it reads.
    variants: &'static [Variant],
    /// The fewest right answers of MNIST's 10,000 test images, of each variant.
    right: usize,
}

const DIGITS: Shipped = Shipped {
    name: "digits",
    variants: &[Variant::Plain, Variant::Inverted],
    right: 9_950,
};
const SMALL: Shipped = Shipped {
    name: "digits-small",
    variants: &[Variant::Plain],
    right: 9_930,
};
const SHIPPED: [Shipped; 2] = [DIGITS, SMALL];

/// Right answers of 10,000 that the integers may cost.
const LOST_ANSWERS: usize = 5;

impl Shipped {
    fn float(&self) -> PathBuf {
        models().join(format!("{}.onnx", self.name))
    }

    fn int8(&self) -> PathBuf {
        models().join(int8_name(self.name))
    }

    fn flash(&self) -> PathBuf {
        models().join(flash_name(self.name))
    }

    fn files(&self) -> [PathBuf; 3] {
        [self.float(), self.int8(), self.flash()]
    }
}

/// The folder of the shipped models.
fn models() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../models")
}

#[test]
fn int8_is_as_accurate_as_float_and_equal_everywhere() {
    let test = "int8_is_as_accurate_as_float_and_equal_everywhere";
    let Some(digits) = mnist::mnist(test) else {
        return;
    };
    let Some(runtime) = runtimes::onnxruntime(test) else {
        return;
    };
    for shipped in SHIPPED {
        let on_onnxruntime = |model: &Path| {
            let onnx = std::fs::read(model).unwrap();
            run_model(&runtime, &onnx, &digits.test, shipped.variants).unwrap()
        };
        let (on_tract, in_core) = tract_and_core(&shipped, &digits.test);
        let [int8, float] = [shipped.int8(), shipped.float()].map(|model| on_onnxruntime(&model));
        let pairs = on_tract.iter().zip(&int8);
        let different = pairs.filter(|(a, b)| a.to_bits() != b.to_bits());
        let logits = 10 * 10_000 * shipped.variants.len();
        assert_eq!((int8.len(), different.count()), (logits, 0));
        assert_stand_for(&on_tract, &in_core);

        let [float, int8] =
            [float, int8].map(|logits| right_answers(&logits, &digits.test, shipped.variants));
        println!(
            "{}: right in floats {float:?}, in integers {int8:?}",
            shipped.name
        );
        for (float, int8) in float.into_iter().zip(int8) {
            assert!(float.abs_diff(int8) <= LOST_ANSWERS, "{float}, {int8}");
            assert!(float >= shipped.right, "{float}");
        }
    }
}

/// Of each variant.
fn right_answers(logits: &Array2<f32>, images: &Dataset, variants: &[Variant]) -> Vec<usize> {
    let mut right = vec![0; variants.len()];
    for (index, logits) in logits.outer_iter().enumerate() {
        let best = |best, class| {
            if logits[class] > logits[best] {
                class
            } else {
                best
            }
        };
        let class = (0..logits.len()).reduce(best);
        let label = usize::from(images.labels()[index / variants.len()]);
        right[index % variants.len()] += usize::from(class == Some(label));
    }
    right
}

#[test]
fn quantizing_again_costs_no_accuracy() {
    let test = "quantizing_again_costs_no_accuracy";
    let Some(digits) = mnist::mnist(test) else {
        return;
    };
    let Some(runtime) = runtimes::onnxruntime(test) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let model = std::fs::read(DIGITS.float()).unwrap();
    let request = Request {
        model: &model,
        options: Options::default(),
        name: DIGITS.name,
        data: Data::Sets {
            checked: digits.test.clone().take(100),
            sets: Box::new(digits),
            preparation: Preparation::PLAIN,
        },
        second: None,
        out: folder.path(),
        max_drop: 0.01,
        force: false,
        interrupted: &AtomicBool::new(false),
    };
    let report = quantize(&runtime, &request, &mut |stage| println!("{stage}")).unwrap();
    println!("{report}");
    let measured = report.measured.unwrap();
    for counts in [measured.test, measured.inverted_test].map(Option::unwrap) {
        let difference = counts.float.abs_diff(counts.int8);
        assert!(difference <= LOST_ANSWERS, "{counts:?}");
    }
}

/// The logits of all variants of all images: of the ONNX model on tract, and of the flash file in the core.
fn tract_and_core(shipped: &Shipped, images: &Dataset) -> (Array2<f32>, Array2<i8>) {
    let model = Model::open(&shipped.int8()).unwrap();
    let flash = std::fs::read(shipped.flash()).unwrap();
    let core = FlashModel::from_bytes(&flash, shipped.name).unwrap();
    let logits = |image: &[u8]| {
        let of = |variant: &Variant| {
            let pixels = image.iter().map(|&pixel| variant.of(pixel));
            let input = Input::Pixels(pixels.collect());
            let answer = core.run(&input).unwrap();
            let Numbers::Int8(integers, _) = answer.output.numbers() else {
                panic!("the core has integers only")
            };
            (model.outputs(&input).unwrap(), integers.clone())
        };
        shipped.variants.iter().map(of).collect::<Vec<_>>()
    };
    let all = images.images().unwrap();
    let all: Vec<&[u8]> = all
        .as_slice()
        .unwrap()
        .chunks(images.picture_len())
        .collect();
    let cores = std::thread::available_parallelism().unwrap().get();
    let found: Vec<_> = std::thread::scope(|scope| {
        let work = |part: &[&[u8]]| part.iter().map(|image| logits(image)).collect::<Vec<_>>();
        let parts = all.chunks(all.len().div_ceil(cores));
        let workers: Vec<_> = parts.map(|part| scope.spawn(move || work(part))).collect();
        let parts = workers.into_iter().map(|worker| worker.join().unwrap());
        parts.flatten().flatten().collect()
    });
    let shape = (found.len(), core.spec().labels().len());
    let (on_tract, in_core): (Vec<_>, Vec<_>) = found.into_iter().unzip();
    let on_tract = Array2::from_shape_vec(shape, on_tract.concat()).unwrap();
    let in_core = Array2::from_shape_vec(shape, in_core.concat()).unwrap();
    (on_tract, in_core)
}

/// Each integer must stand for one real number everywhere, a greater one than those below it.
fn assert_stand_for(reals: &Array2<f32>, integers: &Array2<i8>) {
    let mut meaning = [None; 256];
    for ((index, &real), &integer) in reals.indexed_iter().zip(integers) {
        let known = meaning[(i16::from(integer) + 128) as usize].get_or_insert(real);
        assert_eq!(
            known.to_bits(),
            real.to_bits(),
            "logit {index:?}: {integer}"
        );
    }
    let known: Vec<f32> = meaning.into_iter().flatten().collect();
    assert!(
        known.is_sorted_by(|a, b| a < b) && known.len() > 100,
        "{known:?}"
    );
}
