//! Pictures of any size, colour and common format, made into the pixels that a model takes: grey ones of 28 x 28 for
//! digits, else of any size, grey or in colours.

use std::fmt::Display;
use std::fs::File;
use std::io::Cursor;
use std::ops::Deref;
use std::path::Path;

use image::imageops::{self, FilterType};
use image::metadata::Orientation;
use image::{
    DynamicImage, GrayImage, ImageBuffer, ImageDecoder, ImageFormat, ImageReader, Limits, Luma, Rgb,
};
use no_std_core::prepare::{self, Fit, Preparation, PrepareError};
use thiserror::Error;

use crate::file::{InFile, ReadError, display_name, one_line, read_all};

mod colour;
mod fit;
mod ground;
mod header;
mod jpeg;
mod large;

pub use colour::rgb as coloured;
pub use fit::apply;
pub use header::{Header, header};

/// Width and height of a picture of a digit, in pixels.
pub const SIDE: usize = prepare::SIDE;

/// Pixels of a picture of a digit.
pub const PIXELS: usize = SIDE * SIDE;

/// A picture of a digit: grey, row by row from the top left, 0 black to 255 white.
pub type Pixels = [u8; PIXELS];

/// Largest width and height of a picture once it is decoded, in pixels; larger ones are made smaller meanwhile.
pub const MAX_SIDE: u32 = prepare::MAX_SIDE;

/// Most pixels of a picture in a file: 200 megapixels.
pub const MAX_PIXELS: u64 = 200 << 20;

/// Most bytes of a picture file: those of the largest one without compression, three bytes a pixel.
pub const MAX_FILE_BYTES: u64 = 3 * MAX_PIXELS + (1 << 20);

/// Most bytes that a decoded picture may take where it has to be decoded whole: 1 GiB.
pub const MAX_DECODED_BYTES: u64 = 1 << 30;

/// Most bytes that a picture takes which is decoded whole for no need.
const WHOLE_BYTES: u64 = MAX_SIDE as u64 * MAX_SIDE as u64 * 4;

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
#[allow(missing_docs, reason = "the messages say it")]
pub enum PictureError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("expected a picture ({FORMAT_NAMES}), found {0}")]
    Format(String),
    #[error(
        "expected a picture of 1 pixel to {} megapixels, found {width} x {height} pixels; save it smaller",
        MAX_PIXELS >> 20
    )]
    Size { width: u32, height: u32 },
    #[error(
        "expected a picture of at most {} MiB once decoded, found {} MiB; save it smaller, with 8 bits a channel, or as a PNG without interlacing",
        MAX_DECODED_BYTES >> 20,
        bytes >> 20
    )]
    Memory { bytes: u64 },
    #[error("{}", PrepareError::NoInk)]
    Blank,
    #[error("expected a whole, well-formed picture, found: {0}")]
    Damaged(String),
    #[error(transparent)]
    Prepare(#[from] PrepareError),
}

impl PictureError {
    /// Whether the picture is whole and left unread: there is no drawing in it, or several.
    pub fn is_unread(&self) -> bool {
        use PrepareError::{NoInk, Several};
        matches!(self, Self::Blank | Self::Prepare(NoInk | Several))
    }

    fn damaged(problem: &dyn Display) -> Self {
        Self::Damaged(one_line(&problem.to_string()))
    }
}

impl From<image::ImageError> for PictureError {
    fn from(error: image::ImageError) -> Self {
        Self::damaged(&error)
    }
}

/// Reads a picture file for a model of digits that takes pictures as they are: [`grey`], then [`prepare()`].
pub fn open(path: &Path) -> Result<Pixels, InFile<PictureError>> {
    let file = File::open(path).map_err(ReadError::from);
    let bytes = file.and_then(|file| read_all(file, MAX_FILE_BYTES));
    let pixels = bytes
        .map_err(PictureError::from)
        .and_then(|bytes| prepare(&grey(&bytes)?, Preparation::PLAIN));
    pixels.map_err(InFile::named(&display_name(path)))
}

/// The pixels that a picture file makes for a model whose pictures have so many rows, columns and channels: one of grey, see
/// [`grey`], or three of colours. See [`of_raw`].
pub fn pixels(
    file: &[u8],
    shape: [usize; 3],
    preparation: Preparation,
) -> Result<Vec<u8>, PictureError> {
    let (pixels, rows) = raw(file, shape[2])?;
    of_raw(&pixels, rows, shape, preparation)
}

/// The pixels that a picture of so many rows, in the channels of the model, makes for a model whose pictures have this shape.
/// `[row][column][channel]`, scaled as the preparation says; of a model of digits that does not say it, prepared as
/// [`prepare()`] says, and stretched for other such models.
pub fn of_raw(
    pixels: &[u8],
    rows: u32,
    [height, width, channels]: [usize; 3],
    preparation: Preparation,
) -> Result<Vec<u8>, PictureError> {
    let is_of_digits =
        preparation.box_side().is_some() || [height, width, channels] == [SIDE, SIDE, 1];
    let fit = match preparation.fit() {
        None if is_of_digits => None,
        fit => Some(fit.unwrap_or(Fit::Stretch)),
    };
    let columns = (pixels.len() as u64 / (u64::from(rows) * channels as u64).max(1)) as u32;
    let wrong = PrepareError::Length {
        width: columns,
        height: rows,
    };
    Ok(match fit {
        None => {
            let grey = ImageBuffer::from_raw(columns, rows, pixels).ok_or(wrong)?;
            prepare(&grey, preparation)?.to_vec()
        }
        Some(fit) if channels == 1 => {
            let grey = ImageBuffer::<Luma<u8>, _>::from_raw(columns, rows, pixels);
            apply(fit, &grey.ok_or(wrong)?, [height, width])?
        }
        Some(fit) => {
            let rgb = ImageBuffer::<Rgb<u8>, _>::from_raw(columns, rows, pixels);
            apply(fit, &rgb.ok_or(wrong)?, [height, width])?
        }
    })
}

/// The pixels of a picture file in so many rows, columns and channels: one of grey, see [`grey`], or three of colours, laid on
/// white. `[row][column][channel]`.
pub fn fitted(
    file: &[u8],
    [rows, columns, channels]: [usize; 3],
    fit: Fit,
) -> Result<Vec<u8>, PictureError> {
    Ok(if channels == 1 {
        apply(fit, &grey(file)?, [rows, columns])?
    } else {
        apply(fit, &colour::rgb(file)?, [rows, columns])?
    })
}

/// The pixels of a picture file in its own size, in one channel of grey or three of colours, and the number of its rows.
pub fn raw(file: &[u8], channels: usize) -> Result<(Vec<u8>, u32), PictureError> {
    Ok(if channels == 1 {
        let grey = grey(file)?;
        let rows = grey.height();
        (grey.into_raw(), rows)
    } else {
        let rgb = colour::rgb(file)?;
        let rows = rgb.height();
        (rgb.into_raw(), rows)
    })
}

/// Decodes a picture, whose format its first bytes tell.
///
/// Colours become their luma (ITU-R BT.709; of a JPEG of more than [`MAX_SIDE`] BT.601). Transparent parts become the
/// white of paper, or black where light ink would not be seen on it. The picture is turned as its EXIF orientation says.
/// Of an animation, the first frame counts. Size and memory are checked before any pixel is decoded.
pub fn grey(bytes: &[u8]) -> Result<GrayImage, PictureError> {
    let (format, bytes) = format(bytes)?;
    let decoder = decoder(bytes, format)?;
    let (width, height) = decoder.dimensions();
    let small = width.max(height) <= MAX_SIDE && decoder.total_bytes() <= WHOLE_BYTES;
    let grey = upright(decoder, |decoder| {
        let picture = if small {
            DynamicImage::from_decoder(decoder)?.into_luma_alpha8()
        } else {
            large::decode(bytes, format, decoder)?
        };
        Ok::<_, PictureError>(ground::lay(&picture).into())
    })?;
    Ok(grey.into_luma8())
}

/// What `decode` makes of a picture, turned as its EXIF orientation says.
fn upright<D: ImageDecoder, E: Into<PictureError>>(
    mut decoder: D,
    decode: impl FnOnce(D) -> Result<DynamicImage, E>,
) -> Result<DynamicImage, PictureError> {
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = decode(decoder).map_err(E::into)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

/// Makes a grey picture the one that a model of digits takes.
///
/// A plain preparation keeps every value of a picture of 28 x 28. One of another size is resized without keeping its
/// proportions: a convenience of this program, where boards refuse it. Others are the same everywhere: see
/// [`no_std_core::prepare`].
pub fn prepare<C: Deref<Target = [u8]>>(
    grey: &ImageBuffer<Luma<u8>, C>,
    preparation: Preparation,
) -> Result<Pixels, PictureError> {
    if preparation == Preparation::PLAIN {
        let pixels = resize(grey);
        return if is_blank(&pixels) {
            Err(PictureError::Blank)
        } else {
            Ok(pixels)
        };
    }
    let (width, height) = grey.dimensions();
    let mut rows = prepare::Pixels::new(grey.as_raw(), width, height)?;
    let mut image = [0; PIXELS];
    preparation.prepare(&mut rows, &mut image)?;
    Ok(image.map(|value| (i16::from(value) + 128) as u8))
}

/// Whether all pixels are of one grey, but for what no eye sees: then there is no drawing.
pub fn is_blank(pixels: &[u8]) -> bool {
    const STEPS: u8 = 2;
    let range = |(least, most): (u8, u8), &pixel: &u8| (least.min(pixel), most.max(pixel));
    let (least, most) = pixels.iter().fold((u8::MAX, 0), range);
    most.saturating_sub(least) <= STEPS
}

/// The picture that a model of digits has always been shown.
fn resize<C: Deref<Target = [u8]>>(grey: &ImageBuffer<Luma<u8>, C>) -> Pixels {
    let side = SIDE as u32;
    // A triangle kernel weighs all pixels that a target pixel covers and, unlike sharper ones, leaves no halo around ink.
    let resized = imageops::resize(grey, side, side, FilterType::Triangle);
    let mut pixels = [0; PIXELS];
    pixels.copy_from_slice(resized.as_raw());
    pixels
}

/// Whether bytes begin like those of a picture, in whichever format.
pub fn recognizes(bytes: &[u8]) -> bool {
    image::guess_format(bytes).is_ok()
}

/// Whether the path ends like a picture's.
pub fn has_picture_extension(path: &Path) -> bool {
    ImageFormat::from_path(path).is_ok_and(|format| FORMATS.contains(&format))
}

/// A decoder that has read the header, of a picture within the limits.
fn decoder(bytes: &[u8], format: ImageFormat) -> Result<impl ImageDecoder, PictureError> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    reader.limits(limits);
    let decoder = reader.into_decoder()?;
    let (width, height) = decoder.dimensions();
    match u64::from(width) * u64::from(height) {
        1..=MAX_PIXELS => Ok(decoder),
        _ => Err(PictureError::Size { width, height }),
    }
}

/// The format, and the bytes that belong to the picture.
fn format(bytes: &[u8]) -> Result<(ImageFormat, &[u8]), PictureError> {
    match image::guess_format(bytes) {
        Ok(ImageFormat::Jpeg) => match jpeg::whole(bytes) {
            Some(bytes) => Ok((ImageFormat::Jpeg, bytes)),
            None => Err(PictureError::damaged(
                &"a JPEG that ends before its end marker",
            )),
        },
        Ok(format) if FORMATS.contains(&format) => Ok((format, bytes)),
        Ok(format) => Err(PictureError::Format(format!("{format:?}"))),
        Err(_) if bytes.is_empty() => Err(PictureError::Format("an empty file".into())),
        Err(_) => Err(PictureError::Format("a file of another kind".into())),
    }
}

#[cfg(test)]
mod tests;
