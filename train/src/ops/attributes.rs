//! Attributes of nodes.

use crate::onnx::AttributeEntry;

#[derive(Clone, Debug, PartialEq)]
enum Attribute {
    Integer(i64),
    Integers(Vec<i64>),
    Text(&'static str),
}

/// The named attributes of a node.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attributes(Vec<(&'static str, Attribute)>);

impl Attributes {
    /// No attributes.
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds an integer.
    #[must_use]
    pub fn integer(mut self, name: &'static str, value: i64) -> Self {
        self.0.push((name, Attribute::Integer(value)));
        self
    }

    /// Adds a list of sizes.
    #[must_use]
    pub fn sizes(mut self, name: &'static str, values: &[usize]) -> Self {
        let values = values.iter().map(|&value| value as i64).collect();
        self.0.push((name, Attribute::Integers(values)));
        self
    }

    /// Adds a string.
    #[must_use]
    pub fn text(mut self, name: &'static str, value: &'static str) -> Self {
        self.0.push((name, Attribute::Text(value)));
        self
    }

    /// An integer, or the operator's default for it.
    pub fn get_integer(&self, name: &str, default: i64) -> i64 {
        match self.find(name) {
            Some(Attribute::Integer(value)) => *value,
            _ => default,
        }
    }

    /// A list of sizes; empty if there is none of this name.
    pub fn get_sizes(&self, name: &str) -> Vec<usize> {
        match self.find(name) {
            Some(Attribute::Integers(values)) => {
                values.iter().map(|&value| value as usize).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The form in which ONNX files store them.
    pub fn to_onnx(&self) -> Vec<AttributeEntry> {
        let entry = |(name, attribute): &(&str, Attribute)| {
            let name = (*name).to_owned();
            match attribute {
                Attribute::Integer(value) => AttributeEntry {
                    name,
                    i: Some(*value),
                    kind: 2,
                    ..Default::default()
                },
                Attribute::Text(text) => AttributeEntry {
                    name,
                    s: Some(text.as_bytes().to_vec()),
                    kind: 3,
                    ..Default::default()
                },
                Attribute::Integers(values) => AttributeEntry {
                    name,
                    ints: values.clone(),
                    kind: 7,
                    ..Default::default()
                },
            }
        };
        self.0.iter().map(entry).collect()
    }

    fn find(&self, name: &str) -> Option<&Attribute> {
        self.0
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, attribute)| attribute)
    }
}
