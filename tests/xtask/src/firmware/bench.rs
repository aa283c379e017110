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
    let stack = infer.exercise(&Running::start(machine, &firmware)?.socket())?;
    let program = builder.alone(board)?;
    let printed = qemu::run_to_end(machine, &program)?;
    let (stack_alone, parts) = counts(&printed)
        .with_context(|| format!("{}: expected counts, found {printed:?}", program.display()))?;

    let (layout, alone) = (Layout::read(&firmware)?, Layout::read(&program)?);
    let mut metrics = Metrics::from([
        ("arena".to_owned(), layout.arena()),
        ("code".to_owned(), layout.code()),
        ("code of the core".to_owned(), layout.code_of(Author::Core)),
        (
            "code of the core alone".to_owned(),
            alone.code_of(Author::Core) + alone.code_of(Author::Language),
        ),
        // The core has nothing static.
        (
            "RAM of the core alone".to_owned(),
            alone.arena() + stack_alone,
        ),
        ("stack".to_owned(), stack),
        ("static RAM".to_owned(), layout.static_ram()),
        ("instructions".to_owned(), parts.iter().sum()),
    ]);
    ensure!(
        parts.len() == layout.layers().len() + 1,
        "{}: expected counts of each layer and of the scores, found {}",
        board.name,
        parts.len()
    );
    let names = layout.layers().iter().map(String::as_str);
    for (name, count) in names.chain(["scores"]).zip(parts) {
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
    let boards = costs.iter().map(|(board, _)| (*board).to_owned());
    let mut rows = vec![
        [String::new()]
            .into_iter()
            .chain(boards)
            .collect::<Vec<_>>(),
    ];
    for name in costs.first().iter().flat_map(|(_, metrics)| metrics.keys()) {
        let number = |(_, metrics): &(&str, Metrics)| {
            metrics.get(name).copied().map_or(String::new(), grouped)
        };
        rows.push(
            [name.clone()]
                .into_iter()
                .chain(costs.iter().map(number))
                .collect(),
        );
    }
    aligned(&rows)
}

/// `1234567` as `1,234,567`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (12_345_678, "12,345,678"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn instructions_are_told_by_loops_of_known_length() {
        // Three cycles in two instructions, and four instructions around each loop.
        let found = counts("2500\n1542\n1572870\n30000000\n9\n");
        assert_eq!(found, Some((2500, vec![20_000_000, 6])));
        for other in [
            "",
            "1\n2\n",
            "x\n1\n2\n",
            "2500\n7\n7\n3",
            "2500\n400000\n1572870\n3",
        ] {
            assert_eq!(counts(other), None, "{other:?}");
        }
    }
}
