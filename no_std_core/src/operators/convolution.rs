//! The convolution, and the maximum over tiles of its output where the layer has one.
//!
//! The maximum is taken over the sums: requantising never changes their order, so it is the maximum of the int8 values as
//! well. The convolution's own output is never stored, and of four windows one value is requantised.
//!
//! Windows are worked on some at a time: those of a tile, which make one place of the output, or as many places where
//! there are no tiles. What they cover is laid out side by side and meets the filters there.

use super::backend::{Backend, Filters, GROUP, LANES, Outputs, Patch, Products};
use super::operator::{Operands, Operator, Reach, Sizes, ensure};
use super::rows::Rows;
use super::tiles::{Span, Tiles};
use super::windows::{Part, Windows};
use crate::error::Fault;
use crate::format::{KIND_CONVOLUTION, OperatorRecord, TensorRecord};

/// A convolution for the forms of it that are among so many.
pub(super) const fn operator<B: Backend, P: Patch, const SUMS: usize, const FORMS: u8>() -> Operator
{
    assert!(SUMS > 0 || FORMS & OTHERS == 0, "room for sums");
    Operator {
        kind: KIND_CONVOLUTION,
        name: "convolution",
        check_second: None,
        reach: Reach::Windows,
        check: |operands| {
            check(operands)?;
            let is_known = FORMS == ANY || FORMS & form(operands) != 0;
            let has_room = SUMS > 0 || window_room(operands) <= P::LEN;
            ensure(is_known && has_room, Fault::Large, OperatorRecord::ROWS_AT)
        },
        sizes,
        rows_at_once: if FORMS == TILES {
            |_, _| 1
        } else {
            |operation, step| operation.pointwise_rows(step)
        },
        spends: |_, _| false,
        step: convolve::<B, P, SUMS, FORMS>,
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

/// The form of convolutions whose windows each make a place of the output.
pub const PLACES: u8 = 1;
/// The form of those that have tiles of at most 4 windows.
pub const TILES: u8 = 2;
/// The form of those that have larger tiles, or groups.
pub const OTHERS: u8 = 4;

/// All forms.
pub(super) const ANY: u8 = PLACES | TILES | OTHERS;

/// The form that a convolution has.
pub(crate) fn form(operands: &Operands<'_>) -> u8 {
    let record = operands.record();
    match Tiles::of(&record).len() {
        _ if record.groups != 1 => OTHERS,
        1 => PLACES,
        2..=LANES => TILES,
        _ => OTHERS,
    }
}

/// The values that a patch has to have room for in a window, if filters take all of it: windows that are put together, of
/// rows and padding, take a tenth more.
pub(crate) fn window_room(operands: &Operands<'_>) -> usize {
    let record = operands.record();
    let len = operands.channel_weights.next_multiple_of(GROUP);
    let is_point = [record.rows, record.columns].map(|axis| axis.kernel) == [1, 1];
    if is_point {
        len
    } else {
        (len * 11).div_ceil(10)
    }
}

/// Filters that share the work of laying out a part of the windows.
pub(super) const BLOCK: usize = 32;

/// The work on a row of the output.
struct Work<'w, B, P, const SUMS: usize, const FORMS: u8> {
    windows: Windows<'w, B>,
    channels: usize,
    /// Whether windows are laid out as a whole, once for all filters; without room for sums they always are.
    most: usize,
    scratch: Scratch<'w, P, SUMS, FORMS>,
}

/// What it needs of memory.
struct Scratch<'w, P, const SUMS: usize, const FORMS: u8> {
    patch: &'w mut P,
    /// The sums of some filters, for windows that are laid out part by part.
    sums: &'w mut [[i32; LANES]; SUMS],
}

/// A row of the output.
fn convolve<B: Backend, P: Patch, const SUMS: usize, const FORMS: u8>(
    operands: &Operands<'_>,
    rows: Rows<'_>,
    row: u16,
) -> Option<()> {
    let ([input, _], output) = rows.apart()?;
    let record = operands.record();
    let channels = usize::from(operands.output().shape.channels).max(1);
    let is_simple = FORMS & OTHERS == 0 || form(operands) != OTHERS;
    let fits = P::WINDOWS == LANES && operands.channel_weights <= P::WHOLE;
    let is_whole = SUMS == 0 || fits && is_simple;
    let mut work = Work::<B, P, SUMS, FORMS> {
        windows: Windows::new(operands, input, row),
        channels,
        most: if is_whole { P::LEN } else { P::PART },
        scratch: Scratch {
            patch: &mut P::empty(),
            sums: &mut [[0; LANES]; SUMS],
        },
    };
    let groups = if FORMS & OTHERS == 0 {
        1
    } else {
        usize::from(record.groups)
    };
    let filters = channels.checked_div(groups)?;
    let block = if is_whole { filters } else { SUMS };
    let mut first = 0;
    for group in 0..groups {
        if FORMS & OTHERS != 0 {
            work.windows.select(group, &record.columns);
        }
        let mut left = filters;
        while left > 0 {
            let count = left.min(block);
            let filters = operands.filters(first, count);
            work.convolve_row(Tiles::of(&record), &filters, output.get_mut(first..)?);
            (first, left) = (first + count, left - count);
        }
    }
    Some(())
}

impl<B: Backend, P: Patch, const SUMS: usize, const FORMS: u8> Work<'_, B, P, SUMS, FORMS> {
    /// What some filters make of the row, tile by tile; `output` begins with the place of the first one.
    fn convolve_row(&mut self, mut tiles: Tiles, filters: &Filters<'_>, output: &mut [i8]) {
        let stride = self.channels;
        let is_pooled = FORMS == TILES || FORMS != PLACES && tiles.len() > 1;
        let mut places = LANES;
        if is_pooled {
            places = 1;
        } else if self.most == P::LEN {
            places = self.scratch.patch.arrange(output.len().div_ceil(stride));
        }
        for values in output.chunks_mut(places * stride) {
            if is_pooled {
                self.convolve_tile(&mut tiles, filters, values);
                continue;
            }
            let windows = values.len().div_ceil(stride);
            let span = tiles.next_places(&self.windows, windows);
            let outputs = Outputs {
                values,
                stride,
                windows,
            };
            self.convolve_spans(&[span], filters, outputs);
        }
    }

    /// The greatest values of the windows of a tile, four by four.
    fn convolve_tile(&mut self, tiles: &mut Tiles, filters: &Filters<'_>, values: &mut [i8]) {
        let (mut left, mut is_first) = (tiles.len(), true);
        loop {
            let count = left.min(LANES);
            let spans = tiles.next(&self.windows, count);
            let mut others = [i8::MIN; BLOCK];
            let outputs = Outputs {
                values: if is_first { &mut *values } else { &mut others },
                stride: self.channels,
                windows: 0,
            };
            self.convolve_spans(&spans, filters, outputs);
            left -= count;
            if !is_first {
                for (value, other) in values.iter_mut().zip(others) {
                    *value = other.max(*value);
                }
            }
            if FORMS & OTHERS == 0 || left == 0 {
                return;
            }
            is_first = false;
        }
    }

    /// What filters make of windows, at most as many as a patch has.
    fn convolve_spans(&mut self, spans: &[Span], filters: &Filters<'_>, mut outputs: Outputs<'_>) {
        let (windows, scratch) = (&self.windows, &mut self.scratch);
        if SUMS == 0 {
            let part = windows.whole();
            windows.lay_out(spans, part, scratch.patch);
            return scratch.multiply([0, part.len()], filters, [true; 2], &mut outputs);
        }
        let mut parts = windows.parts(self.most, spans);
        let (mut next, mut is_first) = (parts.next(), true);
        while let Some(part) = next {
            next = parts.next();
            let ends = [is_first, next.is_none()];
            let filters = filters.from_weight(part.first);
            if P::WINDOWS == LANES {
                windows.lay_out(spans, part, scratch.patch);
                scratch.multiply([0, part.len()], &filters, ends, &mut outputs);
            } else {
                scratch.convolve_singly(windows, spans, part, &filters, ends, &mut outputs);
            }
            is_first = false;
        }
    }
}

impl<P: Patch, const SUMS: usize, const FORMS: u8> Scratch<'_, P, SUMS, FORMS> {
    /// What filters make of a part of each window, where a patch has one at a time.
    fn convolve_singly<B: Backend>(
        &mut self,
        windows: &Windows<'_, B>,
        spans: &[Span],
        part: Part,
        filters: &Filters<'_>,
        [is_first, is_last]: [bool; 2],
        outputs: &mut Outputs<'_>,
    ) {
        let count: usize = spans.iter().map(|span| span.len).sum();
        let mut lane = 0;
        for span in spans {
            let mut single = Span { len: 1, ..*span };
            for _ in 0..span.len {
                windows.lay_out_span(&single, part, 0, self.patch);
                let ends = [is_first && lane == 0, is_last && lane + 1 == count];
                self.multiply([lane, part.len()], filters, ends, outputs);
                single.window = windows.right_of(single.window);
                lane += 1;
            }
        }
    }

    /// What is laid out, from a lane on, meets filters: as the first part or not, as the last one or not.
    fn multiply(
        &mut self,
        [lane, len]: [usize; 2],
        filters: &Filters<'_>,
        [is_first, is_last]: [bool; 2],
        outputs: &mut Outputs<'_>,
    ) {
        let sums = self.sums.get_mut(..filters.biases.len());
        let products = Products {
            lane,
            len,
            filters,
            sums: sums.unwrap_or_default(),
            is_first,
            is_last,
            outputs: Outputs {
                values: outputs.values,
                ..*outputs
            },
        };
        if FORMS == TILES {
            self.patch.convolve_tile(products);
        } else {
            self.patch.convolve(products);
        }
    }
}
