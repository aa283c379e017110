//! The input that boards test themselves with.

/// Its value at an index, whatever shape the model's input has.
///
/// A texture of all values: an input with constant areas would not notice damage to the weights that they meet. Made as
/// needed, it takes no flash.
pub const fn known_value(index: usize) -> i8 {
    (((index * 151) ^ (index >> 3) ^ 0x80) as u8).cast_signed()
}
