//! From what the user names to sets of pixels.

use std::path::Path;

use input::picture::Header;
use ndarray::Array2;
use no_std_core::prepare::Fit;
use sha2::{Digest, Sha256};

use super::batch::shuffle;
use super::choice::Wanted;
use super::collection::{Collection, Entry, Part, Pictures, Remark, Values};
use super::duplicates::Duplicates;
use super::packed::{self, Packed};
use super::random::Random;
use super::{
    Classes, DataError, Dataset, Element, Sets, Source, cache_folder, cifar, folder, hexadecimal,
    idx, manifest, mnist, npz, stored, synthetic,
};

mod divide;

use divide::divide;

/// The same pictures in each part at each run.
const SEED: u64 = 0;
/// The first of the streams of random numbers that mix pictures; those before it divide the classes.
const MIXED: u64 = 1 << 16;
/// The part of the pictures that may be unreadable: one in this many.
const UNREADABLE: usize = 100;
/// Unreadable files that a message names.
const NAMED: usize = 5;

/// What is to be loaded, and as what.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Whether MNIST must not be fetched where the cache does not hold it.
    pub offline: bool,
    pub wanted: Wanted,
}

/// Sets, and what was found on the way to them.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub sets: Sets,
    pub found: Found,
}

/// What a data set is made of, for people.
#[derive(Clone, Debug)]
pub struct Found {
    /// All pictures, before they were divided.
    pub all: Dataset,
    /// What each of them is for.
    pub parts: Vec<Part>,
    /// Of picture files: what each is called and what it says of itself.
    pub files: Vec<(String, Header)>,
    /// What the input is and why.
    pub chosen: Vec<String>,
    /// How pictures of other proportions became it.
    pub fit: Fit,
    /// Whether there may have been others than of its size.
    pub is_scaled: bool,
    /// How the sets came about, where they were drawn.
    pub drawn: Option<String>,
    pub passed_over: Vec<Remark>,
    pub unreadable: Vec<Remark>,
    /// Whether the user had rows and columns of images exchanged.
    pub is_transposed: bool,
    /// Which pictures are the same or nearly, where that is known already.
    pub duplicates: Option<Duplicates>,
}

impl Found {
    /// What was there and is not used.
    pub fn notes(&self) -> Vec<String> {
        let note = |what: &str, remarks: &[Remark]| {
            let Remark { name, reason } = remarks.first()?;
            let count = remarks.len();
            Some(format!(
                "{count} files or folders {what}, such as {name} ({reason}); `train data` lists them"
            ))
        };
        let unreadable = note("cannot be read", &self.unreadable);
        unreadable
            .into_iter()
            .chain(note("are passed over", &self.passed_over))
            .collect()
    }
}

/// Loads the pictures of `source`.
pub fn load(source: &Source, options: Options) -> Result<Loaded, DataError> {
    let collection = match source.path() {
        Some(path) => open(&path)?,
        None if *source == Source::Mnist => mnist::load(&cache_folder("mnist")?, options.offline)?,
        None => synthetic::collection(
            synthetic::TRAIN_COUNT,
            synthetic::TEST_COUNT,
            synthetic::SEED,
        ),
    };
    loaded(collection, &options.wanted)
}

/// Loads only [`Sets::test`]; a directory of IDX files need not hold the others.
pub fn load_test(source: &Source, options: Options) -> Result<Dataset, DataError> {
    let loaded = match source.path() {
        Some(path) => match idx::read_test(&path) {
            Ok(test) => loaded(test, &options.wanted)?,
            Err(refusal) if idx::has_files(&path) => return Err(refusal),
            Err(_) => load(source, options)?,
        },
        None => load(source, options)?,
    };
    loaded.expect_test()?;
    Ok(loaded.sets.test)
}

/// What is at a path of the user's, in whichever form.
fn open(path: &Path) -> Result<Collection, DataError> {
    if path.is_file() {
        return match path.extension().and_then(|extension| extension.to_str()) {
            Some("npz") => npz::read(path),
            _ if manifest::is_manifest(path) => manifest::read(path),
            _ => Err(DataError::unexpected(
                path,
                "a folder, or a list of pictures (.csv, .tsv, .jsonl), or arrays (.npz)",
                "a file of another kind",
            )),
        };
    }
    let refusal = match idx::read(path) {
        Ok(collection) => return Ok(collection),
        Err(refusal) => refusal,
    };
    // A data set of IDX files that is there and wrong is no folder of pictures.
    if !path.is_dir() || idx::has_files(path) {
        return Err(refusal);
    }
    let other = cifar::read(path)
        .transpose()
        .or_else(|| folder::read(path).transpose())
        .or_else(|| folder::read_flat(path).transpose());
    other.unwrap_or_else(|| {
        Err(DataError::unexpected(
            path,
            format!("{}, or the files of MNIST or CIFAR", folder::expected()),
            input::layout::list(path),
        ))
    })
}

/// Brings all pictures into one shape and divides them.
fn loaded(collection: Collection, wanted: &Wanted) -> Result<Loaded, DataError> {
    let is_array = !matches!(collection.pictures, Pictures::Files(_));
    if wanted.transpose && !is_array {
        return Err(DataError::Transpose(collection.source));
    }
    let Brought {
        packed,
        is_as_given,
        is_scaled,
        holding: (element, is_labelled, targets),
    } = brought(collection.pictures, wanted)?;
    let mut unreadable = collection.unreadable;
    let files = collection.entries.len() + unreadable.len();
    unreadable.extend(packed.unreadable);
    expect_readable(&unreadable, files)?;
    let entries = packed.kept.iter().map(|&at| collection.entries[at]);
    let entries: Vec<Entry> = entries.collect();
    let labels: Vec<u16> = entries.iter().map(|entry| entry.label).collect();
    let places = (0..labels.len() as u32).collect();
    let classes = Classes::from(collection.classes);
    let all = Dataset::of(packed.choice.shape, packed.pixels, places, labels, classes);
    let all = all.holding(element, is_labelled, targets);
    let (parts, drawn) = divide(
        &all,
        &entries,
        packed.duplicates.as_ref(),
        collection.divided,
    )?;
    let given = collection.sha256.filter(|_| is_as_given);
    let sha256 = match given {
        Some(sha256) => sha256,
        None => identity(packed.sha256.as_deref(), &all, &parts)?,
    };
    // Files come class by class.
    let mixes = !is_array;
    let sets = sets(&all, &parts, mixes, (collection.source, sha256));
    let found = Found {
        all,
        parts,
        files: packed.files,
        chosen: packed.choice.reasons,
        fit: packed.choice.fit,
        is_scaled,
        drawn,
        passed_over: collection.passed_over,
        unreadable,
        is_transposed: wanted.transpose,
        duplicates: packed.duplicates,
    };
    Ok(Loaded { sets, found })
}

/// Samples in one shape.
struct Brought {
    packed: Packed,
    /// Whether they are those that the data set has, so that its own digest stands for them.
    is_as_given: bool,
    is_scaled: bool,
    /// What they are made of, whether their labels are known, and their targets.
    holding: (Element, bool, Option<Array2<f32>>),
}

fn brought(pictures: Pictures, wanted: &Wanted) -> Result<Brought, DataError> {
    let brought = |packed: Packed, is_as_given, is_scaled| Brought {
        packed,
        is_as_given,
        is_scaled,
        holding: (Element::Pixel, true, None),
    };
    Ok(match pictures {
        Pictures::Files(files) => brought(packed::files(&files, wanted)?, true, true),
        Pictures::Array { shape, pixels } => {
            let packed = packed::array(pixels, shape, wanted)?;
            let is_same = packed.choice.shape == shape;
            brought(packed, is_same && !wanted.transpose, !is_same)
        }
        Pictures::Stored { shape, places } => {
            let packed = stored::pixels(&places, shape, wanted)?;
            let is_same = packed.choice.shape == shape;
            brought(packed, wanted.keeps(shape), !is_same)
        }
        Pictures::Arrays(arrays) => {
            let holding = (arrays.element(), arrays.is_labelled, arrays.targets);
            let packed = match arrays.values {
                Values::Pixels(pixels) => packed::array(pixels, arrays.shape, wanted)?,
                Values::Numbers(numbers) => packed::numbers(&numbers, arrays.shape, wanted)?,
            };
            let is_scaled = packed.choice.shape != arrays.shape;
            Brought {
                holding,
                ..brought(packed, false, is_scaled)
            }
        }
    })
}

/// Fails if more than one in a hundred files cannot be read.
fn expect_readable(unreadable: &[Remark], files: usize) -> Result<(), DataError> {
    if unreadable.len() * UNREADABLE <= files {
        return Ok(());
    }
    let name = |remark: &Remark| format!("{} ({})", remark.name, remark.reason);
    let named: Vec<String> = unreadable.iter().take(NAMED).map(name).collect();
    Err(DataError::Unreadable {
        count: unreadable.len(),
        files,
        named: named.join("; "),
    })
}

/// The pictures of each part: in their order, or mixed, so that the first ones are of every class.
fn sets(all: &Dataset, parts: &[Part], mixes: bool, (source, sha256): (String, String)) -> Sets {
    let of = |part: Part| {
        let mut at: Vec<usize> = (0..parts.len()).filter(|&at| parts[at] == part).collect();
        if mixes {
            shuffle(&mut at, &mut Random::new(SEED, MIXED + part as u64));
        }
        all.select(&at)
    };
    let validation = of(Part::Validation);
    Sets {
        train: of(Part::Train),
        validation: (!validation.is_empty()).then_some(validation),
        test: of(Part::Test),
        source,
        sha256,
    }
}

/// What tells these sets from others: their pixels, their classes and what each picture is for.
fn identity(files: Option<&str>, all: &Dataset, parts: &[Part]) -> Result<String, DataError> {
    let mut hasher = Sha256::new_with_prefix(format!("{:?}", all.shape()));
    if let Some(sha256) = files {
        hasher.update(sha256);
    } else {
        let mut pixels = vec![0; all.picture_len()];
        for picture in 0..all.len() {
            all.read(picture, &mut pixels)?;
            hasher.update(&pixels);
            let targets = all.targets(picture).filter(|_| !all.is_labelled());
            for target in targets.into_iter().flatten() {
                hasher.update(target.to_le_bytes());
            }
        }
    }
    hasher.update(input::labels::to_metadata(all.classes()));
    for (label, part) in all.labels().iter().zip(parts) {
        hasher.update(label.to_le_bytes());
        hasher.update([*part as u8]);
    }
    Ok(hexadecimal(&hasher.finalize()))
}

#[cfg(test)]
mod tests;
