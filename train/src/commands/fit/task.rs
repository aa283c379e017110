//! What a fit learns from, and the network that learns.

use super::{Start, board, expect_outputs};
use crate::checkpoint::Checkpoint;
use crate::cli::FitArgs;
use crate::commands::learnt::{self, expect_form};
use crate::commands::prepared::{pictures_of, prepared};
use crate::commands::tell_before_learning;
use crate::console::{Console, note};
use crate::data::{self, Dataset, Element, Sets};
use crate::detector::Detector;
use crate::error::Error;
use crate::net::{Description, Network};
use crate::prepared::Prepared;
use crate::runtime::Runtime;

/// A network and the samples that it is fitted to, with what follows for whoever uses it.
pub struct Task {
    pub network: Network,
    pub sets: Sets,
    pub detector: Option<Detector>,
    pub prepared: Option<Prepared>,
}

impl Task {
    /// Loads the data, and takes the network of a run, or of the trained one to start from, or makes a new one.
    pub fn new(
        args: &FitArgs,
        (resume, mut start): (Option<&(Checkpoint, Network)>, Option<&mut Start>),
        description: Option<Description>,
        runtime: &Runtime,
        console: &mut Console,
    ) -> Result<Self, Error> {
        let mut options = args.data.options_for(&pictures_of(resume)?);
        if let Some(start) = &start {
            options.wanted = start.wanted(options.wanted);
        }
        let mut loaded = data::load(&args.data.data, options)?;
        let is_known = resume.is_some() || start.is_some() || description.is_some();
        let mut network = match (resume, &mut start) {
            (Some((_, network)), _) => network.clone(),
            (None, Some(start)) => start.network(args, &loaded.sets.train)?,
            (None, None) => new_network(args, description, &loaded.sets.train, runtime)?,
        };
        if let Some(board) = args.board.as_ref().filter(|_| is_known) {
            board::warn(&network, board, runtime)?;
        }
        expect_form(&network, &loaded.sets.train)?;
        learnt::expect_all_classes(&network, &loaded.sets)?;
        let resume = resume.map(|(checkpoint, _)| checkpoint);
        let record = resume.map(|checkpoint| &checkpoint.record);
        let (sets, detector) = learnt::sets_for(&network, loaded.sets, args, record)?;
        loaded.sets = sets;
        if let Some(limit) = args.limit {
            loaded.sets.train = loaded.sets.train.take(limit as usize);
        }
        tell_before_learning(&loaded, console);
        let prepared = prepared(&network, (resume, start.as_deref()), &loaded, args)?;
        let mut sets = loaded.sets;
        if let Some(prepared) = &prepared {
            sets = sets.normalized(&prepared.normalization(network.input[0])?);
        }
        if resume.is_none() {
            network.scaling = learnt::scaling(&network, &sets.train)?;
        }
        learnt::tell_loss(&network, console);
        Ok(Self {
            network,
            sets,
            detector,
            prepared,
        })
    }
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
