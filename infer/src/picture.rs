//! Pictures of any size, colour and common format, made into the 28 x 28 grey pixels that models
//! take.

use std::io::Cursor;
use std::path::Path;

use image::imageops::{self, FilterType};
use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, ImageDecoder, ImageFormat, ImageReader, Limits, Luma};
use no_std_core::prepare::{self, Preparation, PrepareError};
use thiserror::Error;

use crate::file::{self, InFile, ReadError, display_name, one_line};

/// Width and height of a model's picture, in pixels.
pub const SIDE: usize = prepare::SIDE;

/// Pixels of a model's picture.
pub const PIXELS: usize = SIDE * SIDE;

/// A model's picture: grey, row by row from the top left, 0 black to 255 white.
pub type Pixels = [u8; PIXELS];

/// Largest width and height of a picture, in pixels.
pub const MAX_SIDE: u32 = prepare::MAX_SIDE;

/// Most bytes a decoded picture may take: the largest one with four bytes a pixel.
pub const MAX_DECODED_BYTES: u64 = (MAX_SIDE as u64).pow(2) * 4;

/// The formats that are read, as messages call them.
pub const FORMAT_NAMES: &str = "PNG, JPEG, BMP, GIF, PGM or WebP";

const FORMATS: [ImageFormat; 6] = [
    ImageFormat::Png,
    ImageFormat::Jpeg,
    ImageFormat::Bmp,
    ImageFormat::Gif,
    ImageFormat::Pnm,
    ImageFormat::WebP,
];

/// Why a picture was refused.
#[derive(Debug, Error)]
pub enum PictureError {
    /// It could not be read at all.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Its first bytes are those of no known picture format.
    #[error("expected a picture ({FORMAT_NAMES}), found {0}")]
    Format(String),
    /// It is wider or higher than [`MAX_SIDE`], or has no pixels.
    #[error("expected 1 x 1 to {MAX_SIDE} x {MAX_SIDE} pixels, found {width} x {height}")]
    Size {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// Decoded, it would take more than [`MAX_DECODED_BYTES`].
    #[error(
        "expected a picture of at most {} MiB once decoded, found {} MiB; save it with 8 bits a channel",
        MAX_DECODED_BYTES >> 20,
        bytes >> 20
    )]
    Memory {
        /// Size of the decoded pixels, in bytes.
        bytes: u64,
    },
    /// It is cut short, corrupt, or uses a rare feature of its format.
    #[error("expected a whole, well-formed picture, found: {0}")]
    Damaged(String),
    /// It shows no drawing that could be centred.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
}

impl From<image::ImageError> for PictureError {
    fn from(error: image::ImageError) -> Self {
        Self::Damaged(one_line(&error.to_string()))
    }
}

/// Reads a picture file for a model that takes pictures as they are: [`grey`], then [`prepare()`].
///
/// # Errors
///
/// See [`PictureError`].
pub fn open(path: &Path) -> Result<Pixels, InFile<PictureError>> {
    let bytes = file::read(path).map_err(PictureError::from);
    bytes
        .and_then(|bytes| prepare(&grey(&bytes)?, Preparation::PLAIN))
        .map_err(InFile::named(&display_name(path)))
}

/// Decodes a picture, whose format its first bytes tell.
///
/// Colours become their luma (ITU-R BT.709), transparent parts the white of paper. The picture is
/// turned as its EXIF orientation says. Of an animation, the first frame counts.
///
/// # Errors
///
/// See [`PictureError`]. Size and memory are checked before any pixel is decoded.
pub fn grey(bytes: &[u8]) -> Result<GrayImage, PictureError> {
    let mut decoder = decoder(bytes)?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut grey = DynamicImage::from(over_white(DynamicImage::from_decoder(decoder)?));
    grey.apply_orientation(orientation);
    Ok(grey.into_luma8())
}

/// Makes a grey picture the one that a model takes.
///
/// A plain preparation keeps every value of a picture of 28 x 28. One of another size is resized without keeping its
/// proportions: a convenience of this program, where boards refuse it. A centred preparation looks for the drawing in the
/// picture, and is the same everywhere: see [`no_std_core::prepare`].
///
/// # Errors
///
/// [`PictureError::Prepare`], of a centred preparation only.
pub fn prepare(grey: &GrayImage, preparation: Preparation) -> Result<Pixels, PictureError> {
    if preparation == Preparation::PLAIN {
        return Ok(resize(grey));
    }
    let (width, height) = grey.dimensions();
    let mut rows = prepare::Pixels::new(grey.as_raw(), width, height)?;
    let mut image = [0; PIXELS];
    preparation.prepare(&mut rows, &mut image)?;
    Ok(image.map(|value| (i16::from(value) + 128) as u8))
}

fn resize(grey: &GrayImage) -> Pixels {
    // A triangle kernel weighs all pixels that a target pixel covers and, unlike sharper ones,
    // leaves no halo around ink.
    let side = SIDE as u32;
    let small = imageops::resize(grey, side, side, FilterType::Triangle);
    let mut pixels = [0; PIXELS];
    pixels.copy_from_slice(small.as_raw());
    pixels
}

/// Whether the path ends like a picture's.
pub fn has_picture_extension(path: &Path) -> bool {
    ImageFormat::from_path(path).is_ok_and(|format| FORMATS.contains(&format))
}

/// A decoder that has read the header, of a picture within all limits.
fn decoder(bytes: &[u8]) -> Result<impl ImageDecoder, PictureError> {
    let format = format(bytes)?;
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    reader.limits(limits);
    let decoder = reader.into_decoder()?;

    let (width, height) = decoder.dimensions();
    if !(1..=MAX_SIDE).contains(&width) || !(1..=MAX_SIDE).contains(&height) {
        return Err(PictureError::Size { width, height });
    }
    if decoder.total_bytes() > MAX_DECODED_BYTES {
        return Err(PictureError::Memory {
            bytes: decoder.total_bytes(),
        });
    }
    Ok(decoder)
}

fn format(bytes: &[u8]) -> Result<ImageFormat, PictureError> {
    let format = match image::guess_format(bytes) {
        Ok(format) if FORMATS.contains(&format) => format,
        Ok(format) => return Err(PictureError::Format(format!("{format:?}"))),
        Err(_) if bytes.is_empty() => return Err(PictureError::Format("an empty file".into())),
        Err(_) => return Err(PictureError::Format("a file of another kind".into())),
    };
    if format == ImageFormat::Jpeg && !jpeg_is_whole(bytes) {
        return Err(PictureError::Damaged(
            "a JPEG that ends before its end marker".into(),
        ));
    }
    Ok(format)
}

/// Whether an end marker follows the last scan (ITU-T T.81, annex B): the decoder paints what is
/// missing grey without a word. Neither marker can appear inside a scan's data; those of an
/// embedded thumbnail come before the scan.
fn jpeg_is_whole(bytes: &[u8]) -> bool {
    let last = |marker| bytes.windows(2).rposition(|pair| pair == [0xFF, marker]);
    let (start_of_scan, end_of_image) = (last(0xDA), last(0xD9));
    end_of_image > start_of_scan
}

fn over_white(picture: DynamicImage) -> GrayImage {
    let picture = picture.into_luma_alpha8();
    GrayImage::from_fn(picture.width(), picture.height(), |x, y| {
        let [luma, alpha] = picture.get_pixel(x, y).0.map(u32::from);
        Luma([((luma * alpha + 255 * (255 - alpha) + 127) / 255) as u8])
    })
}

#[cfg(test)]
mod tests;
