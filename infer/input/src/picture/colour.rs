//! Pictures in colours.

use image::{DynamicImage, ImageDecoder, Rgb, RgbImage};

use super::{MAX_DECODED_BYTES, PictureError, decoder, format, upright};

/// Decodes a picture, whose format its first bytes tell: red, green and blue of each pixel, transparent parts on white. Size
/// and memory are checked before any pixel is decoded.
pub fn rgb(bytes: &[u8]) -> Result<RgbImage, PictureError> {
    let (format, bytes) = format(bytes)?;
    let decoder = decoder(bytes, format)?;
    let bytes = decoder.total_bytes();
    if bytes > MAX_DECODED_BYTES {
        return Err(PictureError::Memory { bytes });
    }
    let picture = upright(decoder, DynamicImage::from_decoder)?;
    Ok(on_white(picture))
}

fn on_white(picture: DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.into_rgb8();
    }
    let picture = picture.into_rgba8();
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let [red, green, blue, alpha] = picture.get_pixel(x, y).0.map(u32::from);
        let laid = |colour: u32| ((colour * alpha + 255 * (255 - alpha) + 127) / 255) as u8;
        Rgb([red, green, blue].map(laid))
    })
}
