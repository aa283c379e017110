//! Whole trainings: how soon they are good, and whether they repeat.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};

use super::super::programs::Programs;
use super::Run;

/// Share of right answers on MNIST's test images.
const GOAL: f64 = 0.99;
const MOST_EPOCHS: usize = 20;

/// Trains until the goal is reached, to count its epochs, and then so many of them, to time the program.
pub fn goal(run: &mut Run, precision: &str) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let most = &mut fit(
        run.programs,
        MOST_EPOCHS,
        precision,
        &folder.path().join("most"),
    );
    let printed = run.output(most)?;
    let epochs: Vec<(f64, f64)> = printed.lines().filter_map(epoch).collect();
    let best = epochs.iter().map(|epoch| epoch.0).fold(0.0, f64::max);
    let reached = epochs.iter().position(|&(accuracy, _)| accuracy >= GOAL);
    let last = reached.with_context(|| format!("{MOST_EPOCHS} epochs: the best was {best}"))?;
    let training: f64 = epochs[..=last].iter().map(|&(_, seconds)| seconds).sum();
    run.found(format!("epochs, {precision}"), last + 1, "");
    run.found(format!("training, {precision}"), training, "s");
    let timed = &mut fit(
        run.programs,
        last + 1,
        precision,
        &folder.path().join("timed"),
    );
    let start = Instant::now();
    run.output(timed)?;
    let seconds = start.elapsed().as_secs_f64();
    run.found(format!("the whole program, {precision}"), seconds, "s");
    Ok(())
}

/// `val_accuracy` and seconds of a row of `train fit`'s table.
fn epoch(line: &str) -> Option<(f64, f64)> {
    let cells: Vec<&str> = line.split_whitespace().collect();
    let &[number, _, _, _, accuracy, seconds] = &cells[..] else {
        return None;
    };
    number.split_once('/')?;
    Some((accuracy.parse().ok()?, seconds.parse().ok()?))
}

pub fn bits(run: &mut Run, precision: &str) -> Result<()> {
    let command = |out: &Path| fit(run.programs, 1, precision, out);
    let same = repeated(run, command)?;
    verdict(run, precision, same)
}

/// A step of a network, and its bits.
pub fn network(run: &mut Run, name: &str) -> Result<()> {
    let options = format!("--network {name} --batch 64 --steps 200");
    let mut bench = run
        .programs
        .train(&format!("bench --runtime cuda --json {options}"));
    let report = run.json(&mut bench)?;
    let step = report.pointer("/epoch/step_ms").cloned();
    run.found(format!("step, {name}"), step, "ms a step");
    let options = format!("--network {name} --batch 64 --limit 12800 --epochs 1");
    let command = |out: &Path| {
        let fit = format!("fit --runtime cuda {options} --out");
        let mut command = run.programs.train(&fit);
        command.arg(out);
        command
    };
    let same = repeated(run, command)?;
    verdict(run, name, same)
}

/// What two fits have in common.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Repeated {
    All,
    /// The variables to the bit, and not the figures measured on them.
    Variables,
    Nothing,
}

/// What the checkpoints of a fit have in common with those of another run of it.
fn repeated(run: &Run, fit: impl Fn(&Path) -> Command) -> Result<Repeated> {
    let folder = tempfile::tempdir()?;
    let checkpoint = |place: &str| {
        let out = folder.path().join(place);
        run.output(&mut fit(&out))?;
        std::fs::read(out.join("checkpoint.safetensors")).context("the checkpoint")
    };
    let [first, second] = [checkpoint("first")?, checkpoint("second")?];
    Ok(if first == second {
        Repeated::All
    } else if variables(&first) == variables(&second) {
        Repeated::Variables
    } else {
        Repeated::Nothing
    })
}

/// What follows the head of a [safetensors](https://huggingface.co/docs/safetensors) file, whose length its first eight bytes
/// say; of other files all.
fn variables(file: &[u8]) -> &[u8] {
    let split = || {
        let (length, rest) = file.split_first_chunk()?;
        rest.get(usize::try_from(u64::from_le_bytes(*length)).ok()?..)
    };
    split().unwrap_or(file)
}

fn verdict(run: &mut Run, what: &str, same: Repeated) -> Result<()> {
    let verdict = match same {
        Repeated::All => "equal",
        Repeated::Variables => "equal variables, OTHER figures",
        Repeated::Nothing => "DIFFERENT",
    };
    run.found(format!("two runs, {what}"), verdict, "");
    let is_equal = same == Repeated::All;
    is_equal.then_some(()).context("the checkpoints differ")
}

fn fit(programs: &Programs, epochs: usize, precision: &str, out: &Path) -> Command {
    let options = format!("fit --runtime cuda --epochs {epochs} --precision {precision} --out");
    let mut command = programs.train(&options);
    command.arg(out);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_what_follows_the_head() {
        let file = |head: &[u8], rest: &[u8]| {
            let length = (head.len() as u64).to_le_bytes();
            [&length[..], head, rest].concat()
        };
        assert_eq!(variables(&file(b"{1}", b"numbers")), b"numbers");
        assert_eq!(variables(&file(b"{12}", b"")), b"");
        let cut = &file(b"{1}", b"")[..10];
        for other in [&b""[..], b"1234", cut] {
            assert_eq!(variables(other), other);
        }
    }

    #[test]
    fn rows_of_the_table_of_epochs_are_found() {
        let row = "2/20   0.0726    0.9783    0.0356        0.9885      5.5";
        assert_eq!(epoch(row), Some((0.9885, 5.5)));
        let heading = "epoch    loss  accuracy  val_loss  val_accuracy  seconds";
        for other in [heading, "MNIST: 60000 + 10000 images", ""] {
            assert_eq!(epoch(other), None, "{other}");
        }
    }
}
