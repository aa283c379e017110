//! The model, in flash.

use slots::Image;

/// Bytes at an address that suits words, for kernels that load several weights at once.
#[repr(C, align(4))]
struct Aligned<T: ?Sized>(T);

static FILE: &Aligned<[u8]> = &Aligned(*include_bytes!(concat!(env!("OUT_DIR"), "/model.q8")));

/// The flash file of the model that the firmware was built with.
pub static MODEL: &[u8] = &FILE.0;

/// What the model says about the image of the self-test, computed by this crate's build script.
pub const KNOWN_LOGITS: &[i8] = include!(concat!(env!("OUT_DIR"), "/known_logits.rs"));

/// What the first slot holds when the board is flashed. Boards without slots do not link it.
#[cfg(target_os = "none")]
#[allow(unsafe_code, reason = "only the linker knows where the slot is")]
// SAFETY: the name is the section's; nothing else is called so.
#[unsafe(export_name = "firmware_slot_a", link_section = ".slot_a")]
static SLOT_A: Image<{ MODEL.len() }> = Image::new(
    *include_bytes!(concat!(env!("OUT_DIR"), "/model.q8")),
    KNOWN_LOGITS,
);

/// And the second: a record that is erased, so that no update from before is newer.
#[cfg(target_os = "none")]
#[allow(unsafe_code, reason = "only the linker knows where the slot is")]
// SAFETY: as above.
#[unsafe(export_name = "firmware_slot_b", link_section = ".slot_b")]
static SLOT_B: [u8; slots::RECORD_LEN] = [0xFF; slots::RECORD_LEN];

/// Bytes of memory that the model takes for its activations.
pub const ARENA_LEN: usize =
    no_std_core::arena_len(include_bytes!(concat!(env!("OUT_DIR"), "/model.q8")));
