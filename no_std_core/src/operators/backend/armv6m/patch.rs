//! The patch, which keeps values as they are: what they add is found out one window at a time.

use super::{Armv6m, copy, terms};
use crate::operators::backend::plain;
use crate::operators::backend::{self, Filters, LANES, Outputs};

/// Values of four windows, which meet so many filters at a time.
pub struct Patch<const LEN: usize, const BLOCK: usize> {
    windows: [[i8; LEN]; LANES],
    zero_point: i8,
}

impl<const LEN: usize, const BLOCK: usize> backend::Patch for Patch<LEN, BLOCK> {
    const LEN: usize = LEN;

    const EMPTY: Self = Self {
        windows: [[0; LEN]; LANES],
        zero_point: 0,
    };

    type Staging = [i8; LEN];

    const STAGING: Self::Staging = [0; LEN];

    fn staged(staging: &mut Self::Staging) -> &mut [i8] {
        staging
    }

    fn set(&mut self, lane: usize, values: &[i8], zero_point: i8) {
        self.zero_point = zero_point;
        if let Some(window) = self.windows.get_mut(lane) {
            copy(window, values);
        }
    }

    fn add_products(
        &self,
        [lanes, len]: [usize; 2],
        weights: &[u8],
        stride: usize,
        sums: &mut [[i32; LANES]],
    ) {
        for (lane, window) in self.windows.iter().take(lanes).enumerate() {
            let values = window.get(..len).unwrap_or(window);
            terms::add_products::<LEN>(values, self.zero_point, weights, stride, sums, lane);
        }
    }

    fn convolve(&self, len: usize, filters: &Filters<'_>, outputs: Outputs<'_>) {
        plain::convolve::<Armv6m, Self, BLOCK>(self, len, filters, outputs);
    }
}
