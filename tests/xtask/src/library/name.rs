//! What a library is called.

use std::path::Path;

use anyhow::{Context, Result, ensure};

/// A name that programs in C can use for files, constants and variables: small letters, digits and `_`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(String);

/// The longest that compilers of C99 must tell apart, with what is added to it.
const LONGEST: usize = 32;

/// What has this name in every library.
const TAKEN: &str = "baton";

impl Name {
    /// A name that somebody has chosen.
    pub fn new(name: &str) -> Result<Self> {
        let fits = |character: char| {
            character.is_ascii_lowercase() || character.is_ascii_digit() || character == '_'
        };
        let is_name = name.starts_with(|first: char| first.is_ascii_lowercase());
        ensure!(
            is_name && name.chars().all(fits) && name.len() <= LONGEST && name != TAKEN,
            "--name: expected up to {LONGEST} small letters, digits and _, a letter first, and not `{TAKEN}`, found `{name}`"
        );
        Ok(Self(name.to_owned()))
    }

    /// That of a model's file, without what a name cannot have.
    pub fn of_file(path: &Path) -> Result<Self> {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let letter = |character: char| match character.to_ascii_lowercase() {
            letter if letter.is_ascii_alphanumeric() => letter,
            _ => '_',
        };
        let name: String = stem.chars().map(letter).collect();
        Self::new(&name).with_context(|| {
            format!(
                "{}: expected a file whose name can be a library's; --name NAME gives it another",
                path.display()
            )
        })
    }

    /// As files and variables have it.
    pub fn lower(&self) -> &str {
        &self.0
    }

    /// As constants have it.
    pub fn upper(&self) -> String {
        self.0.to_uppercase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_c() {
        assert_eq!(Name::new("kws_2").unwrap().upper(), "KWS_2");
        let long = "a".repeat(LONGEST + 1);
        for name in [
            "", "2kws", "_kws", "Kws", "k-ws", "kws ", "\u{e9}", "baton", &long,
        ] {
            let error = Name::new(name).unwrap_err().to_string();
            assert!(error.contains(&format!("found `{name}`")), "{error}");
        }
    }

    #[test]
    fn files_give_names() {
        let of_file = |path| Name::of_file(Path::new(path));
        assert_eq!(of_file("a/Digits-v2.q8").unwrap().lower(), "digits_v2");
        let error = format!("{:#}", of_file("a/2.q8").unwrap_err());
        assert!(
            error.contains("a/2.q8") && error.contains("--name"),
            "{error}"
        );
    }
}
