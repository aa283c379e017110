//! Running both networks on samples, one at a time: no more than the layers' outputs for one sample is in memory.

use std::sync::atomic::{AtomicBool, Ordering};

use device::Device;
use ndarray::{Array4, ArrayD, Axis};

use super::board::BoardRun;
use super::digests::{Tally, of_all, of_core, of_rows};
use super::graphs::{self, Int8Model, given, integers};
use super::noise::Noise;
use super::pairs::{Pair, Pairs};
use super::report::Report;
use super::{CompareError, Comparison};
use crate::models::LOGITS;
use crate::quantize::{self, Names};
use crate::runtime::{Outputs, Runtime, Session};
use crate::tensor::Tensor;

const INPUT: &str = "input";

/// Both networks in a runtime, and what was counted of them so far.
pub struct Running<'c, 'a> {
    comparison: &'c Comparison<'a>,
    sessions: Sessions,
    /// Whether the output tells classes apart.
    are_classes: bool,
    counts: Counts,
}

struct Sessions {
    runtime: &'static str,
    /// The name of the int8 model's input.
    input: String,
    float: Session,
    int8: Session,
    float_apart: Session,
    int8_apart: Session,
}

/// What was counted over all samples.
#[derive(Default)]
pub struct Counts {
    /// Samples.
    pub samples: usize,
    /// Of each tensor, the input first.
    pub noise: Vec<Noise>,
    /// The digest of each layer on the runtime over all samples, and in the core.
    pub digests: Vec<[u32; 2]>,
    /// The core compared with the runtime.
    pub core: Tally,
    /// Samples whose class is the same in both networks.
    pub same_class: usize,
}

/// What the layers make of a sample.
struct Sample {
    /// The input as the core takes it, `[row][column][channel]`.
    input: Vec<i8>,
    /// All tensors in floats.
    floats: Vec<ArrayD<f32>>,
    /// All tensors in integers.
    integers: Vec<ArrayD<f32>>,
}

impl<'c, 'a> Running<'c, 'a> {
    /// Loads the networks into a runtime.
    pub fn new(comparison: &'c Comparison<'a>, runtime: &Runtime) -> Result<Self, CompareError> {
        let pairs = &comparison.pairs;
        let int8 = Int8Model::new(comparison.files.int8, pairs)?;
        let names = Names {
            input: INPUT,
            output: LOGITS,
        };
        let float = quantize::float_layers(&pairs.network, names)?;
        let load = |model: &[u8]| runtime.load(model, Vec::new());
        let layers = pairs.layers.len();
        Ok(Self {
            comparison,
            are_classes: int8.output == LOGITS,
            sessions: Sessions {
                runtime: runtime.kind().name(),
                float: load(&float)?,
                int8: load(&int8.observed(pairs))?,
                float_apart: load(&graphs::float_apart(pairs)?)?,
                int8_apart: load(&int8.apart(pairs))?,
                input: int8.input,
            },
            counts: Counts {
                noise: vec![Noise::default(); layers + 1],
                digests: vec![[0; 2]; layers],
                ..Counts::default()
            },
        })
    }

    /// Runs all samples `[samples, channels, rows, columns]`, a board on the first ones.
    pub fn all(
        mut self,
        samples: &Array4<f32>,
        device: Option<&'a Device>,
        interrupted: &AtomicBool,
    ) -> Result<Report, CompareError> {
        let board = device.map(|device| BoardRun::new(self.comparison, device));
        let mut board = board.transpose()?;
        for sample in samples.outer_iter() {
            if interrupted.load(Ordering::Relaxed) {
                return Err(CompareError::Stopped);
            }
            let sample = self.outputs(sample.insert_axis(Axis(0)).to_owned())?;
            self.count_noise(&sample)?;
            self.count_class(&sample);
            self.compare(&sample, board.as_mut())?;
            self.counts.samples += 1;
        }
        let runtime = self.sessions.runtime;
        let board = board.map(|board| board.outcome(&self.comparison.pairs));
        Ok(Report::new(
            self.comparison,
            runtime,
            (&self.counts, self.are_classes),
            board,
        ))
    }

    /// What both networks make of a sample, as a whole.
    fn outputs(&mut self, input: Array4<f32>) -> Result<Sample, CompareError> {
        let pairs = &self.comparison.pairs;
        let meaning = pairs.meaning(0);
        let values = input.mapv(|value| meaning.integer(value));
        // Runtimes divide by a scale in two ways, which agree on what integers stand for.
        let rounded = values.mapv(|value| meaning.real(value));
        let feed = |name: &str, input: Array4<f32>| vec![(name.to_owned(), input.into())];
        let mut found = self.sessions.float.run(feed(INPUT, input.clone()))?;
        let mut floats = vec![input.into_dyn()];
        for node in &pairs.network.nodes {
            floats.push(found.take(&node.name)?);
        }
        let mut found = self
            .sessions
            .int8
            .run(feed(&self.sessions.input, rounded))?;
        let mut tensors = vec![values.mapv(f32::from).into_dyn()];
        for pair in &pairs.layers {
            tensors.push(taken(&mut found, pairs, pair, tensors.len())?);
        }
        Ok(Sample {
            input: values.permuted_axes([0, 2, 3, 1]).iter().copied().collect(),
            floats,
            integers: tensors,
        })
    }

    /// Counts what the integers change, in all and in each layer by itself.
    fn count_noise(&mut self, sample: &Sample) -> Result<(), CompareError> {
        let pairs = &self.comparison.pairs;
        let tensors = sample.integers.iter().zip(&mut self.counts.noise);
        for (tensor, (integers, noise)) in tensors.enumerate() {
            let floats = &sample.floats[pairs.float_tensor(tensor)];
            noise.add(&pairs.left(tensor, floats), integers, pairs.meaning(tensor));
        }
        let (int8, float) = given_to_all(pairs, &sample.floats);
        let mut int8 = self.sessions.int8_apart.run(int8)?;
        let mut float = self.sessions.float_apart.run(float)?;
        for (index, pair) in pairs.layers.iter().enumerate() {
            if pairs.node(pair).is_some() {
                let floats = pairs.left(index + 1, &float.take(&pair.name)?);
                let integers = taken(&mut int8, pairs, pair, index + 1)?;
                self.counts.noise[index + 1].add_own(&floats, &integers, pair.meaning);
            }
        }
        Ok(())
    }

    fn count_class(&mut self, sample: &Sample) {
        let last = [&sample.floats, &sample.integers].map(|tensors| tensors.last());
        if let [Some(floats), Some(integers)] = last {
            self.counts.same_class += usize::from(class(floats) == class(integers));
        }
    }

    /// Compares the integers of the runtime with those of the core, and these with a board's.
    fn compare(
        &mut self,
        sample: &Sample,
        board: Option<&mut BoardRun<'_>>,
    ) -> Result<(), CompareError> {
        let Some(model) = &self.comparison.flash else {
            return Ok(());
        };
        let (core, orders) = of_core(model, &sample.input)?;
        let layers = sample.integers[1..].iter().zip(&orders);
        let found: Vec<u32> = layers
            .map(|(integers, order)| of_rows(integers, order))
            .collect();
        self.counts.core.add(&core, &found);
        for (all, digests) in self.counts.digests.iter_mut().zip(found.iter().zip(&core)) {
            *all = [of_all(all[0], *digests.0), of_all(all[1], *digests.1)];
        }
        board.map_or(Ok(()), |board| board.add(&sample.input, &core))
    }
}

/// The integers of a layer, whose shape the int8 model has said.
fn taken(
    outputs: &mut Outputs,
    pairs: &Pairs,
    pair: &Pair,
    tensor: usize,
) -> Result<ArrayD<f32>, CompareError> {
    let values = outputs.take(&integers(&pair.name))?;
    let [channels, rows, columns] = pairs.shape(tensor);
    let expected = [1, channels, rows, columns];
    if values.shape() == expected {
        return Ok(values);
    }
    Err(CompareError::Shape {
        layer: pair.name.clone(),
        expected: format!("{expected:?}"),
        found: format!("{:?}", values.shape()),
    })
}

type Feeds = Vec<(String, Tensor)>;

/// What each layer is given where it runs by itself: integers, and the numbers that these stand for.
fn given_to_all(pairs: &Pairs, floats: &[ArrayD<f32>]) -> (Feeds, Feeds) {
    let by_floats = pairs.read(|pair| pairs.node(pair).is_some());
    let (mut int8, mut float) = (Vec::new(), Vec::new());
    for tensor in pairs.read(|_| true) {
        let (integers, reals) = pairs.given(tensor, &floats[pairs.float_tensor(tensor)]);
        int8.push((given(tensor), integers.into()));
        if by_floats.contains(&tensor) {
            float.push((given(tensor), reals.into()));
        }
    }
    (int8, float)
}

/// The place of the greatest number, the first one on a tie.
fn class(values: &ArrayD<f32>) -> usize {
    let greatest = values
        .iter()
        .enumerate()
        .reduce(|best, one| if one.1 > best.1 { one } else { best });
    greatest.map_or(0, |(place, _)| place)
}
