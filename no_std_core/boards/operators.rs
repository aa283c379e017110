//! For build scripts: which operators a model needs, so that no others are linked.

use std::collections::BTreeSet;

use no_std_core::{Model, OTHERS, PLACES, TILES, format};

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
    /// The forms of convolutions.
    pub forms: u8,
    /// The most values of a window, if an operator for windows that are laid out as a whole will do; else 0.
    pub window: usize,
}

impl Needed {
    /// What a model needs.
    pub fn by(model: &Model<'_>) -> Self {
        let kinds = model.operations().map(|operation| operation.record().kind);
        let forms = model.operations().map(|operation| operation.form());
        let forms = forms.fold(0, |forms, form| forms | form);
        let windows = model.operations().map(|operation| operation.window());
        let window = windows.max().unwrap_or(0).next_multiple_of(4);
        let is_whole = window <= MOST_WINDOW && forms & OTHERS == 0;
        Self {
            kinds: kinds.collect(),
            forms,
            window: if is_whole { window } else { 0 },
        }
    }

    /// Everything.
    #[allow(dead_code, reason = "the library for C has what its model needs")]
    pub fn all() -> Self {
        Self {
            kinds: OPERATORS.iter().map(|(kind, _)| *kind).collect(),
            forms: PLACES | TILES | OTHERS,
            window: 0,
        }
    }

    /// The expressions of the operators, with a comma after each but the last.
    pub fn paths(&self) -> String {
        const CORE: &str = "no_std_core";
        let needed = OPERATORS
            .iter()
            .filter(|(kind, _)| self.kinds.contains(kind));
        let path = |&(kind, name): &(u8, &str)| {
            let native = format!("{CORE}::backend::Native");
            if kind == format::KIND_CONVOLUTION {
                let (forms, groups) = (self.forms, self.window / 4);
                format!("{CORE}::Convolutions::<{native}, {forms}, {groups}>::{name}")
            } else {
                format!("{CORE}::Operators::<{native}>::{name}")
            }
        };
        needed.map(path).collect::<Vec<_>>().join(", ")
    }
}
