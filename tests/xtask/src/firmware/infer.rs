//! The program `infer`, which scores the images of a test set here and on boards.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::command::{cargo, describe, output};
use crate::workspace::executable;

/// The model that the firmware holds.
pub const MODEL: &str = "models/digits.q8";

/// The file that MNIST must have, packed or not.
const IMAGES: [&str; 4] = [
    "t10k-images-idx3-ubyte",
    "t10k-images.idx3-ubyte",
    "t10k-images-idx3-ubyte.gz",
    "t10k-images.idx3-ubyte.gz",
];

/// What to do where there is no test set.
pub const NO_DATA: &str = "no MNIST; `train data` fetches it, or MNIST_DIR names its folder";

/// The folder with MNIST: the one that `MNIST_DIR` names, else where `train` keeps it; none where it is not there.
pub fn data() -> Option<PathBuf> {
    let named = |variable| env::var_os(variable).filter(|value| !value.is_empty());
    if let Some(folder) = named("MNIST_DIR") {
        return Some(folder.into());
    }
    let cache = named("BATON_CACHE").map(PathBuf::from);
    let cache = cache.or_else(|| Some(dirs::cache_dir()?.join("baton")))?;
    let folder = cache.join("mnist");
    let is_there = |name| folder.join(name).is_file();
    IMAGES.into_iter().any(is_there).then_some(folder)
}

/// What a board is asked about.
const PICTURE: &str = "models/samples/1.png";

/// The program, and the test set where there is one.
pub struct Infer {
    program: PathBuf,
    pub data: Option<PathBuf>,
}

/// What a model made of images.
#[derive(Debug, PartialEq, Eq)]
pub struct Scores {
    /// The logits of each image, one byte a class.
    pub logits: Vec<u8>,
    /// The most bytes of stack that the board had in use at once; none on the host.
    pub stack: Option<u64>,
    classes: usize,
}

#[derive(Clone, Copy, Debug)]
pub enum Place<'p> {
    /// The host, with the model in this file.
    Host(&'p Path),
    /// The board whose serial port is at this socket.
    Board(&'p Path),
}

impl Place<'_> {
    fn arguments(self) -> [String; 2] {
        match self {
            Self::Host(model) => ["--model".into(), model.display().to_string()],
            Self::Board(socket) => ["--device".into(), format!("unix:{}", socket.display())],
        }
    }
}

impl Infer {
    pub fn build() -> Result<Self> {
        Ok(Self::new(program()?))
    }

    pub fn new(program: PathBuf) -> Self {
        let data = data();
        Self { program, data }
    }

    /// Lets a board score a picture; returns the most bytes of stack that the board had in use at once.
    pub fn exercise(&self, socket: &Path) -> Result<u64> {
        let stack = self.predict(Place::Board(socket))?["stack_bytes"].as_u64();
        stack.context("infer: expected the board's use of stack, found none")
    }

    /// The scores of the first `images` of the test set.
    pub fn evaluate(&self, images: usize, place: Place<'_>) -> Result<Scores> {
        let data = self.data.as_ref().context(NO_DATA)?;
        let mut command = Command::new(&self.program);
        command.args(["evaluate", "--json"]).args(place.arguments());
        let (logits, report) = logits(&mut command, images, data)?;
        Ok(Scores {
            logits,
            stack: report["stack_bytes"].as_u64(),
            classes: report["labels"].as_array().map_or(0, Vec::len),
        })
    }

    pub fn probabilities(&self, place: Place<'_>) -> Result<Value> {
        Ok(self.predict(place)?["probabilities"].take())
    }

    fn predict(&self, place: Place<'_>) -> Result<Value> {
        let mut command = Command::new(&self.program);
        command.args(["predict", "--json"]).args(place.arguments());
        report(command.arg(PICTURE))
    }

    /// Gives the board whose serial port is at `socket` the model in a file.
    pub fn update(&self, socket: &Path, model: &Path) -> Result<()> {
        let mut command = Command::new(&self.program);
        command.arg("update").args(Place::Board(socket).arguments());
        output(command.arg(model)).map(drop)
    }
}

/// Builds the program, with the same features of dependencies as the tests do.
pub fn program() -> Result<PathBuf> {
    let build = "build --quiet --release --workspace --message-format=json-render-diagnostics";
    let messages = output(&mut cargo(build))?;
    executable(&messages, "infer")
}

/// Lets `infer evaluate --json` score the first `images` of the test set in the folder `data`: the logits of each image,
/// one byte a class, and what it reports.
pub fn logits(infer: &mut Command, images: usize, data: &Path) -> Result<(Vec<u8>, Value)> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("logits");
    infer.args(["--limit", &images.to_string(), "--data"]);
    let report = report(infer.arg(data).arg("--scores").arg(&path))?;
    let logits = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok((logits, report))
}

fn report(command: &mut Command) -> Result<Value> {
    let answer = output(command)?;
    serde_json::from_str(&answer)
        .with_context(|| format!("`{}`: expected JSON, found {answer:?}", describe(command)))
}

impl Scores {
    pub fn digest(&self) -> String {
        let bytes = Sha256::digest(&self.logits);
        let digits: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        digits.concat()
    }

    /// How many images went to each class.
    pub fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.classes];
        for logits in self.images() {
            let value = |class: usize| logits[class].cast_signed();
            let best = (0..logits.len()).rev().max_by_key(|&class| value(class));
            counts[best.unwrap_or_default()] += 1;
        }
        counts
    }

    /// The first image whose logits differ; the end of the shorter row of images counts as different.
    pub fn first_difference(&self, other: &Self) -> Option<usize> {
        let pairs = self.images().zip(other.images());
        let same = pairs.take_while(|(ours, theirs)| ours == theirs).count();
        (self.logits != other.logits).then_some(same)
    }

    fn images(&self) -> impl Iterator<Item = &[u8]> {
        self.logits.chunks_exact(self.classes.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(logits: &[[i8; 3]]) -> Scores {
        let logits = logits.as_flattened().iter();
        Scores {
            logits: logits.map(|logit| logit.cast_unsigned()).collect(),
            stack: None,
            classes: 3,
        }
    }

    #[test]
    fn an_image_goes_to_its_first_greatest_logit() {
        let scores = scores(&[[1, 2, 2], [-3, -2, -1], [127, -128, 127], [0, 0, 0]]);
        assert_eq!(scores.counts(), [2, 1, 1]);
    }

    #[test]
    fn the_first_difference_is_found() {
        let host = scores(&[[1, 2, 3], [4, 5, 6]]);
        let board = scores(&[[1, 2, 3], [4, 5, 7]]);
        let short = scores(&[[1, 2, 3]]);
        for (other, expected) in [(&host, None), (&board, Some(1)), (&short, Some(1))] {
            assert_eq!(host.first_difference(other), expected);
        }
        assert_ne!(host.digest(), board.digest());
    }

    #[test]
    fn digests_are_those_of_sha256sum() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let logits = [[b'a', b'b', b'c'].map(u8::cast_signed)];
        assert_eq!(scores(&logits).digest(), expected);
    }
}
