//! The convolution, and the maximum over tiles of its output where the layer has one.
//!
//! The maximum is taken over the sums: requantising never changes their order, so it is the maximum of the int8 values as
//! well. The convolution's own output is never stored, and of four windows one value is requantised.
//!
//! Windows are worked on four at a time: those of a tile, which make one place of the output, or four places where there
//! are no tiles. What they cover is laid out side by side once and meets all filters there.

use core::array;

use super::backend::{Backend, LANES, Patch, Sums};
use super::operator::{Operands, Operator, Reach, Sizes, ensure};
use super::windows::{Window, Windows};
use crate::error::Fault;
use crate::format::{KIND_CONVOLUTION, OperatorRecord, TensorRecord};

/// What the work on four windows needs besides them.
struct Scratch<P: Patch, const BLOCK: usize> {
    patch: P,
    staging: P::Staging,
    /// The sums in the four windows of each filter of a block: those share the work of laying out a part of the windows.
    sums: [[i32; LANES]; BLOCK],
}

pub(super) const fn operator<B: Backend>() -> Operator {
    Operator {
        kind: KIND_CONVOLUTION,
        name: "convolution",
        inputs: 1,
        reach: Reach::Windows,
        in_place: false,
        check,
        sizes,
        step: step::<B, B::Patch, 32>,
    }
}

/// For windows that are laid out as a whole, once for all filters. It takes less stack.
pub(super) const fn small_operator<B: Backend>() -> Operator {
    Operator {
        check: |operands| {
            check(operands)?;
            let fits = operands.channel_weights <= B::SmallPatch::LEN;
            ensure(fits, Fault::Window, OperatorRecord::ROWS_AT)
        },
        step: step::<B, B::SmallPatch, 8>,
        ..operator::<B>()
    }
}

fn check(operands: &Operands<'_>) -> Result<(), (Fault, usize)> {
    operands.check_windows()?;
    let groups = operands.record().groups;
    let divide = [operands.input(), operands.output()]
        .iter()
        .all(|tensor| tensor.shape.channels.checked_rem(groups) == Some(0));
    ensure(divide, Fault::Groups, OperatorRecord::GROUPS_AT)
}

fn sizes(record: &OperatorRecord, [input, output]: [&TensorRecord; 2]) -> Sizes {
    let kernel = u64::from(record.rows.kernel) * u64::from(record.columns.kernel);
    let channels = input.shape.channels.checked_div(record.groups);
    Sizes::channels(output, kernel * u64::from(channels.unwrap_or(0)))
}

fn step<B: Backend, P: Patch, const BLOCK: usize>(
    operands: &Operands<'_>,
    [input, _]: [&[i8]; 2],
    row: u16,
    output: &mut [i8],
) {
    let record = operands.record();
    let mut windows = Windows::<B>::new(operands, input, row);
    let mut scratch = Scratch::<P, BLOCK>::EMPTY;
    let channels = operands.output().shape.channels;
    let filters = channels.checked_div(record.groups).unwrap_or(channels);
    for group in 0..usize::from(record.groups) {
        windows.select(group, &record.columns);
        let filters = Filters {
            first: group * usize::from(filters),
            count: filters.into(),
        };
        if (record.rows.pool, record.columns.pool) == (1, 1) {
            convolve(operands, &windows, &filters, &mut scratch, output);
        } else {
            convolve_and_pool(operands, &windows, &filters, &mut scratch, output);
        }
    }
}

/// The filters of a group.
struct Filters {
    first: usize,
    count: usize,
}

/// A row of the output with a window for each of its places.
#[inline(never)] // What one of the two needs is not on the stack while the other works.
fn convolve<B: Backend, P: Patch, const BLOCK: usize>(
    operands: &Operands<'_>,
    windows: &Windows<'_, B>,
    filters: &Filters,
    scratch: &mut Scratch<P, BLOCK>,
    output: &mut [i8],
) {
    let channels = usize::from(operands.output().shape.channels).max(1);
    for (quad, places) in output.chunks_mut(LANES * channels).enumerate() {
        let last = (places.len() / channels).saturating_sub(1);
        let four: [_; LANES] =
            array::from_fn(|lane| windows.window(0, quad * LANES + lane.min(last)));
        for begin in (0..filters.count).step_by(BLOCK) {
            let first = filters.first + begin;
            let count = filters.count - begin;
            let four = four.get(..=last).unwrap_or(&four);
            let sums = scratch.sums(operands, windows, four, [first, count], begin == 0);
            let sums = Sums {
                values: sums.as_flattened(),
                group: LANES,
                lanes: last + 1,
            };
            let places = places.get_mut(first..).unwrap_or_default();
            let multipliers = operands.multipliers(first);
            B::requantize(
                &sums,
                multipliers,
                operands.output().zero_point,
                places,
                channels,
            );
        }
    }
}

/// A row of the output with a tile of windows for each of its places.
#[inline(never)] // As above.
fn convolve_and_pool<B: Backend, P: Patch, const BLOCK: usize>(
    operands: &Operands<'_>,
    windows: &Windows<'_, B>,
    filters: &Filters,
    scratch: &mut Scratch<P, BLOCK>,
    output: &mut [i8],
) {
    let record = operands.record();
    let channels = usize::from(operands.output().shape.channels).max(1);
    let width = usize::from(record.columns.pool);
    for (column, place) in output.chunks_mut(channels).enumerate() {
        let place = place.get_mut(filters.first..).unwrap_or_default();
        let place = place.get_mut(..filters.count).unwrap_or_default();
        for (block, outputs) in place.chunks_mut(BLOCK).enumerate() {
            let first = filters.first + block * BLOCK;
            let rows = 0..usize::from(record.rows.pool);
            let columns = column * width..(column + 1) * width;
            let mut tile = rows.flat_map(|row| {
                columns
                    .clone()
                    .map(move |column| windows.window(row, column))
            });
            let mut is_first = true;
            while let Some(mut window) = tile.next() {
                let four: [_; LANES] = array::from_fn(|lane| {
                    if lane > 0 {
                        // A tile with too few windows has its last one several times.
                        window = tile.next().unwrap_or(window);
                    }
                    window
                });
                let sums = scratch.sums(operands, windows, &four, [first, outputs.len()], true);
                for sums in &mut *sums {
                    let [a, b, c, d] = *sums;
                    sums[0] = a.max(b).max(c.max(d));
                }
                let greatest = Sums {
                    values: sums.as_flattened(),
                    group: LANES,
                    lanes: 1,
                };
                finish_tile::<B, BLOCK>(operands, &greatest, first, outputs, is_first);
                is_first = false;
            }
        }
    }
}

/// Makes the sums of a part of a tile values, or leaves those of other parts where they are greater.
fn finish_tile<B: Backend, const BLOCK: usize>(
    operands: &Operands<'_>,
    sums: &Sums<'_>,
    first: usize,
    outputs: &mut [i8],
    is_first: bool,
) {
    let (multipliers, zero_point) = (operands.multipliers(first), operands.output().zero_point);
    if is_first {
        B::requantize(sums, multipliers, zero_point, outputs, 1);
        return;
    }
    let mut values = [i8::MIN; BLOCK];
    B::requantize(sums, multipliers, zero_point, &mut values, 1);
    for (output, value) in outputs.iter_mut().zip(values) {
        *output = value.max(*output);
    }
}

impl<P: Patch, const BLOCK: usize> Scratch<P, BLOCK> {
    /// A constant, which takes no second place on the stack while it is built.
    const EMPTY: Self = Self {
        patch: P::EMPTY,
        staging: P::STAGING,
        sums: [[0; LANES]; BLOCK],
    };

    /// The sums of a block of filters, from `first` on and at most `count` of them, in four windows or less. If they are laid out as
    /// a whole, that is done for the first block alone.
    fn sums<B: Backend>(
        &mut self,
        operands: &Operands<'_>,
        windows: &Windows<'_, B>,
        four: &[Window],
        [first, count]: [usize; 2],
        is_first: bool,
    ) -> &mut [[i32; LANES]] {
        let mut filters = 0;
        let biases = operands.biases(first).take(count);
        for ([a, b, c, d], bias) in self.sums.iter_mut().zip(biases) {
            [*a, *b, *c, *d] = [bias; LANES];
            filters += 1;
        }
        let sums = self.sums.get_mut(..filters).unwrap_or_default();
        let len = operands.channel_weights;
        let zero_point = operands.input().zero_point;
        let parts = windows.parts(len, P::LEN);
        for part in parts.filter_map(|part| windows.trim(part, four)) {
            if is_first || !windows.are_one_part(len, P::LEN) {
                for (lane, &window) in four.iter().enumerate() {
                    let values = windows.read(window, part, P::staged(&mut self.staging));
                    self.patch.set(lane, values, zero_point);
                }
            }
            let weights = operands.weights_from(first, part.first);
            self.patch
                .add_products([four.len(), part.len], weights, len, sums);
        }
        sums
    }
}
