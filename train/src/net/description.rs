//! Networks as files ([TOML](https://toml.io)): a list of layers, each of which reads the one before it, or what `from`
//! names.

use std::path::Path;
use std::sync::Arc;

use input::file::{self, ReadError, display_name};
use serde::Deserialize;
use toml::{Spanned, Table, Value};

use super::Network;
use super::build::{Builder, is_plain};
use super::presets::{self, PRESETS};

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
    /// The number of classes that it is made for.
    classes: usize,
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
            let reason = error.message().to_owned();
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
        Ok(Self {
            file: file.into(),
            text: text.into(),
            contents,
        })
    }

    pub fn name(&self) -> &str {
        &self.contents.name
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
            builder
                .entry(table)
                .map_err(|reason| DescriptionError::Line {
                    file: self.file.clone(),
                    line: line_of(&self.text, entry.span().start),
                    reason: format!("layer {}: {reason}", index + 1),
                })?;
        }
        let nodes = builder.finish(labels.len()).map_err(whole)?;
        Ok(Network {
            name: self.contents.name.clone(),
            input,
            nodes,
            labels,
            text: self.text.clone(),
        })
    }
}

fn line_of(text: &str, position: usize) -> usize {
    text.bytes()
        .take(position)
        .filter(|&byte| byte == b'\n')
        .count()
        + 1
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
