//! The inputs that a command line names, one after the other.

use std::fmt::Display;
use std::iter;
use std::path::Path;

use super::super::Error;
use super::Predict;
use super::list::List;
use super::watch::Watch;
use crate::source::{Source, sources};

/// Inputs that have been found, and where others may come from.
pub struct Inputs {
    found: Vec<Source>,
    list: Option<List>,
    watch: Option<Watch>,
    /// Whether folders stand for pictures in folders below, too.
    below: bool,
}

impl Inputs {
    /// Looks for what the arguments stand for; `complain` hears of those that stand for nothing.
    pub fn find(options: &Predict, complain: &mut impl FnMut(&dyn Display)) -> Result<Self, Error> {
        let below = options.recursive;
        // What comes while other inputs have their turn is not missed.
        let watch = options.watch.as_deref();
        let watch = watch.map(|folder| Watch::new(folder, below)).transpose()?;
        let list = options.list.as_deref().map(List::open).transpose()?;
        let mut found = Vec::new();
        for argument in &options.inputs {
            match sources(argument, below) {
                Ok(sources) => found.extend(sources),
                Err(error) => complain(&error),
            }
        }
        Ok(Self {
            found,
            list,
            watch,
            below,
        })
    }

    /// How many the arguments stand for.
    pub fn found(&self) -> usize {
        self.found.len()
    }

    /// Whether there may be several.
    pub fn are_many(&self) -> bool {
        self.found() > 1 || self.list.is_some() || self.watch.is_some()
    }

    /// Those of the arguments, then those of the list, then those that come into the watched folder, for ever.
    pub fn each(self) -> impl Iterator<Item = Result<Source, Error>> + Send + 'static {
        let below = self.below;
        let listed = self
            .list
            .into_iter()
            .flatten()
            .flat_map(move |path| match path {
                Ok(path) => sources_in(&path, below),
                Err(error) => vec![Err(error.into())],
            });
        let mut watch = self.watch;
        let watched = iter::from_fn(move || Some(watch.as_mut()?.wait().map_err(Error::from)));
        self.found.into_iter().map(Ok).chain(listed).chain(watched)
    }
}

/// What a path of a list stands for.
fn sources_in(path: &Path, below: bool) -> Vec<Result<Source, Error>> {
    match sources(path, below) {
        Ok(sources) => sources.into_iter().map(Ok).collect(),
        Err(error) => vec![Err(error.into())],
    }
}
