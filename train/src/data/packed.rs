//! Pictures of any kind made into pixels of one shape, in memory or in a file of the user's cache that is made once.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};
use input::file::{Pending, read_all};
use input::picture::{self, Header, PictureError};
use no_std_core::prepare::Fit;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::choice::{Choice, Wanted};
use super::collection::Remark;
use super::convert::{converted, transposed};
use super::duplicates::Duplicates;
use super::npz::planar;
use super::pixels::Pixels;
use super::{Classes, DataError, Dataset, cache, hexadecimal};
use crate::network::Shape;

/// Says with which arithmetic pixels were made; another one gives other files.
const VERSION: &str = "whole numbers 1";
/// Pictures that are decoded before any of them is written.
const CHUNK: usize = 256;
/// Pictures that are looked at to tell whether there are colours.
const LOOKED_AT: usize = 64;
/// Side of a picture in which colours are looked for, in pixels.
const LOOK_SIDE: usize = 32;
/// How far the channels of a coloured pixel lie apart.
const COLOURED: u8 = 24;

/// Pictures as pixels of one shape.
pub struct Packed {
    /// Those that could be read, in their order.
    pub pixels: Pixels,
    /// Which of the pictures they are.
    pub kept: Vec<usize>,
    /// Of files: what each of them is called and what it says of itself.
    pub files: Vec<(String, Header)>,
    pub choice: Choice,
    /// The others.
    pub unreadable: Vec<Remark>,
    /// Those among the pixels, where they are known.
    pub duplicates: Option<Duplicates>,
    /// SHA-256 of files and of what was made of them, in hexadecimal.
    pub sha256: Option<String>,
}

/// What decoding found, beside the pixels.
#[derive(Default, Serialize, Deserialize)]
struct Index {
    /// Files that could not be decoded and why.
    failed: Vec<(usize, String)>,
    duplicates: Duplicates,
}

/// A picture file before it is decoded.
struct Seen {
    sha256: [u8; 32],
    header: Result<Header, String>,
}

/// Pictures of an array as `wanted`.
pub fn array(pixels: Vec<u8>, shape: Shape, wanted: &Wanted) -> Result<Packed, DataError> {
    let pixels = brought_into_shape(pixels, shape, wanted)?;
    let choice = wanted.of_array(shape);
    let count = pixels.len() / choice.shape.iter().product::<usize>();
    Ok(Packed::of_array(Pixels::Memory(pixels), count, choice))
}

/// Pixels of an array transposed and in the size and colours that are `wanted`.
pub fn brought_into_shape(
    pixels: Vec<u8>,
    shape: Shape,
    wanted: &Wanted,
) -> Result<Vec<u8>, DataError> {
    let choice = wanted.of_array(shape);
    if wanted.transpose {
        let [channels, rows, columns] = shape;
        let transposed = transposed(&pixels, shape);
        return Ok(converted(transposed, [channels, columns, rows], &choice)?);
    }
    Ok(converted(pixels, shape, &choice)?)
}

impl Packed {
    /// So many pictures of an array.
    pub fn of_array(pixels: Pixels, count: usize, choice: Choice) -> Self {
        Self {
            sha256: None,
            pixels,
            kept: (0..count).collect(),
            files: Vec::new(),
            choice,
            unreadable: Vec::new(),
            duplicates: None,
        }
    }
}

/// Numbers as they are: what pictures may become is not for them.
pub fn numbers(numbers: &[f32], shape: Shape, wanted: &Wanted) -> Result<Packed, DataError> {
    if wanted.fit.is_some() || !wanted.keeps(shape) {
        return Err(DataError::NoPictures(shape));
    }
    let bytes: Vec<u8> = numbers
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect();
    let count = numbers.len() / shape.iter().product::<usize>();
    let pixels = Pixels::Memory(bytes);
    Ok(Packed::of_array(pixels, count, wanted.of_array(shape)))
}

/// Decodes picture files as `wanted`, or finds what was made of files of the same content in the user's cache.
pub fn files(files: &[(PathBuf, String)], wanted: &Wanted) -> Result<Packed, DataError> {
    files_in(&cache::folder()?, files, wanted)
}

fn files_in(
    cache: &Path,
    files: &[(PathBuf, String)],
    wanted: &Wanted,
) -> Result<Packed, DataError> {
    let seen: Vec<Seen> = files.par_iter().map(|(path, _)| see(path)).collect();
    let readable = |at: &usize| seen[*at].header.is_ok();
    let at: Vec<usize> = (0..files.len()).filter(readable).collect();
    let headers = seen.iter().filter_map(|seen| seen.header.clone().ok());
    let headers: Vec<Header> = headers.collect();
    let choice = wanted.of_files(&headers, || coloured(files, &at));
    let sha256 = key(&seen, &choice);
    let [pixels, index] = ["u8", "json"].map(|ending| cache.join(format!("{sha256}.{ending}")));
    let index = match earlier(&pixels, &index, at.len(), choice.shape) {
        Some(index) => index,
        None => make(files, &at, &choice, [&pixels, &index])?,
    };
    let file = File::open(&pixels).map_err(|error| DataError::io(&pixels, error))?;
    cache::used(&pixels);
    let failed = |at: usize| index.failed.iter().find(|(failed, _)| *failed == at);
    let mut unreadable = Vec::new();
    for (at, seen) in seen.iter().enumerate() {
        let reason = seen
            .header
            .as_ref()
            .err()
            .or(failed(at).map(|(_, reason)| reason));
        unreadable.extend(reason.map(|reason| Remark {
            name: files[at].1.clone(),
            reason: reason.clone(),
        }));
    }
    let kept = at
        .iter()
        .zip(headers)
        .filter(|(at, _)| failed(**at).is_none());
    let named = |(&at, header): (&usize, Header)| (at, (files[at].1.clone(), header));
    let (kept, files) = kept.map(named).unzip();
    Ok(Packed {
        pixels: Pixels::File {
            file,
            path: pixels,
            start: 0,
        },
        kept,
        files,
        choice,
        unreadable,
        duplicates: Some(index.duplicates),
        sha256: Some(sha256),
    })
}

fn see(path: &Path) -> Seen {
    match read(path) {
        Ok(bytes) => Seen {
            sha256: Sha256::digest(&bytes).into(),
            header: picture::header(&bytes).map_err(|error| error.to_string()),
        },
        Err(error) => Seen {
            sha256: [0; 32],
            header: Err(error.to_string()),
        },
    }
}

fn read(path: &Path) -> Result<Vec<u8>, PictureError> {
    let file = File::open(path).map_err(input::file::ReadError::from)?;
    Ok(read_all(file, picture::MAX_FILE_BYTES)?)
}

/// What tells the pixels of these files, in this order, from others.
fn key(seen: &[Seen], choice: &Choice) -> String {
    let mut hasher = Sha256::new();
    hasher.update(format!("{VERSION} {:?} {:?}", choice.shape, choice.fit));
    for seen in seen {
        hasher.update(seen.sha256);
    }
    hexadecimal(&hasher.finalize())
}

/// How many of how many files that are looked at have colours.
fn coloured(files: &[(PathBuf, String)], at: &[usize]) -> (usize, usize) {
    let step = at.len().div_ceil(LOOKED_AT).max(1);
    let chosen: Vec<usize> = at.iter().copied().step_by(step).collect();
    let has_colours = |at: &usize| {
        let shape = [LOOK_SIDE, LOOK_SIDE, 3];
        let pixels =
            read(&files[*at].0).and_then(|file| picture::fitted(&file, shape, Fit::Stretch));
        let (pixels, _) = pixels
            .as_ref()
            .map_or(&[][..], |pixels| pixels)
            .as_chunks::<3>();
        let apart = |pixel: &&[u8; 3]| {
            let [least, most] = [pixel.iter().min(), pixel.iter().max()];
            most.zip(least)
                .is_some_and(|(most, least)| most - least > COLOURED)
        };
        // A logo is no reason for three channels.
        50 * pixels.iter().filter(apart).count() > pixels.len()
    };
    (
        chosen.par_iter().filter(|at| has_colours(at)).count(),
        chosen.len(),
    )
}

/// What was made before, if it is whole.
fn earlier(pixels: &Path, index: &Path, readable: usize, shape: Shape) -> Option<Index> {
    let index: Index = serde_json::from_slice(&fs::read(index).ok()?).ok()?;
    let pictures = readable - index.failed.len().min(readable);
    let expected = pictures as u64 * shape.iter().product::<usize>() as u64;
    (fs::metadata(pixels).ok()?.len() == expected).then_some(index)
}

/// Decodes all files into one, on all cores.
fn make(
    files: &[(PathBuf, String)],
    at: &[usize],
    choice: &Choice,
    [pixels, index]: [&Path; 2],
) -> Result<Index, DataError> {
    let bar = progress(at.len(), "decoding");
    let mut pending = Pending::create(pixels)?;
    let mut failed = Vec::new();
    for chunk in at.chunks(CHUNK) {
        let decode = |&at: &usize| {
            let decoded = decode(&files[at].0, choice);
            bar.inc(1);
            (at, decoded)
        };
        let decoded: Vec<_> = chunk.par_iter().map(decode).collect();
        for (at, decoded) in decoded {
            match decoded {
                Ok(pixels) => pending.append(&pixels)?,
                Err(error) => failed.push((at, error.to_string())),
            }
        }
    }
    pending.commit()?;
    bar.finish_and_clear();
    let count = at.len() - failed.len();
    let file = File::open(pixels).map_err(|error| DataError::io(pixels, error))?;
    let path = pixels.into();
    let places = (0..count as u32).collect();
    let pictures = Dataset::of(
        choice.shape,
        Pixels::File {
            file,
            path,
            start: 0,
        },
        places,
        vec![0; count],
        Classes::from([]),
    );
    let duplicates = Duplicates::find(&pictures)?;
    let found = Index { failed, duplicates };
    let json = serde_json::to_vec(&found).map_err(std::io::Error::from);
    let json = json.map_err(|error| DataError::io(index, error))?;
    input::file::write(index, &json)?;
    Ok(found)
}

fn decode(path: &Path, choice: &Choice) -> Result<Vec<u8>, PictureError> {
    let [channels, rows, columns] = choice.shape;
    let pixels = picture::fitted(&read(path)?, [rows, columns, channels], choice.fit)?;
    Ok(planar(&pixels, channels))
}

/// A bar on standard error, if that is a terminal.
fn progress(count: usize, what: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix} {bar:30} {pos}/{len} {eta} left");
    ProgressBar::new(count as u64)
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        .with_prefix(what)
}

#[cfg(test)]
mod tests;
