//! What a whole `cargo xtask test` comes to.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

use crate::summary::Counts;

/// Collects failures and skips; displayed, it ends with the line `N passed, N failed, N skipped`.
pub struct Tally {
    /// Whether skips and missing tools are failures.
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

    /// Adds a tool or step that cannot be had, with the `remedy`.
    pub fn missing(&mut self, name: &str, remedy: &str) {
        let line = format!("{name}: missing; {remedy}");
        if self.strict {
            self.counts.failed += 1;
            self.failures.push(line);
        } else {
            self.counts.skipped += 1;
            self.skips.push(line);
        }
    }

    /// Moves the tests that skipped themselves, one line `test: reason` each, from the passed to the skipped ones.
    pub fn self_skipped(&mut self, lines: &str) {
        let reasons: BTreeMap<&str, &str> = lines
            .lines()
            .map(|line| line.split_once(": ").unwrap_or((line, "no reason")))
            .collect();
        self.counts.passed = self.counts.passed.saturating_sub(reasons.len());
        self.counts.skipped += reasons.len();
        self.skips.extend(
            reasons
                .iter()
                .map(|(test, reason)| format!("{test}: {reason}")),
        );
    }

    /// Whether the whole run is a success.
    pub fn good(&self) -> bool {
        self.counts.failed == 0 && !(self.strict && self.counts.skipped > 0)
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
    fn a_test_that_skips_itself_has_not_passed() {
        let mut tally = Tally::new(false);
        tally.step("Tests", true, tests(10, 0, 1));
        tally
            .self_skipped("data::mnist: no network\nruns::cuda: no GPU\ndata::mnist: no network\n");
        assert!(tally.good());
        let expected = "\
Skipped:
  Tests: 1 marked #[ignore]
  data::mnist: no network
  runs::cuda: no GPU
8 passed, 0 failed, 3 skipped
";
        assert_eq!(tally.to_string(), expected);
    }

    #[test]
    fn strictness_makes_skips_and_missing_tools_failures() {
        for strict in [false, true] {
            let mut skipped = Tally::new(strict);
            skipped.self_skipped("a: b\n");
            assert_eq!(skipped.good(), !strict);
            let mut missing = Tally::new(strict);
            missing.missing("Lints", "`rustup component add clippy` installs it");
            assert_eq!(missing.good(), !strict);
            let title = if strict { "Failed" } else { "Skipped" };
            let line = "  Lints: missing; `rustup component add clippy` installs it\n";
            assert!(
                missing
                    .to_string()
                    .starts_with(&format!("{title}:\n{line}")),
                "{missing}"
            );
        }
    }
}
