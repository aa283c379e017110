//! The program `infer` as its users run it.

#[cfg(unix)]
#[path = "../support/board.rs"]
mod board;
#[cfg(unix)]
mod device;
mod evaluate;
mod inspect;
mod models;
mod predict;
mod program;
#[path = "../support/mod.rs"]
mod support;
#[cfg(unix)]
mod update;
