//! The convolution that has a kernel for each channel: sixteen channels at a time, two places of a window at a time.

use alloc::vec;
use alloc::vec::Vec;

use super::channels::Channels;
use super::conversion::Conversion;
use super::memory::Scratch;
use super::padding::Padding;
use super::simd::{LANES, Simd, ValueOf};
use crate::operators::Operands;

/// Places that are worked on at a time.
const PLACES: usize = 4;

/// A depthwise convolution.
pub(super) struct Depthwise {
    padding: Padding,
    zero_points: [i8; 2],
    /// Where the window of each place of the output begins.
    places: Vec<u32>,
    /// Where in a window its places lie, two by two; the last one may be there twice, and counts once.
    taps: Vec<[usize; 2]>,
    /// Values from a window's first one to the end of what is read.
    extent: usize,
    channels: usize,
    blocks: Vec<Block>,
}

/// Sixteen channels, or fewer.
struct Block {
    /// Those of each two places side by side.
    weights: Vec<[i8; 2 * LANES]>,
    channels: Channels,
}

impl Depthwise {
    pub fn new<S: Simd>(operands: &Operands<'_>) -> Self {
        let (record, input) = (operands.record(), operands.input());
        let padding = Padding::of(input.shape, &record);
        let [rows, columns] = [record.rows, record.columns].map(|axis| usize::from(axis.kernel));
        let taps = (0..rows).flat_map(|row| (0..columns).map(move |column| [row, column]));
        let taps: Vec<_> = taps.map(|[row, column]| padding.tap(row, column)).collect();
        let channels = usize::from(input.shape.channels);
        Self {
            places: padding.places(operands.output().shape, &record),
            zero_points: [input.zero_point, operands.output().zero_point],
            extent: taps.last().map_or(0, |tap| tap + LANES),
            taps: taps
                .chunks(2)
                .map(|two| [two[0], two[two.len() - 1]])
                .collect(),
            blocks: (0..channels)
                .step_by(LANES)
                .map(|first| Block::new::<S>(operands, first, taps.len()))
                .collect(),
            padding,
            channels,
        }
    }

    /// Makes the output of the input.
    #[inline(always)]
    pub fn run<S: Simd>(&self, simd: S, input: &[i8], output: &mut [i8], scratch: &mut Scratch) {
        let zero_point = self.zero_points[0];
        let (values, _) = scratch.padded::<S::ChannelValues>(input, &self.padding, zero_point);
        let (zero_point, stride) = (self.zero_points[1], self.channels);
        for block in &self.blocks {
            let mut at = block.channels.first;
            let values = &values[at..];
            let (fours, rest) = self.places.as_chunks::<PLACES>();
            for places in fours {
                let sums = self.sums(simd, values, block, *places);
                let output = &mut output[at..];
                block
                    .channels
                    .store(simd, &sums, zero_point, output, stride);
                at += PLACES * stride;
            }
            for &place in rest {
                let sums = self.sums(simd, values, block, [place]);
                let output = &mut output[at..];
                block
                    .channels
                    .store(simd, &sums, zero_point, output, stride);
                at += stride;
            }
        }
    }

    /// The sums of some channels in the windows that begin at these values.
    #[inline(always)]
    fn sums<S: Simd, const PLACES: usize>(
        &self,
        simd: S,
        values: &[ValueOf<S::ChannelValues>],
        block: &Block,
        places: [u32; PLACES],
    ) -> [S::Sums; PLACES] {
        // Of one length all, so that what is checked of one window holds for the others.
        let mut views: [&[_]; PLACES] = [&[]; PLACES];
        for (view, place) in views.iter_mut().zip(places) {
            *view = &values[place as usize..][..self.extent];
        }
        let mut sums = [simd.load(&block.channels.biases); PLACES];
        for (&[one, other], weights) in self.taps.iter().zip(&block.weights) {
            for (sums, view) in sums.iter_mut().zip(views) {
                let values = [channels(&view[one..]), channels(&view[other..])];
                *sums = simd.multiply_add_channels(*sums, weights, values);
            }
        }
        sums
    }
}

/// The first sixteen values, which the padding has room for.
#[inline(always)]
fn channels<V>(values: &[V]) -> &[V; LANES] {
    values.first_chunk().unwrap_or_else(|| unreachable!())
}

impl Block {
    fn new<S: Simd>(operands: &Operands<'_>, first: usize, taps: usize) -> Self {
        let mut weights = vec![[0; 2 * LANES]; taps.div_ceil(2)];
        let most = usize::from(operands.input().shape.channels) - first;
        let offset = S::ChannelValues::offset(operands.input().zero_point);
        let channels = Channels::new::<S>(operands, [first, most], offset, |lane, channel| {
            let mut sum = 0;
            for tap in 0..taps {
                let weight = operands.weight(channel, tap);
                weights[tap / 2][S::channel_place(lane, tap % 2)] = weight;
                sum += i32::from(weight);
            }
            sum
        });
        Self { weights, channels }
    }
}
