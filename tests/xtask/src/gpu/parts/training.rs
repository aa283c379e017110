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
    let same = is_repeated(run, "digits", command)?;
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
    let same = is_repeated(run, name, command)?;
    verdict(run, name, same)
}

/// Whether a fit of a network twice gives one model.
fn is_repeated(run: &Run, name: &str, fit: impl Fn(&Path) -> Command) -> Result<bool> {
    let folder = tempfile::tempdir()?;
    let model = |place: &str| {
        let out = folder.path().join(place);
        run.output(&mut fit(&out))?;
        std::fs::read(out.join(format!("{name}.onnx"))).context("the model")
    };
    Ok(model("first")? == model("second")?)
}

fn verdict(run: &mut Run, what: &str, same: bool) -> Result<()> {
    let verdict = if same { "equal" } else { "DIFFERENT" };
    run.found(format!("two runs, {what}"), verdict, "");
    same.then_some(()).context("the models differ")
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
    fn rows_of_the_table_of_epochs_are_found() {
        let row = "2/20   0.0726    0.9783    0.0356        0.9885      5.5";
        assert_eq!(epoch(row), Some((0.9885, 5.5)));
        let heading = "epoch    loss  accuracy  val_loss  val_accuracy  seconds";
        for other in [heading, "MNIST: 60000 + 10000 images", ""] {
            assert_eq!(epoch(other), None, "{other}");
        }
    }
}
