//! What layers compute: one kind of layer a file, one table of them.
//!
//! A new kind is a file beside these and an entry of [`KERNELS`]. The inner loops are in [`twin`].

mod convolution;
mod dense;
mod twin;
mod windows;

use crate::error::Fault;
use crate::format::LayerRecord;
use crate::model::Layer;

/// Everything that differs between kinds of layers.
pub(crate) struct Kernel {
    /// [`LayerRecord::kind`].
    pub kind: u8,
    /// What people call it.
    pub name: &'static str,
    /// Checks that the output's shape, which has no zero, is what the layer makes of its input; an error comes with the
    /// field's place in the record.
    pub check: fn(&LayerRecord) -> Result<(), (Fault, usize)>,
    /// Weights that each output channel has.
    pub channel_weights: fn(&LayerRecord) -> u64,
    /// Multiplications that the layer takes; [`u64::MAX`] if they are more.
    pub multiply_adds: fn(&LayerRecord) -> u64,
    /// Values of the output that one step computes; the last step may have fewer.
    pub step_len: fn(&LayerRecord) -> usize,
    /// Computes one step: of the input from [`LayerRecord::first_read`] on, the step's number, and its piece of the output.
    pub step: fn(&Layer<'_>, &[i8], usize, &mut [i8]),
}

/// Every kind of layer there is.
static KERNELS: [Kernel; 2] = [convolution::KERNEL, dense::KERNEL];

/// The kernel of a kind of layer.
pub(crate) fn find(kind: u8) -> Option<&'static Kernel> {
    KERNELS.iter().find(|kernel| kernel.kind == kind)
}
