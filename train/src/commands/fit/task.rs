//! What a fit learns from, and the network that learns.

use super::picture_input::{options, picture_input};
use super::{Start, board, expect_outputs};
use crate::architecture::{Description, Network};
use crate::checkpoint::{Checkpoint, Record};
use crate::cli::FitArgs;
use crate::commands::learnt::{self, expect_form};
use crate::commands::tell_before_learning;
use crate::console::{Console, note};
use crate::data::augment::Augment;
use crate::data::{self, Dataset, Element, Sets};
use crate::detector::Detector;
use crate::error::Error;
use crate::picture_input::PictureInput;
use crate::recipe::Recipe;
use crate::runtime::Runtime;

/// A network and the samples that it is fitted to, with what follows for whoever uses it.
pub struct Task {
    pub network: Network,
    pub recipe: Recipe,
    pub sets: Sets,
    /// How many of the samples to learn from are of no class.
    pub negatives: usize,
    /// SHA-256 of the pixels of those of them that the user gives.
    pub negatives_sha256: Option<String>,
    /// Whether the inversions of the samples are learnt, too.
    pub augment: Augment,
    pub detector: Option<Detector>,
    pub picture_input: Option<PictureInput>,
}

impl Task {
    /// Loads the data, and takes the network of what the fit begins with, or makes a new one.
    pub fn new(
        args: &FitArgs,
        start: &mut Start,
        runtime: &Runtime,
        console: &mut Console,
    ) -> Result<Self, Error> {
        let mut loaded = data::load(&args.data.data, options(start, args)?)?;
        let mut network = network(args, start, &loaded.sets.train, runtime)?;
        learnt::expect_all_classes(&network, &loaded.sets)?;
        let resumed = start.resumed();
        let record = resumed.map(|checkpoint| &checkpoint.record);
        let (sets, detector) = learnt::sets_for(&network, loaded.sets, args, record)?;
        loaded.sets = sets;
        loaded.expect_test()?;
        if let Some(limit) = args.limit {
            loaded.sets.train = loaded.sets.train.take(limit as usize);
        }
        tell_before_learning(&loaded, console);
        if resumed.is_none() {
            network.scaling = learnt::number_scaling(&network, &loaded.sets.train)?;
        }
        let recipe = recipe(args, &network, resumed)?;
        let picture_input = picture_input((&network, &recipe), start, &loaded, args)?;
        let mut sets = loaded.sets;
        if let Some(input) = &picture_input {
            sets = sets.normalized(&input.normalization(network.input[0])?);
        }
        let augment = args
            .augment
            .or(record.map(Record::augment))
            .unwrap_or_default();
        learnt::expect_recipe(&recipe, augment, &network, &sets.train)?;
        learnt::tell_loss(&network, console);
        Ok(Self {
            network,
            recipe,
            sets,
            negatives: 0,
            negatives_sha256: None,
            augment,
            detector,
            picture_input,
        })
    }

    /// The samples of an epoch.
    pub fn samples(&self) -> usize {
        self.sets.train.len() * self.augment.variants().len()
    }
}

/// The network of what the fit begins with, or a new one for these samples.
fn network(
    args: &FitArgs,
    start: &mut Start,
    samples: &Dataset,
    runtime: &Runtime,
) -> Result<Network, Error> {
    let is_known = !matches!(start, Start::New(None));
    let network = match start {
        Start::New(named) => new_network(args, named.clone(), samples, runtime)?,
        Start::Resumed(resumed) => resumed.1.clone(),
        Start::Tuned(tuning) => tuning.network(args, samples)?,
    };
    if let Some(board) = args.board.as_ref().filter(|_| is_known) {
        board::warn(&network, board, runtime)?;
    }
    expect_form(&network, samples)?;
    Ok(network)
}

/// The network that is named, or one that fits the pictures.
fn new_network(
    args: &FitArgs,
    description: Option<Description>,
    samples: &Dataset,
    runtime: &Runtime,
) -> Result<Network, Error> {
    let description = match description {
        Some(description) => description,
        None if samples.element() == Element::Number => {
            return Err(Error::NoNetworkFor("arrays of numbers"));
        }
        None => chosen(args, samples, runtime)?,
    };
    let classes = if description.has_classes() {
        learnt::expect_labels(description.name(), samples)?;
        samples.classes().to_vec()
    } else {
        Vec::new()
    };
    Ok(description.network(samples.shape(), classes)?)
}

/// The network for pictures like these where none is named.
fn chosen(args: &FitArgs, pictures: &Dataset, runtime: &Runtime) -> Result<Description, Error> {
    let chosen = match &args.board {
        Some(board) => board::choose(pictures, board, runtime)?,
        None => Description::for_pictures(pictures.shape()),
    };
    let (name, [_, rows, columns]) = (chosen.name(), pictures.shape());
    expect_outputs(args, Some(name))?;
    if name != "digits" && args.board.is_none() {
        note(format_args!(
            "the network is {name}, which is for pictures of about {rows} x {columns} (`--network` names another)"
        ));
    }
    Ok(chosen)
}

/// The recipe that is named, or the usual one.
fn recipe(args: &FitArgs, network: &Network, resume: Option<&Checkpoint>) -> Result<Recipe, Error> {
    match (&args.recipe, resume) {
        (_, Some(checkpoint)) => Ok(checkpoint.record.recipe.clone()),
        (Some(path), None) => Ok(Recipe::open(path)?),
        (None, None) if args.from.is_some() => Ok(Recipe::tuning()),
        (None, None) => Ok(Recipe::usual(network)),
    }
}
