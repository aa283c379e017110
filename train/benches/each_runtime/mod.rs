//! Benchmarks on each runtime that is here. A process can use one, so a benchmark starts itself once for each.

use std::process::Command;

use criterion::Criterion;
use train::runtime::{Choice, Runtime};

/// Names the runtime of a started process.
const RUNTIME: &str = "BATON_BENCH_RUNTIME";

/// Runs a benchmark on each runtime that is here, with so many threads.
pub fn run(threads: usize, bench: fn(&Runtime, &mut Criterion)) {
    match std::env::var(RUNTIME) {
        Ok(name) => match <Choice as clap::ValueEnum>::from_str(&name, false) {
            Ok(choice) => run_on(choice, threads, bench),
            Err(reason) => eprintln!("{RUNTIME}: {reason}"),
        },
        Err(_) => {
            for name in ["tract", "onnxruntime", "cuda"] {
                start(name);
            }
        }
    }
}

/// Starts this program for one runtime, with the same arguments.
fn start(name: &str) {
    let program = std::env::current_exe().expect("this program was started from a file");
    let status = Command::new(program)
        .args(std::env::args_os().skip(1))
        .env(RUNTIME, name)
        .status();
    assert!(
        status.is_ok_and(|status| status.success()),
        "the benchmark on {name} failed"
    );
}

fn run_on(choice: Choice, threads: usize, bench: fn(&Runtime, &mut Criterion)) {
    let mut criterion = Criterion::default().configure_from_args().sample_size(20);
    match Runtime::open(choice, threads) {
        Ok(runtime) => {
            println!("{}", runtime.description());
            bench(&runtime, &mut criterion);
        }
        Err(error) => println!("not measured: {error}"),
    }
}
