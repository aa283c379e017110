//! The int8 path as a whole: as accurate as the floats, and the same integers on ONNX Runtime, on tract and in the core.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use infer::engine::{Engine, Logits};
use infer::flash::FlashModel;
use infer::model::Model;
use infer::picture::{PIXELS, Pixels};
use ndarray::{Array2, ArrayView2};
use tests::{mnist, runtimes};
use train::data::Dataset;
use train::data::augment::Variant;
use train::evaluate::run_model;
use train::quantize::{FLASH_NAME, INT8_NAME, Request, quantize};

const FLOAT_MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/digits.onnx");
const VARIANTS: &[Variant] = &[Variant::Plain, Variant::Inverted];
/// Share of right answers that the integers may cost.
const ACCURACY_LOSS: f64 = 0.0005;
/// Input and output of the second convolution, one byte each value: 14 x 14 x 16 and 7 x 7 x 32.
const ARENA_LEN: usize = 3136 + 1568;

#[test]
fn int8_is_as_accurate_as_float_and_equal_everywhere() {
    let test = "int8_is_as_accurate_as_float_and_equal_everywhere";
    let Some(digits) = mnist::mnist(test) else {
        return;
    };
    let Some(runtime) = runtimes::onnxruntime(test) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let request = Request {
        model: &std::fs::read(FLOAT_MODEL).unwrap(),
        digits: &digits,
        checked: &digits.test.clone().take(100),
        second: None,
        out: folder.path(),
        interrupted: &AtomicBool::new(false),
    };
    let report = quantize(&runtime, &request, &mut |stage| println!("{stage}")).unwrap();
    println!("{report}");
    for accuracies in [report.measured.test, report.measured.inverted] {
        let loss = (accuracies.float - accuracies.int8).abs();
        assert!(loss <= ACCURACY_LOSS, "{accuracies:?}");
    }
    assert_eq!(report.flash_facts.memory, ARENA_LEN);

    let [model, flash] = [INT8_NAME, FLASH_NAME].map(|name| folder.path().join(name));
    let onnx = std::fs::read(&model).unwrap();
    let (on_tract, in_core, on_onnxruntime) = std::thread::scope(|scope| {
        let others = scope.spawn(|| tract_and_core(&model, &flash, &digits.test));
        let on_onnxruntime = run_model(&runtime, &onnx, &digits.test, VARIANTS).unwrap();
        let (on_tract, in_core) = others.join().unwrap();
        (on_tract, in_core, on_onnxruntime)
    });
    let different = on_tract
        .iter()
        .zip(&on_onnxruntime)
        .filter(|(a, b)| a.to_bits() != b.to_bits());
    assert_eq!((on_onnxruntime.len(), different.count()), (200_000, 0));
    assert_stand_for(&on_tract, &in_core);
}

/// The logits of all variants of all images: of the ONNX model on tract, and of the flash file in the core.
fn tract_and_core(model: &Path, flash: &Path, images: &Dataset) -> (Array2<f32>, Array2<i8>) {
    let model = Model::open(model).unwrap();
    let flash = std::fs::read(flash).unwrap();
    let core = FlashModel::from_bytes(&flash, FLASH_NAME).unwrap();
    let (mut on_tract, mut in_core) = (Vec::new(), Vec::new());
    for image in images.images.outer_iter() {
        for variant in VARIANTS {
            let pixels = pixels(&image, *variant);
            on_tract.extend(model.logits(&pixels).unwrap());
            let Logits::Int8(logits) = core.scores(&pixels).unwrap().logits else {
                panic!("the core has integers only")
            };
            in_core.extend(logits);
        }
    }
    let shape = (images.len() * VARIANTS.len(), core.labels().len());
    let on_tract = Array2::from_shape_vec(shape, on_tract).unwrap();
    (on_tract, Array2::from_shape_vec(shape, in_core).unwrap())
}

fn pixels(image: &ArrayView2<u8>, variant: Variant) -> Pixels {
    let mut pixels = [0; PIXELS];
    for (to, &pixel) in pixels.iter_mut().zip(image) {
        *to = variant.of(pixel);
    }
    pixels
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
