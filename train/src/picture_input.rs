//! How pictures become the input of a network: what a run is trained with, its checkpoint and its models say, and whatever
//! measures them follows.

use input::metadata;
use input::normalization::{self, Normalization, NormalizationError};
use no_std_core::format::OutputKind;
use no_std_core::prepare::{Fit, Preparation};
use prost::Message;
use serde::{Deserialize, Serialize};

use crate::architecture::Network;
use crate::data::choice::Wanted;
use crate::data::{DataError, Dataset, Element, Loaded, Statistics};
use crate::network::Shape;
use crate::onnx::Model;
use crate::recipe::Pixels;

/// How pictures are scaled, and the mean and the deviation of each channel of those that were learnt from, black being 0 and
/// white 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PictureInput {
    #[serde(with = "FitName")]
    pub fit: Fit,
    pub mean: Vec<f32>,
    pub deviation: Vec<f32>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Fit", rename_all = "lowercase")]
enum FitName {
    Stretch,
    Crop,
    Pad,
}

impl PictureInput {
    /// What a network is to be trained with. Numbers are no pictures; the course's network, and those that give numbers, take
    /// pixels from 0 to 1, as do others where that is the recipe's.
    pub fn new(
        network: &Network,
        pixels: Pixels,
        loaded: &Loaded,
    ) -> Result<Option<Self>, DataError> {
        let train = &loaded.sets.train;
        let is_changed = pixels == Pixels::Normalized && !network.is_digits();
        if !is_changed || network.output != OutputKind::Classes {
            return Ok(Self::unchanged(loaded));
        }
        if train.element() == Element::Number {
            return Ok(None);
        }
        let statistics = train.statistics()?;
        let numbers = statistics.iter().map(Statistics::rounded);
        let (mean, deviation) = numbers.map(|[mean, deviation]| (mean, deviation)).unzip();
        Ok(Some(Self {
            fit: loaded.found.fit,
            mean,
            deviation,
        }))
    }

    /// Pixels from 0 to 1; `None` where pictures need not be scaled either.
    pub fn unchanged(loaded: &Loaded) -> Option<Self> {
        let train = &loaded.sets.train;
        let channels = train.shape()[0];
        let is_scaled = loaded.found.is_scaled && train.element() == Element::Pixel;
        is_scaled.then(|| Self::from_0_to_1(loaded.found.fit, channels))
    }

    fn from_0_to_1(fit: Fit, channels: usize) -> Self {
        Self {
            fit,
            mean: vec![0.0; channels],
            deviation: vec![1.0; channels],
        }
    }

    /// Whether pixels become numbers other than from 0 to 1.
    pub fn is_normalized(&self) -> bool {
        *self != Self::from_0_to_1(self.fit, self.mean.len())
    }

    /// What pixels become, or why the numbers say none.
    pub fn normalization(&self, channels: usize) -> Result<Normalization, NormalizationError> {
        Normalization::new([0.0, 1.0], [&self.mean, &self.deviation], channels)
    }

    /// What an ONNX model says of it.
    pub fn entries(
        &self,
        channels: usize,
    ) -> Result<Vec<(&'static str, String)>, NormalizationError> {
        let mut entries = self.normalization(channels)?.entries();
        let preparation = metadata::entry_of(Preparation::scaled(self.fit));
        entries.push((metadata::PREPARATION, preparation));
        Ok(entries)
    }
}

/// What a run or a model file says of the pictures that it takes.
#[derive(Clone, Debug, Default)]
pub struct Pictures {
    shape: Option<Shape>,
    fit: Option<Fit>,
    normalization: Vec<(String, String)>,
}

impl Pictures {
    /// Of a run; no more than their shape where its network takes them as they are.
    pub fn of_run(
        network: &Network,
        input: Option<&PictureInput>,
    ) -> Result<Self, NormalizationError> {
        let shape = network.input;
        let mut pictures = Self {
            shape: Some(shape),
            ..Self::default()
        };
        if let Some(input) = input {
            let entries = input.normalization(shape[0])?.entries().into_iter();
            let owned = entries.map(|(key, value)| (key.to_owned(), value));
            pictures.normalization = owned.collect();
            pictures.fit = Some(input.fit);
        }
        Ok(pictures)
    }

    /// Of an ONNX model; nothing where that cannot be read, which others will say.
    pub fn of_model(model: &[u8]) -> Self {
        let model = Model::decode(model).unwrap_or_default();
        let entry = |key: &str| model.metadata(key);
        let kept = [
            normalization::RANGE,
            normalization::MEAN,
            normalization::DEVIATION,
        ];
        let kept = kept
            .into_iter()
            .filter_map(|key| Some((key.to_owned(), entry(key)?.to_owned())));
        Self {
            shape: entry(metadata::INPUT_SHAPE).and_then(shape),
            fit: entry(metadata::PREPARATION).and_then(fit),
            normalization: kept.collect(),
        }
    }

    /// How they are scaled, if that is said.
    pub fn fit(&self) -> Option<Fit> {
        self.fit
    }

    /// What the user wants of pictures, and of what the user does not say what they are for.
    pub fn wanted(&self, wanted: Wanted) -> Wanted {
        match self.shape {
            Some(shape) => wanted.or(shape, self.fit),
            None => wanted,
        }
    }

    /// What pixels become, if that is said.
    pub fn normalization(
        &self,
        channels: usize,
    ) -> Result<Option<Normalization>, NormalizationError> {
        let entry = |key: &str| {
            let entry = self.normalization.iter().find(|(name, _)| name == key)?;
            Some(&*entry.1)
        };
        Normalization::from_entries(entry, channels)
    }

    /// These pictures with what their pixels become.
    pub fn normalized(&self, pictures: Dataset) -> Result<Dataset, NormalizationError> {
        let numbers = self.normalization(pictures.shape()[0])?;
        Ok(match numbers {
            Some(numbers) => pictures.normalized(&numbers),
            None => pictures,
        })
    }
}

/// The way to scale pictures that a model's metadata say.
pub fn fit(preparation: &str) -> Option<Fit> {
    metadata::preparation(preparation).and_then(Preparation::fit)
}

/// Channels, rows and columns.
fn shape(text: &str) -> Option<Shape> {
    let sizes: Option<Vec<usize>> = text
        .split(',')
        .map(|size| size.trim().parse().ok())
        .collect();
    sizes?.try_into().ok()
}
