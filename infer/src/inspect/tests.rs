use no_std_core::prepare::Preparation;

use super::*;
use crate::support::{self, encode, flash, int8};

fn table(bytes: &[u8]) -> String {
    inspect(bytes, "m", &Limits::default()).unwrap().to_string()
}

#[test]
fn flash_files() {
    let file = flash::brightness().to_file().unwrap();
    let mut crc = flate2::Crc::new();
    // All but the checksum itself.
    crc.update(&[&file[..16], &file[20..]].concat());
    let checksum = crc.sum();
    let expected = format!(
        "\
file            m
kind            flash file of 8-bit integers
format version  2
bytes           {}
CRC-32          {checksum:08x}
input           28 x 28 x 1, scale 3.922e-3, zero point -128
preparation     plain
output          1 x 1 x 2, scale 5.000e-1, zero point 0
output kind     classes
labels          dark, bright
threshold       0.7500
arena bytes     786
multiply-adds   1568

tensor  operator  reads  output                                   kernel  stride  padding  pool  groups  multipliers  rows held  flash bytes  multiply-adds
1       dense     0      1 x 1 x 2, scale 5.000e-1, zero point 0  -       -       -        -     -       9.766e-4     all        1584         1568
",
        file.len()
    );
    assert_eq!(table(&file), expected);
}

#[test]
fn flash_files_for_other_pictures() {
    let tiny = include_bytes!("../../../no_std_core/tests/tiny.q8");
    let table = table(tiny);
    for row in [
        "input           4 x 4 x 1, scale 3.922e-3, zero point -128\n",
        "1       convolution  0      2 x 2 x 2, scale 5.000e-1, zero point -128  3 x 3   1 x 1   1+1 x 1+1  2 x 2  1  ",
    ] {
        assert!(table.contains(row), "{table}");
    }
}

#[test]
fn centred_preparations() {
    let mut model = flash::brightness();
    model.preparation = Preparation::centred(18).unwrap();
    let table = table(&model.to_file().unwrap());
    assert!(
        table.contains("preparation     centred, in a box of 18 x 18\n"),
        "{table}"
    );
}

#[test]
fn float_models() {
    let proto = support::linear(&[0.0; 2 * 784], &[1.0, 2.0]);
    let proto = support::with_metadata(proto, &[("labels", "a,b"), ("data", "drawn\nhere")]);
    let file = encode(&proto);
    let expected = format!(
        "\
file            m
kind            ONNX model of floats
format version  ONNX IR 8, operators 17
bytes           {}
labels          a, b
multiply-adds   1568
data            drawn\\nhere

layer    input            output   weights  output scale, zero point  weight scales  bytes  multiply-adds
Flatten  1 x 1 x 28 x 28  1 x 784  -        -                         -              0      0
Gemm     1 x 784          1 x 2    784 x 2  -                         -              6280   1568
",
        file.len()
    );
    assert_eq!(table(&file), expected);
}

#[test]
fn models_of_integers() {
    let table = table(&encode(&int8::brightness(3)));
    let expected = "
layer             input            output           weights          output scale, zero point  weight scales  bytes  multiply-adds
QuantizeLinear    1 x 1 x 28 x 28  1 x 1 x 28 x 28  -                3.922e-3, -128            -              5      0
QLinearConv       1 x 1 x 28 x 28  1 x 2 x 1 x 1    2 x 1 x 28 x 28  5.000e-1, 3               1.245e-1       1596   1568
DequantizeLinear  1 x 2 x 1 x 1    1 x 2 x 1 x 1    -                -                         -              5      0
Flatten           1 x 2 x 1 x 1    1 x 2            -                -                         -              0      0
";
    assert!(table.contains("ONNX model of 8-bit integers\n"), "{table}");
    assert!(table.ends_with(expected), "{table}");
}

#[test]
fn ranges_are_from_the_smallest_to_the_largest() {
    assert_eq!(range([0.25, 0.5, 0.001]), "1.000e-3 to 5.000e-1");
    assert_eq!(range([0.25, 0.25]), "2.500e-1");
}
