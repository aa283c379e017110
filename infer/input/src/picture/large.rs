//! Pictures too large to be held whole, made smaller while they are decoded.

use std::io::Cursor;

use image::{DynamicImage, GrayAlphaImage, GrayImage, ImageDecoder, ImageFormat, LumaA};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::{MAX_DECODED_BYTES, MAX_SIDE, PictureError};

/// Decodes a picture of this format; where both sides are at most [`MAX_SIDE`], in its own size, else in the largest
/// size that is a whole fraction of it.
///
/// PNG files are decoded row by row, and of JPEG files the brightness alone; of all others, and of rare kinds of those,
/// the decoded picture must fit [`MAX_DECODED_BYTES`].
pub fn decode(
    bytes: &[u8],
    format: ImageFormat,
    decoder: impl ImageDecoder,
) -> Result<GrayAlphaImage, PictureError> {
    let (width, height) = decoder.dimensions();
    let mut reduced = Reduced::new(width, height);
    let done = match format {
        ImageFormat::Png => png(bytes, &mut reduced)?,
        ImageFormat::Jpeg => jpeg(bytes, &mut reduced)?,
        _ => false,
    };
    if !done {
        let bytes = decoder.total_bytes();
        if bytes > MAX_DECODED_BYTES {
            return Err(PictureError::Memory { bytes });
        }
        reduced.push_all(&DynamicImage::from_decoder(decoder)?);
    }
    Ok(reduced.picture)
}

/// Decodes a PNG file, unless its rows are interlaced.
fn png(bytes: &[u8], reduced: &mut Reduced) -> Result<bool, PictureError> {
    let damaged = |error: png::DecodingError| PictureError::damaged(&error);
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(damaged)?;
    if reader.info().interlaced {
        return Ok(false);
    }
    let (color, _) = reader.output_color_type();
    let mut strip = Vec::new();
    for y in 0..reduced.height {
        let row = reader.next_row().map_err(damaged)?;
        let row =
            row.ok_or_else(|| PictureError::damaged(&"a PNG that ends before its last row"))?;
        strip.extend_from_slice(row.data());
        if (y + 1).is_multiple_of(reduced.factor) || y + 1 == reduced.height {
            let (width, rows) = (reduced.width, y % reduced.factor + 1);
            let whole = strip_of(color, width, rows, std::mem::take(&mut strip));
            let whole =
                whole.ok_or_else(|| PictureError::damaged(&"a PNG with rows of another length"))?;
            reduced.push(&whole);
        }
    }
    Ok(true)
}

/// Rows of a PNG file as a picture.
fn strip_of(color: png::ColorType, width: u32, rows: u32, bytes: Vec<u8>) -> Option<DynamicImage> {
    Some(match color {
        png::ColorType::Grayscale => GrayImage::from_raw(width, rows, bytes)?.into(),
        png::ColorType::GrayscaleAlpha => GrayAlphaImage::from_raw(width, rows, bytes)?.into(),
        png::ColorType::Rgb => image::RgbImage::from_raw(width, rows, bytes)?.into(),
        png::ColorType::Rgba => image::RgbaImage::from_raw(width, rows, bytes)?.into(),
        png::ColorType::Indexed => return None,
    })
}

/// Decodes the brightness of a JPEG file, unless it has none: few are RGB or for printing.
fn jpeg(bytes: &[u8], reduced: &mut Reduced) -> Result<bool, PictureError> {
    let options = DecoderOptions::default()
        .set_strict_mode(false)
        .set_max_width(usize::MAX)
        .set_max_height(usize::MAX)
        .jpeg_set_out_colorspace(ColorSpace::Luma);
    let mut decoder = JpegDecoder::new_with_options(Cursor::new(bytes), options);
    let damaged = |error: zune_jpeg::errors::DecodeErrors| PictureError::damaged(&error);
    decoder.decode_headers().map_err(damaged)?;
    if !matches!(
        decoder.input_colorspace(),
        Some(ColorSpace::YCbCr | ColorSpace::Luma)
    ) {
        return Ok(false);
    }
    let grey = decoder.decode().map_err(damaged)?;
    let grey = GrayImage::from_raw(reduced.width, reduced.height, grey);
    let grey =
        grey.ok_or_else(|| PictureError::damaged(&"a JPEG with fewer pixels than it says"))?;
    reduced.push_all(&grey.into());
    Ok(true)
}

/// A picture that grows from strips of a larger one, each pixel the mean of a square.
struct Reduced {
    /// Size of the larger one, in pixels.
    width: u32,
    height: u32,
    /// Side of the squares, in pixels; those at the right and at the bottom may be smaller.
    factor: u32,
    picture: GrayAlphaImage,
    /// Rows that are there.
    rows: u32,
}

impl Reduced {
    fn new(width: u32, height: u32) -> Self {
        let factor = width.max(height).div_ceil(MAX_SIDE).max(1);
        let picture = GrayAlphaImage::new(width.div_ceil(factor), height.div_ceil(factor));
        Self {
            width,
            height,
            factor,
            picture,
            rows: 0,
        }
    }

    fn push_all(&mut self, picture: &DynamicImage) {
        for y in (0..self.height).step_by(self.factor as usize) {
            let rows = self.factor.min(self.height - y);
            self.push(&picture.crop_imm(0, y, self.width, rows));
        }
    }

    /// Takes the next rows, as many as a square has.
    fn push(&mut self, strip: &DynamicImage) {
        let strip = strip.to_luma_alpha8();
        for x in 0..self.picture.width() {
            let columns = x * self.factor..((x + 1) * self.factor).min(self.width);
            let (mut light, mut alphas, mut lumas, mut count) = (0, 0, 0, 0);
            for row in 0..strip.height() {
                for column in columns.clone() {
                    let [luma, alpha] = strip.get_pixel(column, row).0.map(u64::from);
                    (light, alphas) = (light + luma * alpha, alphas + alpha);
                    (lumas, count) = (lumas + luma, count + 1);
                }
            }
            // Colours count by how opaque they are, and all alike where nothing is.
            let mean = |sum: u64, weight: u64| ((sum + weight / 2) / weight.max(1)) as u8;
            let luma = if alphas > 0 {
                mean(light, alphas)
            } else {
                mean(lumas, count)
            };
            self.picture
                .put_pixel(x, self.rows, LumaA([luma, mean(alphas, count)]));
        }
        self.rows += 1;
    }
}
