//! A model that goes into a firmware, and what it makes of inputs here.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use device::checksum_continued;
use no_std_core::format::Shape;
use no_std_core::{Model, Output, Run, run};

/// A flash file.
#[derive(Debug)]
pub struct Subject {
    /// Where it is, from the root of the file system on.
    pub path: PathBuf,
    pub file: Vec<u8>,
    /// Whether all operators are linked with it, and not only those that it needs.
    pub all_operators: bool,
}

/// What a model makes of an input.
#[derive(Debug, PartialEq, Eq)]
pub struct Expected {
    pub values: Vec<i8>,
    /// The class and its probability, in 1/65536.
    pub class: Option<(usize, u32)>,
    pub accepted: bool,
}

impl Subject {
    /// The model in a file, which must be valid.
    pub fn open(path: &Path) -> Result<Self> {
        let shown = path.display();
        let file = fs::read(path).with_context(|| format!("{shown}: expected a flash file"))?;
        let path = fs::canonicalize(path)?;
        Model::new(&file).map_err(|error| anyhow!("{shown}: {error}"))?;
        Ok(Self {
            path,
            file,
            all_operators: false,
        })
    }

    pub fn model(&self) -> Model<'_> {
        Model::new(&self.file).expect("it was checked on opening")
    }

    pub fn shape(&self) -> Shape {
        self.model().input().shape
    }

    /// The checksum of what each operator makes of such an input as [`Self::run`] takes.
    pub fn checksums(&self, bytes: &[u8]) -> Result<Vec<u32>> {
        let model = self.model();
        let mut arena = vec![0; model.arena_len()];
        let mut run = Run::new(&model, &mut arena)?;
        run.input().copy_from_slice(&self.input(bytes));
        let mut checksums = vec![0; model.operators_len().into()];
        while run
            .step_observed(|row| {
                let checksum = &mut checksums[usize::from(row.operator)];
                *checksum = checksum_continued(*checksum, row.values);
            })
            .is_pending()
        {}
        Ok(checksums)
    }

    /// What the model makes of an input, of which a byte is a pixel where the model takes pictures, else an int8 value.
    pub fn run(&self, bytes: &[u8]) -> Result<Expected> {
        let (model, input) = (self.model(), self.input(bytes));
        let mut arena = vec![0; model.arena_len()];
        let output = run(&model, &input, &mut arena)?;
        let class = match output {
            Output::Classes(classes) => Some((classes.class(), classes.probability())),
            Output::Values(_) => None,
        };
        Ok(Expected {
            values: output.values().to_vec(),
            class,
            accepted: output.accepted(),
        })
    }

    fn input(&self, bytes: &[u8]) -> Vec<i8> {
        let model = self.model();
        let takes_pictures = model.preparation().takes_pictures();
        let channels = (0..usize::from(model.input().shape.channels)).cycle();
        let value = |(&byte, channel): (&u8, usize)| {
            if takes_pictures {
                model.quantize_pixel(channel, byte)
            } else {
                byte.cast_signed()
            }
        };
        bytes.iter().zip(channels).map(value).collect()
    }
}
