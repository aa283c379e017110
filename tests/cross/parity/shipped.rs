//! The shipped int8 files hold the same numbers, and the card is about these files. No data, no native runtime.

use std::path::Path;

use ndarray::ArrayView4;
use no_std_core::format::{KIND_DENSE, stored_checksum};
use no_std_core::{Model, Operation};
use prost::Message;
use sha2::{Digest, Sha256};
use train::onnx;

use super::{SHIPPED, SMALL, Shipped, models};

/// The constants of the ONNX model's convolutions, by their names.
struct Onnx(onnx::Graph);

fn open(path: &Path) -> onnx::Model {
    onnx::Model::decode(&std::fs::read(path).unwrap()[..]).unwrap()
}

impl Onnx {
    fn convolutions(&self) -> Vec<&onnx::Node> {
        let nodes = self.0.node.iter();
        nodes.filter(|node| node.op_type == "QLinearConv").collect()
    }

    fn tensor(&self, name: &str) -> &onnx::Tensor {
        let mut tensors = self.0.initializer.iter();
        tensors.find(|tensor| tensor.name == name).unwrap()
    }

    fn floats(&self, name: &str) -> Vec<f32> {
        let (floats, _) = self.tensor(name).raw_data.as_chunks();
        floats.iter().copied().map(f32::from_le_bytes).collect()
    }

    /// Weights as a flash file has them: the channels of a place are neighbours.
    fn channel_last(&self, name: &str) -> Vec<u8> {
        let tensor = self.tensor(name);
        let [filters, channels, rows, columns] = tensor.dims[..] else {
            panic!("weights have four axes")
        };
        let sizes = [filters, channels, rows, columns].map(|size| size as usize);
        let weights = ArrayView4::from_shape(sizes, &tensor.raw_data).unwrap();
        weights
            .permuted_axes([0, 2, 3, 1])
            .iter()
            .copied()
            .collect()
    }
}

/// The `len` bytes of a flash file at `at`.
fn section(file: &[u8], at: u32, len: usize) -> &[u8] {
    &file[at as usize..][..len]
}

/// The factors of a layer's channels: 24 bits of a number, and in the byte above them how far it is shifted.
fn multipliers(file: &[u8], layer: &Operation) -> Vec<f32> {
    let channels = usize::from(layer.output().shape.channels);
    let (entries, _) = section(file, layer.record().multipliers_at, 4 * channels).as_chunks();
    let factor = |&[low, middle, high, shift]: &[u8; 4]| {
        let mantissa = u32::from_le_bytes([low, middle, high, 0]);
        (f64::from(mantissa) / 2_f64.powi(i32::from(shift))) as f32
    };
    entries.iter().map(factor).collect()
}

/// The weights of a dense layer, `[unit][input]`, in the order that the format page gives.
fn four_by_four(weights: &[u8], units: usize) -> Vec<u8> {
    let inputs = weights.len() / units;
    assert_eq!(inputs % 4, 0);
    let mut arranged = Vec::new();
    for block in 0..units / 4 {
        for group in 0..inputs / 4 {
            for unit in 4 * block..4 * block + 4 {
                arranged.extend(&weights[unit * inputs + 4 * group..][..4]);
            }
        }
    }
    arranged.extend(&weights[units / 4 * 4 * inputs..]);
    arranged
}

#[test]
fn both_files_have_the_same_weights_biases_and_multipliers() {
    for shipped in SHIPPED {
        assert_same_constants(&shipped);
    }
}

fn assert_same_constants(shipped: &Shipped) {
    let file = std::fs::read(shipped.flash()).unwrap();
    let core = Model::new(&file).unwrap();
    let onnx = Onnx(open(&shipped.int8()).graph.unwrap());
    let convolutions = onnx.convolutions();
    assert_eq!((convolutions.len(), core.operations().count()), (4, 4));
    for (node, layer) in convolutions.into_iter().zip(core.operations()) {
        let [
            _,
            from,
            from_zero,
            weights,
            scales,
            zeros,
            to,
            to_zero,
            biases,
        ] = &node.input[..]
        else {
            panic!("nine inputs")
        };
        let record = layer.record();
        let mut expected = onnx.channel_last(weights);
        if record.kind == KIND_DENSE {
            let units = usize::from(layer.output().shape.channels);
            expected = four_by_four(&expected, units);
        }
        assert!(section(&file, record.weights_at, expected.len()) == expected);
        assert!(onnx.tensor(zeros).raw_data.iter().all(|&zero| zero == 0));
        let expected = &onnx.tensor(biases).raw_data;
        assert!(section(&file, record.biases_at, expected.len()) == expected);
        let ([from], [to]) = (&onnx.floats(from)[..], &onnx.floats(to)[..]) else {
            panic!("one scale")
        };
        let scales = onnx.floats(scales);
        let expected: Vec<f32> = scales.iter().map(|scale| from * scale / to).collect();
        assert_eq!(multipliers(&file, &layer), expected);
        let zero_points = [from_zero, to_zero].map(|zero| onnx.tensor(zero).raw_data.clone());
        let found = [layer.input().zero_point, layer.output().zero_point];
        assert_eq!(zero_points, found.map(|zero| vec![zero.cast_unsigned()]));
    }
}

#[test]
fn the_model_names_the_checksum_of_its_flash_file() {
    for shipped in SHIPPED {
        let file = std::fs::read(shipped.flash()).unwrap();
        let checksum = stored_checksum(&file).unwrap();
        let model = open(&shipped.int8());
        let mut entries = model.metadata_props.iter();
        let entry = entries
            .find(|entry| entry.key == input::pair::CHECKSUM_KEY)
            .unwrap();
        assert_eq!(entry.value, format!("{checksum:08x}"));
    }
}

#[test]
fn the_small_model_takes_12_kilobytes_of_flash() {
    let len = std::fs::metadata(SMALL.flash()).unwrap().len();
    assert!(len <= 12 * 1024, "{len}");
}

#[test]
fn the_card_is_about_these_files() {
    let card = std::fs::read_to_string(models().join("README.md")).unwrap();
    for path in SHIPPED.iter().flat_map(Shipped::files) {
        let digest = Sha256::digest(std::fs::read(&path).unwrap());
        let digits: Vec<String> = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let digest = digits.concat();
        let name = path.file_name().unwrap().to_str().unwrap();
        let row = card
            .lines()
            .find(|line| line.starts_with(&format!("| `{name}` |")));
        let row = row.unwrap_or_else(|| panic!("a row for {name}"));
        assert!(
            row.contains(&format!("SHA-256 `{digest}`")),
            "{digest}: {row}"
        );
    }
}
