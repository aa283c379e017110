//! Inputs of a network: pictures in variants, or arrays.

use std::collections::BTreeMap;

use ndarray::{Array2, Array4, Axis};

use super::QuantizeError;
use crate::data::Dataset;
use crate::data::augment::Variant;
use crate::data::batch::{Batches, Order};

/// Inputs, and the classes that they are of where that is known.
#[derive(Clone, Debug)]
pub enum Samples {
    /// Pictures, each in all of these variants.
    Pictures {
        images: Dataset,
        variants: &'static [Variant],
    },
    /// `[samples, channels, rows, columns]`.
    Arrays {
        inputs: Array4<f32>,
        labels: Option<Vec<usize>>,
    },
}

impl Samples {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Pictures { images, variants } => images.len() * variants.len(),
            Self::Arrays { inputs, .. } => inputs.len_of(Axis(0)),
        }
    }

    /// How many there are, and of what; `which` says more of them.
    pub fn describe(&self, which: &str) -> String {
        match self {
            Self::Pictures { images, .. } => format!("{} {which}training images", images.len()),
            Self::Arrays { .. } => format!("{} {which}samples", self.len()),
        }
    }

    /// How many there are of each class, if that is known, to go on after [`Samples::describe`].
    pub fn spread(&self) -> String {
        let mut counts = BTreeMap::<usize, usize>::new();
        for label in self.labels().into_iter().flatten() {
            *counts.entry(label).or_default() += 1;
        }
        let counts = counts.values().map(|count| count / self.variants());
        match (counts.clone().min(), counts.clone().max(), counts.count()) {
            (Some(least), Some(most), classes) if least == most => {
                format!(", {least} of each of {classes} classes")
            }
            (Some(least), Some(most), classes) => {
                format!(", {least} to {most} of each of {classes} classes")
            }
            _ => String::new(),
        }
    }

    /// How many follow each other that are variants of one.
    pub fn variants(&self) -> usize {
        match self {
            Self::Pictures { variants, .. } => variants.len(),
            Self::Arrays { .. } => 1,
        }
    }

    /// The class of each sample, where that is known.
    pub fn labels(&self) -> Option<Vec<usize>> {
        match self {
            Self::Pictures { images, variants } => {
                let labels = images.labels.iter();
                let each = |&label: &u8| vec![usize::from(label); variants.len()];
                Some(labels.flat_map(each).collect())
            }
            Self::Arrays { labels, .. } => labels.clone(),
        }
    }

    /// Shows `visit` each sample in turn, `[1, channels, rows, columns]`.
    pub fn each(
        &self,
        mut visit: impl FnMut(Array4<f32>) -> Result<(), QuantizeError>,
    ) -> Result<(), QuantizeError> {
        match self {
            Self::Pictures { images, variants } => {
                for batch in Batches::new(images, variants, 1, Order::Sequential)? {
                    visit(batch.images)?;
                }
            }
            Self::Arrays { inputs, .. } => {
                for sample in inputs.outer_iter() {
                    visit(sample.insert_axis(Axis(0)).to_owned())?;
                }
            }
        }
        Ok(())
    }

    /// A row of numbers for each sample, in the order channels, rows, columns.
    pub fn rows(&self) -> Result<Array2<f32>, QuantizeError> {
        let mut numbers = Vec::new();
        self.each(|sample| {
            numbers.extend(sample);
            Ok(())
        })?;
        let shape = (self.len(), numbers.len() / self.len());
        Ok(Array2::from_shape_vec(shape, numbers).expect("all samples are of one shape"))
    }

    /// The samples of these indices; of pictures, the pictures.
    #[must_use]
    pub fn select(&self, indices: &[usize]) -> Self {
        match self {
            Self::Pictures { images, variants } => Self::Pictures {
                images: images.select(indices),
                variants,
            },
            Self::Arrays { inputs, labels } => Self::Arrays {
                inputs: inputs.select(Axis(0), indices),
                labels: labels
                    .as_ref()
                    .map(|labels| indices.iter().map(|&index| labels[index]).collect()),
            },
        }
    }
}
