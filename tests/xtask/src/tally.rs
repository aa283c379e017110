//! What a whole `cargo xtask test` comes to.

use std::collections::BTreeSet;
use std::fmt::{self, Display, Formatter};
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::console::human;
use crate::summary::Counts;

/// Collects failures and skips; displayed, it ends with the line `N passed, N failed, N skipped`.
pub struct Tally {
    /// Whether missing tools are failures.
    strict: bool,
    counts: Counts,
    failures: Vec<String>,
    skips: Vec<String>,
}

impl Tally {
    /// Nothing has run yet.
    pub fn new(strict: bool) -> Self {
        Self {
            strict,
            counts: Counts::default(),
            failures: Vec::new(),
            skips: Vec::new(),
        }
    }

    /// Adds a step that ended and the tests in it. A step that failed without a failed test is one failure itself.
    pub fn step(&mut self, name: &str, success: bool, tests: Counts) {
        self.counts.passed += tests.passed;
        self.counts.skipped += tests.skipped;
        if tests.skipped > 0 {
            self.skips
                .push(format!("{name}: {} marked #[ignore]", tests.skipped));
        }
        if !success {
            self.counts.failed += tests.failed.max(1);
            self.failures.push(name.to_owned());
        }
    }

    /// Runs a test, which says what it found, and adds it.
    pub fn test(&mut self, name: &str, test: impl FnOnce() -> Result<String>) {
        let start = Instant::now();
        let result = test();
        self.tested(name, start.elapsed(), &result);
    }

    /// Adds a test that ran for so long, and prints its result.
    pub fn tested(&mut self, name: &str, elapsed: Duration, result: &Result<String>) {
        let elapsed = human(elapsed);
        match result {
            Ok(report) => println!("{name} passed in {elapsed}: {report}"),
            Err(error) => println!("{name} FAILED in {elapsed}: {error:#}"),
        }
        let tests = Counts {
            passed: usize::from(result.is_ok()),
            ..Counts::default()
        };
        self.step(name, result.is_ok(), tests);
    }

    /// Adds a tool or step that cannot be had, with the `remedy`.
    pub fn missing(&mut self, name: &str, remedy: &str) {
        self.not_run(true, format!("{name}: missing; {remedy}"));
    }

    /// Adds a test that was not run, for a `reason` that is no missing tool.
    pub fn skipped(&mut self, reason: &str) {
        self.not_run(false, reason.to_owned());
    }

    /// Moves the tests that skipped themselves from the passed ones to the skipped ones, or, where a tool is missing and
    /// that is a failure, to the failed ones.
    ///
    /// `lines` has one line `cause test: reason` each, the cause being `tool` or another word.
    pub fn self_skipped(&mut self, lines: &str) {
        // A test that is started twice counts once.
        let lines: BTreeSet<&str> = lines.lines().collect();
        for line in lines {
            let (cause, report) = line.split_once(' ').unwrap_or(("", line));
            self.counts.passed = self.counts.passed.saturating_sub(1);
            self.not_run(cause == "tool", report.to_owned());
        }
    }

    fn not_run(&mut self, lacks_tool: bool, report: String) {
        if self.strict && lacks_tool {
            self.counts.failed += 1;
            self.failures.push(report);
        } else {
            self.counts.skipped += 1;
            self.skips.push(report);
        }
    }

    /// Whether nothing failed.
    pub fn good(&self) -> bool {
        self.counts.failed == 0
    }
}

impl Display for Tally {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (title, lines) in [("Skipped", &self.skips), ("Failed", &self.failures)] {
            if !lines.is_empty() {
                writeln!(f, "{title}:")?;
            }
            for line in lines {
                writeln!(f, "  {line}")?;
            }
        }
        let Counts {
            passed,
            failed,
            skipped,
        } = self.counts;
        writeln!(f, "{passed} passed, {failed} failed, {skipped} skipped")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tests(passed: usize, failed: usize, skipped: usize) -> Counts {
        Counts {
            passed,
            failed,
            skipped,
        }
    }

    #[test]
    fn steps_count_only_their_tests_and_failures() {
        let mut tally = Tally::new(true);
        tally.step("Lints", true, Counts::default());
        tally.step("Tests", true, tests(57, 0, 0));
        assert!(tally.good());
        assert_eq!(tally.to_string(), "57 passed, 0 failed, 0 skipped\n");
        tally.step("Formatting", false, Counts::default());
        tally.step("More tests", false, tests(3, 2, 0));
        assert!(!tally.good());
        let expected = "Failed:\n  Formatting\n  More tests\n60 passed, 3 failed, 0 skipped\n";
        assert_eq!(tally.to_string(), expected);
    }

    #[test]
    fn a_test_passes_or_fails() {
        let mut tally = Tally::new(false);
        tally.test("Sizes", || Ok("3 bytes".to_owned()));
        assert!(tally.good());
        tally.test("Scores", || anyhow::bail!("expected others"));
        let expected = "Failed:\n  Scores\n1 passed, 1 failed, 0 skipped\n";
        assert_eq!(tally.to_string(), expected);
    }

    #[test]
    fn a_test_that_skips_itself_has_not_passed() {
        let mut tally = Tally::new(false);
        tally.step("Tests", true, tests(10, 0, 1));
        tally.self_skipped(
            "environment data::mnist: no network\ntool runs::pip: no pip\nenvironment data::mnist: no network\n",
        );
        assert!(tally.good());
        let expected = "\
Skipped:
  Tests: 1 marked #[ignore]
  data::mnist: no network
  runs::pip: no pip
8 passed, 0 failed, 3 skipped
";
        assert_eq!(tally.to_string(), expected);
    }

    #[test]
    fn strictness_makes_missing_tools_failures_and_nothing_else() {
        for strict in [false, true] {
            let title = if strict { "Failed" } else { "Skipped" };
            let mut missing = Tally::new(strict);
            missing.missing("Lints", "`rustup component add clippy` installs it");
            let line = "  Lints: missing; `rustup component add clippy` installs it\n";
            assert!(
                missing
                    .to_string()
                    .starts_with(&format!("{title}:\n{line}")),
                "{missing}"
            );
            assert_eq!(missing.good(), !strict);

            let mut skipped = Tally::new(strict);
            skipped.step("Tests", true, tests(3, 0, 1));
            skipped.self_skipped("environment a: no data\n");
            assert!(skipped.good());
            assert!(skipped.to_string().contains("  a: no data\n"), "{skipped}");
            skipped.self_skipped("tool b: no compiler\n");
            let end = if strict {
                "Failed:\n  b: no compiler\n1 passed, 1 failed, 2 skipped\n"
            } else {
                "  b: no compiler\n1 passed, 0 failed, 3 skipped\n"
            };
            assert!(skipped.to_string().ends_with(end), "{skipped}");
            assert_eq!(skipped.good(), !strict);
        }
    }
}
