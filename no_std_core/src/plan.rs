//! How much memory a model needs.
//!
//! The caller owns one arena. The outputs of the layers alternate between its two ends, the first at the start: while a
//! layer runs, its input lies at one end and its output at the other, so the arena must hold the largest sum of two
//! outputs that follow each other. The image is not part of it.

use crate::format::{self, MAGIC, VERSION};

/// Bytes of arena that the model in a flash file needs: the size of a `static` beside an embedded model.
///
/// ```
/// # macro_rules! include_bytes { ($_:literal) => {
/// #     core::include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tiny.q8"))
/// # } }
/// const FILE: &[u8] = include_bytes!("digits.q8");
/// const ARENA_LEN: usize = no_std_core::arena_len(FILE);
/// # assert_eq!(ARENA_LEN, no_std_core::Model::new(FILE).unwrap().arena_len());
/// ```
///
/// Only the shapes in the layer table are looked at; [`Model::new`](crate::Model::new) checks the file.
///
/// # Panics
///
/// If the file is none of this version. Call it in constants, where that is an error of the compiler; at run time there
/// is [`Model::arena_len`](crate::Model::arena_len).
pub const fn arena_len(file: &[u8]) -> usize {
    match planned_len(file) {
        Some(len) => len,
        None => panic!("expected a flash file of this format version"),
    }
}

/// What [`arena_len`] gives, or `None` where it panics.
pub(crate) const fn planned_len(file: &[u8]) -> Option<usize> {
    let Some(header) = format::header(file) else {
        return None;
    };
    let mut longest = 0;
    let mut input = 0;
    let mut index = 0;
    while index < header.layers {
        let Some(layer) = format::layer_record(file, header.layers_at, index) else {
            return None;
        };
        let output = layer.output.elements();
        if input + output > longest {
            longest = input + output;
        }
        input = output;
        index += 1;
    }
    if longest > isize::MAX as u64 { None } else { Some(longest as usize) }
}
