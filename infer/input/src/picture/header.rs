//! What a picture file says of itself before it is decoded.

use image::metadata::Orientation;
use image::{ImageDecoder, ImageFormat};

use super::{PictureError, decoder, format};

/// The header of a picture file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Rows of the picture as it is seen, turned as its EXIF orientation says.
    pub rows: u32,
    /// Its columns.
    pub columns: u32,
    /// What the format is called.
    pub format: &'static str,
    /// Whether pixels may have a colour; they may be grey all the same.
    pub has_colours: bool,
    /// Whether pixels may be transparent.
    pub has_transparency: bool,
    /// Whether the EXIF orientation turns or mirrors what the file holds.
    pub is_turned: bool,
}

/// Reads the header of a picture within the limits.
pub fn header(bytes: &[u8]) -> Result<Header, PictureError> {
    let (format, bytes) = format(bytes)?;
    let mut decoder = decoder(bytes, format)?;
    let (width, height) = decoder.dimensions();
    let color = decoder.color_type();
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let swaps = matches!(
        orientation,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    );
    let (rows, columns) = if swaps {
        (width, height)
    } else {
        (height, width)
    };
    Ok(Header {
        rows,
        columns,
        format: name(format),
        has_colours: color.has_color(),
        has_transparency: color.has_alpha(),
        is_turned: orientation != Orientation::NoTransforms,
    })
}

fn name(format: ImageFormat) -> &'static str {
    match format {
        ImageFormat::Png => "PNG",
        ImageFormat::Jpeg => "JPEG",
        ImageFormat::Bmp => "BMP",
        ImageFormat::Gif => "GIF",
        ImageFormat::Pnm => "PNM",
        ImageFormat::WebP => "WebP",
        _ => "another",
    }
}
