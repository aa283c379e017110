//! `cargo xtask firmware bench`: what an inference takes on each machine.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};

use super::boards::Board;
use super::builder::Builder;
use super::infer::Infer;
use super::layout::{Author, Layout};
use super::options::Options;
use super::qemu::{self, Running};
use super::snapshots::{self, Metrics, Snapshots};
use crate::table::aligned;

/// Measures the machines and prints it; with `update` writes the snapshots.
pub fn run(options: &Options, update: bool, target: &Path) -> Result<ExitCode> {
    let boards = options.runnable();
    let builder = Builder::new(target, &boards)?;
    qemu::find(&boards)?;
    let infer = Infer::build()?;
    let mut costs = Vec::new();
    for board in boards {
        costs.push((board.name, measure(board, &builder, &infer)?));
    }
    if update {
        let path = Path::new(snapshots::FILE);
        let mut snapshots = Snapshots::read(path).unwrap_or_default();
        for (board, metrics) in &costs {
            snapshots.update(board, metrics.clone());
        }
        snapshots.write(path)?;
    }
    print!("{}", table(&costs));
    Ok(ExitCode::SUCCESS)
}

/// Measures what a board's firmware takes and what the core alone does: bytes, and the instructions of an inference of the
/// known image.
pub fn measure(board: &Board, builder: &Builder, infer: &Infer) -> Result<Metrics> {
    let machine = board.machine().with_context(|| {
        format!(
            "{}: expected a board that QEMU emulates, found one that it does not; `cargo xtask firmware size` measures it",
            board.name
        )
    })?;
    let firmware = builder.firmware(board)?;
    let stack = infer.exercise(&Running::start(machine, &firmware)?.socket)?;
    let program = builder.program(board, "alone")?;
    let printed = qemu::run_to_end(machine, &program)?;
    let (stack_alone, parts) = counts(&printed)
        .with_context(|| format!("{}: expected counts, found {printed:?}", program.display()))?;

    let (layout, alone) = (Layout::read(&firmware)?, Layout::read(&program)?);
    let alone_code = [Author::Core, Author::Language].map(|author| alone.code_of(author));
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
        ("arena", layout.model.arena),
        ("code", layout.code),
        ("code of the core", layout.code_of(Author::Core)),
        ("code of the core alone", alone_code.iter().sum()),
        // The core has nothing static.
        ("RAM of the core alone", alone.model.arena + stack_alone),
        ("stack", stack),
        ("static RAM", layout.static_ram),
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

/// A column of metrics a board.
fn table(costs: &[(&str, Metrics)]) -> String {
    let row = |name: &str, cell: &dyn Fn(&(&str, Metrics)) -> String| {
        let cells = costs.iter().map(cell);
        [name.to_owned()].into_iter().chain(cells).collect()
    };
    let mut rows = vec![row("", &|(board, _)| (*board).to_owned())];
    for name in costs.first().iter().flat_map(|(_, metrics)| metrics.keys()) {
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
