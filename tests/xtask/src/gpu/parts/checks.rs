//! What must hold on a GPU.

use std::time::Instant;

use anyhow::{Result, anyhow, ensure};

use super::Run;

/// What the tests that need a GPU have in their names.
const ON_CUDA: &str = "cuda";

pub fn runtime(run: &mut Run) -> Result<()> {
    let answer = run.json(&mut run.programs.train("doctor --runtime cuda --json"))?;
    let description = answer["description"].as_str().unwrap_or_default();
    run.found("runtime", description, "");
    ensure!(
        answer["runtime"] == "cuda",
        "expected runtime cuda, found {answer}"
    );
    Ok(())
}

/// A test counts as skipped if it says so in the file that it is given.
pub fn tests(run: &mut Run) -> Result<()> {
    let listed = run.output(&mut run.programs.tests("--list --format terse"))?;
    let tests = listed
        .lines()
        .filter_map(|line| line.strip_suffix(": test"));
    for name in tests.filter(|name| name.contains(ON_CUDA)) {
        let skips = tempfile::NamedTempFile::new()?;
        let mut command = run.programs.tests("--nocapture --exact");
        command.arg(name).env("BATON_SKIPS", skips.path());
        let start = Instant::now();
        let printed = run.output(&mut command);
        let skipped = std::fs::read_to_string(&skips)?;
        let verdict = match &printed {
            Ok(_) if skipped.is_empty() => "passed",
            Ok(_) => "skipped",
            Err(_) => "FAILED",
        };
        let short = name.rsplit("::").next().unwrap_or(name);
        let seconds = start.elapsed().as_secs_f64();
        run.found(short, format!("{verdict} in {seconds:.1} s"), "");
        for line in printed
            .iter()
            .flat_map(|text| text.lines())
            .filter(|line| line.starts_with("val_accuracy"))
        {
            run.found(format!("  {short}"), line, "");
        }
        let skip = skipped
            .lines()
            .next()
            .map_or(Ok(()), |line| Err(anyhow!("{line}")));
        run.attempt(short, printed.map(drop).and(skip));
    }
    Ok(())
}
