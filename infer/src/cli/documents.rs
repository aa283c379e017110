//! `infer completions` and `infer manual`: what packages install beside the program.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};

use super::{Cli, Error};

#[derive(Debug, Args)]
pub struct Completions {
    /// The shell that is to complete the command line
    #[arg(value_enum)]
    shell: Shell,
}

#[derive(Debug, Args)]
pub struct Manual {
    /// Folder for the pages, one of the program and one of each command; made if it is not there
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

/// Prints what the shell reads to complete the command line.
pub fn completions(options: &Completions, output: &mut impl Write) -> Result<(), Error> {
    // The generator panics where it cannot write, as it cannot to a pipe that is closed.
    let mut script = Vec::new();
    generate(options.shell, &mut Cli::command(), "infer", &mut script);
    Ok(output.write_all(&script)?)
}

/// Writes the pages that `man` shows.
pub fn manual(options: &Manual) -> Result<(), Error> {
    let folder = &options.folder;
    let written =
        fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(Cli::command(), folder));
    written.map_err(|error| Error::Manual {
        folder: folder.display().to_string(),
        error,
    })
}
