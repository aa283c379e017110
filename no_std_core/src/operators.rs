//! What the steps of a model's program compute: one kind of operator a file, one table of them.
//!
//! A new kind is a file beside these, and an entry of [`Operators`]. The inner loops are in [`backend`]; a table of
//! operators has those of one processor.

mod add;
mod average_pool;
pub mod backend;
mod concatenate;
mod convolution;
mod dense;
mod depthwise;
mod max_pool;
mod operator;
mod rows;
mod table;
mod tiles;
mod windows;

use core::marker::PhantomData;

use backend::{Backend, LANES, Patch as _};

use convolution::{ANY, BLOCK};
pub use convolution::{OTHERS, PLACES, TILES};
pub(crate) use convolution::{form, window_room};
pub use operator::Operator;
pub(crate) use operator::{Operands, Sizes};
pub(crate) use rows::{Rows, move_within};

/// An operator for convolutions of some [forms](crate::Operation::form), and if `GROUPS` is more than 0 of windows that have
/// [room](crate::Operation::window) in so many groups of four values. It takes less code than that for all, and for small windows
/// less stack; models with others are refused.
pub struct Convolutions<B, const FORMS: u8, const GROUPS: usize>(PhantomData<B>);

impl<B: Backend, const FORMS: u8, const GROUPS: usize> Convolutions<B, FORMS, GROUPS> {
    /// A convolution and the maximum over tiles of its output.
    pub const CONVOLUTION: &'static Operator = if GROUPS == 0 {
        &convolution::operator::<B, B::Patch, BLOCK, FORMS>()
    } else if B::SmallPatch::<GROUPS>::WINDOWS == LANES {
        &convolution::operator::<B, B::SmallPatch<GROUPS>, 0, FORMS>()
    } else {
        &convolution::operator::<B, B::SmallPatch<GROUPS>, BLOCK, FORMS>()
    };
}

/// The operators with the inner loops of a backend. What a program does not name is not linked.
pub struct Operators<B>(PhantomData<B>);

impl<B: Backend> Operators<B> {
    /// A convolution and the maximum over tiles of its output.
    pub const CONVOLUTION: &'static Operator = Convolutions::<B, ANY, 0>::CONVOLUTION;
    /// A convolution that has a kernel for each channel.
    pub const DEPTHWISE: &'static Operator = &depthwise::operator::<B>();
    /// Weighted sums of all inputs.
    pub const DENSE: &'static Operator = &dense::operator::<B>();
    /// The maximum over windows.
    pub const MAX_POOL: &'static Operator = &max_pool::OPERATOR;
    /// The mean over windows.
    pub const AVERAGE_POOL: &'static Operator = &average_pool::operator::<B>();
    /// The sum of two tensors.
    pub const ADD: &'static Operator = &add::operator::<B>();
    /// The channels of two tensors side by side.
    pub const CONCATENATE: &'static Operator = &concatenate::operator::<B>();
    /// A function of one value.
    pub const TABLE: &'static Operator = &table::OPERATOR;

    /// All of them.
    pub const ALL: &'static [&'static Operator] = &[
        Self::CONVOLUTION,
        Self::DEPTHWISE,
        Self::DENSE,
        Self::MAX_POOL,
        Self::AVERAGE_POOL,
        Self::ADD,
        Self::CONCATENATE,
        Self::TABLE,
    ];
}
