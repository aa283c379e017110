//! `train pictures`.

use std::path::Path;

use crate::cli::PicturesArgs;
use crate::console::{Console, note};
use crate::data::pictures;
use crate::error::Error;

/// Pictures of our own, for when no others can be had.
const SAMPLE_PICTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/samples");

pub fn run(args: &PicturesArgs, console: &mut Console) -> Result<(), Error> {
    let folder = pictures::locate(args.offline, Path::new(SAMPLE_PICTURES))?;
    if folder == Path::new(SAMPLE_PICTURES) {
        note("the course's pictures could not be had; these are our own samples");
    }
    console.line(folder.display());
    Ok(())
}
