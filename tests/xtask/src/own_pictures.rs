//! The README's way from a folder of pictures to a board, walked in `cargo xtask test` on real pictures.

mod readme;

use std::collections::HashMap;
use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::command::{describe, output};
use crate::console::heading;
use crate::tally::Tally;

/// Names a folder of pictures of hands, those of Sign Language Digits: a folder for each of ten signs.
const VARIABLE: &str = "SIGN_LANGUAGE_DIR";
const NAME: &str = "Pictures of one's own, by the README's commands";

/// What the README's `fit` is given besides, so that it takes seconds.
const FIT: [&str; 6] = ["--size", "32x32", "--batch", "16", "--epochs", "12"];

/// One picture of so many is learnt from, and another one is asked for at the end.
const STRIDE: usize = 10;
/// The folder of those to ask for.
const OTHERS: &str = "others";
/// A phone's picture as it was taken, which EXIF turns; all others have some kilobytes.
const UNTOUCHED: usize = 1 << 20;

/// Guesses are right of one picture in ten: of 200 independent ones 30 % are by chance less than once in a thousand
/// million times, and a network that learns reaches half.
const LEAST_ACCURACY: f64 = 0.3;
/// Integers and floats agree but where a network is torn between two classes, as one that learnt for seconds often is.
const LEAST_AGREEMENT: f64 = 0.9;

/// The models that the README's commands make, the floats first.
const MODELS: [&str; 3] = [
    "run/resnet8.onnx",
    "int8/resnet8-int8.onnx",
    "int8/resnet8.q8",
];

/// Walks with the programs of the folder `programs`, which get `environment`, if there are pictures.
pub fn suite(
    programs: &Path,
    environment: &[(&'static str, OsString)],
    target: &Path,
    tally: &mut Tally,
) {
    heading("Pictures of one's own");
    let Some(pictures) = env::var_os(VARIABLE).filter(|folder| !folder.is_empty()) else {
        tally.skipped(&format!("{NAME}: {VARIABLE} names no folder"));
        return;
    };
    tally.test(NAME, || {
        let folder = tempfile::tempdir_in(target)?;
        let walk = Walk {
            programs,
            environment,
            folder: folder.path(),
        };
        walk.all(Path::new(&pictures))
    });
}

/// Classes by the paths of their pictures.
type Answers = HashMap<PathBuf, String>;

/// What commands are run with.
struct Walk<'a> {
    programs: &'a Path,
    environment: &'a [(&'static str, OsString)],
    /// Where they are typed, and all files lie.
    folder: &'a Path,
}

impl Walk<'_> {
    fn all(&self, pictures: &Path) -> Result<String> {
        let untouched = self.copy(pictures)?;
        for words in readme::commands()? {
            let printed = self.readme(&words)?;
            if words[1] == "data" && untouched > 0 {
                let turned = format!("turned as EXIF says: {untouched}\n");
                ensure!(
                    printed.contains(&turned),
                    "expected {turned:?}, found {printed}"
                );
            }
        }
        self.run("train summary --network resnet8")?;
        self.run("train check --model run/resnet8.onnx --board pico")?;
        let [float, int8, flash] = MODELS;
        let (float, int8) = (self.answers(float)?, self.answers(int8)?);
        let both = "expected one answer of both files of 8 bits, found two";
        ensure!(int8 == self.answers(flash)?, both);
        compare(&float, &int8)
    }

    /// Copies pictures into the folders `hands` and [`OTHERS`], and one to `photo.jpg`; returns how many EXIF turns.
    fn copy(&self, pictures: &Path) -> Result<usize> {
        let mut untouched = 0;
        for class in entries(pictures)?.iter().filter(|entry| entry.is_dir()) {
            let name = class.file_name().context("a folder has a name")?;
            for (at, path) in entries(class)?.iter().enumerate() {
                let file = fs::read(path)?;
                let large = file.len() > UNTOUCHED;
                untouched += usize::from(large);
                let set = match at % STRIDE {
                    0 => "hands",
                    _ if large => "hands",
                    1 => OTHERS,
                    _ => continue,
                };
                let to = self.folder.join(set).join(name);
                fs::create_dir_all(&to)?;
                fs::write(to.join(path.file_name().unwrap_or_default()), &file)?;
                fs::write(self.folder.join("photo.jpg"), &file)?;
            }
        }
        Ok(untouched)
    }

    fn readme(&self, words: &[String]) -> Result<String> {
        let more: &[&str] = if words[1] == "fit" { &FIT } else { &[] };
        self.output(words.iter().map(String::as_str).chain(more.iter().copied()))
    }

    fn run(&self, line: &str) -> Result<String> {
        self.output(line.split(' '))
    }

    /// What one of both programs prints, which succeeds.
    fn output<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> Result<String> {
        let mut words = words.into_iter();
        let program = words.next().context("a command has a program")?;
        let mut command = Command::new(self.programs.join(program));
        command.current_dir(self.folder).args(words);
        command.envs(self.environment.iter().cloned());
        command.env("BATON_CACHE", self.folder.join("cache"));
        println!("{}", describe(&command));
        output(&mut command)
    }

    /// What a model answers for each picture of the folder [`OTHERS`].
    fn answers(&self, model: &str) -> Result<Answers> {
        let mut line = format!("infer predict --json --model {model}");
        for class in entries(&self.folder.join(OTHERS))? {
            line = format!("{line} {}", class.strip_prefix(self.folder)?.display());
        }
        let printed = self.run(&line)?;
        let answer = |line: &str| {
            let object: Value = serde_json::from_str(line)?;
            let text = |field: &str| object[field].as_str().map(str::to_owned);
            let pair = text("file").map(PathBuf::from).zip(text("label"));
            pair.with_context(|| format!("infer: expected file and label, found {line}"))
        };
        printed.lines().map(answer).collect()
    }
}

/// Files and folders of a folder, in the order of their names.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let paths: std::io::Result<Vec<_>> = entries.map(|entry| Ok(entry?.path())).collect();
    let mut paths = paths?;
    paths.sort();
    Ok(paths)
}

/// Fails unless enough answers of floats and of integers are right, and the same.
fn compare(float: &Answers, int8: &Answers) -> Result<String> {
    let pictures = float.len();
    let share = |count: usize| count as f64 / pictures as f64;
    let [right, right_in_integers] = [float, int8].map(|answers| share(right(answers)));
    let same = float
        .iter()
        .filter(|(file, class)| int8.get(*file) == Some(class));
    let same = share(same.count());
    let found = format!(
        "of {pictures} other pictures {right:.3} right in floats, {right_in_integers:.3} in integers, {same:.3} alike"
    );
    ensure!(
        right.min(right_in_integers) >= LEAST_ACCURACY && same >= LEAST_AGREEMENT,
        "expected {LEAST_ACCURACY} right and {LEAST_AGREEMENT} alike, found {found}"
    );
    Ok(found)
}

/// How many pictures get the name of their folder.
fn right(answers: &Answers) -> usize {
    let is_right = |(file, class): &(&PathBuf, &String)| {
        let folder = file.parent().and_then(Path::file_name);
        folder == Some(OsStr::new(class))
    };
    answers.iter().filter(is_right).count()
}
