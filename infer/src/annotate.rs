//! Copies of pictures with what a model has found drawn on them.

use std::ffi::OsString;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::imageops::{self, FilterType};
use image::{ImageFormat, Rgb, RgbImage};
use thiserror::Error;

use crate::file::{self, InFile, WriteError, display_name, folder_of, one_line};
use crate::page::Page;
use crate::picture::{self, PictureError};
use crate::report::Measured;
use crate::source::Source;

mod canvas;

pub use canvas::Canvas;

/// Side that small pictures are enlarged to, in pixels, as far as whole factors bring them.
const SIDE: u32 = 256;

const PAPER: Rgb<u8> = Rgb([250, 250, 250]);
const ACCEPTED: Rgb<u8> = Rgb([0, 150, 60]);
const REFUSED: Rgb<u8> = Rgb([220, 40, 40]);

/// Why there is no annotated copy of a picture.
#[derive(Debug, Error)]
pub enum AnnotateError {
    #[error(transparent)]
    Picture(#[from] PictureError),
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error(
        "expected inputs outside of the folder of annotated copies, found this one in it; give --annotate another folder"
    )]
    Input,
    #[error("expected to encode a PNG, found: {0}")]
    Encode(#[from] image::ImageError),
}

/// A folder of annotated copies, in which no input lies.
#[derive(Debug)]
pub struct Annotations {
    folder: PathBuf,
}

impl Annotations {
    /// Creates the folder where it is missing.
    pub fn new(folder: &Path) -> Result<Self, WriteError> {
        file::prepare_folder(folder)?;
        Ok(Self {
            folder: folder.to_owned(),
        })
    }

    /// Writes the annotated copy of a picture, if there is one, in place of nothing that is there.
    pub fn write(
        &self,
        source: &Source,
        copy: Result<Vec<u8>, AnnotateError>,
    ) -> Result<(), InFile<AnnotateError>> {
        let write = || {
            let real = |path: &Path| path.canonicalize().ok();
            if real(folder_of(source.path())) == real(&self.folder) && source.path().exists() {
                return Err(AnnotateError::Input);
            }
            let copy = copy?;
            Ok(file::write(&self.free_path(source), &copy)?)
        };
        write().map_err(InFile::named(&display_name(source.path())))
    }

    /// The path of the copy: its name is the input's without extension, and a number where something else has that.
    fn free_path(&self, source: &Source) -> PathBuf {
        let name: OsString = match source.name().as_os_str() {
            name if name == "-" => "standard-input".into(),
            name => name.to_owned(),
        };
        let path = |number: &str| {
            let mut name = name.clone();
            name.push(number);
            name.push(".png");
            self.folder.join(name)
        };
        let (mut free, mut number) = (path(""), 1_u64);
        // A link to nothing is something, too.
        while free.symlink_metadata().is_ok() {
            number += 1;
            free = path(&format!("-{number}"));
        }
        free
    }
}

/// What `draw` makes of a picture file, as a PNG file.
pub fn drawn(
    file: &[u8],
    draw: impl FnOnce(RgbImage) -> RgbImage,
) -> Result<Vec<u8>, AnnotateError> {
    let mut copy = Cursor::new(Vec::new());
    draw(picture::coloured(file)?).write_to(&mut copy, ImageFormat::Png)?;
    Ok(copy.into_inner())
}

/// A picture, enlarged if it is small, above what the model has found in it.
pub fn captioned(picture: &RgbImage, measured: &Measured<'_>) -> RgbImage {
    let picture = enlarged(picture);
    let captions = measured.captions();
    let (width, height) = picture.dimensions();
    let scale = Canvas::scale_of(&captions, width);
    let line = Canvas::line_height(scale);
    let mut canvas = Canvas::new([width, height + captions.len() as u32 * line], PAPER);
    canvas.put(&picture);
    let colour = colour(measured.accepted());
    for (row, caption) in (0..).zip(&captions) {
        canvas.write(caption, [scale, height + row * line + scale], scale, colour);
    }
    canvas.into_image()
}

/// A page with a frame around each drawing, and what it is read as above it.
pub fn framed(picture: RgbImage, page: &Page, labels: &[String]) -> RgbImage {
    let (width, height) = picture.dimensions();
    let line = (width.max(height) / 500).max(1);
    let mut canvas = Canvas::of(picture);
    for found in page.lines.iter().flatten() {
        let [left, top, width, height] = found.area;
        let classes = &found.classes;
        let colour = colour(classes.accepted != Some(false));
        let percent = 100.0 * classes.probabilities[classes.class];
        let caption = format!("{} {percent:.0}%", one_line(&labels[classes.class]));
        let scale = (height.max(width) / 60).max(1);
        canvas.frame([left, top], [width, height], line, colour);
        // Where there is no room above, within.
        let above = top.saturating_sub(line + Canvas::line_height(scale));
        canvas.write(&caption, [left, above], scale, colour);
    }
    canvas.into_image()
}

/// The colour of what is found.
fn colour(accepted: bool) -> Rgb<u8> {
    if accepted { ACCEPTED } else { REFUSED }
}

/// A picture of such a size that letters on it can be read.
pub fn enlarged(picture: &RgbImage) -> RgbImage {
    let (width, height) = picture.dimensions();
    let factor = SIDE.div_ceil(width.max(height).max(1));
    let size = [width, height].map(|side| side.max(1) * factor);
    imageops::resize(picture, size[0], size[1], FilterType::Nearest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_of_one_name_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let annotations = Annotations::new(&folder.path().join("copies")).unwrap();
        let name = |path: &str| {
            let path = annotations.free_path(&Source(path.into()));
            std::fs::write(&path, "").unwrap();
            path.file_name().unwrap().to_owned()
        };
        for (path, expected) in [
            ("a/1.png", "1.png"),
            ("b/1.jpg", "1-2.png"),
            ("1-2.gif", "1-2-2.png"),
            ("1", "1-3.png"),
            ("-", "standard-input.png"),
        ] {
            assert_eq!(name(path), expected, "{path}");
        }
    }

    #[test]
    fn pictures_grow_by_whole_factors() {
        for (size, expected) in [
            ((28, 28), (280, 280)),
            ((255, 1), (510, 2)),
            ((256, 9), (256, 9)),
            ((3, 4000), (3, 4000)),
        ] {
            let picture = RgbImage::from_pixel(size.0, size.1, Rgb([1, 2, 3]));
            let picture = enlarged(&picture);
            assert_eq!(picture.dimensions(), expected);
            assert!(picture.pixels().all(|&pixel| pixel == Rgb([1, 2, 3])));
        }
    }
}
