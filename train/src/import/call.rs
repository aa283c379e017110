//! A node of the ONNX graph with its attributes, each of which must be asked for.

use input::onnx::is_standard;

use super::ImportError;
use crate::onnx::{AttributeEntry, Node, Tensor};

/// A node whose attributes are taken one by one; what is left of them is not known here.
pub struct Call<'a> {
    /// The node.
    pub node: &'a Node,
    left: Vec<&'a AttributeEntry>,
}

impl<'a> Call<'a> {
    pub(super) fn new(node: &'a Node) -> Self {
        let left = node.attribute.iter().collect();
        Self { node, left }
    }

    /// The name of the input of this index; empty where there is none.
    pub fn input(&self, index: usize) -> &'a str {
        self.node.input.get(index).map_or("", String::as_str)
    }

    /// The name of the node, or of what it computes where it has none.
    pub fn name(&self) -> &'a str {
        let output = self.node.output.first().map_or("", String::as_str);
        match &self.node.name[..] {
            "" => output,
            name => name,
        }
    }

    /// The operator, after its domain and a dot where that is not the standard one.
    pub(super) fn qualified(&self) -> String {
        let (domain, operator) = (&self.node.domain, &self.node.op_type);
        if is_standard(domain) {
            operator.clone()
        } else {
            format!("{domain}.{operator}")
        }
    }

    /// The node with its operator.
    pub fn describe(&self) -> String {
        format!("{} ({})", self.name(), self.node.op_type)
    }

    /// Why the node cannot be read.
    pub fn refuse(&self, expected: &str, found: impl Into<String>) -> ImportError {
        ImportError::Node {
            node: self.name().into(),
            operator: self.node.op_type.clone(),
            expected: expected.into(),
            found: found.into(),
        }
    }

    /// An integer, or the operator's default for it. Some writers leave out the number 0, but not the attribute.
    pub fn integer(&mut self, name: &str, default: i64) -> i64 {
        let found = self.take(name);
        found.map_or(default, |attribute| attribute.i.unwrap_or(0))
    }

    /// A float, or the operator's default for it.
    pub fn float(&mut self, name: &str, default: f32) -> f32 {
        let found = self.take(name);
        found.map_or(default, |attribute| attribute.f.unwrap_or(0.0))
    }

    /// Integers, if there is an attribute of this name.
    pub fn integers(&mut self, name: &str) -> Option<&'a [i64]> {
        self.take(name).map(|attribute| &attribute.ints[..])
    }

    /// A text; empty if there is none.
    pub fn text(&mut self, name: &str) -> String {
        let found = self.take(name).and_then(|attribute| attribute.s.as_ref());
        found.map_or(String::new(), |text| {
            String::from_utf8_lossy(text).into_owned()
        })
    }

    /// A constant in the node itself.
    pub fn tensor(&mut self, name: &str) -> Option<&'a Tensor> {
        self.take(name)?.t.as_ref()
    }

    /// Floats, if there is an attribute of this name.
    pub fn floats(&mut self, name: &str) -> Option<&'a [f32]> {
        self.take(name).map(|attribute| &attribute.floats[..])
    }

    /// Fails if the attribute is there and none of `values`, as people write them.
    pub fn limit(&mut self, name: &str, values: &[&str]) -> Result<(), ImportError> {
        let Some(found) = self.take(name).map(text) else {
            return Ok(());
        };
        if values.contains(&found.as_str()) {
            return Ok(());
        }
        let expected = format!("{name} {}", values.join(" or "));
        Err(self.refuse(&expected, format!("{name} {found}")))
    }

    /// Fails if there are attributes that nobody has asked for.
    pub(super) fn finish(&self) -> Result<(), ImportError> {
        match self.left.first() {
            None => Ok(()),
            Some(attribute) => {
                let found = format!("{} {}", attribute.name, text(attribute));
                Err(self.refuse("no attribute of this name", found))
            }
        }
    }

    fn take(&mut self, name: &str) -> Option<&'a AttributeEntry> {
        let at = self.left.iter().position(|one| one.name == name)?;
        Some(self.left.swap_remove(at))
    }
}

/// The value as people write it.
fn text(attribute: &AttributeEntry) -> String {
    match attribute.kind {
        1 => attribute.f.unwrap_or(0.0).to_string(),
        2 => attribute.i.unwrap_or(0).to_string(),
        3 => String::from_utf8_lossy(attribute.s.as_deref().unwrap_or_default()).into_owned(),
        7 => format!("{:?}", attribute.ints),
        kind => format!("of kind {kind}"),
    }
}
