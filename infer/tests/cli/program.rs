//! The program in a folder of its own.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use image::{GrayImage, Luma};
use tempfile::TempDir;

use crate::support::{self, flash};

/// A folder with models and pictures to run the program in.
pub struct Workplace(TempDir);

impl Workplace {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let probabilities = [0.1, 0.039, 0.1, 0.436, 0.1, 0.1, 0.025, 0.05, 0.025, 0.025];
        let logits = probabilities.map(|probability: f32| probability.ln());
        let digits = support::constant(&logits, Some("0,1,2,3,4,5,6,7,8,9"));
        let int8 = support::int8::brightness(0);
        let int8 = support::with_metadata(int8, &[("labels", "dark,bright")]);
        for (name, model) in [
            ("digits.onnx", digits),
            ("brightness.onnx", brightness()),
            ("brightness.q8", flash::brightness().to_file().unwrap()),
            ("brightness-int8.onnx", support::encode(&int8)),
        ] {
            fs::write(folder.path().join(name), model).unwrap();
        }
        Self(folder)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn picture(&self, name: &str, grey: u8) -> &Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        drawing(grey).save(path).unwrap();
        self
    }

    pub fn infer(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_infer"));
        command
            .current_dir(self.0.path())
            .args(arguments)
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Outcome {
        self.infer(arguments).output().unwrap().into()
    }

    pub fn predict(&self, arguments: &[&str]) -> Outcome {
        self.run(&[&["predict"], arguments].concat())
    }

    pub fn predict_with(&self, model: &str, arguments: &[&str]) -> Outcome {
        self.predict(&[&["--model", model], arguments].concat())
    }

    pub fn run_with_input(&self, arguments: &[&str], input: &[u8]) -> Outcome {
        let mut command = self.infer(arguments);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        child.wait_with_output().unwrap().into()
    }
}

/// A model of two classes, dark and bright, with logits 0 and (twice the mean pixel - 1).
fn brightness() -> Vec<u8> {
    let weights = [0.0, 2.0 / 784.0].repeat(784);
    let model = support::linear(&weights, &[0.0, -1.0]);
    support::encode(&support::with_metadata(model, &[("labels", "dark,bright")]))
}

/// A picture of one grey with a small spot: a blank one is refused.
pub fn drawing(grey: u8) -> GrayImage {
    let spot = if grey < 128 { grey + 50 } else { grey - 50 };
    GrayImage::from_fn(40, 40, |x, y| {
        Luma([if x.max(y) < 2 { spot } else { grey }])
    })
}

#[derive(Debug, PartialEq)]
pub struct Outcome {
    pub code: i32,
    pub output: String,
    pub errors: String,
}

impl From<Output> for Outcome {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap(),
            output: String::from_utf8(output.stdout).unwrap(),
            errors: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Outcome {
    /// What a run printed that went well.
    #[track_caller]
    pub fn succeeded(self) -> String {
        assert_eq!((self.code, self.errors.as_str()), (0, ""));
        self.output
    }

    /// The one line of a run that failed and printed nothing.
    #[track_caller]
    pub fn failed(self) -> String {
        assert_eq!((self.code, self.output.as_str()), (1, ""));
        assert_eq!(self.errors.lines().count(), 1, "{}", self.errors);
        self.errors
    }
}
