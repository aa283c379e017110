//! Models in 8 bits.

use super::written::{Written, image};
use super::*;
use crate::network::Integers;
use crate::ops::Quantization;

/// Scale and zero point, an I8 (3) or U8 (2), as constants.
fn meaning(written: &mut Written, scale: f32, zero_point: u8, data_type: i32) -> [String; 2] {
    let scale = written.floats(&[], 0.0, scale);
    [scale, written.constant(&[], data_type, vec![zero_point])]
}

#[test]
fn pairs_say_what_integers_stand_for_and_limit() {
    for (data_type, zero_point, expected) in [(2, 28, -100), (3, 156, -100)] {
        let mut written = image();
        let [scale, zero] = meaning(&mut written, 0.5, 128, 2);
        for operator in ["QuantizeLinear", "DequantizeLinear"] {
            written.then(operator, &[scale.clone(), zero.clone()], &[]);
        }
        written.conv(&[]);
        let [scale, zero] = meaning(&mut written, 0.25, zero_point, data_type);
        for operator in ["QuantizeLinear", "DequantizeLinear"] {
            written.then(operator, &[scale.clone(), zero.clone()], &[]);
        }
        let network = written.network().unwrap();
        let [node] = &network.nodes[..] else {
            panic!("{:?}", network.nodes)
        };
        let (low, high) = (-7.0, 56.75);
        assert_eq!(node.clip, Clip { low, high });
        let given = |scale, zero_point| Some(Quantization { scale, zero_point });
        assert_eq!(node.given, given(0.25, expected));
        assert_eq!(
            (network.input.given, network.input.integers),
            (given(0.5, 0), None)
        );
    }
}

#[test]
fn integers_of_the_input_are_its_numbers() {
    let mut written = image();
    let input = written.graph.input[0].value_type.as_mut().unwrap();
    input.tensor_type.as_mut().unwrap().elem_type = 2;
    let [scale, zero] = meaning(&mut written, 0.5, 3, 2);
    written
        .then("DequantizeLinear", &[scale, zero], &[])
        .conv(&[]);
    let input = written.network().unwrap().input;
    let (scale, zero_point) = (0.5, -125);
    assert_eq!(input.given, Some(Quantization { scale, zero_point }));
    assert_eq!(input.integers, Some(Integers::Unsigned));
}

#[test]
fn operators_of_integers_are_those_of_floats_between_pairs() {
    let weights: Vec<u8> = (0..54).map(|index| index * 5).collect();
    let biases: Vec<u8> = [7_i32, -5, 0]
        .iter()
        .flat_map(|bias| bias.to_le_bytes())
        .collect();
    let mut operator = image();
    let [scale, zero] = meaning(&mut operator, 0.5, 0, 3);
    let of_input = [scale, zero];
    operator.then("QuantizeLinear", &of_input, &[]);
    let weight = operator.constant(&[3, 2, 3, 3], 3, weights.clone());
    let of_weight = [
        operator.floats(&[3], 0.125, 1.0),
        operator.constant(&[3], 3, vec![0; 3]),
    ];
    let of_output = meaning(&mut operator, 0.25, 156, 3);
    let bias = operator.constant(&[3], 6, biases.clone());
    let constants = [&of_input[..], &[weight], &of_weight, &of_output, &[bias]].concat();
    operator.then("QLinearConv", &constants, &[]);
    operator.then("DequantizeLinear", &of_output, &[]);

    let mut pairs = image();
    let of_input = meaning(&mut pairs, 0.5, 0, 3);
    pairs
        .then("QuantizeLinear", &of_input, &[])
        .then("DequantizeLinear", &of_input, &[]);
    // As `floats` makes them.
    let scales: Vec<f32> = (0..3)
        .map(|index| 1.0 + 0.125 * ((index * 7 % 11) as f32 - 5.0))
        .collect();
    let real = |index: usize| f32::from(weights[index] as i8) * scales[index / 18];
    let raw = (0..54)
        .flat_map(|index| real(index).to_le_bytes())
        .collect();
    let weight = pairs.constant(&[3, 2, 3, 3], 1, raw);
    let bias = [7.0, -5.0, 0.0]
        .iter()
        .zip(&scales)
        .map(|(bias, scale)| bias * (0.5 * scale));
    let raw = bias.flat_map(f32::to_le_bytes).collect();
    let bias = pairs.constant(&[3], 1, raw);
    pairs.then("Conv", &[weight, bias], &[]);
    let of_output = meaning(&mut pairs, 0.25, 156, 3);
    pairs
        .then("QuantizeLinear", &of_output, &[])
        .then("DequantizeLinear", &of_output, &[]);

    let (found, expected) = (operator.network().unwrap(), pairs.network().unwrap());
    assert_eq!(found.input, expected.input);
    assert_eq!(operator.layers(), pairs.layers());
    assert_eq!(found.nodes[0].given, expected.nodes[0].given);
    assert!(found.nodes[0].given.is_some());
}

#[test]
fn padding_between_pairs_is_of_what_stands_for_zero() {
    for (data_type, zero_point, constant, is_taken) in [
        (3, 7, Some(7), true),
        (3, 7, Some(0), false),
        (2, 200, Some(200), true),
        (2, 200, Some(72), false),
        (3, 7, None, false),
        (3, 0, None, true),
        (2, 0, None, true),
        (2, 128, None, false),
    ] {
        let mut written = image();
        let of_input = meaning(&mut written, 0.5, zero_point, data_type);
        written.then("QuantizeLinear", &of_input, &[]);
        let mut inputs = vec![written.integers(&[0, 0, 1, 1, 0, 0, 1, 1])];
        inputs.extend(constant.map(|integer| written.constant(&[], data_type, vec![integer])));
        written.then("Pad", &inputs, &[]);
        written.then("DequantizeLinear", &of_input, &[]).conv(&[]);
        let found = written.network().map(|network| network.nodes);
        assert_eq!(
            found.is_ok(),
            is_taken,
            "{data_type} {zero_point} {constant:?}"
        );
        if let Ok(nodes) = found {
            assert_eq!(parameters(&nodes[0].layer).2.pads, [1; 4]);
        }
    }
}

#[test]
fn integers_of_another_meaning_are_refused() {
    let mut written = image();
    let [scale, zero] = meaning(&mut written, 0.5, 0, 3);
    written.then("QuantizeLinear", &[scale.clone(), zero], &[]);
    let mut integers = written.clone();
    let message = integers.conv(&[]).network().unwrap_err().to_string();
    assert!(
        message.contains("floats, by a DequantizeLinear"),
        "{message}"
    );
    let [_, other] = meaning(&mut written, 0.5, 1, 3);
    written
        .then("DequantizeLinear", &[scale, other], &[])
        .conv(&[]);
    let message = written.network().unwrap_err().to_string();
    assert!(
        message.contains("the same scale and zero point"),
        "{message}"
    );
}
