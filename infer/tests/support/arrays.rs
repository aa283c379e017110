//! Files of `NumPy`, written byte by byte.

use std::io::{Cursor, Write};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// A `.npy` file of elements of the type that `NumPy` calls `descr`, such as `<f4`.
pub fn npy(descr: &str, shape: &[usize], elements: &[u8]) -> Vec<u8> {
    let sizes: Vec<String> = shape.iter().map(|size| format!("{size},")).collect();
    let sizes = sizes.concat();
    let mut header =
        format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({sizes}), }}");
    let len = (header.len() + 11).next_multiple_of(64) - 10;
    header = format!("{header:<width$}\n", width = len - 1);
    let len = u16::try_from(len).unwrap().to_le_bytes();
    [b"\x93NUMPY\x01\x00", &len[..], header.as_bytes(), elements].concat()
}

/// A `.npy` file of floats.
pub fn floats(shape: &[usize], elements: &[f32]) -> Vec<u8> {
    let bytes: Vec<u8> = elements.iter().flat_map(|one| one.to_le_bytes()).collect();
    npy("<f4", shape, &bytes)
}

/// A `.npz` file of such files, packed.
pub fn npz(arrays: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, array) in arrays {
        let options = SimpleFileOptions::default();
        archive.start_file(format!("{name}.npy"), options).unwrap();
        archive.write_all(array).unwrap();
    }
    archive.finish().unwrap().into_inner()
}
