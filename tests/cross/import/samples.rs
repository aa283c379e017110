//! Inputs and outputs beside models, those in half floats too.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use ndarray::{ArrayD, arr1};
use train::data::arrays;
use zip::ZipArchive;

/// The arrays of a file with their names, as floats. Those of half floats have one axis, as all that is compared is in one
/// order.
pub fn read(path: &Path) -> Vec<(String, ArrayD<f32>)> {
    let mut arrays = arrays::read(path).unwrap_or_default();
    let mut archive = ZipArchive::new(File::open(path).unwrap()).unwrap();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        let end = 10 + usize::from(bytes[8]) + 256 * usize::from(bytes[9]);
        let (header, numbers) = bytes.split_at(end);
        if String::from_utf8_lossy(header).contains("'<f2'") {
            let (halves, _) = numbers.as_chunks();
            let floats: Vec<f32> = halves
                .iter()
                .map(|&bytes| float(u16::from_le_bytes(bytes)))
                .collect();
            let name = entry.name().trim_end_matches(".npy").to_owned();
            arrays.push((name, arr1(&floats).into_dyn()));
        }
    }
    arrays
}

/// The number of a half float that is neither infinite nor less than the least normal one.
fn float(half: u16) -> f32 {
    let (sign, exponent, fraction) = (half >> 15, half >> 10 & 31, half & 1023);
    assert!(exponent < 31, "{half:#x}");
    let magnitude = match exponent {
        0 => f32::from(fraction) / 16_777_216.0,
        _ => (1.0 + f32::from(fraction) / 1024.0) * 2_f32.powi(i32::from(exponent) - 15),
    };
    if sign == 1 { -magnitude } else { magnitude }
}
