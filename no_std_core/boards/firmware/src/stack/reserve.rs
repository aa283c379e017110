//! How much memory is set aside for the stack; what measures firmware reads this, too.

/// Bytes at the end of memory. What the firmware takes of them is measured by `cargo xtask firmware bench`, except on the
/// ESP32-C3, where the vendor's code takes more.
pub const fn stack_len(is_riscv: bool) -> usize {
    if is_riscv { 16 * 1024 } else { 6 * 1024 }
}
