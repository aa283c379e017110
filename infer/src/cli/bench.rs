//! `infer bench`.

use std::io::{self, Write};
use std::time::Duration;

use clap::{Args, value_parser};

use super::{Error, ModelFile, write_json};
use crate::bench::{Benchmark, Machine, Request, benchmark};
use crate::remembered;

#[derive(Debug, Args)]
pub struct Bench {
    #[command(flatten)]
    model: ModelFile,

    /// Threads that run the model at once, each by itself [default: 1, 2, 4 and so on up to the cores that there are]
    #[arg(long, value_name = "N", value_delimiter = ',')]
    #[arg(value_parser = value_parser!(u16).range(1..=1024))]
    threads: Vec<u16>,

    /// Seconds of measurement for each engine and number of threads
    #[arg(long, value_name = "S", default_value_t = 1.0, value_parser = seconds)]
    seconds: f64,

    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

/// Measures, prints what was found, and remembers which engine was the fastest.
pub fn run(options: &Bench, output: &mut impl Write) -> Result<(), Error> {
    let (bytes, name) = options.model.read()?;
    let threads = match &options.threads[..] {
        [] => powers_of_two(Machine::now().cores),
        threads => threads.iter().copied().map(usize::from).collect(),
    };
    let found = benchmark(&Request {
        bytes: &bytes,
        name: &name,
        limits: &options.model.limits.get(),
        threads: &threads,
        time: Duration::from_secs_f64(options.seconds),
    })?;
    remember(&bytes, &found);
    if options.json {
        write_json(output, &found)
    } else {
        Ok(write!(output, "{found}")?)
    }
}

/// What was found is worth printing even if it cannot be kept.
fn remember(bytes: &[u8], found: &Benchmark) {
    if let Err(error) = remembered::keep(bytes, &found.choice) {
        let _ = writeln!(io::stderr(), "note: not remembered: {error}");
    }
}

/// 1, 2, 4 and so on, and the greatest number itself.
fn powers_of_two(most: usize) -> Vec<usize> {
    let powers = std::iter::successors(Some(1), |power| Some(power * 2));
    let mut threads: Vec<usize> = powers.take_while(|&power| power < most).collect();
    threads.push(most);
    threads
}

fn seconds(text: &str) -> Result<f64, String> {
    let seconds = text
        .parse()
        .ok()
        .filter(|seconds| (0.01..=3600.0).contains(seconds));
    seconds.ok_or_else(|| "expected 0.01 to 3600".to_owned())
}

#[cfg(test)]
mod tests {
    use super::powers_of_two;

    #[test]
    fn numbers_of_threads_double_up_to_all_cores() {
        assert_eq!(powers_of_two(1), [1]);
        assert_eq!(powers_of_two(4), [1, 2, 4]);
        assert_eq!(powers_of_two(6), [1, 2, 4, 6]);
    }
}
