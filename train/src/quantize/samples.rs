//! Inputs of a network: pictures in variants, or arrays.

use std::collections::BTreeMap;
use std::sync::Arc;

use input::normalization::Normalization;
use ndarray::{Array2, Array4, Axis};

use super::QuantizeError;
use crate::data::Dataset;
use crate::data::augment::Variant;
use crate::data::batch::{Batches, Order};
use crate::ops::Quantization;

/// Inputs, and the classes that they are of where that is known.
#[derive(Clone, Debug)]
pub enum Samples {
    /// Pictures, each in all of these variants.
    Pictures {
        images: Dataset,
        variants: &'static [Variant],
    },
    /// Pictures of any kind, kept as bytes.
    Pixels {
        /// `[pictures, channels, rows, columns]`.
        pixels: Arc<Array4<u8>>,
        /// Which of them they are.
        chosen: Vec<usize>,
        labels: Option<Vec<usize>>,
        /// What they become.
        numbers: Normalization,
        /// The integers whose numbers these are rounded to.
        meaning: Option<Quantization>,
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
            Self::Pixels { chosen, .. } => chosen.len(),
            Self::Arrays { inputs, .. } => inputs.len_of(Axis(0)),
        }
    }

    /// How many there are, and of what; `which` says more of them.
    pub fn describe(&self, which: &str) -> String {
        match self {
            Self::Pictures { images, .. } => format!("{} {which}training images", images.len()),
            _ => format!("{} {which}samples", self.len()),
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
            (_, _, ..2) => String::new(),
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
            _ => 1,
        }
    }

    /// The class of each sample, where that is known.
    pub fn labels(&self) -> Option<Vec<usize>> {
        match self {
            Self::Pictures { images, variants } => {
                let labels = images.labels().iter();
                let each = |&label: &u16| vec![usize::from(label); variants.len()];
                Some(labels.flat_map(each).collect())
            }
            Self::Pixels { labels, .. } | Self::Arrays { labels, .. } => labels.clone(),
        }
    }

    /// The same samples with these classes; those of pictures are known.
    #[must_use]
    pub fn labelled(mut self, found: Option<Vec<usize>>) -> Self {
        match &mut self {
            Self::Pictures { .. } => {}
            Self::Pixels { labels, .. } | Self::Arrays { labels, .. } => *labels = found,
        }
        self
    }

    /// Shows `visit` each sample in turn, `[1, channels, rows, columns]`.
    pub fn each(
        &self,
        mut visit: impl FnMut(Array4<f32>) -> Result<(), QuantizeError>,
    ) -> Result<(), QuantizeError> {
        match self {
            Self::Pictures { images, variants } => {
                for batch in Batches::new(images, variants, 1, Order::Sequential)? {
                    visit(batch?.images)?;
                }
            }
            Self::Pixels {
                pixels,
                chosen,
                numbers,
                meaning,
                ..
            } => {
                for &picture in chosen {
                    let picture = pixels.index_axis(Axis(0), picture);
                    let mut sample = Array4::zeros(one(picture.dim()));
                    for ((at, &pixel), place) in picture.indexed_iter().zip(&mut sample) {
                        let number = numbers.number(at.0, pixel);
                        *place = meaning.map_or(number, |meaning| meaning.rounded(number));
                    }
                    visit(sample)?;
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
            Self::Pixels {
                pixels,
                chosen,
                labels,
                numbers,
                meaning,
            } => Self::Pixels {
                pixels: Arc::clone(pixels),
                chosen: indices.iter().map(|&index| chosen[index]).collect(),
                labels: selected(labels.as_deref(), indices),
                numbers: numbers.clone(),
                meaning: *meaning,
            },
            Self::Arrays { inputs, labels } => Self::Arrays {
                inputs: inputs.select(Axis(0), indices),
                labels: selected(labels.as_deref(), indices),
            },
        }
    }
}

/// The sizes of one sample.
fn one((channels, rows, columns): (usize, usize, usize)) -> (usize, usize, usize, usize) {
    (1, channels, rows, columns)
}

fn selected(labels: Option<&[usize]>, indices: &[usize]) -> Option<Vec<usize>> {
    labels.map(|labels| indices.iter().map(|&index| labels[index]).collect())
}
