//! Networks as files ([TOML](https://toml.io)): a list of layers, each of which reads the one before it, or what `from`
//! names.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use input::file::{self, ReadError, display_name};
use no_std_core::format::OutputKind;
use serde::Deserialize;
use toml::{Spanned, Table, Value};

use super::build::{Builder, is_plain};
use super::output::{self, Declared};
use super::presets::{self, PRESETS};
use super::{Network, Node, NumberScaling};
use crate::syntax::{line_of, reason};

#[derive(Debug, thiserror::Error)]
pub enum DescriptionError {
    #[error("{}: expected a network's file: {source}", display_name(path))]
    Read {
        path: std::path::PathBuf,
        source: ReadError,
    },
    #[error("network `{name}`: expected a file, or one of {}", names())]
    Unknown { name: String },
    #[error("{file}, line {line}: {reason}")]
    Line {
        file: String,
        line: usize,
        reason: String,
    },
    #[error("{file}: {reason}")]
    Whole { file: String, reason: String },
}

fn names() -> String {
    let names: Vec<&str> = PRESETS.iter().map(|preset| preset.name).collect();
    names.join(", ")
}

/// A network's file, whose layers are not yet read: they depend on what goes in and on the classes.
#[derive(Clone, Debug)]
pub struct Description {
    /// The file, for people.
    file: String,
    text: Arc<str>,
    contents: Contents,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Contents {
    name: String,
    /// Channels, rows and columns that the network is made for.
    input: [usize; 3],
    /// The number of classes that it is made for; 0 where the outputs are none.
    classes: usize,
    /// What the outputs are, if no classes and not to be told by their number.
    output: Option<Spanned<Declared>>,
    layers: Vec<Spanned<Table>>,
}

impl Description {
    /// Of a preset, or else of a file.
    pub fn open(name: &Path) -> Result<Self, DescriptionError> {
        if let Some(preset) = name.to_str().and_then(Self::preset) {
            return Ok(preset);
        }
        if name.extension().is_none() && !name.exists() {
            let name = name.display().to_string();
            return Err(DescriptionError::Unknown { name });
        }
        let bytes = file::read(name).map_err(|source| DescriptionError::Read {
            path: name.into(),
            source,
        })?;
        let file = display_name(name);
        match String::from_utf8(bytes) {
            Ok(text) => Self::parse(&file, &text),
            Err(_) => Err(DescriptionError::Whole {
                file,
                reason: "expected text in UTF-8, found other bytes".into(),
            }),
        }
    }

    /// Of a preset; `None` if there is none of this name.
    ///
    /// # Panics
    ///
    /// Never: presets are part of the program, and read in the tests.
    pub fn preset(name: &str) -> Option<Self> {
        let preset = PRESETS.iter().find(|preset| preset.name == name)?;
        let file = format!("preset {name}");
        Some(Self::parse(&file, preset.text).expect("presets are read in the tests"))
    }

    /// Of the preset that fits pictures of these channels, rows and columns.
    ///
    /// # Panics
    ///
    /// Never, as [`Description::preset`].
    pub fn for_pictures(shape: [usize; 3]) -> Self {
        let name = presets::for_pictures(shape);
        Self::preset(name).expect("it is a preset's name")
    }

    /// Of all presets for pictures of things.
    pub fn all_for_pictures() -> impl Iterator<Item = Self> {
        presets::OF_PICTURES.into_iter().filter_map(Self::preset)
    }

    /// Of a text, from a file of this name.
    pub fn parse(file: &str, text: &str) -> Result<Self, DescriptionError> {
        let contents: Contents = toml::from_str(text).map_err(|error| {
            let reason = reason(&error);
            let file = file.to_owned();
            match error.span() {
                Some(span) => DescriptionError::Line {
                    file,
                    line: line_of(text, span.start),
                    reason,
                },
                None => DescriptionError::Whole { file, reason },
            }
        })?;
        let name = &contents.name;
        if !is_plain(name) {
            let file = file.into();
            let reason = format!(
                "expected a name of letters, digits, `_` and `-`, as a file's, found `{name}`"
            );
            return Err(DescriptionError::Whole { file, reason });
        }
        let described = Self {
            file: file.into(),
            text: text.into(),
            contents,
        };
        match &described.contents.output {
            Some(declared) if described.has_classes() => {
                let name = declared.get_ref().name();
                let reason =
                    format!("expected `classes = 0` with `output = \"{name}\"`, found some");
                Err(described.at(declared.span().start, reason))
            }
            _ => Ok(described),
        }
    }

    /// What is wrong at a place of the text.
    fn at(&self, position: usize, reason: String) -> DescriptionError {
        DescriptionError::Line {
            file: self.file.clone(),
            line: line_of(&self.text, position),
            reason,
        }
    }

    pub fn name(&self) -> &str {
        &self.contents.name
    }

    /// Whether the outputs stand for classes.
    pub fn has_classes(&self) -> bool {
        self.contents.classes > 0
    }

    /// Channels, rows and columns that it is made for.
    pub fn input(&self) -> [usize; 3] {
        self.contents.input
    }

    /// The numbers of the classes that it is made for.
    pub fn numbers(&self) -> Vec<String> {
        (0..self.contents.classes)
            .map(|class| class.to_string())
            .collect()
    }

    /// The same with a last layer of units or filters that follows the classes, where the file says their number.
    pub fn following_classes(&self) -> Result<Self, DescriptionError> {
        let number = |entry: &Spanned<Table>| {
            let mut keys = ["units", "filters"].into_iter();
            let (key, value) = keys.find_map(|key| entry.get_ref().get_key_value(key))?;
            Some((entry.span().start, key.clone(), value.as_integer()?))
        };
        let has_outputs = |entry: &&Spanned<Table>| {
            let table = entry.get_ref();
            table.contains_key("units") || table.contains_key("filters")
        };
        let last = self.contents.layers.iter().rev().find(has_outputs);
        let place = last.and_then(number).and_then(|(start, key, number)| {
            let found = value_of(&self.text[start..], &key, number)?;
            Some(start + found.start..start + found.end)
        });
        let Some(place) = place else {
            return Ok(self.clone());
        };
        let mut text = self.text.to_string();
        text.replace_range(place, "\"classes\"");
        Self::parse(&self.file, &text)
    }

    /// The network for inputs of these channels, rows and columns, and for these classes; without any, its outputs are
    /// values.
    pub fn network(
        &self,
        input: [usize; 3],
        labels: Vec<String>,
    ) -> Result<Network, DescriptionError> {
        let whole = |reason: String| DescriptionError::Whole {
            file: self.file.clone(),
            reason,
        };
        let mut builder = Builder::new(input);
        for (index, entry) in self.contents.layers.iter().enumerate() {
            let counts = [
                ("classes", labels.len()),
                ("inputs", input.iter().product()),
            ];
            let table = resolved(entry.get_ref().clone(), counts);
            builder.entry(table).map_err(|reason| {
                self.at(entry.span().start, format!("layer {}: {reason}", index + 1))
            })?;
        }
        let nodes = builder.finish(labels.len()).map_err(whole)?;
        Ok(Network {
            name: self.contents.name.clone(),
            input,
            output: self.output(&nodes, input, labels.len())?,
            nodes,
            labels,
            scaling: NumberScaling::default(),
            text: self.text.clone(),
        })
    }
}

impl Description {
    /// What the outputs of these layers are.
    fn output(
        &self,
        nodes: &[Node],
        input: [usize; 3],
        classes: usize,
    ) -> Result<OutputKind, DescriptionError> {
        let declared = self.contents.output.as_ref();
        let declared = declared.map(|declared| *declared.get_ref());
        let (Some(last), Some(entry)) = (nodes.last(), self.contents.layers.last()) else {
            return Ok(OutputKind::Values);
        };
        output::kind(declared, last, input, classes).map_err(|reason| {
            let count = self.contents.layers.len();
            self.at(entry.span().start, format!("layer {count}: {reason}"))
        })
    }
}

/// Where an entry's text, which begins with it, has this number as the value of a key.
fn value_of(text: &str, key: &str, number: i64) -> Option<Range<usize>> {
    let number = number.to_string();
    text.match_indices(key).find_map(|(at, _)| {
        let rest = text[at + key.len()..].trim_start().strip_prefix('=')?;
        let value = rest.trim_start();
        let start = text.len() - value.len();
        value
            .starts_with(&number)
            .then(|| start..start + number.len())
    })
}

/// An entry with numbers in place of the words for them.
fn resolved(mut entry: Table, counts: [(&str, usize); 2]) -> Table {
    for key in ["units", "filters"] {
        for (word, count) in counts {
            if let Some(value) = entry.get_mut(key)
                && value.as_str() == Some(word)
            {
                *value = Value::Integer(count as i64);
            }
        }
    }
    entry
}

#[cfg(test)]
mod tests;
