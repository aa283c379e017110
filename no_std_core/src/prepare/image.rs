//! What a preparation makes, and of how much.

/// Width and height of an image, in pixels.
pub const SIDE: usize = 28;

/// Largest width and height of a picture, in pixels.
pub const MAX_SIDE: u32 = 8192;

/// An image, row by row from the top left: `pixel - 128`, so -128 is black and 127 white.
pub type Image = [i8; SIDE * SIDE];

/// The int8 value of a grey pixel, for models whose input zero point is -128.
///
/// ```
/// assert_eq!([0, 128, 255].map(no_std_core::quantize_pixel), [-128, 0, 127]);
/// ```
pub const fn quantize_pixel(pixel: u8) -> i8 {
    (pixel ^ 0x80).cast_signed()
}
