//! Pictures of any proportions as a network learns from them, and as all that is made of it takes them: the same pixels, the
//! same numbers.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use image::codecs::jpeg::JpegEncoder;
use image::{Rgb, RgbImage};
use infer::engine::Engine;
use infer::input::Input;
use infer::open::{Choice, open};
use infer::output::{Numbers, Output};
use input::limits::Limits;
use input::picture;
use no_std_core::prepare::{Fit, Pixels, Preparation};
use tests::random::Numbers as Random;
use tests::runtimes;
use train::architecture::{Description, Network};
use train::checkpoint::{Checkpoint, Record};
use train::data::augment::{Augment, Variant};
use train::data::{Dataset, Sets, Statistics, numbers};
use train::evaluate::Evaluator;
use train::export::export;
use train::fit::{Options, Silent, fit};
use train::import::Options as ImportOptions;
use train::optimizer::Optimizer;
use train::picture_input::PictureInput;
use train::quantize::{Data, Request, flash_name, int8_name, quantize};
use train::runtime::{DeviceOptions, Runtime};

/// Channels, rows and columns of the input.
const SHAPE: [usize; 3] = [3, 12, 16];
/// Rows and columns of pictures; their classes alternate.
const SIZES: [[u32; 2]; 6] = [[30, 20], [12, 16], [9, 9], [40, 90], [16, 12], [7, 50]];
/// Exif of a picture that is to be turned by a quarter.
const TURNED: &[u8] = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";

const NETWORK: &str = "
    name = \"small\"
    input = [3, 12, 16]
    classes = 2
    layers = [
        { layer = \"conv\", filters = 6, kernel = 3, stride = 2, activation = \"relu\" },
        { layer = \"flatten\" },
        { layer = \"dense\", units = \"classes\" },
    ]";

/// A JPEG file, mostly red or mostly blue, some with an orientation.
fn jpeg(random: &mut Random, at: usize) -> Vec<u8> {
    let [rows, columns] = SIZES[at / 2 % SIZES.len()];
    let mut shade = |least: f64| random.between(least, least + 90.0) as u8;
    let pixels = RgbImage::from_fn(columns, rows, |_, _| {
        let [much, some, little] = [shade(150.0), shade(60.0), shade(0.0)];
        Rgb(if at.is_multiple_of(2) {
            [much, some, little]
        } else {
            [little, some, much]
        })
    });
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 90);
    if at.is_multiple_of(5) {
        use image::ImageEncoder;
        encoder.set_exif_metadata(TURNED.to_vec()).unwrap();
    }
    encoder.encode_image(&pixels).unwrap();
    bytes
}

/// `[channel][row][column]` of `[row][column][channel]`.
fn planes(pixels: &[u8]) -> Vec<u8> {
    let of = |channel| pixels.iter().skip(channel).step_by(SHAPE[0]).copied();
    (0..SHAPE[0]).flat_map(of).collect()
}

/// The pictures as `train` decodes them.
fn dataset(files: &[Vec<u8>], fit: Fit) -> Dataset {
    let [channels, rows, columns] = SHAPE;
    let decoded = files.iter().map(|file| {
        let pixels = picture::fitted(file, [rows, columns, channels], fit).unwrap();
        planes(&pixels)
    });
    let pixels = decoded.flatten().collect();
    let labels = (0..files.len()).map(|at| (at % 2) as u16).collect();
    Dataset::new(SHAPE, pixels, labels, numbers(0, 2))
}

fn picture_input(train: &Dataset, fit: Fit) -> PictureInput {
    let statistics = train.statistics().unwrap();
    let rounded = statistics.iter().map(Statistics::rounded);
    let (mean, deviation) = rounded.map(|[mean, deviation]| (mean, deviation)).unzip();
    PictureInput {
        fit,
        mean,
        deviation,
    }
}

/// Trains a network on these pictures.
fn trained(runtime: &Runtime, network: &Network, sets: &Sets, input: PictureInput) -> Checkpoint {
    let out = tempfile::tempdir().unwrap();
    let record = Record {
        picture_input: Some(input),
        ..Record::new(network, Optimizer::Adam, 12, 0)
    };
    let options = Options {
        epochs: 3,
        augment: Augment::None,
        device: DeviceOptions::default(),
        out: out.path().into(),
        resume: None,
    };
    let never = AtomicBool::new(false);
    let silent = &mut Silent;
    fit(runtime, network, sets, record, options, &never, silent).unwrap();
    let (loaded, _) = Checkpoint::load(out.path()).unwrap();
    loaded
}

/// Writes the model of a checkpoint and both that quantising makes of it.
fn written(
    folder: &Path,
    runtime: &Runtime,
    (network, checkpoint): (&Network, &Checkpoint),
    (sets, fit): (&Sets, Fit),
) -> [Vec<u8>; 3] {
    let path = folder.join("small.onnx");
    let unchecked = export(runtime, None, network, checkpoint, &sets.test, &path).unwrap();
    assert_eq!(unchecked, None);
    let model = std::fs::read(&path).unwrap();
    let request = Request {
        model: &model,
        options: ImportOptions::default(),
        name: "small",
        data: Data::Sets {
            sets: Box::new(sets.clone()),
            checked: sets.test.clone(),
            preparation: Preparation::scaled(fit),
        },
        second: None,
        out: folder,
        max_drop: 1.0,
        force: false,
        interrupted: &AtomicBool::new(false),
    };
    quantize(runtime, &request, &mut |_| {}).unwrap();
    let [int8, flash] = [int8_name("small"), flash_name("small")];
    let [int8, flash] = [int8, flash].map(|name| std::fs::read(folder.join(name)).unwrap());
    [model, int8, flash]
}

/// What a model gives for a picture file, and the pixels that it takes it for.
fn predicted(model: &dyn Engine, file: &[u8]) -> (Vec<u8>, Numbers) {
    let spec = &model.spec().input;
    let input = spec.of_picture(file, spec.preparation).unwrap();
    let Output::Classes(classes) = model.run(&input).unwrap().output else {
        panic!("there are classes");
    };
    let Input::Pixels(pixels) = input else {
        panic!("of a picture")
    };
    (pixels, classes.logits)
}

/// Compares what models take of picture files, and what they make of them, with the pictures and logits of the trainer.
fn assert_same(
    files: &[Vec<u8>],
    [model, int8, flash]: &[Vec<u8>; 3],
    test: &Dataset,
    logits: &[f32],
) {
    let limits = Limits::default();
    let open = |bytes| open(bytes, "small", Choice::Auto, &limits).unwrap();
    let engines = [model, int8, flash].map(|bytes| open(bytes));
    let core = no_std_core::Model::new(flash).unwrap();
    let mut expected = vec![0; test.picture_len()];
    for (at, file) in files.iter().enumerate() {
        test.read(at, &mut expected).unwrap();
        let [float, int8, flash] = engines.each_ref().map(|engine| predicted(&**engine, file));
        assert_eq!(float.0, expected);
        assert_eq!(int8.0, expected);
        assert_eq!(planes(&flash.0), expected);
        let Numbers::Float(found) = float.1 else {
            panic!("of floats")
        };
        for (found, expected) in found.iter().zip(&logits[2 * at..]) {
            assert!((found - expected).abs() <= 1e-5 * expected.abs().max(1.0));
        }
        assert_eq!(int8.1, flash.1);

        // A board gets the picture in its own size.
        let (pixels, rows) = picture::raw(file, 3).unwrap();
        let width = (pixels.len() / 3) as u32 / rows;
        let mut rows = Pixels::with_channels(&pixels, width, rows, 3).unwrap();
        let mut input = vec![0; flash.0.len()];
        core.prepare(&mut rows, &mut input).unwrap();
        let value = |(at, &pixel)| core.quantize_pixel(at % 3, pixel);
        assert!(flash.0.iter().enumerate().map(value).eq(input));
    }
}

#[test]
fn pictures_are_the_same_in_training_and_in_every_model() {
    let runtime = runtimes::tract();
    let mut random = Random::new(5);
    let files: Vec<Vec<u8>> = (0..48).map(|at| jpeg(&mut random, at)).collect();
    let description = Description::parse("small.toml", NETWORK).unwrap();
    let classes = numbers(0, 2).to_vec();
    let network = description.network(SHAPE, classes).unwrap();
    for how in Fit::ALL {
        let all = dataset(&files, how);
        let [train, test] = [0..36, 36..48].map(|range| all.select(&range.collect::<Vec<_>>()));
        let input = picture_input(&train, how);
        let plain = Sets {
            train,
            validation: None,
            test,
            source: "drawn".into(),
            sha256: String::new(),
        };
        let numbers = input.normalization(3).unwrap();
        let sets = plain.clone().normalized(&numbers);
        let checkpoint = trained(&runtime, &network, &sets, input.clone());
        assert_eq!(checkpoint.record.picture_input, Some(input));

        let out = tempfile::tempdir().unwrap();
        let trained = (&network, &checkpoint);
        let models = written(out.path(), &runtime, trained, (&sets, how));
        let parameters = checkpoint.parameters(&network);
        let variants = &[Variant::Plain];
        let evaluator = Evaluator::new(&runtime, &network, parameters, &sets.test, variants);
        let measured = evaluator.unwrap().evaluate().unwrap();
        assert!(
            measured.accuracy > Some(0.7),
            "{how:?}: {:?}",
            measured.accuracy
        );
        let logits: Vec<f32> = measured.logits.into_iter().collect();
        assert_same(&files[36..], &models, &plain.test, &logits);
    }
}
