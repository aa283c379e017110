//! For build scripts: which operators a model needs, so that no others are linked.

use std::collections::BTreeSet;

use no_std_core::{Model, format};

/// Values of the largest windows that an operator for small ones takes no more stack for than that for all.
const MOST_WINDOW: usize = 144;

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
    /// The most values of a window, in groups of four, if an operator for small windows will do.
    pub window: Option<usize>,
}

impl Needed {
    /// What a model needs.
    pub fn by(model: &Model<'_>) -> Self {
        let kinds = model.operations().map(|operation| operation.record().kind);
        let mut windows = model.operations().map(|operation| operation.small_window());
        let most = windows.try_fold(0, |most, window| Some(most.max(window?)));
        let most = most.filter(|most| (1..=MOST_WINDOW).contains(most));
        Self {
            kinds: kinds.collect(),
            window: most.map(|most| most.next_multiple_of(4)),
        }
    }

    /// The expressions of the operators, with a comma after each but the last.
    pub fn paths(&self) -> String {
        const CORE: &str = "no_std_core";
        let needed = OPERATORS
            .iter()
            .filter(|(kind, _)| self.kinds.contains(kind));
        let path = |&(kind, name): &(u8, &str)| match self.window {
            Some(window) if kind == format::KIND_CONVOLUTION => {
                let groups = window / 4;
                format!("{CORE}::SmallWindows::<{CORE}::backend::Native, {groups}>::{name}")
            }
            _ => format!("{CORE}::Operators::<{CORE}::backend::Native>::{name}"),
        };
        needed.map(path).collect::<Vec<_>>().join(", ")
    }
}
