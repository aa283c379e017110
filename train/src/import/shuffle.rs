//! Channels in another order, as `ShuffleNet` has them: a Reshape that divides the channels, a Transpose and a Reshape that
//! undoes the first.

use super::view::Axis::{Channel, Column, Row};
use super::{Axes, Call, ImportError, Reader, Value, View, select};

/// An image whose channels are divided in two: `[1, groups, channels of a group, rows, columns]`.
#[derive(Clone, Debug)]
pub struct Divided {
    view: View,
    groups: usize,
    /// Whether the two axes have changed places.
    is_turned: bool,
}

/// The axes of an image with all that a network has of it.
fn axes() -> Axes {
    vec![vec![], vec![Channel], vec![Row], vec![Column]]
}

/// The image in sizes that divide its channels; `None` where they do something else.
pub fn divided(reader: &Reader, view: &View, sizes: &[usize]) -> Option<Divided> {
    let shape = reader.shape(view.tensor);
    let [channels, rows, columns] = shape;
    let is_image = View::new(view.tensor, &axes(), shape) == *view;
    match *sizes {
        [1, groups, of_group, height, width]
            if is_image
                && [height, width] == [rows, columns]
                && groups.checked_mul(of_group) == Some(channels) =>
        {
            Some(Divided {
                view: view.clone(),
                groups,
                is_turned: false,
            })
        }
        _ => None,
    }
}

impl Divided {
    /// The sizes of the value.
    pub fn sizes(&self, reader: &Reader) -> Vec<usize> {
        let [channels, rows, columns] = reader.shape(self.view.tensor);
        let (groups, of_group) = (self.groups, channels / self.groups);
        if self.is_turned {
            vec![1, of_group, groups, rows, columns]
        } else {
            vec![1, groups, of_group, rows, columns]
        }
    }

    /// With both axes of channels in the other order; `None` for any other permutation.
    pub fn transposed(&self, permutation: &[usize]) -> Option<Self> {
        (permutation == [0, 2, 1, 3, 4]).then(|| Self {
            is_turned: !self.is_turned,
            ..self.clone()
        })
    }

    /// The image again, with its channels in the order that they have now; `None` for other sizes.
    pub fn joined(
        &self,
        reader: &mut Reader,
        call: &Call,
        sizes: &[usize],
    ) -> Result<Option<Value>, ImportError> {
        let [channels, rows, columns] = reader.shape(self.view.tensor);
        if sizes != [1, channels, rows, columns] {
            return Ok(None);
        }
        if !self.is_turned {
            return Ok(Some(Value::View(self.view.clone())));
        }
        let of_group = channels / self.groups;
        let from = |channel| channel % self.groups * of_group + channel / self.groups;
        let order: Vec<usize> = (0..channels).map(from).collect();
        select::copies(reader, call, (&self.view, &order), &axes()).map(Some)
    }
}
