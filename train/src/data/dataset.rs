//! Samples of one shape, pictures or numbers, with their labels.

use std::sync::Arc;

use input::normalization::Normalization;
use ndarray::{Array2, Array4, ArrayView1};
use rayon::prelude::*;

use super::augment::Variant;
use super::pixel_table::PixelTable;
use super::pixels::Pixels;
use super::{DataError, split};
use crate::network::Shape;

/// The names of the classes; a label is a place among them.
pub type Classes = Arc<[String]>;

/// What samples are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// Bytes from 0 to 255.
    Pixel,
    /// Finite floats of 32 bits, in little-endian order.
    Number,
}

impl Element {
    fn bytes(self) -> usize {
        match self {
            Self::Pixel => 1,
            Self::Number => size_of::<f32>(),
        }
    }
}

/// Pictures, each with its class, or other samples with what is known of them. A copy or a part shares the pixels.
#[derive(Clone, Debug)]
pub struct Dataset {
    shape: Shape,
    element: Element,
    pixels: Arc<Pixels>,
    /// Which of the pictures of `pixels` these are.
    places: Vec<u32>,
    labels: Vec<u16>,
    classes: Classes,
    /// Whether the labels are known; else they are 0.
    is_labelled: bool,
    /// Numbers that belong to each of the pictures of `pixels`.
    targets: Option<Arc<Array2<f32>>>,
    /// What pixels become, where that is said.
    table: Option<Arc<PixelTable>>,
}

impl Dataset {
    /// Pictures in memory: `[pictures, channels, rows, columns]`, 0 for the ground or black to 255 for full ink or white.
    ///
    /// # Panics
    ///
    /// Unless there are as many pixels as the labels and the shape say.
    pub fn new(shape: Shape, pixels: Vec<u8>, labels: Vec<u16>, classes: Classes) -> Self {
        let expected = labels.len() * shape.iter().product::<usize>();
        assert_eq!(pixels.len(), expected, "pixels of {shape:?} for each label");
        let places = (0..labels.len() as u32).collect();
        Self::of(shape, Pixels::Memory(pixels), places, labels, classes)
    }

    /// The pictures at these places of `pixels`, in their order, with a label each.
    pub(super) fn of(
        shape: Shape,
        pixels: Pixels,
        places: Vec<u32>,
        labels: Vec<u16>,
        classes: Classes,
    ) -> Self {
        debug_assert_eq!(places.len(), labels.len());
        Self {
            shape,
            element: Element::Pixel,
            pixels: Arc::new(pixels),
            places,
            labels,
            classes,
            is_labelled: true,
            targets: None,
            table: None,
        }
    }

    /// The same samples, made of these elements, and what is known of them beside what their labels say, if these say
    /// anything. There are targets for as many samples as there are pixels of.
    #[must_use]
    pub(super) fn holding(
        self,
        element: Element,
        is_labelled: bool,
        targets: Option<Array2<f32>>,
    ) -> Self {
        Self {
            element,
            is_labelled,
            targets: targets.map(Arc::new),
            ..self
        }
    }

    /// The same samples in other classes.
    #[must_use]
    pub(super) fn labelled(self, classes: Classes, labels: Vec<u16>) -> Self {
        debug_assert_eq!(self.len(), labels.len());
        Self {
            labels,
            classes,
            is_labelled: true,
            ..self
        }
    }

    /// The same pictures, and after them others of the same shape, which are of none of the classes: their labels are the
    /// number of classes.
    ///
    /// # Panics
    ///
    /// Unless there is a shape's worth of pixels for each of them.
    #[must_use]
    pub fn with_negatives(self, pixels: Vec<u8>) -> Self {
        let more = pixels.len() / self.picture_len();
        let label = self.classes.len() as u16;
        self.with(pixels, vec![label; more])
    }

    /// The same pictures, and after them others of the same shape, with a label each.
    ///
    /// # Panics
    ///
    /// Unless there is a shape's worth of pixels for each label.
    #[must_use]
    pub fn with(self, pixels: Vec<u8>, labels: Vec<u16>) -> Self {
        let (len, more) = (self.picture_len(), labels.len());
        assert_eq!(pixels.len(), more * len, "pixels of {:?}", self.shape);
        let first = self.places.iter().max().map_or(0, |&place| place + 1);
        let pixels = Pixels::Parts(vec![
            (u64::from(first) * len as u64, Pixels::Shared(self.pixels)),
            (pixels.len() as u64, Pixels::Memory(pixels)),
        ]);
        Self {
            pixels: Arc::new(pixels),
            places: self
                .places
                .into_iter()
                .chain(first..first + more as u32)
                .collect(),
            labels: self.labels.into_iter().chain(labels).collect(),
            targets: None,
            ..self
        }
    }

    /// What the samples are made of.
    pub fn element(&self) -> Element {
        self.element
    }

    /// Whether the class of each sample is known.
    pub fn is_labelled(&self) -> bool {
        self.is_labelled
    }

    /// The number of targets of each sample; 0 where there are none.
    pub fn target_len(&self) -> usize {
        self.targets.as_ref().map_or(0, |targets| targets.ncols())
    }

    /// The numbers that belong to a sample, if any do.
    pub fn targets(&self, sample: usize) -> Option<ArrayView1<'_, f32>> {
        let targets = self.targets.as_ref()?;
        Some(targets.row(self.places[sample] as usize))
    }

    /// The same pictures, whose pixels become what this says, and not 0 to 1.
    ///
    /// # Panics
    ///
    /// Unless it is for as many channels.
    #[must_use]
    pub fn normalized(self, numbers: &Normalization) -> Self {
        assert_eq!(numbers.channels(), self.shape[0], "channels");
        let table = Some(Arc::new(PixelTable::new(numbers)));
        Self { table, ..self }
    }

    /// What pixels become, where it is not simply 0 to 1.
    pub(crate) fn pixel_table(&self) -> Option<&PixelTable> {
        self.table.as_deref()
    }

    /// The number of pictures.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no picture.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Channels (1 for grey, 3 for red, green and blue), rows and columns of every picture.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Bytes of a picture, or of another sample.
    pub fn picture_len(&self) -> usize {
        self.elements() * self.element.bytes()
    }

    /// Pixels or numbers of a sample.
    pub fn elements(&self) -> usize {
        self.shape.iter().product()
    }

    /// The class of each picture.
    pub fn labels(&self) -> &[u16] {
        &self.labels
    }

    /// The number of pictures of each class.
    pub fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.classes.len()];
        for &label in self.labels.iter().filter(|_| self.is_labelled) {
            if let Some(count) = counts.get_mut(usize::from(label)) {
                *count += 1;
            }
        }
        counts
    }

    /// The names of the classes; none where no label is known.
    pub fn classes(&self) -> &Classes {
        &self.classes
    }

    /// Fills `pixels`, which has [`Self::picture_len`] bytes, with a picture: `[channels, rows, columns]`.
    pub fn read(&self, picture: usize, pixels: &mut [u8]) -> Result<(), DataError> {
        let offset = u64::from(self.places[picture]) * pixels.len() as u64;
        self.pixels.read(offset, pixels)
    }

    /// Fills `numbers` with those of a sample that a read has filled `bytes` with: pixels in this variant, from 0 to 1 or
    /// normalised.
    pub fn numbers(&self, bytes: &[u8], variant: Variant, numbers: &mut [f32]) {
        match (self.element, &self.table) {
            (Element::Pixel, None) => variant.write(bytes, numbers),
            (Element::Pixel, Some(table)) => {
                let bytes: Vec<u8> = bytes.iter().map(|&byte| variant.of(byte)).collect();
                table.write(&bytes, numbers);
            }
            (Element::Number, _) => {
                let (floats, _) = bytes.as_chunks();
                for (number, &float) in numbers.iter_mut().zip(floats) {
                    *number = f32::from_le_bytes(float);
                }
            }
        }
    }

    /// All pictures at once: `[pictures, channels, rows, columns]`.
    pub fn images(&self) -> Result<Array4<u8>, DataError> {
        let [channels, rows, columns] = self.shape;
        let mut images = Array4::zeros((self.len(), channels, rows, columns));
        if let Some(all) = images.as_slice_mut() {
            let pictures = all.chunks_exact_mut(self.picture_len()).enumerate();
            for (picture, pixels) in pictures {
                self.read(picture, pixels)?;
            }
        }
        Ok(images)
    }

    /// Pictures made of these, in memory: what `change` makes of the bytes of each, whose number among these it is told.
    /// There are no targets.
    pub fn changed(&self, change: impl Fn(usize, &mut [u8]) + Sync) -> Result<Self, DataError> {
        let mut pixels = vec![0; self.len() * self.picture_len()];
        let pictures = pixels.par_chunks_exact_mut(self.picture_len()).enumerate();
        pictures.try_for_each(|(picture, pixels)| {
            self.read(picture, pixels)?;
            change(picture, pixels);
            Ok::<(), DataError>(())
        })?;
        Ok(Self {
            pixels: Arc::new(Pixels::Memory(pixels)),
            places: (0..self.len() as u32).collect(),
            targets: None,
            ..self.clone()
        })
    }

    /// The first `limit` pictures, or all where there are fewer.
    #[must_use]
    pub fn take(mut self, limit: usize) -> Self {
        self.places.truncate(limit);
        self.labels.truncate(limit);
        self
    }

    /// The pictures of these indices, in their order.
    #[must_use]
    pub fn select(&self, indices: &[usize]) -> Self {
        Self {
            places: indices.iter().map(|&index| self.places[index]).collect(),
            labels: indices.iter().map(|&index| self.labels[index]).collect(),
            ..self.clone()
        }
    }

    /// Draws `count` pictures, of each class in proportion, and returns them and all others, each in the order of this
    /// data set; with fewer than `count` pictures all are drawn.
    ///
    /// A class of at least two pictures is in both parts where `count` allows it, one of a single picture among the others.
    /// The same seed draws the same pictures on every machine.
    #[must_use]
    pub fn split_stratified(&self, count: usize, seed: u64) -> (Self, Self) {
        let (drawn, others) = split::stratified(self.labels.iter().copied(), count, seed);
        (self.select(&drawn), self.select(&others))
    }
}

/// The names of classes that are numbers, from `first` on.
pub fn numbers(first: usize, count: usize) -> Classes {
    (first..first + count)
        .map(|number| number.to_string())
        .collect()
}

#[cfg(test)]
mod tests;
