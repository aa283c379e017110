//! How much memory a model needs, and where in it each layer reads and writes.
//!
//! The caller owns one arena. The outputs of the layers alternate between its two ends: while a layer runs, its input lies
//! at one end and its output at the other. Layers work from the top down, so one that writes at the start may overwrite
//! the rows of its input, at the end, that it has left behind; the two then overlap. One that writes at the end would
//! overwrite rows that it still needs. Of the two orders to alternate in, the plan takes the one that needs less. The
//! image is not part of the arena.

use core::ops::Range;

use crate::format::{self, LayerRecord, MAX_ELEMENTS};

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
    match Plan::of(file) {
        Some(plan) => plan.arena_len,
        None => panic!("expected a whole flash file whose layers fit the memory, found another"),
    }
}

/// Where the layers of a model have their outputs.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    /// Bytes of the whole arena.
    pub arena_len: usize,
    /// Whether the layers at even indices have their outputs at the end of the arena, the others at its start.
    even_at_end: bool,
}

impl Plan {
    /// The plan of the model in a file. `None` if the layer table ends beyond the file or the arena would be too large.
    pub const fn of(file: &[u8]) -> Option<Self> {
        let Some(header) = format::header(file) else {
            return None;
        };
        // The bytes needed if the layers at even indices write at the start, and if they write at the end.
        let mut needed = [0; 2];
        let mut index = 0;
        while index < header.layers {
            let Some(layer) = format::layer_record(file, header.layers_at, index) else {
                return None;
            };
            let (at_start, at_end) = if index == 0 {
                (layer.output.elements(), layer.output.elements())
            } else {
                let apart = layer.input.elements() + layer.output.elements();
                (overlapping_len(&layer), apart)
            };
            let even = index.is_multiple_of(2) as usize;
            needed[1 - even] = max(needed[1 - even], at_start);
            needed[even] = max(needed[even], at_end);
            index += 1;
        }
        let even_at_end = needed[1] < needed[0];
        let arena_len = needed[even_at_end as usize];
        if arena_len > MAX_ELEMENTS as u64 || arena_len > isize::MAX as u64 {
            return None;
        }
        Some(Self {
            arena_len: arena_len as usize,
            even_at_end,
        })
    }

    const fn is_at_end(self, index: u8) -> bool {
        index.is_multiple_of(2) == self.even_at_end
    }

    /// What a step of the layer at `index` works on: the `read` part of its input, up to its end, and the `written` part
    /// of its output. `None` if the arena is too small for them.
    pub fn split(
        self,
        arena: &mut [i8],
        index: u8,
        [input_len, output_len]: [usize; 2],
        read: usize,
        written: Range<usize>,
    ) -> Option<(&[i8], &mut [i8])> {
        if self.is_at_end(index) {
            let (start, end) = arena.split_at_mut_checked(arena.len().checked_sub(output_len)?)?;
            Some((start.get(read..input_len)?, end.get_mut(written)?))
        } else {
            let unread = input_len.checked_sub(read)?;
            let (start, end) = arena.split_at_mut_checked(arena.len().checked_sub(unread)?)?;
            Some((end, start.get_mut(written)?))
        }
    }

    /// The output of the layer at `index`. `None` if the arena is too small for it.
    pub fn output(self, arena: &[i8], index: u8, len: usize) -> Option<&[i8]> {
        if self.is_at_end(index) {
            arena.get(arena.len().checked_sub(len)?..)
        } else {
            arena.get(..len)
        }
    }
}

/// Bytes for input and output of a layer that writes at the start and reads at the end.
const fn overlapping_len(layer: &LayerRecord) -> u64 {
    let row_len = layer.output.columns as u64 * layer.output.channels as u64;
    let mut needed = layer.input.elements();
    let mut row = 0;
    while row < layer.output.rows {
        let unread = layer.input.elements() - layer.first_read(row as usize) as u64;
        row += 1;
        needed = max(needed, row as u64 * row_len + unread);
    }
    needed
}

const fn max(a: u64, b: u64) -> u64 {
    if a > b { a } else { b }
}
