//! For build scripts: which operators a model needs, so that no others are linked.

use std::collections::BTreeSet;

use no_std_core::backend::Portable;
use no_std_core::{Model, Operation, Operators, format};

/// The constants of `no_std_core::Operators`, by their kinds.
pub const OPERATORS: [(u8, &str); 8] = [
    (format::KIND_CONVOLUTION, "CONVOLUTION"),
    (format::KIND_DEPTHWISE, "DEPTHWISE"),
    (format::KIND_DENSE, "DENSE"),
    (format::KIND_MAX_POOL, "MAX_POOL"),
    (format::KIND_AVERAGE_POOL, "AVERAGE_POOL"),
    (format::KIND_ADD, "ADD"),
    (format::KIND_CONCATENATE, "CONCATENATE"),
    (format::KIND_TABLE, "TABLE"),
];

/// What is to be linked.
pub struct Needed {
    pub kinds: BTreeSet<u8>,
    /// Whether all convolutions are of small windows, which take less stack and code.
    pub small_windows: bool,
}

impl Needed {
    /// What a model needs.
    pub fn by(model: &Model<'_>) -> Self {
        let is_large = |operation: Operation<'_>| {
            operation.record().kind == format::KIND_CONVOLUTION
                && !operation.runs_with(Operators::<Portable>::SMALL_CONVOLUTION)
        };
        let kinds = model.operations().map(|operation| operation.record().kind);
        Self {
            kinds: kinds.collect(),
            small_windows: !model.operations().any(is_large),
        }
    }

    /// The expressions of the operators, with a comma after each but the last.
    pub fn paths(&self) -> String {
        let needed = OPERATORS
            .iter()
            .filter(|(kind, _)| self.kinds.contains(kind));
        let path = |&(kind, name): &(u8, &str)| {
            let is_small = kind == format::KIND_CONVOLUTION && self.small_windows;
            let small = if is_small { "SMALL_" } else { "" };
            format!("no_std_core::Operators::<no_std_core::backend::Native>::{small}{name}")
        };
        needed.map(path).collect::<Vec<_>>().join(", ")
    }
}
