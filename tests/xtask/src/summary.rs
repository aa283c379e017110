//! How many tests passed, from what cargo-nextest and Rust's own test harness print.

use std::ops::AddAssign;

/// Tests by outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Tests that ran and passed.
    pub passed: usize,
    /// Tests that failed, timed out or did not start, and steps that failed.
    pub failed: usize,
    /// Tests that did not run.
    pub skipped: usize,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// Reads cargo-nextest's last line; none where `line` is another one.
///
/// Its form is `Summary [ 1.2s] 9 tests run: 7 passed (1 slow, 1 leaky), 1 failed, 1 timed out, 3 skipped`, of which only
/// the outcomes that occurred are there.
pub fn nextest(line: &str) -> Option<Counts> {
    let (_, outcomes) = line
        .trim()
        .strip_prefix("Summary [")?
        .split_once(" run: ")?;
    let mut counts = Counts::default();
    for outcome in without_remarks(outcomes).split(", ") {
        let (count, kind) = outcome.trim().split_once(' ')?;
        let count: usize = count.parse().ok()?;
        match kind.trim() {
            "passed" => counts.passed += count,
            "skipped" => counts.skipped += count,
            // `failed`, `timed out`, `exec failed`, and whatever later versions find to say.
            _ => counts.failed += count,
        }
    }
    Some(counts)
}

/// Reads a last line of the harness, which it prints for each group of doc tests; none where `line` is another one.
///
/// Its form is `test result: ok. 7 passed; 1 failed; 3 ignored; 0 measured; 0 filtered out; finished in 0.41s`.
pub fn harness(line: &str) -> Option<Counts> {
    let (_, outcomes) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let mut outcomes = outcomes.split("; ");
    let mut count = |kind| outcomes.next()?.strip_suffix(kind)?.parse().ok();
    Some(Counts {
        passed: count(" passed")?,
        failed: count(" failed")?,
        skipped: count(" ignored")?,
    })
}

fn without_remarks(text: &str) -> String {
    let mut depth = 0_usize;
    let mut kept = String::new();
    for character in text.chars() {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth == 0 => kept.push(character),
            _ => {}
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(passed: usize, failed: usize, skipped: usize) -> Counts {
        Counts {
            passed,
            failed,
            skipped,
        }
    }

    #[test]
    fn every_outcome_is_counted_and_other_lines_are_no_summary() {
        for (line, expected) in [
            (
                "     Summary [   0.011s] 1 test run: 1 passed, 0 skipped",
                Some(counts(1, 0, 0)),
            ),
            (
                "Summary [ 12.3s] 57 tests run: 57 passed, 3 skipped",
                Some(counts(57, 0, 3)),
            ),
            (
                "Summary [ 12.3s] 57 tests run: 56 passed, 1 failed, 0 skipped",
                Some(counts(56, 1, 0)),
            ),
            (
                "Summary [   5.0s] 57/60 tests run: 52 passed (2 slow, 1 flaky), 1 failed (1 due to being leaky), \
                 2 timed out, 2 exec failed, 3 skipped",
                Some(counts(52, 5, 3)),
            ),
            (
                "Summary [   0.0s] 0 tests run: 0 passed, 4 skipped",
                Some(counts(0, 0, 4)),
            ),
            ("", None),
            ("        PASS [   0.005s] train graph::tests::shapes", None),
            ("Summary [ 12.3s] all is well", None),
            ("Summary [ 12.3s] 57 tests run: all passed", None),
            ("Starting 57 tests across 4 binaries run: 1 passed", None),
        ] {
            assert_eq!(nextest(line), expected, "{line}");
        }
    }

    #[test]
    fn groups_of_doc_tests_add_up() {
        let output = "\
running 3 tests
test train/src/lib.rs - (line 3) ... ok
test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.41s
  test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.41s
test result: none of these
test result: FAILED. 4 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.00s
";
        let mut total = Counts::default();
        for group in output.lines().filter_map(harness) {
            total += group;
        }
        assert_eq!(total, counts(7, 1, 2));
    }
}
