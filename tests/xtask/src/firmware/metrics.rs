//! What a model takes on a board: bytes, and the instructions or cycles of a run.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use protocol::known_value;

use super::boards::{Board, Hardware, Machine};
use super::builder::Builder;
use super::layout::{Author, Layout};
use super::qemu;
use super::running::Running;
use super::subject::Subject;
use crate::snapshots::Metrics;
use crate::table::aligned;

/// Measures what a board's firmware takes and, where QEMU emulates the board, what the core alone does: bytes, and the
/// instructions of a run on the known input.
pub fn measure(board: &Board, builder: &Builder, subject: &Subject) -> Result<Metrics> {
    let firmware = builder.firmware(board, subject)?;
    let layout = Layout::read(&firmware)?;
    let mut metrics = Metrics::new();
    let mut put = |name: &str, metric| metrics.insert(name.to_owned(), metric);
    put("arena", layout.model.arena);
    put("code", layout.code);
    put("code of the core", layout.code_of(Author::Core));
    put("static RAM", layout.static_ram);
    if board.is_emulated() {
        let running = Running::start(board, &firmware, &builder.tools)?;
        let cost = running.compare(subject, &[known_input(subject)])?;
        put("stack", cost.stack);
        if board.hardware == Hardware::Rp2040 {
            put("cycles", cost.cycles);
        }
    }
    if let Some(machine) = board.machine() {
        metrics.extend(measure_alone(board, machine, builder, subject)?);
    }
    Ok(metrics)
}

/// An input of as many bytes as a model takes, for a look at what a board does.
fn known_input(subject: &Subject) -> Vec<u8> {
    let len = subject.shape().elements() as usize;
    (0..len)
        .map(|index| known_value(index).cast_unsigned())
        .collect()
}

/// What the core takes without a firmware around it.
fn measure_alone(
    board: &Board,
    machine: &Machine,
    builder: &Builder,
    subject: &Subject,
) -> Result<Metrics> {
    let program = builder.program(board, "alone", subject)?;
    let printed = qemu::run_to_end(machine, &builder.tools, &program)?;
    let (stack, parts) = counts(&printed)
        .with_context(|| format!("{}: expected counts, found {printed:?}", program.display()))?;
    let layout = Layout::read(&program)?;
    let code = [Author::Core, Author::Language].map(|author| layout.code_of(author));
    let names = layout.model.operators.iter().map(String::as_str);
    let names: Vec<&str> = names.chain(["output"]).collect();
    ensure!(
        parts.len() == names.len(),
        "{}: expected counts of each operator and of the output, found {}",
        board.name,
        parts.len()
    );
    let owned = |(name, metric): (&str, u64)| (name.to_owned(), metric);
    let metrics = [
        ("code of the core alone", code.iter().sum()),
        // The core has nothing static.
        ("RAM of the core alone", layout.model.arena + stack),
        ("instructions", parts.iter().sum()),
    ];
    let mut metrics: Metrics = metrics.map(owned).into();
    for (name, count) in names.into_iter().zip(parts) {
        metrics.insert(format!("instructions of {name}"), count);
    }
    Ok(metrics)
}

/// The bytes of stack and the instructions of each part that the program `alone` has printed: its counter says how long two
/// loops of known length take, and the parts. `None` if it does not count instructions.
fn counts(printed: &str) -> Option<(u64, Vec<u64>)> {
    const LOOPS: [u64; 2] = [1 << 10, 1 << 20];
    let numbers: Option<Vec<u64>> = printed.lines().map(|line| line.parse().ok()).collect();
    let [stack, short, long, parts @ ..] = &numbers?[..] else {
        return None;
    };
    let (instructions, cycles) = (LOOPS[1] - LOOPS[0], long.checked_sub(*short)?);
    let count = |part: &u64| (part * instructions + cycles / 2).checked_div(cycles);
    // Calling a loop takes a few instructions, too.
    let is_exact = (LOOPS[0]..LOOPS[0] + 16).contains(&count(short)?);
    let parts: Option<Vec<u64>> = parts.iter().map(count).collect();
    parts.filter(|_| is_exact).map(|parts| (*stack, parts))
}

/// A column a board, and a row for each metric that is wanted.
pub fn table(costs: &[(&str, Metrics)], is_wanted: impl Fn(&str) -> bool) -> String {
    let row = |name: &str, cell: &dyn Fn(&(&str, Metrics)) -> String| {
        let cells = costs.iter().map(cell);
        [name.to_owned()].into_iter().chain(cells).collect()
    };
    let names = costs.iter().flat_map(|(_, metrics)| metrics.keys());
    let names: BTreeSet<&String> = names.filter(|name| is_wanted(name)).collect();
    let mut rows = vec![row("", &|(board, _)| (*board).to_owned())];
    for name in names {
        rows.push(row(name, &|(_, metrics)| {
            metrics.get(name).copied().map_or(String::new(), grouped)
        }));
    }
    aligned(&rows)
}

/// `1234567` as `1,234,567`.
pub fn grouped(number: u64) -> String {
    let (before, last) = (number / 1000, number % 1000);
    match before {
        0 => last.to_string(),
        _ => format!("{},{last:03}", grouped(before)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped() {
        let numbers = [0, 999, 1_000, 12_345_678, 1_000_007].map(grouped);
        assert_eq!(numbers, ["0", "999", "1,000", "12,345,678", "1,000,007"]);
    }

    #[test]
    fn instructions_are_told_by_loops_of_known_length() {
        // Three cycles in two instructions, and four instructions around each loop.
        let found = counts("2500\n1542\n1572870\n30000000\n9\n");
        assert_eq!(found, Some((2500, vec![20_000_000, 6])));
        let short = ["", "1\n2\n", "x\n1\n2\n"];
        let inexact = ["2500\n7\n7\n3", "2500\n400000\n1572870\n3"];
        for other in short.into_iter().chain(inexact) {
            assert_eq!(counts(other), None, "{other:?}");
        }
    }
}
