//! `cargo xtask library`: a model and the core as a static library for C.

mod archive;
mod folder;
mod header;
mod model;
mod name;
mod platforms;
mod program;
mod projects;
mod suite;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::firmware::subject::Subject;
use crate::firmware::toolchain::Toolchain;
use crate::table::aligned;
use archive::Archive;
use name::Name;

pub use suite::suite;

/// Bytes of the largest model that compilers are given as an array.
const LARGEST: usize = 16 << 20;

/// What is made, and where it is put.
#[derive(Debug, Args)]
pub struct Options {
    /// What programs are compiled for: a target of the Rust compiler
    #[arg(long, value_name = "TARGET", value_parser = PossibleValuesParser::new(platforms::triples()))]
    target: String,

    /// The processor, where the target alone does not say what it can do: cortex-m33 for one with the DSP extension
    #[arg(long, value_name = "NAME")]
    cpu: Option<String>,

    /// The model, a flash file (.q8)
    #[arg(long, value_name = "FILE")]
    model: PathBuf,

    /// What the library and its constants are called [default: the name of the model's file]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// The folder to write
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// What a library is made of.
struct Library<'l> {
    platform: &'static platforms::Platform,
    name: Name,
    subject: &'l Subject,
    archive: Archive,
}

/// Writes the library, with tools and builds in the folder `target`. Paths are seen from the folder `from`.
pub fn run(options: &Options, from: &Path, target: &Path) -> Result<ExitCode> {
    let subject = Subject::open(&from.join(&options.model))?;
    ensure!(
        subject.file.len() <= LARGEST,
        "{}: expected a model of at most {LARGEST} bytes, which compilers take as an array, found {}",
        options.model.display(),
        subject.file.len()
    );
    let name = match &options.name {
        Some(name) => Name::new(name)?,
        None => Name::of_file(&options.model)?,
    };
    let platform = platforms::named(&options.target);
    let out = from.join(&options.out);
    folder::check(&out, platform, &name)?;
    let toolchain = Toolchain::find(&target.join("tools"), &[platform.triple])?;
    let cpu = options.cpu.as_deref();
    let archive = archive::build(&toolchain, platform, cpu, &subject.path, target)?;
    let library = Library {
        platform,
        name,
        subject: &subject,
        archive,
    };
    folder::write(&library, &out)?;
    print!("{}", library.report(&out)?);
    Ok(ExitCode::SUCCESS)
}

impl Library<'_> {
    /// What was written, and what it takes.
    fn report(&self, out: &Path) -> Result<String> {
        let mut rows = Vec::new();
        let mut row = |left: &str, right: String| rows.push(vec![left.to_owned(), right]);
        for file in folder::files(self.platform, &self.name) {
            let len = fs::metadata(out.join(&file))?.len();
            row(&file.display().to_string(), format!("{len} bytes"));
        }
        row(
            "model in flash",
            format!("{} bytes", self.subject.file.len()),
        );
        row(
            "arena",
            format!("{} bytes", self.subject.model().arena_len()),
        );
        Ok(aligned(&rows))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    #[test]
    fn what_cannot_become_a_library_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
        let model = include_bytes!("../../../no_std_core/tests/tiny.q8");
        write("tiny.q8", model);
        write("2.q8", model);
        write("text.q8", &[b'a'; 100]);
        let mut old = model.to_vec();
        old[8] = 1;
        write("old.q8", &old);
        for (words, expected) in [
            (
                "--model none.q8 --out new",
                "none.q8: expected a flash file",
            ),
            (
                "--model text.q8 --out new",
                "text.q8: byte 0: expected a flash file as",
            ),
            (
                "--model old.q8 --out new",
                "old.q8: byte 8: expected format version 2, found 1",
            ),
            (
                "--model 2.q8 --out new",
                "2.q8: expected a file whose name can be a library's",
            ),
            (
                "--model tiny.q8 --name Tiny --out new",
                "--name: expected up to",
            ),
            ("--model tiny.q8 --out .", "found "),
        ] {
            let words = words.split(' ');
            let words = ["library", "--target", "thumbv6m-none-eabi"]
                .into_iter()
                .chain(words);
            let line = Line::try_parse_from(words).unwrap();
            let error = run(&line.options, folder.path(), Path::new("target")).unwrap_err();
            let error = format!("{error:#}");
            assert!(error.contains(expected), "{error}");
            assert!(!folder.path().join("new").exists());
        }
    }
}
