//! The layers of a network from the entries of its file.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Deserialize;
use toml::{Table, Value};

use super::Node;
use crate::layers::{ActivationFunction, KINDS, Parameter};
use crate::syntax::reason;

/// The name by which layers read what goes into the network.
const INPUT: &str = "input";

/// The most parameters of a network: those of any smaller one fit into the memory of a small machine several times.
const MOST_PARAMETERS: usize = 1 << 28;

/// What all entries may say, beside what is their layer's own.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Common {
    name: Option<String>,
    from: Option<Names>,
    activation: ActivationFunction,
    batch_norm: bool,
}

/// The layers that entries make, one after another.
pub(super) struct Builder {
    input: [usize; 3],
    nodes: Vec<Node>,
    /// Where each name leads.
    tensors: HashMap<String, usize>,
    parameters: usize,
}

impl Builder {
    /// No layer yet, for inputs of these channels, rows and columns.
    pub(super) fn new(input: [usize; 3]) -> Self {
        Self {
            input,
            nodes: Vec::new(),
            tensors: HashMap::from([(INPUT.to_owned(), 0)]),
            parameters: 0,
        }
    }

    /// Adds what an entry says, whose counts are numbers.
    pub(super) fn entry(&mut self, mut entry: Table) -> Result<(), String> {
        let Some(Value::String(kind)) = entry.remove("layer") else {
            return Err(format!("expected `layer = \"...\"`, one of {}", kinds()));
        };
        let common = Common::take(&mut entry).map_err(|reason| format!("{kind}: {reason}"))?;
        match &*kind {
            "separable" => self.separable(entry, common),
            _ => self.normalized(&kind, entry, common),
        }
        .map_err(|reason| format!("{kind}: {reason}"))
    }

    /// Each channel by itself, then all of a place: two layers.
    fn separable(&mut self, mut entry: Table, common: Common) -> Result<(), String> {
        let mut pointwise = Table::from_iter([("kernel".to_owned(), Value::Integer(1))]);
        for (key, is_moved) in [("filters", true), ("bias", false)] {
            let value = entry.get(key).cloned();
            pointwise.extend(value.map(|value| (key.to_owned(), value)));
            if is_moved {
                entry.remove(key);
            }
        }
        let depthwise = Common {
            name: common.name.as_ref().map(|name| format!("{name}_depthwise")),
            from: common.from.clone(),
            ..common
        };
        self.normalized("depthwise", entry, depthwise)?;
        let pointwise_common = Common {
            from: None,
            ..common
        };
        self.normalized("conv", pointwise, pointwise_common)
    }

    /// A layer, and after it batch normalisation if the entry asks for it: then no bias, and the activation last.
    fn normalized(&mut self, kind: &str, mut entry: Table, common: Common) -> Result<(), String> {
        if !common.batch_norm {
            return self.layer(kind, entry, common);
        }
        if ["conv", "depthwise", "dense"].contains(&kind) {
            entry.entry("bias").or_insert(Value::Boolean(false));
        }
        let normalization = Common {
            name: common.name.as_ref().map(|name| format!("{name}_norm")),
            from: None,
            batch_norm: false,
            ..common
        };
        let first = Common {
            activation: ActivationFunction::None,
            name: common.name.clone(),
            ..common
        };
        self.layer(kind, entry, first)?;
        self.layer("batch_norm", Table::new(), normalization)?;
        // Who reads the entry reads what the whole of it makes.
        if let Some(name) = common.name {
            self.tensors.insert(name, self.nodes.len());
        }
        Ok(())
    }

    fn layer(&mut self, kind: &str, entry: Table, common: Common) -> Result<(), String> {
        let found = KINDS.iter().find(|(name, _)| *name == kind);
        let &(kind, read) = found.ok_or_else(|| format!("expected one of {}", kinds()))?;
        let layer = read(entry).map_err(|error| reason(&error))?;
        let inputs = self.inputs(common.from)?;
        let shapes: Vec<&[usize]> = inputs.iter().map(|&input| self.shape(input)).collect();
        let output = layer.output(&shapes)?;
        let name = self.name(kind, common.name)?;
        let mut parameters = layer.parameters(&shapes);
        for parameter in &mut parameters {
            parameter.name = format!("{name}.{}", parameter.name);
        }
        let multiply_adds = layer.multiply_adds(&shapes, &output);
        self.parameters += parameters.iter().map(Parameter::len).sum::<usize>();
        if self.parameters > MOST_PARAMETERS {
            return Err(format!(
                "expected a network of at most {MOST_PARAMETERS} parameters, found {} up to here",
                self.parameters
            ));
        }
        self.nodes.push(Node {
            name: name.clone(),
            kind,
            layer: Arc::from(layer),
            activation: common.activation,
            inputs,
            output,
            parameters,
            is_frozen: false,
            multiply_adds,
        });
        self.tensors.insert(name, self.nodes.len());
        Ok(())
    }

    /// The tensors that `from` names; without it the one before.
    fn inputs(&self, from: Option<Names>) -> Result<Vec<usize>, String> {
        let names = match from {
            None => return Ok(vec![self.nodes.len()]),
            Some(Names::One(name)) => vec![name],
            Some(Names::Several(names)) => names,
        };
        let find = |name: &String| {
            let found = self.tensors.get(name).copied();
            found.ok_or_else(|| {
                format!(
                    "expected `from` to name a layer before this one, or `{INPUT}`, found `{name}`"
                )
            })
        };
        names.iter().map(find).collect()
    }

    fn shape(&self, tensor: usize) -> &[usize] {
        match tensor.checked_sub(1) {
            None => &self.input,
            Some(node) => &self.nodes[node].output,
        }
    }

    /// The name that an entry gives, or one counted by kind.
    fn name(&self, kind: &str, given: Option<String>) -> Result<String, String> {
        let before = self.nodes.iter().filter(|node| node.kind == kind).count();
        let name = given.unwrap_or_else(|| format!("{kind}{}", before + 1));
        if !is_plain(&name) {
            return Err(format!(
                "expected a name of letters, digits, `_` and `-`, found `{name}`"
            ));
        }
        if self.tensors.contains_key(&name) {
            return Err(format!(
                "expected a name of its own, found a second `{name}`"
            ));
        }
        Ok(name)
    }

    /// The layers; fails unless there are some, every one but the last is read, and that one has an output for each of so
    /// many classes, if there are any.
    pub(super) fn finish(self, classes: usize) -> Result<Vec<Node>, String> {
        let Some((last, others)) = self.nodes.split_last() else {
            return Err("expected at least one layer in `layers`, found none".into());
        };
        let is_read = |tensor: usize| self.nodes.iter().any(|node| node.inputs.contains(&tensor));
        if let Some(index) = (0..others.len()).find(|index| !is_read(index + 1)) {
            return Err(format!(
                "expected all layers to lead to the last one, found `{}`, which none reads",
                self.nodes[index].name
            ));
        }
        if classes > 0 && last.output != [classes] {
            return Err(format!(
                "expected an output for each of {classes} classes of the last layer, `{}`, found {:?}; `units = \"classes\"` \
                 follows the data",
                last.name, last.output
            ));
        }
        Ok(self.nodes)
    }
}

/// Whether a name is one for files and for names in graphs.
pub(super) fn is_plain(name: &str) -> bool {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "_-".contains(character);
    !name.is_empty() && name.chars().all(is_plain)
}

fn kinds() -> String {
    let names = KINDS.iter().map(|(name, _)| *name);
    let names: Vec<&str> = names.chain(["separable"]).collect();
    names.join(", ")
}

impl Common {
    /// Takes what all entries may say out of one.
    fn take(entry: &mut Table) -> Result<Self, String> {
        let keys = ["name", "from", "activation", "batch_norm"];
        let common = keys.iter().filter_map(|key| entry.remove_entry(*key));
        let common = common.collect::<Table>().try_into::<Self>();
        common.map_err(|error| reason(&error))
    }
}

/// One name or several.
#[derive(Clone, Deserialize)]
#[serde(
    untagged,
    expecting = "expected `from` to be a name or a list of names"
)]
enum Names {
    One(String),
    Several(Vec<String>),
}
