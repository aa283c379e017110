//! Where pictures come from.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use super::{environment_path, idx};

/// Where pictures come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// MNIST from the directory that the environment names in `MNIST_DIR`, else from the cache, else from the network.
    Mnist,
    /// Digits drawn by [`synthetic`](super::synthetic), for machines without data.
    Synthetic,
    /// A file, or a directory of files, in one of many forms.
    Path(PathBuf),
}

impl From<OsString> for Source {
    fn from(text: OsString) -> Self {
        match text.to_str() {
            Some("mnist") => Self::Mnist,
            Some("synthetic") => Self::Synthetic,
            _ => Self::Path(text.into()),
        }
    }
}

/// Where pictures of no class come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Negatives {
    /// Drawn by [`negatives`](super::negatives).
    Drawn,
    Given(Source),
}

impl From<OsString> for Negatives {
    fn from(text: OsString) -> Self {
        match text.to_str() {
            Some("drawn") => Self::Drawn,
            _ => Self::Given(text.into()),
        }
    }
}

impl Source {
    /// Whether it is known without a look at it that these are pictures of digits as MNIST has them.
    pub fn is_of_digits(&self) -> bool {
        matches!(self, Self::Mnist | Self::Synthetic)
    }

    /// What this was made from, for another process.
    pub fn as_os_str(&self) -> &OsStr {
        match self {
            Self::Mnist => OsStr::new("mnist"),
            Self::Synthetic => OsStr::new("synthetic"),
            Self::Path(path) => path.as_os_str(),
        }
    }

    /// What the user names, in the source itself or for MNIST in the environment.
    pub(super) fn path(&self) -> Option<PathBuf> {
        match self {
            Self::Mnist => environment_path("MNIST_DIR"),
            Self::Synthetic => None,
            Self::Path(path) => Some(path.clone()),
        }
    }

    /// The files of the user's that are read, or the folder that holds them.
    pub fn files(&self) -> Vec<PathBuf> {
        let Some(path) = self.path() else {
            return Vec::new();
        };
        let files = idx::files(&path);
        if files.is_empty() { vec![path] } else { files }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_read_and_passed_on_as_they_are() {
        for (text, source) in [
            ("mnist", Source::Mnist),
            ("synthetic", Source::Synthetic),
            ("some/folder", Source::Path("some/folder".into())),
            ("MNIST", Source::Path("MNIST".into())),
            ("-few", Source::Path("-few".into())),
            ("", Source::Path("".into())),
        ] {
            assert_eq!(Source::from(OsString::from(text)), source);
            assert_eq!(source.as_os_str(), text);
        }
        #[cfg(unix)]
        {
            use std::os::unix::ffi::OsStringExt;
            let text = OsString::from_vec(b"caf\xe9".to_vec());
            assert_eq!(Source::from(text.clone()).as_os_str(), text);
        }
    }
}
