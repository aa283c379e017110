//! How much memory a model needs.
//!
//! The caller owns one arena. The outputs of the layers alternate between its two ends, the first at the start: while a
//! layer runs, its input lies at one end and its output at the other, so the arena must hold the largest sum of two
//! outputs that follow each other: 3,136 + 1,568 bytes for the digits network. The image is not part of it.
//!
//! A convolution that wrote over the rows of its input that it no longer reads would need 3,584 bytes there, and a plan
//! that knows how far each kernel looks back. The two ends need to know nothing.

use crate::format::{self, MAX_ELEMENTS};

/// Bytes of arena that the model in a flash file needs: the size of a `static` beside an embedded model.
///
/// ```
/// const FILE: &[u8] = include_bytes!("../tests/tiny.q8");
/// const ARENA_LEN: usize = no_std_core::arena_len(FILE);
/// assert_eq!(ARENA_LEN, no_std_core::Model::new(FILE)?.arena_len());
/// # Ok::<(), no_std_core::FormatError>(())
/// ```
///
/// Of the file only the version and the shapes of the layers are looked at; [`Model::new`](crate::Model::new) checks it.
///
/// # Panics
///
/// If the bytes are no flash file of this version. Call it in constants, where that is an error of the compiler; at run
/// time there is [`Model::arena_len`](crate::Model::arena_len).
pub const fn arena_len(file: &[u8]) -> usize {
    assert!(
        format::is_of_this_version(file),
        "expected a flash file of this version, found other bytes; quantize again"
    );
    match planned_len(file) {
        Some(len) => len,
        None => panic!("expected a whole flash file whose layers fit the memory, found another"),
    }
}

/// Bytes of arena that the layers of a file need. `None` if the layer table ends beyond the file or they need too many.
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
    if longest > MAX_ELEMENTS as u64 || longest > isize::MAX as u64 {
        None
    } else {
        Some(longest as usize)
    }
}

/// Where the layer at `index` finds its input, the output of the layer before, and where it writes its own. `None` if the
/// arena is too small for them.
pub(crate) fn split(
    arena: &mut [i8],
    index: u8,
    input_len: usize,
    output_len: usize,
) -> Option<(&[i8], &mut [i8])> {
    let (first, second) = if index.is_multiple_of(2) {
        (output_len, input_len)
    } else {
        (input_len, output_len)
    };
    let (front, rest) = arena.split_at_mut_checked(first)?;
    let back = rest.get_mut(rest.len().checked_sub(second)?..)?;
    Some(if index.is_multiple_of(2) {
        (back, front)
    } else {
        (front, back)
    })
}
