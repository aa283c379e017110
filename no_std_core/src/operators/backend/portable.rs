//! The inner loops for processors without a form of their own.

use core::ops::Range;

use super::plain::{self, Channels, Neighbours, Places};
use super::{Backend, Filters, GROUP, LANES, Outputs, Products, Sums};
use crate::format::SUM_ENTRIES;

/// Loops that any processor runs.
pub struct Portable;

impl Backend for Portable {
    type Patch = Patch<24>;
    type SmallPatch<const GROUPS: usize> = Patch<GROUPS>;

    fn copy(places: &mut [i8], values: &[i8]) {
        for (place, &value) in places.iter_mut().zip(values) {
            *place = value;
        }
    }

    fn dense(input: &[i8], zero_point: i8, units: &Filters<'_>, outputs: &mut [i8]) {
        plain::dense(input, zero_point, units, outputs);
    }

    fn requantize(
        sums: &Sums<'_>,
        multipliers: &[[u8; 4]],
        zero_point: i8,
        outputs: &mut [i8],
        stride: usize,
    ) {
        plain::requantize(sums, multipliers, zero_point, outputs, stride);
    }

    fn add_channels(channels: &Channels<'_>, sums: &mut [i32]) {
        plain::add_channels(channels, sums);
    }

    fn accumulate(sums: &mut [i32], places: &Places<'_>) {
        plain::accumulate(sums, places);
    }

    fn add(output: &mut [i8], other: &[i8], table: &[u8; SUM_ENTRIES]) {
        plain::add(output, other, table);
    }
}

/// Values of four windows, from which their zero point is taken off.
pub struct Patch<const GROUPS: usize> {
    values: [[[i16; LANES]; GROUP]; GROUPS],
    staging: [[i8; GROUP]; GROUPS],
}

impl<const GROUPS: usize> super::Patch for Patch<GROUPS> {
    const LEN: usize = GROUPS * GROUP;

    #[inline(always)]
    fn empty() -> Self {
        Self {
            values: [[[0; LANES]; GROUP]; GROUPS],
            staging: [[0; GROUP]; GROUPS],
        }
    }

    fn staged(&mut self, len: usize, zero_point: i8) -> &mut [i8] {
        let staging = self.staging.as_flattened_mut();
        let staging = staging.get_mut(..len).unwrap_or_default();
        staging.fill(zero_point);
        staging
    }

    fn set(&mut self, lane: usize, len: usize, zero_point: i8) {
        let values = self.staging.as_flattened().get(..len);
        let places = self.values.as_flattened_mut();
        set_row(places, lane, values.unwrap_or_default(), zero_point);
    }

    fn set_neighbours(&mut self, lanes: Range<usize>, neighbours: &Neighbours<'_>, zero_point: i8) {
        let mut values = neighbours.values;
        for lane in lanes {
            let places = self.values.as_flattened_mut();
            let places = places.chunks_mut(neighbours.width.max(1));
            let rows = values.chunks(neighbours.row_step.max(1));
            for (places, row) in places.zip(rows).take(neighbours.rows) {
                set_row(places, lane, row, zero_point);
            }
            values = values.get(neighbours.step..).unwrap_or_default();
        }
    }

    #[inline(never)] // What it needs on the stack, its caller need not keep.
    fn convolve(&self, products: Products<'_, '_>) {
        const BLOCK: usize = 8;
        if !(products.is_first && products.is_last) {
            return self.add_products(products);
        }
        // One part is all, so sums need to last for a few filters only.
        let Products {
            filters, outputs, ..
        } = products;
        for (block, biases) in filters.biases.chunks(BLOCK).enumerate() {
            let first = block * BLOCK;
            let mut sums = [[0; LANES]; BLOCK];
            self.add_products(Products {
                filters: &Filters {
                    biases,
                    ..filters.skip(first)
                },
                sums: sums.get_mut(..biases.len()).unwrap_or_default(),
                outputs: Outputs {
                    values: outputs.values.get_mut(first..).unwrap_or_default(),
                    ..outputs
                },
                ..products
            });
        }
    }
}

impl<const GROUPS: usize> Patch<GROUPS> {
    /// See [`convolve`](super::Patch::convolve), where there is room for the sums.
    fn add_products(&self, products: Products<'_, '_>) {
        let values = self.values.as_flattened();
        let values = values.get(..products.len).unwrap_or_default();
        let Filters {
            mut weights,
            stride,
            ..
        } = *products.filters;
        plain::convolve::<Portable>(products, plain::begin, |sums| {
            for sums in sums {
                // One by one and in a copy, the sums stay in registers even where a compiler minds the size of loops.
                let mut totals = *sums;
                for (values, weight) in values.iter().zip(weights) {
                    let weight = i32::from(weight.cast_signed());
                    totals[0] += i32::from(values[0]) * weight;
                    totals[1] += i32::from(values[1]) * weight;
                    totals[2] += i32::from(values[2]) * weight;
                    totals[3] += i32::from(values[3]) * weight;
                }
                *sums = totals;
                weights = weights.get(stride..).unwrap_or_default();
            }
        });
    }
}

/// Sets the values of a lane in all places that there are values for.
fn set_row(places: &mut [[i16; LANES]], lane: usize, values: &[i8], zero_point: i8) {
    let lane = lane % LANES;
    for (place, &value) in places.iter_mut().zip(values) {
        place[lane] = i16::from(value) - i16::from(zero_point);
    }
}
