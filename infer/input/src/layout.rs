//! Where in a folder the images and labels of a data set are, under the names that MNIST and its relatives use.
//!
//! `train-images-idx3-ubyte` and its like: in any case, with dots for dashes, with other endings, packed or not, `test`
//! for `t10k`, and with the name of a collection before it (`emnist-digits-`, `qmnist-`). In the folder itself or below
//! it, as in `MNIST/raw`, and each in a folder of its own name.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::file::{InFile, display_name, one_line};
use crate::idx::{Form, IdxError, Images, Labels};

/// The four files of a data set under MNIST's names.
pub const NAMES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

/// How far below the folder given a file may be.
const LEVELS: usize = 3;
/// Names that a message lists at most.
const LISTED: usize = 8;
/// What may follow `images` or `labels` in a name, beside `idx1` and its like.
const ENDINGS: [&str; 10] = [
    "ubyte", "byte", "bytes", "uint8", "int", "int32", "bin", "dat", "data", "gz",
];

/// A part of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// What a network learns from.
    Train,
    /// What it is measured on.
    Test,
}

/// Where the images of a part and their labels are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// What messages call the data set: its folder, and its collection in brackets where the files' names have one.
    pub set: String,
    /// The images file.
    pub images: PathBuf,
    /// The labels file.
    pub labels: PathBuf,
}

impl Pair {
    /// Reads both files, which are to be as `form` says, with as many labels as images.
    pub fn read(&self, form: Form) -> Result<(Images, Labels), InFile<IdxError>> {
        let images = Images::read(&self.images, form)?;
        let labels = self.labels(images.count, form)?;
        Ok((images, labels))
    }

    /// Reads the labels of so many images, which are to be as `form` says.
    pub fn labels(&self, count: usize, form: Form) -> Result<Labels, InFile<IdxError>> {
        let labels = Labels::read(&self.labels, form)?;
        let found = labels.classes.len();
        if count == found {
            return Ok(labels);
        }
        let of = display_name(&self.images);
        let error = IdxError::form(
            format!("{count} labels, one for each image of {of}"),
            found.to_string(),
        );
        Err(InFile::named(&display_name(&self.labels))(error))
    }
}

/// Finds the files of these parts, all of one data set: the one nearest to the folder, among equally near ones that of
/// MNIST's plain names. Named pipes, sockets and devices are passed over. Where a file is missing, or there are several
/// data sets to choose from, the message lists what is there.
pub fn find<const N: usize>(
    folder: &Path,
    parts: [Part; N],
) -> Result<[Pair; N], InFile<IdxError>> {
    let refusal = |folder: &Path, error: IdxError| InFile::named(&display_name(folder))(error);
    let mut sets = Vec::new();
    collect(folder, folder, LEVELS, &mut sets)
        .map_err(|error| refusal(folder, unlisted(&error)))?;
    if sets.is_empty() {
        sets.push(Set::new(folder, String::new()));
    }
    let rank = |set: &Set| {
        let depth = set.folder.components().count();
        (set.missing(&parts).len(), depth, !set.collection.is_empty())
    };
    let best = sets.iter().map(rank).min();
    let best: Vec<&Set> = sets.iter().filter(|set| Some(rank(set)) == best).collect();
    let missing = best[0].missing(&parts);
    if !missing.is_empty() {
        let expected = format!("{} (packed with gzip or not)", missing.join(", "));
        let folder = &best[0].folder;
        return Err(refusal(folder, IdxError::form(expected, list(folder))));
    }
    if best.len() > 1 {
        let mut names: Vec<String> = best.iter().map(|set| set.name()).collect();
        names.sort();
        let found = format!("several: {}", listed(names.into_iter()));
        let expected = "one data set (name its folder, or give it one of its own)";
        return Err(refusal(folder, IdxError::form(expected, found)));
    }
    Ok(parts.map(|part| best[0].pair(part)))
}

/// Files that belong together.
struct Set {
    folder: PathBuf,
    /// What the files' names start with: nothing, or the name of a collection.
    collection: String,
    /// In the order of [`NAMES`].
    files: [Option<PathBuf>; 4],
}

impl Set {
    fn new(folder: &Path, collection: String) -> Self {
        Self {
            folder: folder.to_owned(),
            collection,
            files: [const { None }; 4],
        }
    }

    /// MNIST's names of the files that are not there.
    fn missing(&self, parts: &[Part]) -> Vec<&'static str> {
        let slots = parts.iter().flat_map(|&part| slots(part));
        slots
            .filter(|&slot| self.files[slot].is_none())
            .map(|slot| NAMES[slot])
            .collect()
    }

    /// The files of a part; none is missing.
    fn pair(&self, part: Part) -> Pair {
        let [images, labels] = slots(part).map(|slot| self.files[slot].clone().unwrap_or_default());
        Pair {
            set: self.name(),
            images,
            labels,
        }
    }

    /// Its folder, and its collection in brackets.
    fn name(&self) -> String {
        let folder = display_name(&self.folder);
        match &self.collection[..] {
            "" => folder,
            collection => format!("{folder} ({collection})"),
        }
    }

    /// Takes a file, unless another of that meaning is nearer or not packed.
    fn offer(&mut self, slot: usize, path: PathBuf) {
        let rank = |path: &PathBuf| {
            let packed = path
                .extension()
                .is_some_and(|extension| extension.eq_ignore_ascii_case("gz"));
            (path.components().count(), packed, path.clone())
        };
        let known = self.files[slot].take();
        self.files[slot] = known.into_iter().chain([path]).min_by_key(rank);
    }
}

/// Where the images and the labels of a part come in [`NAMES`].
fn slots(part: Part) -> [usize; 2] {
    match part {
        Part::Train => [0, 1],
        Part::Test => [2, 3],
    }
}

/// Adds what is in `folder` and below it to `sets`; `home` is the folder that the files there count as being in.
fn collect(folder: &Path, home: &Path, levels: usize, sets: &mut Vec<Set>) -> io::Result<()> {
    for entry in fs::read_dir(folder)?.flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        let meaning = meaning(&name);
        if path.is_dir() {
            if levels > 0 && !name.starts_with('.') {
                // Some archives have each file in a folder of its own name.
                let home = if meaning.is_some() { home } else { &path };
                // A folder that cannot be read has nothing for us; the message that files are missing lists it.
                let _ = collect(&path, home, levels - 1, sets);
            }
        } else if let Some((collection, slot)) = meaning
            && path.is_file()
        {
            let is_home = |set: &Set| set.folder == home && set.collection == collection;
            let known = sets.iter().position(is_home).unwrap_or_else(|| {
                sets.push(Set::new(home, collection.clone()));
                sets.len() - 1
            });
            sets[known].offer(slot, path);
        }
    }
    Ok(())
}

/// The collection and the place in [`NAMES`] that a file name stands for.
fn meaning(name: &str) -> Option<(String, usize)> {
    let name = name.to_lowercase();
    let words: Vec<&str> = name
        .split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let slot = |pair: &[&str]| {
        let part = match pair[0] {
            "train" => 0,
            "t10k" | "test" => 2,
            _ => return None,
        };
        match pair[1] {
            "images" | "image" => Some(part),
            "labels" | "label" => Some(part + 1),
            _ => None,
        }
    };
    let (at, slot) = words
        .windows(2)
        .enumerate()
        .find_map(|(at, pair)| Some((at, slot(pair)?)))?;
    let is_ending = |word: &&str| word.starts_with("idx") || ENDINGS.contains(word);
    let known = !name.starts_with('.') && words[at + 2..].iter().all(is_ending);
    known.then(|| (words[..at].join("-"), slot))
}

/// A folder could not be listed.
fn unlisted(error: &io::Error) -> IdxError {
    let found = match error.kind() {
        io::ErrorKind::NotFound => "nothing of that name".into(),
        io::ErrorKind::NotADirectory => "a file".into(),
        _ => error.to_string(),
    };
    IdxError::form("a folder of IDX files", found)
}

/// What is in a folder, for a message.
pub fn list(folder: &Path) -> String {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries.flatten(),
        Err(error) => return error.to_string(),
    };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    listed(paths.iter().map(|path| entry_name(path)))
}

/// The name of what is at a path, and what it is if it is no file that can be read.
fn entry_name(path: &Path) -> String {
    let name = one_line(&path.file_name().unwrap_or_default().to_string_lossy());
    let problem = match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => fs::read_dir(path).err(),
        Ok(metadata) if metadata.is_file() => File::open(path).err(),
        Ok(_) => return format!("{name} (neither a file nor a folder)"),
        Err(error) => Some(error),
    };
    let slash = if path.is_dir() { "/" } else { "" };
    match problem {
        None => format!("{name}{slash}"),
        Some(error) => format!("{name}{slash} (unreadable: {error})"),
    }
}

/// The first names, and how many more there are.
pub fn listed(names: impl ExactSizeIterator<Item = String>) -> String {
    let more = names.len().saturating_sub(LISTED);
    let first: Vec<String> = names.take(LISTED).collect();
    match (first.is_empty(), more) {
        (true, _) => "an empty folder".into(),
        (_, 0) => first.join(", "),
        _ => format!("{} and {more} more", first.join(", ")),
    }
}

#[cfg(test)]
mod tests;
