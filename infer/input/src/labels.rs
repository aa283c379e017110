//! The names of a model's classes, as the metadata entry [`KEY`] of its ONNX file holds them.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::Value;
use thiserror::Error;

use crate::file::one_line;

/// The metadata entry that names the classes.
pub const KEY: &str = "labels";

/// Why the names of the classes could not be read.
#[derive(Debug, Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum LabelsError {
    #[error("expected a JSON array of texts for labels, found {} in it; write its names as texts", one_line(.0))]
    NoText(String),
    #[error("expected labels in UTF-8, found other bytes; save the file in UTF-8")]
    Encoding,
    #[error(
        "expected one label for each of {classes} classes, found {found}; name each class once"
    )]
    Count { classes: usize, found: usize },
    #[error(
        "expected a label of its own for each class, found {} for class {first} and for class {second}; give one of them another",
        in_list(&one_line(.label))
    )]
    Twice {
        label: String,
        first: usize,
        second: usize,
    },
}

/// The entry's value: the names in the order of the classes, as a JSON array. Names may be any text.
pub fn to_metadata(labels: &[impl AsRef<str>]) -> String {
    let labels = labels.iter().map(|label| label.as_ref().to_owned());
    labels.collect::<Value>().to_string()
}

/// The names in the entry's value: a JSON array of texts, or names with commas between them as older models have it.
pub fn from_metadata(entry: &str) -> Result<Vec<String>, LabelsError> {
    let Ok(Value::Array(names)) = serde_json::from_str(entry) else {
        return Ok(entry.split(',').map(str::to_owned).collect());
    };
    let names = names.into_iter().map(|name| match name {
        Value::String(name) => Ok(name),
        other => Err(LabelsError::NoText(other.to_string())),
    });
    names.collect()
}

/// The names in a file of the user's: a JSON array of texts, or a name a line; empty lines at the end say nothing.
pub fn from_file(file: &[u8], classes: usize) -> Result<Vec<String>, LabelsError> {
    let text = str::from_utf8(file).map_err(|_| LabelsError::Encoding)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if let Ok(Value::Array(_)) = serde_json::from_str(text) {
        return of_classes(Some(text), classes);
    }
    let lines: Vec<&str> = text.trim_end().lines().map(str::trim).collect();
    of_classes(Some(&to_metadata(&lines)), classes)
}

/// The names of a model's classes. A class without a name, as all are without the entry, is called by its index.
pub fn of_classes(entry: Option<&str>, classes: usize) -> Result<Vec<String>, LabelsError> {
    let mut labels = match entry {
        Some(entry) => from_metadata(entry)?,
        None => vec![String::new(); classes],
    };
    if labels.len() != classes {
        return Err(LabelsError::Count {
            classes,
            found: labels.len(),
        });
    }
    for (class, label) in labels.iter_mut().enumerate() {
        if label.is_empty() {
            *label = class.to_string();
        }
    }
    expect_distinct(&labels)?;
    Ok(labels)
}

fn expect_distinct(labels: &[String]) -> Result<(), LabelsError> {
    let mut classes = HashMap::new();
    for (second, label) in labels.iter().enumerate() {
        if let Some(first) = classes.insert(label, second) {
            let label = label.clone();
            return Err(LabelsError::Twice {
                label,
                first,
                second,
            });
        }
    }
    Ok(())
}

/// A name as lists have it, with commas between: in quotes if it has one itself.
#[must_use]
pub fn in_list(label: &str) -> Cow<'_, str> {
    if label.contains(',') {
        format!("\"{label}\"").into()
    } else {
        label.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(labels: &[&str]) -> Vec<String> {
        labels.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn any_text_survives() {
        let long = "x".repeat(100_000);
        for labels in [
            &["cat, black", "dog", "a\"b\\c", "two\nlines\t\u{1b}[31m"][..],
            &["größe", "犬", "🐈", "\u{0}", " "],
            &["[1]", "[\"a\"]", "{}"],
            &["only"],
            &[&long, "short"],
            &[],
        ] {
            let entry = to_metadata(&owned(labels));
            assert_eq!(from_metadata(&entry).unwrap(), owned(labels));
        }
    }

    #[test]
    fn older_models_have_commas_between() {
        for (entry, labels) in [
            ("0,1,2", &["0", "1", "2"][..]),
            ("a,may be,b\nc", &["a", "may be", "b\nc"]),
            ("alone", &["alone"]),
            ("7", &["7"]),
            ("[a,b]", &["[a", "b]"]),
            ("\"a\",b", &["\"a\"", "b"]),
        ] {
            assert_eq!(from_metadata(entry).unwrap(), owned(labels), "{entry}");
        }
        let error = from_metadata(r#"["a",7]"#).unwrap_err().to_string();
        assert!(error.contains("found 7 in it"), "{error}");
    }

    #[test]
    fn files_have_a_line_a_class() {
        for text in [
            "cat, black\ngröße\n",
            "\u{feff}cat, black\r\n größe \r\n\r\n",
            r#"["cat, black", "größe"]"#,
        ] {
            assert_eq!(
                from_file(text.as_bytes(), 2).unwrap(),
                ["cat, black", "größe"]
            );
        }
        assert_eq!(from_file(b"[a]\n\nb", 3).unwrap(), ["[a]", "1", "b"]);
        for refused in [&b"a\nb"[..], b"a\nb\n\xe9", br#"["a","b",7]"#] {
            assert!(from_file(refused, 3).is_err());
        }
    }

    #[test]
    fn each_class_has_one_name() {
        assert_eq!(of_classes(None, 3).unwrap(), ["0", "1", "2"]);
        assert_eq!(of_classes(Some("a,,b"), 3).unwrap(), ["a", "1", "b"]);
        assert_eq!(of_classes(Some(r#"["",""]"#), 2).unwrap(), ["0", "1"]);
        let error = of_classes(Some("a,b"), 3).unwrap_err().to_string();
        assert!(
            error.starts_with("expected one label for each of 3 classes, found 2;"),
            "{error}"
        );
        for (entry, found) in [
            ("a,b,c,b", "b for class 1 and for class 3"),
            // The name that a class without one is called by.
            (r#"["1",""]"#, "1 for class 0 and for class 1"),
            (
                r#"["a, b","c","a, b"]"#,
                r#""a, b" for class 0 and for class 2"#,
            ),
        ] {
            let classes = from_metadata(entry).unwrap().len();
            let error = of_classes(Some(entry), classes).unwrap_err().to_string();
            assert!(error.contains(found), "{error}");
        }
    }
}
