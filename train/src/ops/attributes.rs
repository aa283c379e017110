//! Attributes of nodes.

use crate::onnx::AttributeEntry;

#[derive(Clone, Debug, PartialEq)]
enum Attribute {
    Integer(i64),
    Integers(Vec<i64>),
    Float(f32),
    Text(&'static str),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attributes(Vec<(&'static str, Attribute)>);

impl Attributes {
    pub fn none() -> Self {
        Self::default()
    }

    #[must_use]
    pub fn integer(mut self, name: &'static str, value: i64) -> Self {
        self.0.push((name, Attribute::Integer(value)));
        self
    }

    #[must_use]
    pub fn sizes(mut self, name: &'static str, values: &[usize]) -> Self {
        let values = values.iter().map(|&value| value as i64).collect();
        self.0.push((name, Attribute::Integers(values)));
        self
    }

    #[must_use]
    pub fn float(mut self, name: &'static str, value: f32) -> Self {
        self.0.push((name, Attribute::Float(value)));
        self
    }

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

    /// A number, or the operator's default for it.
    pub fn get_float(&self, name: &str, default: f32) -> f32 {
        match self.find(name) {
            Some(Attribute::Float(value)) => *value,
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

    pub fn to_onnx(&self) -> Vec<AttributeEntry> {
        let entry = |(name, attribute): &(&str, Attribute)| {
            let mut entry = AttributeEntry {
                name: (*name).to_owned(),
                ..Default::default()
            };
            match attribute {
                Attribute::Float(value) => (entry.f, entry.kind) = (Some(*value), 1),
                Attribute::Integer(value) => (entry.i, entry.kind) = (Some(*value), 2),
                Attribute::Text(text) => (entry.s, entry.kind) = (Some((*text).into()), 3),
                Attribute::Integers(values) => (entry.ints, entry.kind) = (values.clone(), 7),
            }
            entry
        };
        self.0.iter().map(entry).collect()
    }

    fn find(&self, name: &str) -> Option<&Attribute> {
        let found = self.0.iter().find(|(key, _)| *key == name);
        found.map(|(_, attribute)| attribute)
    }
}

impl std::fmt::Display for Attributes {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, (name, attribute)) in self.0.iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            write!(formatter, "{comma}{name} ")?;
            match attribute {
                Attribute::Integer(value) => value.fmt(formatter)?,
                Attribute::Integers(values) => write!(formatter, "{values:?}")?,
                Attribute::Float(value) => value.fmt(formatter)?,
                Attribute::Text(text) => formatter.write_str(text)?,
            }
        }
        Ok(())
    }
}
