//! The tests of firmware in `cargo xtask test`: every machine of QEMU's.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use anyhow::{Result, bail, ensure};

use super::bench;
use super::boards::{self, Board, Machine};
use super::builder::{Builder, targets};
use super::execution;
use super::infer::{Infer, MODEL, NO_DATA, Place, Scores};
use super::layout::Layout;
use super::qemu;
use super::snapshots::{self, Snapshots};
use super::toolchain;
use super::update;
use crate::console::heading;
use crate::tally::Tally;

/// Images of MNIST's test set that every machine scores.
const IMAGES: usize = 1_000;

/// The machine whose flash can be written.
const UPDATABLE: &str = "mps2-an386";

/// Runs the tests on every machine and builds what runs on none, with the program `infer` and with tools and builds in the folder `target`.
pub fn suite(target: &Path, infer: &Path, tally: &mut Tally) {
    heading("Firmware");
    let boards = boards::named(boards::ALL);
    match Suite::new(target, infer, &boards) {
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
    infer: Infer,
    /// The host's scores; none where there is no test set.
    expected: Option<Scores>,
}

impl Suite {
    /// Gets the tools; an error comes with what remedies it.
    fn new(
        target: &Path,
        infer: &Path,
        boards: &[&Board],
    ) -> Result<Self, (anyhow::Error, String)> {
        let builder = Builder::new(target, boards)
            .map_err(|error| (error, toolchain::remedy(&targets(boards))))?;
        qemu::find(boards).map_err(|error| (error, qemu::remedy()))?;
        let infer = Infer::new(infer.to_owned());
        let host = Place::Host(Path::new(MODEL));
        let expected = infer.data.is_some().then(|| infer.evaluate(IMAGES, host));
        let expected = expected.transpose();
        Ok(Self {
            builder,
            expected: expected.map_err(|error| (error, NO_DATA.to_owned()))?,
            infer,
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
        let Some(machine) = board.machine() else {
            step("build", &|| self.build(board));
            return;
        };
        step("inner loops", &|| self.prove(board, machine));
        step("cost", &|| self.cost(board));
        if board.name == UPDATABLE {
            step("update", &|| {
                update::test(machine, &self.builder.firmware(board)?, &self.infer)
            });
        }
        match &self.expected {
            Some(expected) => step("scores", &|| self.scores(board, machine, expected)),
            None => {
                lock(tally).skipped(&format!("Firmware on {}: scores: {NO_DATA}", board.name));
            }
        }
    }

    fn build(&self, board: &Board) -> Result<String> {
        let layout = Layout::read(&self.builder.firmware(board)?)?;
        Ok(format!("{} bytes of flash", layout.flash))
    }

    fn prove(&self, board: &Board, machine: &Machine) -> Result<String> {
        let program = self.builder.program(board, "backend")?;
        Ok(qemu::run_to_end(machine, &program)?.trim_end().to_owned())
    }

    fn scores(&self, board: &Board, machine: &Machine, expected: &Scores) -> Result<String> {
        let firmware = self.builder.firmware(board)?;
        let found = execution::score(machine, &firmware, &self.infer, IMAGES)?;
        if let Some(image) = expected.first_difference(&found) {
            bail!("expected the host's logits, found others from image {image} on");
        }
        Ok(format!("{IMAGES} images, sha256 {}", found.digest()))
    }

    fn cost(&self, board: &Board) -> Result<String> {
        let metrics = bench::measure(board, &self.builder, &self.infer)?;
        let snapshots = Snapshots::read(Path::new(snapshots::FILE))?;
        let changes = snapshots.compare(board.name, &metrics);
        for improvement in &changes.improvements {
            println!("{improvement}");
        }
        let failures = changes.failures.join("; ");
        ensure!(failures.is_empty(), failures);
        let metric = |name| bench::grouped(metrics[name]);
        let [instructions, stack, code] = ["instructions", "stack", "code"].map(metric);
        Ok(format!(
            "{instructions} instructions, {stack} bytes of stack, {code} bytes of code"
        ))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
