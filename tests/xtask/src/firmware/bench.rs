//! `cargo xtask firmware bench`: what an inference takes on each machine, counted exactly.

use std::fmt::{self, Display, Formatter};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value, json};

use super::Options;
use super::boards::{Board, Machine};
use super::builder::Builder;
use super::counter::{self, Inference};
use super::infer::{Infer, NO_DATA};
use super::layout::{Author, Layout};
use super::qemu::{self, Counter, Running};
use super::snapshots::{self, Metrics, Snapshots};
use crate::table::aligned;

/// The images over which the spread is measured.
const IMAGES: usize = 20;

/// Measures the machines and prints it; with `update` writes the snapshots.
pub fn run(options: &Options, update: bool, target: &Path) -> Result<ExitCode> {
    let boards = options.runnable();
    let builder = Builder::new(target, &boards)?;
    let plugin = builder.counter(qemu::find(&boards)?)?;
    let infer = Infer::build()?;
    if !infer.has_data() {
        eprintln!("{NO_DATA}; only the image of the self-test is counted");
    }
    let mut costs = Vec::new();
    for board in boards {
        let cost = Cost::measure(board, &builder, &plugin, &infer, IMAGES)?;
        costs.push((board, cost));
    }
    if update {
        keep(&costs)?;
    }
    if options.json {
        let boards = costs
            .iter()
            .map(|(board, cost)| (board.name.to_owned(), cost.json()));
        println!("{}", Value::Object(boards.collect::<Map<_, _>>()));
    } else {
        print!("{}", table(&costs));
    }
    Ok(ExitCode::SUCCESS)
}

fn keep(costs: &[(&Board, Cost)]) -> Result<()> {
    let path = Path::new(snapshots::FILE);
    let mut snapshots = if path.exists() {
        Snapshots::read(path)?
    } else {
        Snapshots::default()
    };
    for (board, cost) in costs {
        snapshots.update(board.name, &cost.metrics());
    }
    snapshots.write(path)
}

/// What a firmware takes.
pub struct Cost {
    layout: Layout,
    /// Of the image of the self-test.
    self_test: Inference,
    /// Of the first images of MNIST; none where there is no MNIST.
    inferences: Vec<Inference>,
    stack: u64,
    alone: Alone,
}

/// What the core takes without the firmware around it: to check the model and to run it.
struct Alone {
    layout: Layout,
    stack: u64,
}

impl Alone {
    fn measure(board: &Board, machine: &Machine, builder: &Builder) -> Result<Self> {
        let program = builder.alone(board)?;
        let printed = qemu::run_to_end(machine, &program, None)?;
        let stack = printed.trim().parse().with_context(|| {
            format!(
                "{}: expected bytes of stack, found {printed:?}",
                program.display()
            )
        })?;
        Ok(Self {
            layout: Layout::read(&program)?,
            stack,
        })
    }

    /// The arena and the stack; the core has nothing static.
    fn ram(&self) -> u64 {
        self.layout.arena() + self.stack
    }

    /// The core and what it needs of Rust's library.
    fn code(&self) -> u64 {
        let authors = [Author::Core, Author::Language];
        authors
            .map(|author| self.layout.code_of(author))
            .iter()
            .sum()
    }
}

impl Cost {
    /// Runs a board's firmware under the instruction counter `plugin`, on so many images.
    pub fn measure(
        board: &Board,
        builder: &Builder,
        plugin: &Path,
        infer: &Infer,
        images: usize,
    ) -> Result<Self> {
        let machine = board.machine().with_context(|| {
            format!(
                "{}: expected a board that QEMU emulates, found one that it does not; `cargo xtask firmware size` measures it",
                board.name
            )
        })?;
        let firmware = &builder.firmware(board)?;
        let folder = tempfile::tempdir()?;
        let records = &folder.path().join("records");
        let running = Running::start(machine, firmware, Some(&Counter { plugin, records }))?;
        let stack = infer.exercise(images, &running.socket())?;
        drop(running);
        let mut inferences = counter::inferences(&counter::read(records)?);
        let images = if infer.has_data() { images } else { 0 };
        ensure!(
            inferences.len() > images,
            "{}: expected a self-test and {images} images to count, found {}",
            board.name,
            inferences.len()
        );
        Ok(Self {
            layout: Layout::read(firmware)?,
            self_test: inferences.remove(0),
            inferences: inferences.drain(..images).collect(),
            stack,
            alone: Alone::measure(board, machine, builder)?,
        })
    }

    /// Of the first image, else of that of the self-test.
    fn first(&self) -> &Inference {
        self.inferences.first().unwrap_or(&self.self_test)
    }

    /// The RAM that is ever in use: what is taken from the start, and the stack.
    fn ram(&self) -> u64 {
        self.layout.static_ram() + self.stack
    }

    /// The names of an inference's parts: its layers, and what follows them.
    fn parts(&self) -> impl Iterator<Item = &str> {
        let layers = self.layout.layers().iter().map(String::as_str);
        layers.chain(["scores"])
    }

    /// What the snapshots keep.
    pub fn metrics(&self) -> Metrics {
        let layout = &self.layout;
        let mut metrics = Metrics::from([
            (
                "instructions of the self-test".to_owned(),
                self.self_test.total,
            ),
            ("code".to_owned(), layout.code()),
            ("code of the core".to_owned(), layout.code_of(Author::Core)),
            ("static RAM".to_owned(), layout.static_ram()),
            ("arena".to_owned(), layout.arena()),
            ("stack".to_owned(), self.stack),
            ("RAM of the core alone".to_owned(), self.alone.ram()),
            ("code of the core alone".to_owned(), self.alone.code()),
        ]);
        if let Some(first) = self.inferences.first() {
            metrics.insert("instructions".to_owned(), first.total);
            let parts = self.parts().zip(&first.layers);
            metrics.extend(parts.map(|(part, &count)| (format!("instructions of {part}"), count)));
        }
        metrics
    }

    fn json(&self) -> Value {
        let totals = || self.inferences.iter().map(|inference| inference.total);
        let inference = |inference: &Inference| {
            let parts = self.parts().zip(&inference.layers);
            let parts: Map<_, _> = parts
                .map(|(part, &count)| (part.to_owned(), json!(count)))
                .collect();
            json!({ "total": inference.total, "parts": parts })
        };
        json!({
            "instructions": {
                "image_0": self.inferences.first().map(inference),
                "self_test": inference(&self.self_test),
                "images": totals().count(),
                "least": totals().min(),
                "most": totals().max(),
            },
            "ram": {
                "total": self.ram(),
                "static": self.layout.static_ram(),
                "stack": self.stack,
                "arena": self.layout.arena(),
            },
            "code": {
                "total": self.layout.code(),
                "core": self.layout.code_of(Author::Core),
            },
            "core_alone": {
                "ram": self.alone.ram(),
                "stack": self.alone.stack,
                "code": self.alone.code(),
            },
        })
    }
}

impl Display for Cost {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let instructions = grouped(self.first().total);
        let (ram, code) = (grouped(self.ram()), grouped(self.layout.code()));
        write!(
            f,
            "{instructions} instructions, {ram} bytes of RAM, {code} bytes of code"
        )
    }
}

fn table(costs: &[(&Board, Cost)]) -> String {
    let mut rows = vec![vec![String::new()]];
    rows[0].extend(costs.iter().map(|(board, _)| board.name.to_owned()));
    let mut row = |name: &str, number: &dyn Fn(&Cost) -> String| {
        let numbers = costs.iter().map(|(_, cost)| number(cost));
        rows.push([name.to_owned()].into_iter().chain(numbers).collect());
    };
    row("instructions", &|cost| grouped(cost.first().total));
    let parts: Vec<_> = costs
        .first()
        .map_or(Vec::new(), |(_, cost)| cost.parts().collect());
    for (index, part) in parts.iter().enumerate() {
        row(&format!("  {part}"), &|cost| {
            cost.first()
                .layers
                .get(index)
                .map_or("-".to_owned(), |&count| grouped(count))
        });
    }
    let extreme = |cost: &Cost, choose: fn(u64, u64) -> u64| {
        let totals = cost.inferences.iter().map(|inference| inference.total);
        totals.reduce(choose).map_or("-".to_owned(), grouped)
    };
    row(&format!("least of {IMAGES} images"), &|cost| {
        extreme(cost, u64::min)
    });
    row(&format!("most of {IMAGES} images"), &|cost| {
        extreme(cost, u64::max)
    });
    row("bytes of RAM", &|cost| grouped(cost.ram()));
    row("  static", &|cost| grouped(cost.layout.static_ram()));
    row("  stack", &|cost| grouped(cost.stack));
    row("arena", &|cost| grouped(cost.layout.arena()));
    row("bytes of code", &|cost| grouped(cost.layout.code()));
    row("  of the core", &|cost| {
        grouped(cost.layout.code_of(Author::Core))
    });
    row("core alone: RAM", &|cost| grouped(cost.alone.ram()));
    row("  stack", &|cost| grouped(cost.alone.stack));
    row("core alone: code", &|cost| grouped(cost.alone.code()));
    aligned(&rows)
}

/// `1234567` as `1,234,567`.
fn grouped(number: u64) -> String {
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
        let cases = [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (12_345_678, "12,345,678"),
        ];
        for (number, text) in cases {
            assert_eq!(grouped(number), text);
        }
    }
}
