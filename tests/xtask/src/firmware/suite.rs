//! The tests of firmware in `cargo xtask test`: every board, those that are emulated as they run.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use anyhow::{Result, ensure};
use tempfile::TempDir;

use super::RULES;
use super::boards::{self, Board, Machine};
use super::builder::{Builder, Unfit, targets};
use super::execution::run_on;
use super::inputs::{NO_DATA, inputs, mnist};
use super::layout::Layout;
use super::metrics::{grouped, measure};
use super::options::DIGITS;
use super::subject::Subject;
use super::{emulators, networks, qemu, rooms, toolchain, update};
use crate::console::heading;
use crate::snapshots::Snapshots;
use crate::tally::Tally;

/// Inputs that every board runs on: images of MNIST's test set where there is one.
const INPUTS: usize = 100;

/// Inputs that a random network runs on.
const RANDOM: usize = 20;

/// The machine whose flash can be written.
const UPDATABLE: &str = "mps2-an386";

/// Runs the tests on every board that is emulated and builds the others, with tools and builds in the folder `target`.
pub fn suite(target: &Path, tally: &mut Tally) {
    heading("Firmware");
    let boards = boards::named(boards::ALL);
    match Suite::new(target, &boards) {
        Ok(suite) => suite.test_all(&boards, tally),
        Err((error, remedy)) => {
            println!("{error:#}");
            for board in boards {
                tally.missing(&format!("Firmware on {}", board.name), &remedy);
            }
        }
    }
}

struct Suite {
    builder: Builder,
    digits: Subject,
    /// The other models of the repository, and random networks that have operators of all kinds together.
    others: Vec<Subject>,
    _folder: TempDir,
}

impl Suite {
    /// Gets the tools; an error comes with what remedies it.
    fn new(target: &Path, boards: &[&Board]) -> Result<Self, (anyhow::Error, String)> {
        let builder = Builder::new(target, boards)
            .map_err(|error| (error, toolchain::remedy(&targets(boards))))?;
        emulators::find(boards, &builder.tools).map_err(|error| (error, emulators::remedy()))?;
        let subjects = || {
            let folder = tempfile::tempdir()?;
            let networks = networks::of_all_kinds(folder.path())?;
            let others = others()?.into_iter().chain(networks).collect();
            Ok((folder, Subject::open(Path::new(DIGITS))?, others))
        };
        let (folder, digits, others) = subjects()
            .map_err(|error| (error, "`git restore models` puts them back".to_owned()))?;
        Ok(Self {
            builder,
            digits,
            others,
            _folder: folder,
        })
    }

    /// Tests as many machines at a time as there are processors.
    fn test_all(&self, boards: &[&Board], tally: &mut Tally) {
        let waiting = Mutex::new(boards.iter());
        let tally = Mutex::new(tally);
        let next = || lock(&waiting).next();
        thread::scope(|scope| {
            for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
                scope.spawn(|| {
                    while let Some(board) = next() {
                        self.test(board, &tally);
                    }
                });
            }
        });
    }

    fn test(&self, board: &Board, tally: &Mutex<&mut Tally>) {
        let step = |what: &str, test: &dyn Fn() -> Result<String>| {
            let start = Instant::now();
            let result = test();
            let name = format!("Firmware on {}: {what}", board.name);
            lock(tally).tested(&name, start.elapsed(), &result);
        };
        step("lints", &|| {
            self.builder.lint(board).map(|()| "no warnings".to_owned())
        });
        if !board.is_emulated() {
            step("build", &|| self.build(board));
            return;
        }
        if let Some(machine) = board.machine() {
            step("inner loops", &|| self.prove(board, machine));
        }
        step("cost", &|| self.cost(board));
        if board.name == UPDATABLE {
            step("updates", &|| update::test(board, &self.builder));
        }
        for other in &self.others {
            let name = other.path.file_name().unwrap_or_default();
            let name = name.to_string_lossy();
            step(&name, &|| match self.run(board, other, RANDOM) {
                Err(error) if error.is::<Unfit>() => Ok("does not fit".to_owned()),
                result => result,
            });
        }
        if mnist().is_none() {
            lock(tally).skipped(&format!("Firmware on {}: images: {NO_DATA}", board.name));
        } else {
            step("images", &|| self.run(board, &self.digits, INPUTS));
        }
    }

    fn build(&self, board: &Board) -> Result<String> {
        let layout = Layout::read(&self.builder.firmware(board, &self.digits)?)?;
        rooms::check(board, &layout)?;
        Ok(format!("{} bytes of flash", layout.flash))
    }

    fn prove(&self, board: &Board, machine: &Machine) -> Result<String> {
        let program = self.builder.program(board, "backend", &self.digits)?;
        Ok(qemu::run_to_end(machine, &self.builder.tools, &program)?
            .trim_end()
            .to_owned())
    }

    fn run(&self, board: &Board, subject: &Subject, most: usize) -> Result<String> {
        let inputs = inputs(subject, None, most)?;
        run_on(board, &self.builder, subject, &inputs)
    }

    fn cost(&self, board: &Board) -> Result<String> {
        let metrics = measure(board, &self.builder, &self.digits)?;
        let firmware = self.builder.firmware(board, &self.digits)?;
        rooms::check(board, &Layout::read(&firmware)?)?;
        let snapshots = Snapshots::read(&RULES)?;
        let changes = snapshots.compare(board.name, &metrics);
        for improvement in &changes.improvements {
            println!("{improvement}");
        }
        let failures = changes.failures.join("; ");
        ensure!(failures.is_empty(), failures);
        let metric = |name| metrics.get(name).copied().map_or("no".to_owned(), grouped);
        let [instructions, stack, code] = ["instructions", "stack", "code"].map(metric);
        Ok(format!(
            "{instructions} instructions, {stack} bytes of stack, {code} bytes of code"
        ))
    }
}

/// The flash files of the repository, without the one of digits.
fn others() -> Result<Vec<Subject>> {
    let folder = Path::new(DIGITS).parent().unwrap_or(Path::new("."));
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "q8"))
        .filter(|path| path != Path::new(DIGITS))
        .collect();
    paths.sort();
    paths.iter().map(|path| Subject::open(path)).collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
