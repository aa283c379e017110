//! Opening a model, whichever of the two kinds of file it is in.

use clap::ValueEnum;
use input::onnx::Limits;
use no_std_core::format::MAGIC;

use crate::engine::Engine;
use crate::file::InFile;
use crate::flash::FlashModel;
use crate::model::{Model, ModelError};

/// What is to run a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Choice {
    /// What the file is made for.
    #[default]
    Auto,
    /// tract, for ONNX models.
    Float,
    /// The integer engine that boards run, for flash files.
    Int8,
}

/// Opens a model that is in memory; errors call it `name`.
pub fn open<'a>(
    bytes: &'a [u8],
    name: &str,
    choice: Choice,
    limits: &Limits,
) -> Result<Box<dyn Engine + 'a>, InFile<ModelError>> {
    let other = match choice {
        Choice::Int8 if Model::recognizes(bytes) => {
            Some(("a flash file", "an ONNX model", "float"))
        }
        Choice::Float if is_flash(bytes) => Some(("an ONNX model", "a flash file", "int8")),
        _ => None,
    };
    if let Some((expected, found, engine)) = other {
        let error = ModelError::OtherEngine {
            expected,
            found,
            engine,
        };
        return Err(InFile::named(name)(error));
    }
    Ok(if choice == Choice::Int8 || is_flash(bytes) {
        Box::new(FlashModel::within(bytes, name, limits)?)
    } else {
        Box::new(Model::within(bytes, name, limits)?)
    })
}

/// Whether the bytes begin like those of a flash file.
pub fn is_flash(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::PIXELS;
    use crate::support::{brightness, flash};

    fn refusal(bytes: &[u8], choice: Choice) -> String {
        match open(bytes, "m", choice, &Limits::default()) {
            Ok(_) => panic!("{choice:?} takes it"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn the_file_decides() {
        let (onnx, flash) = (brightness(), flash::brightness().file());
        for choice in [Choice::Auto, Choice::Float] {
            let scores = open(&onnx, "m", choice, &Limits::default())
                .unwrap()
                .scores(&[255; PIXELS])
                .unwrap();
            assert_eq!((scores.class, scores.accepted), (1, None));
            assert_eq!(scores.logits.bytes().len(), 8);
        }
        for choice in [Choice::Auto, Choice::Int8] {
            let scores = open(&flash, "m", choice, &Limits::default())
                .unwrap()
                .scores(&[255; PIXELS])
                .unwrap();
            assert_eq!((scores.class, scores.accepted), (1, Some(true)));
            assert_eq!(scores.logits.bytes(), [0, 98]);
        }
    }

    #[test]
    fn the_other_engine_says_what_the_file_is() {
        let (onnx, flash) = (brightness(), flash::brightness().file());
        assert_eq!(
            refusal(&onnx, Choice::Int8),
            "m: expected a flash file, found an ONNX model; leave out --engine to let the file decide, or give --engine float"
        );
        assert_eq!(
            refusal(&flash, Choice::Float),
            "m: expected an ONNX model, found a flash file; leave out --engine to let the file decide, or give --engine int8"
        );
        let text = b"neither the one nor the other, but long enough to have a header of 64 bytes";
        for choice in [Choice::Auto, Choice::Float] {
            let error = refusal(text, choice);
            assert!(
                error.starts_with("m: expected an ONNX model or a flash file (.q8), found "),
                "{error}"
            );
        }
        let error = refusal(text, Choice::Int8);
        assert!(
            error.starts_with("m: byte 0: expected a flash file"),
            "{error}"
        );
    }
}
