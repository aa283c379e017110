//! Scaling by whole numbers, in the memory of a part of a row.
//!
//! Along an axis with fewer pixels than the picture has, a pixel is the mean of what it covers of the picture; along one with
//! more, it lies on the line between the two nearest pixels of the picture. The pixels of the picture have whole numbers for
//! weights, and their sum is divided once, rounded to the nearest, half a grey level up.

use core::ops::Range;

use super::error::PrepareError;
use super::picture::{Rows, Source};
use crate::divide::quotient;

/// Values of a row that are made at once.
pub const STRIP: usize = 96;

/// One dimension: pixels of the picture, and the pixels that they become.
pub struct Axis {
    pub from: Range<u32>,
    pub to: Range<u32>,
}

/// Makes the columns and rows of a picture others; `row_len` values are in a row of the places.
pub fn scale<T>(
    picture: &mut Source<'_, impl Rows>,
    [columns, rows]: &[Axis; 2],
    channels: usize,
    (places, row_len): (&mut [T], usize),
    value: impl Fn(usize, u8) -> T,
) -> Result<(), PrepareError> {
    let whole = u64::from(columns.whole()) * u64::from(rows.whole());
    let strip = STRIP.checked_div(channels).unwrap_or(0).max(1);
    for start in (0..columns.to.len()).step_by(strip) {
        let count = strip.min(columns.to.len() - start);
        let first = (columns.to.start as usize + start) * channels;
        let rows_of_places = places
            .chunks_mut(row_len.max(1))
            .skip(rows.to.start as usize);
        for (places, span) in rows_of_places.zip(rows.spans()).take(rows.to.len()) {
            let mut sums = [0; STRIP];
            for (y, height) in span.weights(rows.unit()) {
                let pixels = picture.row(rows.from.start + y)?;
                let spans = columns.spans().skip(start).take(count);
                columns.add(pixels, (spans, height), channels, &mut sums);
            }
            let places = places.get_mut(first..).unwrap_or_default().iter_mut();
            let made = places.zip(sums).take(count * channels);
            for ((place, sum), channel) in made.zip((0..channels).cycle()) {
                let mean = quotient(sum + whole / 2, whole, u8::BITS);
                *place = value(channel, mean as u8);
            }
        }
    }
    Ok(())
}

impl Axis {
    fn is_reduced(&self) -> bool {
        self.from.len() >= self.to.len()
    }

    /// The weight of a pixel of the picture that counts as a whole, where pixels become fewer.
    fn unit(&self) -> u32 {
        self.to.len() as u32
    }

    /// The weights of a pixel in all.
    fn whole(&self) -> u32 {
        if self.is_reduced() {
            self.from.len() as u32
        } else {
            2 * self.to.len() as u32
        }
    }

    /// What the first pixel is made of, the second one, and so on.
    fn spans(&self) -> Spans {
        let (from, to) = (self.from.len() as u32, self.to.len() as u32);
        let used = if self.is_reduced() { 0 } else { from };
        Spans {
            from,
            to,
            pixel: 0,
            used,
        }
    }

    /// Adds pixels of a row of the picture, of which a part of this height counts, to the sums of some columns.
    fn add(
        &self,
        row: &[u8],
        (spans, height): (impl Iterator<Item = Span>, u32),
        channels: usize,
        sums: &mut [u64; STRIP],
    ) {
        for (span, sums) in spans.zip(sums.chunks_mut(channels.max(1))) {
            let first = (self.from.start + span.first) as usize * channels;
            for (sum, channel) in sums.iter_mut().zip(0..) {
                let pixels = row.get(first + channel..).unwrap_or_default();
                let sum_of_row = span.sum(self.unit(), pixels.iter().step_by(channels.max(1)));
                *sum += u64::from(sum_of_row) * u64::from(height);
            }
        }
    }
}

/// Neighbouring pixels of a picture with their weights: one, some that count as a whole, and one more where it has a weight.
struct Span {
    first: u32,
    first_weight: u32,
    whole: u32,
    last_weight: u32,
}

impl Span {
    fn new(first: u32, first_weight: u32, whole: u32, last_weight: u32) -> Self {
        Self {
            first,
            first_weight,
            whole,
            last_weight,
        }
    }

    /// Each pixel with its weight.
    fn weights(&self, unit: u32) -> impl Iterator<Item = (u32, u32)> {
        let (first, last) = (self.first, self.first + self.whole + 1);
        let (first_weight, last_weight) = (self.first_weight, self.last_weight);
        let weight = move |pixel| match pixel {
            _ if pixel == first => first_weight,
            _ if pixel == last => last_weight,
            _ => unit,
        };
        let all = (first..=last).map(move |pixel| (pixel, weight(pixel)));
        all.filter(|&(_, weight)| weight > 0)
    }

    /// The sum of pixels from the first one on, each times its weight.
    fn sum<'p>(&self, unit: u32, mut pixels: impl Iterator<Item = &'p u8>) -> u32 {
        let number = |pixel: Option<&u8>| pixel.copied().map_or(0, u32::from);
        let first = number(pixels.next()) * self.first_weight;
        let whole = pixels.by_ref().take(self.whole as usize);
        let whole: u32 = whole.copied().map(u32::from).sum();
        first + whole * unit + number(pixels.next()) * self.last_weight
    }
}

/// The spans along an axis, one after the other.
struct Spans {
    /// Pixels of the picture, and those that they become.
    from: u32,
    to: u32,
    /// The pixel of the picture at which the next span begins, or in which its middle lies where pixels become more.
    pixel: u32,
    /// The part of it that lies before.
    used: u32,
}

impl Spans {
    /// What the next pixel covers: a pixel of the picture is `to` long, one that is made `from`.
    fn covered(&mut self) -> Span {
        let first_weight = self.to - self.used;
        let rest = self.from - first_weight;
        let whole = rest.checked_div(self.to).unwrap_or(0);
        let span = Span::new(self.pixel, first_weight, whole, rest - whole * self.to);
        (self.pixel, self.used) = (self.pixel + 1 + whole, span.last_weight);
        span
    }

    /// What is nearest to the middle of the next pixel: a pixel of the picture is `2 * to` long, one that is made `2 * from`.
    fn nearest(&mut self) -> Span {
        let Self {
            from,
            to,
            pixel,
            used,
        } = *self;
        let before = pixel.checked_sub(1);
        let span = match before {
            Some(before) if used < to => Span::new(before, to - used, 0, to + used),
            _ if used > to && pixel + 1 < from => Span::new(pixel, 3 * to - used, 0, used - to),
            _ => Span::new(pixel, 2 * to, 0, 0),
        };
        self.used += 2 * from;
        if self.used >= 2 * to {
            (self.pixel, self.used) = (pixel + 1, self.used - 2 * to);
        }
        span
    }
}

impl Iterator for Spans {
    type Item = Span;

    fn next(&mut self) -> Option<Span> {
        Some(if self.from >= self.to {
            self.covered()
        } else {
            self.nearest()
        })
    }
}
