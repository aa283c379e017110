//! The convolution, and the maximum over tiles of its output where the layer has one.
//!
//! The maximum is taken over the sums: requantising never changes their order, so it is the maximum of the int8 values as
//! well. The convolution's own output is never stored, and of four windows one value is requantised.
//!
//! Windows are worked on some at a time: those of a tile, which make one place of the output, or as many places where
//! there are no tiles. What they cover is laid out side by side and meets the filters there.

use super::backend::{Backend, Filters, GROUP, LANES, Outputs, Patch, Sums, keep_greatest};
use super::operator::{Operands, Operator, Reach, Sizes, Step, ensure};
use super::tiles::{Span, Tiles};
use super::windows::Windows;
use crate::error::Fault;
use crate::format::{KIND_CONVOLUTION, OperatorRecord, TensorRecord};

pub(super) const fn operator<B: Backend>() -> Operator {
    Operator {
        kind: KIND_CONVOLUTION,
        name: "convolution",
        check_second: None,
        reach: Reach::Windows,
        check,
        sizes,
        step: Step::Apart(|operands, inputs, row, output| {
            let small = small_window(operands).is_some_and(|len| len <= B::Patch::LEN);
            if B::Patch::WINDOWS == LANES && small {
                convolve::<B, B::Patch>(operands, inputs, row, output);
            } else {
                convolve_in_parts::<B, B::Patch>(operands, inputs, row, output);
            }
        }),
    }
}

/// For windows that are laid out as a whole, once for all filters. It takes less stack, and less code.
pub(super) const fn small_operator<B: Backend, const GROUPS: usize>() -> Operator {
    Operator {
        check: |operands| {
            check(operands)?;
            let fits = small_window(operands).is_some_and(|len| len <= GROUPS * GROUP);
            ensure(fits, Fault::Large, OperatorRecord::ROWS_AT)
        },
        step: Step::Apart(if B::SmallPatch::<GROUPS>::WINDOWS == LANES {
            assert!(B::SmallPatch::<GROUPS>::LEN >= GROUPS * GROUP);
            convolve::<B, B::SmallPatch<GROUPS>>
        } else {
            convolve_in_parts::<B, B::SmallPatch<GROUPS>>
        }),
        ..operator::<B>()
    }
}

fn check(operands: &Operands<'_>) -> Result<(), (Fault, usize)> {
    operands.check_windows()?;
    let groups = operands.record().groups;
    let divide = |tensor: TensorRecord| tensor.shape.channels.checked_rem(groups) == Some(0);
    let divide = divide(operands.input()) && divide(operands.output());
    ensure(divide, Fault::Groups, OperatorRecord::GROUPS_AT)
}

fn sizes(operands: &Operands<'_>) -> Sizes {
    let record = operands.record();
    let kernel = u32::from(record.rows.kernel) * u32::from(record.columns.kernel);
    let channels = operands.input().shape.channels.checked_div(record.groups);
    let weights = kernel.saturating_mul(channels.unwrap_or(0).into());
    Sizes::channels(&operands.output(), weights)
}

/// The values that a patch has to have room for in a window, if filters take all of it and there are lanes for all of a
/// tile. Windows that are put together, of rows and padding, take a tenth more.
pub(crate) fn small_window(operands: &Operands<'_>) -> Option<usize> {
    let record = operands.record();
    let small = record.groups == 1 && Tiles::of(&record).len() <= LANES;
    let len = operands.channel_weights.next_multiple_of(GROUP);
    let is_point = [record.rows, record.columns].map(|axis| axis.kernel) == [1, 1];
    let room = if is_point {
        len
    } else {
        (len * 11).div_ceil(10)
    };
    small.then_some(room)
}

/// A row of the output, of windows that a patch has room for.
#[inline(never)] // What one way to do it needs is not on the stack while another one works.
fn convolve<B: Backend, P: Patch>(
    operands: &Operands<'_>,
    [input, _]: [&[i8]; 2],
    row: u16,
    output: &mut [i8],
) {
    let windows = Windows::<B>::new(operands, input, row);
    let mut tiles = Tiles::of(&operands.record());
    let mut patch = P::empty();
    let channels = usize::from(operands.output().shape.channels).max(1);
    let filters = operands.filters(0, channels);
    let (part, is_pooled) = (windows.whole(), tiles.len() > 1);
    let places = if is_pooled {
        1
    } else {
        patch.arrange(output.len() / channels)
    };
    for values in output.chunks_mut(places * channels) {
        let mut count = 0;
        if is_pooled {
            tiles.lay_out_next(&windows, part, &mut patch);
        } else {
            count = values.len() / channels;
            let span = tiles.next_span(&windows, count);
            windows.lay_out_span(&span, part, 0, &mut patch);
        }
        let outputs = Outputs {
            values,
            stride: channels,
            windows: count,
        };
        patch.convolve(part.len(), &filters, outputs);
    }
}

/// Filters that share the work of laying out a part of the windows.
const BLOCK: usize = 32;

/// What the work on windows that are laid out part by part needs besides them.
struct Scratch<'s, P: Patch> {
    patch: &'s mut P,
    /// The sums of each filter of a block.
    sums: &'s mut [[i32; LANES]; BLOCK],
}

/// A row of the output, of any windows.
#[inline(never)] // As above.
fn convolve_in_parts<B: Backend, P: Patch>(
    operands: &Operands<'_>,
    [input, _]: [&[i8]; 2],
    row: u16,
    output: &mut [i8],
) {
    let record = operands.record();
    let mut windows = Windows::<B>::new(operands, input, row);
    let mut scratch = Scratch {
        patch: &mut P::empty(),
        sums: &mut [[0; LANES]; BLOCK],
    };
    let channels = operands.output().shape.channels;
    let filters = channels.checked_div(record.groups).unwrap_or(channels);
    let filters = usize::from(filters);
    for group in 0..usize::from(record.groups) {
        windows.select(group, &record.columns);
        let first = group * filters;
        for begin in (first..first + filters).step_by(BLOCK) {
            let count = BLOCK.min(first + filters - begin);
            convolve_block(operands, &windows, [begin, count], &mut scratch, output);
        }
    }
}

/// What the filters from `first` on, `count` of them, make of a row of windows.
fn convolve_block<B: Backend, P: Patch>(
    operands: &Operands<'_>,
    windows: &Windows<'_, B>,
    [first, count]: [usize; 2],
    scratch: &mut Scratch<'_, P>,
    output: &mut [i8],
) {
    let filters = operands.filters(first, count);
    let channels = usize::from(operands.output().shape.channels).max(1);
    let mut tiles = Tiles::of(&operands.record());
    let is_pooled = tiles.len() > 1;
    let places = if is_pooled { 1 } else { LANES };
    for values in output.chunks_mut(places * channels) {
        let mut left = if is_pooled {
            tiles.len()
        } else {
            values.len() / channels
        };
        let lanes = if is_pooled { 1 } else { left };
        let values = values.get_mut(first..).unwrap_or_default();
        let mut is_first = true;
        while left > 0 {
            let count = left.min(LANES);
            let all = is_pooled || P::WINDOWS == LANES;
            let spans = tiles.next(windows, count, if all { LANES } else { count });
            left -= count;
            let sums = scratch.sums(windows, &spans, &filters);
            if is_pooled {
                keep_greatest(sums);
            }
            let sums = Sums {
                values: sums.as_flattened(),
                group: LANES,
                lanes,
            };
            finish::<B>(&sums, &filters, values, channels, is_first);
            is_first = false;
        }
    }
}

/// Makes sums values, the first ones of their places or where they are greater.
fn finish<B: Backend>(
    sums: &Sums<'_>,
    filters: &Filters<'_>,
    outputs: &mut [i8],
    stride: usize,
    are_first: bool,
) {
    let (multipliers, zero_point) = (filters.multipliers, filters.zero_point);
    if are_first {
        B::requantize(sums, multipliers, zero_point, outputs, stride);
        return;
    }
    let mut values = [i8::MIN; BLOCK];
    B::requantize(sums, multipliers, zero_point, &mut values, 1);
    for (output, value) in outputs.iter_mut().zip(values) {
        *output = value.max(*output);
    }
}

impl<P: Patch> Scratch<'_, P> {
    /// The sums of the filters, at most [`BLOCK`], in four windows or less.
    fn sums<B: Backend>(
        &mut self,
        windows: &Windows<'_, B>,
        spans: &[Span],
        filters: &Filters<'_>,
    ) -> &mut [[i32; LANES]] {
        let sums = self
            .sums
            .get_mut(..filters.biases.len())
            .unwrap_or_default();
        B::begin(sums, filters.biases);
        let parts = windows.parts(P::PART);
        for part in parts.filter_map(|part| windows.trim(part, spans)) {
            let weights = filters.weights.get(part.first..).unwrap_or_default();
            let patch = &mut *self.patch;
            if P::WINDOWS == LANES {
                windows.lay_out(spans, part, patch);
                patch.add_products([0, part.len()], weights, filters.stride, sums);
                continue;
            }
            let mut lane = 0;
            for span in spans {
                let mut single = Span { len: 1, ..*span };
                for _ in 0..span.len {
                    windows.lay_out_span(&single, part, 0, patch);
                    patch.add_products([lane, part.len()], weights, filters.stride, sums);
                    single.window = windows.right_of(single.window);
                    lane += 1;
                }
            }
        }
        sums
    }
}
