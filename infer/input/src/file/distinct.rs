//! Outputs that would take the place of an input.

use std::fs;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::{display_name, real_path};

/// How deep a folder of inputs is searched.
const MAX_DEPTH: usize = 4;

/// An output is one of the inputs of the same command.
#[derive(Debug, Error)]
#[error(
    "{}: expected an output that is none of the inputs, found {input} ({}); give the output another name",
    display_name(output),
    display_name(path)
)]
pub struct SameFile {
    /// The output as the user named it.
    pub output: PathBuf,
    /// What the command calls the input, such as `--model`.
    pub input: String,
    /// The input's file as the user named it, or as it was found in a folder.
    pub path: PathBuf,
}

/// Refuses an output that is one of the inputs by any name: the same path, or another one that symbolic or hard links
/// lead to it. An input may be a folder, whose files count, and need not exist; devices and pipes never count.
pub fn expect_distinct(output: &Path, inputs: &[(&str, &Path)]) -> Result<(), SameFile> {
    if output.exists() && !output.is_file() {
        return Ok(());
    }
    let Some(identity) = Identity::of(output) else {
        return Ok(());
    };
    for (input, path) in inputs {
        if let Some(path) = find(&identity, path, MAX_DEPTH) {
            return Err(SameFile {
                output: output.to_owned(),
                input: (*input).to_owned(),
                path,
            });
        }
    }
    Ok(())
}

/// What says of two files that they are one.
#[derive(PartialEq, Eq)]
enum Identity {
    #[cfg(unix)]
    Inode {
        device: u64,
        inode: u64,
    },
    Path(PathBuf),
}

impl Identity {
    /// The identity of a file that exists, or will once it is written.
    fn of(path: &Path) -> Option<Self> {
        #[cfg(unix)]
        if let Ok(found) = fs::metadata(path) {
            use std::os::unix::fs::MetadataExt;
            return Some(Self::Inode {
                device: found.dev(),
                inode: found.ino(),
            });
        }
        real_path(path).ok().map(Self::Path)
    }
}

/// The file of this identity among the input's.
fn find(identity: &Identity, input: &Path, depth: usize) -> Option<PathBuf> {
    if !input.is_dir() {
        return (Identity::of(input)? == *identity).then(|| input.to_owned());
    }
    let entries = fs::read_dir(input).ok().filter(|_| depth > 0)?;
    entries
        .flatten()
        .find_map(|entry| find(identity, &entry.path(), depth - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_is_known_by_any_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir_all(path("data/raw")).unwrap();
        for name in ["model", "other", "data/raw/images"] {
            fs::write(path(name), name).unwrap();
        }
        let (model, data, absent) = (path("model"), path("data"), path("absent"));
        let inputs = [
            ("--model", &*model),
            ("--data", &*data),
            ("--later", &*absent),
        ];
        for (output, expected) in [
            ("model", Some("--model")),
            ("data/../model", Some("--model")),
            ("data/raw/images", Some("--data")),
            ("absent", Some("--later")),
            ("data/raw/../../absent", Some("--later")),
            ("other", None),
            ("new", None),
            ("data/new", None),
            ("none/new", None),
        ] {
            let found = expect_distinct(&path(output), &inputs).err();
            let found = found.as_ref().map(|same| same.input.as_str());
            assert_eq!(found, expected, "{output}");
        }
        let error = expect_distinct(&model, &inputs).unwrap_err().to_string();
        let found = format!("found --model ({})", model.display());
        let expected = format!("{found}; give the output another name");
        assert!(error.ends_with(&expected), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn links_lead_to_the_input() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("data")).unwrap();
        fs::write(path("data/images"), "images").unwrap();
        fs::hard_link(path("data/images"), path("hard")).unwrap();
        symlink("hard", path("soft")).unwrap();
        symlink("data", path("folder")).unwrap();
        symlink("later", path("dangling")).unwrap();
        let (data, later) = (path("data"), path("later"));
        let inputs = [("--data", &*data), ("--later", &*later)];
        for name in ["hard", "soft", "folder/images", "dangling"] {
            assert!(expect_distinct(&path(name), &inputs).is_err(), "{name}");
        }
        // What is written to a device takes the place of nothing.
        let null = Path::new("/dev/null");
        expect_distinct(null, &[("--model", null)]).unwrap();
    }
}
