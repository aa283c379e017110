//! The same integers in every layer, on the runtime, in the core and on a board: told by CRC-32.

use device::checksum_continued;
use ndarray::{ArrayD, Axis, Ix4};
use no_std_core::{Model, Run, RunError};

/// The CRC-32 of what each layer makes of a sample: of its rows, `[column][channel]`, one after the other.
pub type Digests = Vec<u32>;

/// The rows of a layer that the core makes, in the order in which it makes them.
pub type Order = Vec<u16>;

/// What the core makes of a sample, `[row][column][channel]`.
pub fn of_core(model: &Model<'_>, input: &[i8]) -> Result<(Digests, Vec<Order>), RunError> {
    let mut arena = vec![0; model.arena_len()];
    let mut run = Run::new(model, &mut arena)?;
    let place = run.input();
    if place.len() != input.len() {
        return Err(RunError::Image {
            expected: place.len(),
            found: input.len(),
        });
    }
    place.copy_from_slice(input);
    let layers = usize::from(model.operators_len());
    let (mut digests, mut orders) = (vec![0; layers], vec![Vec::new(); layers]);
    while run
        .step_observed(|made| {
            let layer = usize::from(made.operator);
            digests[layer] = checksum_continued(digests[layer], made.values);
            orders[layer].push(made.row);
        })
        .is_pending()
    {}
    Ok((digests, orders))
}

/// The digest of the integers `[1, channels, rows, columns]` of a layer, of these rows.
pub fn of_rows(integers: &ArrayD<f32>, order: &Order) -> u32 {
    let view = integers.view().into_dimensionality::<Ix4>();
    let view = view.expect("graphs of layers put out tensors of four dimensions");
    let rows_first = view.permuted_axes([0, 2, 3, 1]);
    order.iter().fold(0, |digest, &row| {
        let row = rows_first.index_axis(Axis(1), row.into());
        // Exact: the graph has made floats of integers.
        let values: Vec<i8> = row.iter().map(|&value| value as i8).collect();
        checksum_continued(digest, &values)
    })
}

/// The digest of a layer over samples: of the digest of those before and that of one more.
pub fn of_all(before: u32, digest: u32) -> u32 {
    checksum_continued(before, &digest.to_le_bytes().map(u8::cast_signed))
}

/// The layers of one party on all samples, and where another one differs first.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Samples.
    pub samples: usize,
    /// The first layer that differs in any sample, and the sample.
    pub difference: Option<(usize, usize)>,
}

impl Tally {
    /// Compares the digests of a sample.
    pub fn add(&mut self, expected: &[u32], found: &[u32]) {
        let mut pairs = expected.iter().zip(found);
        if let Some(layer) = pairs.position(|(expected, found)| expected != found)
            && self.difference.is_none_or(|(first, _)| layer < first)
        {
            self.difference = Some((layer, self.samples));
        }
        self.samples += 1;
    }
}
