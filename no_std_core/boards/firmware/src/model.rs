//! The model, in flash.

/// Bytes at an address that suits words, for backends that load several weights at once.
#[repr(C, align(4))]
struct Aligned<T: ?Sized>(T);

static FILE: &Aligned<[u8]> = &Aligned(*include_bytes!(concat!(env!("OUT_DIR"), "/model.q8")));

/// The flash file of the model that the firmware was built with.
pub static MODEL: &[u8] = &FILE.0;

// By this crate's build script.
include!(concat!(env!("OUT_DIR"), "/model.rs"));

/// What the first slot holds when the board is flashed. Boards without slots do not link it.
#[cfg(target_os = "none")]
#[allow(unsafe_code, reason = "only the linker knows where the slot is")]
// SAFETY: only boards with slots have the section, and nothing else has the name.
#[unsafe(link_section = ".slot_a")]
#[unsafe(export_name = "firmware_slot_a")]
static SLOT_A: slots::Image<{ MODEL.len() }> = slots::Image::new(
    *include_bytes!(concat!(env!("OUT_DIR"), "/model.q8")),
    ANSWER,
);

/// And the second: a record that is erased, so that no update from before is newer.
#[cfg(target_os = "none")]
#[allow(unsafe_code, reason = "only the linker knows where the slot is")]
// SAFETY: as above.
#[unsafe(link_section = ".slot_b")]
#[unsafe(export_name = "firmware_slot_b")]
static SLOT_B: [u8; slots::RECORD_LEN] = [0xFF; slots::RECORD_LEN];

/// Bytes of memory that the model takes for its tensors.
pub const ARENA_LEN: usize =
    no_std_core::arena_len(include_bytes!(concat!(env!("OUT_DIR"), "/model.q8")));
