//! What a fit begins with: drawn weights, the run to resume, or a trained network.

use std::path::Path;

use input::file::{self, display_name};
use sha2::{Digest, Sha256};

use crate::architecture::{Description, Network};
use crate::checkpoint::{Checkpoint, Record, file_of};
use crate::cli::FitArgs;
use crate::commands::meaning::{self, Meaning};
use crate::commands::{note_mismatch, read_model};
use crate::console::note;
use crate::data::choice::Wanted;
use crate::data::{Dataset, hexadecimal};
use crate::error::Error;
use crate::import::import_with;
use crate::picture_input::PictureInput;
use crate::pretrained::{Head, Pretrained, PretrainedError};
use crate::run::model_of;

/// What a fit begins with.
pub enum Start {
    /// Weights that are drawn, of the network that the user names, if he does.
    New(Option<Description>),
    /// Those of the run to resume.
    Resumed(Box<(Checkpoint, Network)>),
    /// Those of a trained network, which `--from` names.
    Tuned(Box<Tuning>),
}

impl Start {
    /// Reads what the user names, if he does.
    pub fn open(args: &FitArgs) -> Result<Self, Error> {
        if let Some(run) = args.resume.as_deref() {
            let resumed = Checkpoint::load(run)?;
            note_mismatch(&model_of(run, &resumed.1.name));
            return Ok(Self::Resumed(Box::new(resumed)));
        }
        if let Some(path) = args.from.as_deref() {
            return Ok(Self::Tuned(Box::new(Tuning::open(path, args)?)));
        }
        let named = args.network.as_deref().map(Description::open);
        Ok(Self::New(named.transpose()?))
    }

    /// The network's name, where it is known before there are data.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::New(description) => description.as_ref().map(Description::name),
            Self::Resumed(resumed) => Some(&resumed.1.name),
            Self::Tuned(tuning) => Some(tuning.pretrained.name()),
        }
    }

    /// The checkpoint of the run to resume.
    pub fn resumed(&self) -> Option<&Checkpoint> {
        match self {
            Self::Resumed(resumed) => Some(&resumed.0),
            Self::New(_) | Self::Tuned(_) => None,
        }
    }

    /// Whether it is a trained network that refuses what is of none of its classes.
    pub fn refuses(&self) -> bool {
        matches!(self, Self::Tuned(tuning) if tuning.pretrained.refuses())
    }

    /// The checkpoint to go on from, if there is one; a new record says what it was made of.
    pub fn checkpoint(
        self,
        network: &Network,
        record: &mut Record,
    ) -> Result<Option<Checkpoint>, Error> {
        Ok(match self {
            Self::New(_) => None,
            Self::Resumed(resumed) => Some(resumed.0),
            Self::Tuned(tuning) => Some(tuning.checkpoint(network, record)?),
        })
    }
}

/// A trained network, and what becomes of its head once the data are known.
pub struct Tuning {
    pretrained: Pretrained,
    /// What it is, for people.
    source: String,
    head: Head,
}

impl Tuning {
    fn open(path: &Path, args: &FitArgs) -> Result<Self, Error> {
        let pretrained = match args.model() {
            Some(model) => of_model(model, args)?,
            None => Pretrained::of_run(path)?,
        };
        let bytes = file::read(&file_of(path)).map_err(|source| Error::ReadModel {
            path: path.into(),
            source,
        })?;
        let (name, sha256) = (pretrained.name(), hexadecimal(&Sha256::digest(bytes)));
        Ok(Self {
            source: format!("{name}, SHA-256 {sha256}"),
            pretrained,
            head: Head::Kept,
        })
    }

    /// How pictures became its input, if it is a run that says so.
    pub fn picture_input(&self) -> Option<&PictureInput> {
        self.pretrained.picture_input()
    }

    pub fn wanted(&self, wanted: Wanted) -> Wanted {
        self.pretrained.wanted(wanted)
    }

    /// The network for these pictures, frozen where the user says so.
    pub fn network(&mut self, args: &FitArgs, pictures: &Dataset) -> Result<Network, Error> {
        let (shape, classes) = (pictures.shape(), pictures.classes());
        let (mut network, head) = self.pretrained.network(shape, classes)?;
        network.freeze(&args.freeze)?;
        let layer = network.head().map(|index| &*network.nodes[index].name);
        let (layer, count) = (layer.unwrap_or("none"), classes.len());
        let why = match head {
            Head::Kept => None,
            Head::New => Some("are other ones than the trained network's"),
            Head::Unnamed => Some(
                "are not known to be those of the model, which has no names for its own (`--labels`)",
            ),
        };
        if let Some(why) = why {
            note(format_args!(
                "the last layer, {layer}, begins anew: the {count} classes {why}"
            ));
        }
        self.head = head;
        Ok(network)
    }

    /// The fit before its first epoch; its record says where it began.
    fn checkpoint(&self, network: &Network, record: &mut Record) -> Result<Checkpoint, Error> {
        record.tuned_from = Some(self.source.clone());
        let start = self.pretrained.start(network, self.head, record.clone());
        Ok(start?)
    }
}

fn of_model(path: &Path, args: &FitArgs) -> Result<Pretrained, Error> {
    let refused = |reason: PretrainedError| Error::Untrainable {
        path: path.into(),
        reason: reason.into(),
    };
    let bytes = read_model(path)?;
    let options = meaning::options(&args.input, path, args.limits);
    let model = import_with(&bytes, &options).map_err(|error| refused(error.into()))?;
    let Meaning { pixels, names, .. } = Meaning::of(&args.input, &model)?;
    if pixels.is_none() {
        note(format_args!(
            "{} does not say what pixels become: it is given numbers from 0 to 1 (`--range`, `--mean` and `--std` say others)",
            display_name(path)
        ));
    }
    Pretrained::of_model(&name_of(path), model, pixels, names).map_err(refused)
}

/// A model's name, of the characters that a network's may have.
fn name_of(path: &Path) -> String {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy());
    let plain = |character: char| match character {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '-' => character,
        _ => '_',
    };
    stem.unwrap_or_default().chars().map(plain).collect()
}
