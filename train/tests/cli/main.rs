//! The program `train`, run as a user runs it: what it prints, its exit code, and what it leaves on the disk.

#[allow(dead_code, reason = "one array is enough here")]
#[path = "../../../infer/tests/support/arrays.rs"]
mod arrays;
mod bench;
#[cfg(unix)]
#[allow(dead_code, reason = "one model is enough here")]
#[path = "../../../infer/tests/support/board.rs"]
mod board;
mod boards;
mod check;
mod checkpoints;
mod compare;
mod data_folders;
mod evaluate;
mod fits;
mod idx;
#[cfg(unix)]
mod interrupts;
mod models;
mod negatives;
mod out_folders;
mod pictures;
mod quantize;
#[cfg(unix)]
mod running;
#[cfg(unix)]
mod runs;
mod runtimes;
mod sandbox;
#[path = "../../../tests/support/skip.rs"]
mod skip;
mod tuning;
mod usage;
