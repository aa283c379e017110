//! The image of the self-test.

/// The pixel at an index below 784 of the image that boards test themselves with.
///
/// No digit but a texture of all grey levels: an image with black areas would not notice damage to the weights that
/// they meet. Made as needed, it takes no flash.
pub const fn known_pixel(index: usize) -> u8 {
    ((index * 151) ^ (index >> 3)) as u8
}
