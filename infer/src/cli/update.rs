//! `infer update`.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use no_std_core::format::stored_checksum;

use super::progress::Progress;
use super::{Error, read_model};
use crate::device;
use crate::flash::FlashModel;

#[derive(Debug, Args)]
pub struct Update {
    /// The board: a serial port like /dev/ttyACM0, or unix:PATH or tcp:HOST:PORT for an emulated one
    #[arg(long, value_name = "PORT")]
    device: String,

    /// Flash file (.q8), as the trainer writes it
    #[arg(value_name = "MODEL")]
    model: PathBuf,
}

/// Gives the board the model, and says so.
pub fn run(options: &Update, output: &mut impl Write) -> Result<(), Error> {
    let (bytes, name) = read_model(&options.model)?;
    // What `infer` cannot run never gets to the board.
    FlashModel::from_bytes(&bytes, &name)?;
    let progress = Progress::new(bytes.len(), "bytes", true);
    let board = device::update(&options.device, &bytes, |done| progress.show(done))?;
    drop(progress);
    let checksum = stored_checksum(&bytes).unwrap_or_default();
    Ok(writeln!(
        output,
        "{board} runs {name} now: {} bytes, checksum {checksum:#010x}",
        bytes.len()
    )?)
}
