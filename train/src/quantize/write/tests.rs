use no_std_core::format::ONE;

use super::super::groups::Given;
use super::*;
use crate::data::random::Random;
use crate::quantize::tests::networks;

fn described(labels: &[String]) -> Description<'_> {
    Description {
        output: OutputKind::Classes,
        labels,
        threshold: 0,
        preparation: Preparation::PLAIN,
        pixels: None,
    }
}

fn labels(count: usize) -> Vec<String> {
    (0..count).map(|class| format!("class {class}")).collect()
}

/// A network of three classes with every kind of layer.
fn quantized(random: &mut Random) -> Int8Network {
    let mut networks = std::iter::repeat_with(|| networks::random(random, 3));
    let found = networks.find_map(|network| networks::quantized(&network, Given::default()));
    found.expect("most of them have no empty range")
}

#[test]
fn the_file_says_what_it_was_made_of() {
    let network = quantized(&mut Random::new(3, 0));
    let labels = ["zero", "Null", "\u{96f6}"].map(String::from);
    let description = Description {
        threshold: 40_000,
        ..described(&labels)
    };
    let file = flash_file(&network, &description).unwrap();
    let model = Model::new(&file).unwrap();
    assert!(model.labels().eq(labels.iter().map(String::as_str)));
    assert_eq!(model.threshold(), 40_000);
    assert_eq!(model.preparation(), Preparation::PLAIN);
    let [channels, rows, columns] = network.input;
    let shape = model.input().shape;
    let found = [shape.channels, shape.rows, shape.columns].map(usize::from);
    assert_eq!(found, [channels, rows, columns]);
    for (node, operation) in network.nodes.iter().zip(model.operations()) {
        let [channels, rows, columns] = node.shape;
        let shape = operation.output().shape;
        let found = [shape.channels, shape.rows, shape.columns].map(usize::from);
        assert_eq!(found, [channels, rows, columns], "{}", node.name);
        let (made, to) = (operation.output(), node.to);
        assert_eq!(
            (made.scale, made.zero_point),
            (to.scale.to_bits(), to.zero_point)
        );
    }
    assert_eq!(model.operators_len() as usize, network.nodes.len());
}

#[test]
fn the_threshold_rejects_at_most_five_of_a_thousand() {
    let mut random = Random::new(8, 0);
    let network = quantized(&mut random);
    let file = flash_file(&network, &described(&labels(3))).unwrap();
    for count in [1, 199, 200, 1000, 2399] {
        let logits = Array2::from_shape_simple_fn((count, 3), || random.below(256) as u8 as i8);
        let threshold = threshold(&file, &logits).unwrap();
        let table = probabilities::table(network.output().scale);
        let probability = |logits: ndarray::ArrayView1<i8>| {
            let best = *logits.iter().max().unwrap();
            let sum: u32 = logits
                .iter()
                .map(|&logit| table[usize::from(best.abs_diff(logit))])
                .sum();
            (f64::from(ONE) * f64::from(ONE) / f64::from(sum)).floor() as u32
        };
        let rejected = |bound: u32| {
            logits
                .outer_iter()
                .filter(|&row| probability(row) < bound)
                .count()
        };
        assert!(1000 * rejected(threshold) <= 5 * count, "{count}");
        assert!(1000 * rejected(threshold + 1) > 5 * count, "{count}");
    }
}

#[test]
fn a_reconstruction_is_accepted_up_to_the_difference_of_nearly_all() {
    let mut random = Random::new(8, 0);
    let given = Given {
        is_reconstruction: true,
        ..Given::default()
    };
    let network = networks::autoencoder(&mut random, 12);
    let network = networks::quantized(&network, given).unwrap();
    let description = Description {
        output: OutputKind::Reconstruction,
        preparation: Preparation::NONE,
        ..described(&[])
    };
    let file = flash_file(&network, &description).unwrap();
    // The difference of the pair `k` is k in each of 12 values: 256 k^2 in 1/256.
    let pairs: Vec<_> = (0..400_i32)
        .map(|k| (vec![0; 12], vec![(k / 4) as i8; 12]))
        .collect();
    assert_eq!(
        difference_threshold(&file, &pairs, 0.005).unwrap(),
        256 * 99 * 99
    );
    assert_eq!(
        difference_threshold(&file, &pairs[..200], 0.005).unwrap(),
        256 * 49 * 49
    );
}

#[test]
fn sizes_that_the_file_cannot_say_are_named() {
    let network = quantized(&mut Random::new(5, 0));
    let refusal = |network: &Int8Network, labels: &[String]| {
        let error = flash_file(network, &described(labels)).unwrap_err();
        error.to_string()
    };
    let mut wide = network.clone();
    wide.nodes[1].shape[2] = 65_536;
    let mut many = network.clone();
    many.nodes = vec![network.nodes[0].clone(); 65_536];
    for (message, expected) in [
        (
            refusal(&network, &labels(65_536)),
            "classes: expected at most 65535 in a flash file, found 65536",
        ),
        (
            refusal(&network, &["x".repeat(256)]),
            "bytes of the label of class 0: expected at most 255 in a flash file, found 256",
        ),
        (
            refusal(&wide, &labels(3)),
            &format!(
                "{}: expected at most 65535 in a flash file, found 65536",
                wide.nodes[1].name
            ),
        ),
        (
            refusal(&many, &labels(3)),
            "operators: expected at most 65534 in a flash file, found 65536",
        ),
    ] {
        assert_eq!(message, expected);
    }
}
