//! The model, in flash.

/// Bytes at an address that suits words, for kernels that load several weights at once.
#[repr(C, align(4))]
struct Aligned<T: ?Sized>(T);

static FILE: &Aligned<[u8]> = &Aligned(*include_bytes!(concat!(env!("OUT_DIR"), "/model.q8")));

/// The flash file of the model that the firmware was built with.
pub static MODEL: &[u8] = &FILE.0;

/// Bytes of memory that the model takes for its activations.
pub const ARENA_LEN: usize =
    no_std_core::arena_len(include_bytes!(concat!(env!("OUT_DIR"), "/model.q8")));
