//! Convolutions and dense layers: sums of products of windows with filters, and the maximum over tiles of windows.
//!
//! Sixteen filters meet some windows at a time. Their weights lie in the order in which they are used: of a step of a few
//! values of a window those in the first filter, in the second one, and so on.

use alloc::vec;
use alloc::vec::Vec;

use super::channels::Channels;
use super::conversion::Conversion;
use super::memory::Scratch;
use super::padding::Padding;
use super::simd::{LANES, Simd, ValueOf};
use super::windows::Windows;
use crate::format::KIND_CONVOLUTION;
use crate::operators::Operands;

/// A convolution, or a dense layer, which has one window.
pub(super) struct Convolution {
    padding: Padding,
    windows: Windows,
    /// Where windows of short runs lie when they meet filters.
    unfolded: Option<Windows>,
    zero_points: [i8; 2],
    /// Channels of the output.
    channels: usize,
    blocks: Vec<Block>,
}

/// Sixteen filters, or fewer.
struct Block {
    /// The first channel of the input that they read.
    input: usize,
    weights: Vec<i8>,
    channels: Channels,
}

impl Convolution {
    /// Packs a convolution or a dense layer for these instructions.
    pub fn new<S: Simd>(operands: &Operands<'_>) -> Self {
        let (windows, padding) = Windows::of(operands);
        let (input, output) = (operands.input(), operands.output());
        let record = operands.record();
        let groups = match record.kind {
            KIND_CONVOLUTION => record.groups.into(),
            _ => 1,
        };
        // Groups read different channels of the same places.
        let unfolded = if groups == 1 {
            windows.unfolded(S::DEPTH)
        } else {
            None
        };
        let [inputs, filters] =
            [input, output].map(|tensor| usize::from(tensor.shape.channels) / groups);
        let blocks = (0..groups).flat_map(|group| {
            let firsts = (0..filters).step_by(LANES);
            firsts.map(move |first| (group, first))
        });
        let met = unfolded.as_ref().unwrap_or(&windows);
        let block = |(group, first): (usize, usize)| {
            let channels = [group * filters + first, filters - first];
            Block::new::<S>(operands, group * inputs, channels, met)
        };
        Self {
            blocks: blocks.map(block).collect(),
            padding,
            zero_points: [input.zero_point, output.zero_point],
            channels: output.shape.channels.into(),
            unfolded,
            windows,
        }
    }

    /// Makes the output of the input.
    #[inline(always)]
    pub fn run<S: Simd>(&self, simd: S, input: &[i8], output: &mut [i8], scratch: &mut Scratch) {
        let (padded, copies) =
            scratch.padded::<S::Values>(input, &self.padding, self.zero_points[0]);
        let places = &self.windows.places;
        let Some(unfolded) = &self.unfolded else {
            for block in &self.blocks {
                let values = &padded[block.input..];
                self.pass(simd, &self.windows, values, block)
                    .run(places, output);
            }
            return;
        };
        let (count, window_len) = (unfolded.places.len(), unfolded.extent(S::DEPTH));
        let outputs = output.chunks_mut(count * self.channels);
        for (places, output) in places.chunks(count).zip(outputs) {
            self.windows.unfold(places, padded, window_len, copies);
            let places = &unfolded.places[..places.len()];
            for block in &self.blocks {
                self.pass(simd, unfolded, copies, block).run(places, output);
            }
        }
    }

    #[inline(always)]
    fn pass<'p, S: Simd>(
        &'p self,
        simd: S,
        windows: &'p Windows,
        values: &'p [ValueOf<S::Values>],
        block: &'p Block,
    ) -> Pass<'p, S> {
        Pass {
            simd,
            windows,
            values,
            block,
            extent: windows.extent(S::DEPTH),
            zero_point: self.zero_points[1],
            stride: self.channels,
        }
    }
}

/// Sixteen filters on their way over windows.
struct Pass<'p, S: Simd> {
    simd: S,
    windows: &'p Windows,
    /// Where the windows lie.
    values: &'p [ValueOf<S::Values>],
    block: &'p Block,
    /// How far a window reaches.
    extent: usize,
    /// The output's zero point, and the way from one of its places to the next one.
    zero_point: i8,
    stride: usize,
}

impl<S: Simd> Pass<'_, S> {
    /// Makes the channels of some places of the output, which `output` begins with.
    #[inline(always)]
    fn run(&self, places: &[u32], output: &mut [i8]) {
        let output = &mut output[self.block.channels.first..];
        if self.windows.tile.len() > 1 {
            return self.run_tiles(places, output);
        }
        // Dense layers have one place, many have few channels, and nothing else should take time there.
        if let &[place] = places {
            return self.store(&self.sums([place]), output);
        }
        let (rest, output) = match S::WINDOWS {
            8 => self.run_places::<8>(places, output),
            6 => self.run_places::<6>(places, output),
            5 => self.run_places::<5>(places, output),
            _ => (places, output),
        };
        let (rest, output) = self.run_places::<4>(rest, output);
        self.run_places::<1>(rest, output);
    }

    /// The same where a place is made of one window, so many places at a time; gives those that are left.
    #[inline(always)]
    fn run_places<'o, const PLACES: usize>(
        &self,
        places: &'o [u32],
        output: &'o mut [i8],
    ) -> (&'o [u32], &'o mut [i8]) {
        let (groups, rest) = places.as_chunks::<PLACES>();
        let len = PLACES * self.stride;
        for (starts, output) in groups.iter().zip(output.chunks_mut(len)) {
            self.store(&self.sums(*starts), output);
        }
        let output = output.get_mut(groups.len() * len..);
        (rest, output.unwrap_or_default())
    }

    /// The same where a place is made of the greatest values of a tile of windows.
    #[inline(always)]
    fn run_tiles(&self, places: &[u32], output: &mut [i8]) {
        let (fours, rest) = self.windows.tile.as_chunks::<4>();
        for (&place, output) in places.iter().zip(output.chunks_mut(self.stride)) {
            let mut greatest = self.simd.load(&[i32::MIN; LANES]);
            for &[a, b, c, d] in fours {
                let sums = self.sums([place + a, place + b, place + c, place + d]);
                for sums in sums {
                    greatest = self.simd.max(greatest, sums);
                }
            }
            for &start in rest {
                let [sums] = self.sums([place + start]);
                greatest = self.simd.max(greatest, sums);
            }
            self.store(&[greatest], output);
        }
    }

    #[inline(always)]
    fn store<const PLACES: usize>(&self, sums: &[S::Sums; PLACES], output: &mut [i8]) {
        let channels = &self.block.channels;
        channels.store(self.simd, sums, self.zero_point, output, self.stride);
    }

    /// The sums of the filters in windows that begin at these values.
    #[inline(always)]
    fn sums<const WINDOWS: usize>(&self, starts: [u32; WINDOWS]) -> [S::Sums; WINDOWS] {
        let len = self.windows.run_len.div_ceil(S::DEPTH);
        // Of one length all, so that what is checked of one window holds for the others.
        let mut views: [&[_]; WINDOWS] = [&[]; WINDOWS];
        for (view, start) in views.iter_mut().zip(starts) {
            *view = &self.values[start as usize..][..self.extent];
        }
        let mut sums = [self.simd.load(&self.block.channels.biases); WINDOWS];
        let mut weights = S::step_weights(&self.block.weights);
        for &run in &self.windows.runs {
            let (weights_of_run, others) = weights.split_at(len);
            weights = others;
            let mut steps: [&[S::Step]; WINDOWS] = [&[]; WINDOWS];
            for (steps, view) in steps.iter_mut().zip(views) {
                *steps = &S::steps(&view[run..])[..len];
            }
            self.simd.multiply_add(&mut sums, weights_of_run, &steps);
        }
        sums
    }
}

impl Block {
    fn new<S: Simd>(
        operands: &Operands<'_>,
        input: usize,
        channels: [usize; 2],
        windows: &Windows,
    ) -> Self {
        let steps = windows.run_len.div_ceil(S::DEPTH);
        let step_len = LANES * S::DEPTH;
        let mut weights = vec![0; windows.runs.len() * steps * step_len];
        let offset = S::Values::offset(operands.input().zero_point);
        let channels = Channels::new::<S>(operands, channels, offset, |lane, filter| {
            let mut sum = 0;
            for index in 0..windows.runs.len() * windows.run_len {
                let (run, value) = (index / windows.run_len, index % windows.run_len);
                let step = run * steps + value / S::DEPTH;
                let place = S::weight_place(lane, value % S::DEPTH);
                let weight = operands.weight(filter, index);
                weights[step * step_len + place] = weight;
                sum += i32::from(weight);
            }
            sum
        });
        Self {
            input,
            weights,
            channels,
        }
    }
}
