//! `cargo xtask demo`: trains a network twice and compares what it makes of real pictures, on a fresh machine.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::build;
use crate::command::{describe, output, relative, run, status};
use crate::comparison::side_by_side;
use crate::console::{heading, human};
use crate::onnxruntime;
use crate::workspace::executable;

/// The file of a run that `infer` reads.
const MODEL: &str = "digits.onnx";

/// Training images an epoch on tract, which keep the whole demo within minutes.
const TRACT_IMAGES: &str = "12000";

/// Builds the programs and runs the demo, which leaves its models in the folder `demo` of `target`.
pub fn demo(target: &Path) -> Result<()> {
    let start = Instant::now();
    heading("Build");
    let mut demo = Demo::new(target, built("dev")?);
    let built_after = start.elapsed();
    demo.tour(|| onnxruntime::library(target), || built("release"))?;
    println!(
        "Took {}, {} of it building.",
        human(start.elapsed()),
        human(built_after)
    );
    Ok(())
}

/// The programs.
struct Programs {
    train: PathBuf,
    infer: PathBuf,
}

fn built(profile: &str) -> Result<Programs> {
    let messages = build::programs(profile)?;
    Ok(Programs {
        train: executable(&messages, "train")?,
        infer: executable(&messages, "infer")?,
    })
}

struct Demo {
    programs: Programs,
    /// Where the models go.
    folder: PathBuf,
    /// The ONNX Runtime that children load; none leaves the choice to them.
    library: Option<PathBuf>,
    /// Where the user says that MNIST lies.
    mnist: Option<OsString>,
    /// What every `train fit` needs on this machine.
    fit_options: Vec<&'static str>,
}

impl Demo {
    fn new(target: &Path, programs: Programs) -> Self {
        Self {
            programs,
            folder: relative(target).join("demo"),
            library: None,
            mnist: env::var_os("MNIST_DIR").filter(|folder| !folder.is_empty()),
            fit_options: Vec::new(),
        }
    }

    /// `optimize` builds the programs anew where tract trains, which takes optimised code.
    fn tour(
        &mut self,
        install: impl FnOnce() -> Result<PathBuf>,
        optimize: impl FnOnce() -> Result<Programs>,
    ) -> Result<()> {
        heading("Runtime");
        if self.choose_runtime(install)? == "tract" {
            self.programs = optimize()?;
        }
        heading("Training images");
        let data = self.choose_data()?;
        heading("Pictures");
        let pictures = self.pictures()?;
        heading("Network");
        show(&mut self.train(["summary"]))?;

        heading(&format!("Train on {data}"));
        self.clear()?;
        let plain = self.folder.join("plain");
        self.fit(&plain, &[])?;
        let before = self.predict(&plain, &pictures)?;

        heading("Train on, with inverted images too");
        let inverted = self.folder.join("inverted");
        let resume = [
            "--resume".as_ref(),
            plain.as_os_str(),
            "--augment".as_ref(),
            "invert".as_ref(),
        ];
        self.fit(&inverted, &resume)?;
        let after = self.predict(&inverted, &pictures)?;

        heading("Side by side");
        let left = format!("trained on {data}");
        print!(
            "{}",
            side_by_side((&left, &before), ("and on inverted images", &after))
        );
        println!("\nThe models: {} and {}", shown(&plain), shown(&inverted));
        Ok(())
    }

    /// A runtime that is there already comes first, then an installed ONNX Runtime, then tract.
    fn choose_runtime(&mut self, install: impl FnOnce() -> Result<PathBuf>) -> Result<String> {
        let mut found = self.doctor()?;
        if found.runtime == "tract" {
            let native = install().and_then(|library| {
                let unused = format!("`train doctor` does not take {}", library.display());
                self.library = Some(library);
                let native = self.doctor()?;
                ensure!(native.runtime != "tract", unused);
                Ok(native)
            });
            match native {
                Ok(native) => found = native,
                Err(error) => {
                    self.library = None;
                    println!("No ONNX Runtime: {error:#}");
                }
            }
        }
        println!("{}", found.description);
        if let Some(library) = &self.library {
            println!("(elsewhere: ORT_DYLIB_PATH={})", library.display());
        }
        if found.runtime == "tract" {
            println!("tract takes longer for each image, so an epoch is {TRACT_IMAGES} of them.");
            self.fit_options.extend(["--limit", TRACT_IMAGES]);
        }
        Ok(found.runtime)
    }

    fn doctor(&self) -> Result<Doctor> {
        let mut command = self.train(["doctor", "--json"]);
        let answer = output(&mut command)?;
        Doctor::parse(&answer).with_context(|| {
            let command = describe(&command);
            format!(
                "`{command}`: expected a JSON object with runtime and description, found {answer:?}"
            )
        })
    }

    /// What the images are: MNIST, or drawn digits where it cannot be had and the user named no folder.
    fn choose_data(&mut self) -> Result<&'static str> {
        let mut command = self.train(["data"]);
        announce(&command);
        if status(&mut command)?.success() {
            return Ok("MNIST");
        }
        if let Some(folder) = &self.mnist {
            bail!(
                "MNIST_DIR: expected a folder with MNIST, found {}; unset it to fetch MNIST",
                folder.display()
            );
        }
        println!("No MNIST: training takes drawn digits (--data synthetic).");
        self.fit_options.extend(["--data", "synthetic"]);
        Ok("drawn digits")
    }

    fn pictures(&self) -> Result<PathBuf> {
        let mut command = self.train(["pictures"]);
        announce(&command);
        let answer = output(&mut command)?;
        let folder = answer
            .lines()
            .last()
            .map(str::trim)
            .filter(|folder| !folder.is_empty());
        let folder = folder.with_context(|| {
            format!("`{}`: expected a folder, found nothing", describe(&command))
        })?;
        println!("{folder}");
        Ok(folder.into())
    }

    /// Empties the folder of the models.
    fn clear(&self) -> Result<()> {
        match fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => fs::create_dir_all(&self.folder),
        }
        .with_context(|| format!("cannot replace {}", self.folder.display()))
    }

    fn fit(&self, out: &Path, options: &[&OsStr]) -> Result<()> {
        let mut command = self.train(["fit"]);
        command
            .args(options)
            .args(["--epochs", "2", "--out"])
            .arg(out);
        show(command.args(&self.fit_options))
    }

    fn predict(&self, run: &Path, pictures: &Path) -> Result<String> {
        let mut command = Command::new(&self.programs.infer);
        command.args(["predict", "--truth-from-name", "--model"]);
        command.arg(run.join(MODEL)).arg(pictures);
        println!();
        announce(&command);
        let predictions = output(&mut command)?;
        print!("{predictions}");
        Ok(predictions)
    }

    fn train<const N: usize>(&self, arguments: [&str; N]) -> Command {
        let mut command = Command::new(&self.programs.train);
        command.args(arguments);
        if let Some(library) = &self.library {
            command.envs(onnxruntime::variables(library));
        }
        command
    }
}

/// What `train doctor --json` says of the runtime that training takes.
struct Doctor {
    runtime: String,
    description: String,
}

impl Doctor {
    fn parse(json: &str) -> Option<Self> {
        let answer: Value = serde_json::from_str(json).ok()?;
        let text = |key: &str| answer[key].as_str().map(str::to_owned);
        Some(Self {
            runtime: text("runtime")?,
            description: text("description")?,
        })
    }
}

fn announce(command: &Command) {
    println!("$ {}", describe(command));
}

fn show(command: &mut Command) -> Result<()> {
    announce(command);
    run(command)
}

fn shown(folder: &Path) -> String {
    relative(&folder.join(MODEL)).display().to_string()
}

#[cfg(all(test, unix))]
mod tests;
