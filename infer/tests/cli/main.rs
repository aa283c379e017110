//! The program `infer` as its users run it.

#[path = "../support/arrays.rs"]
mod arrays;
mod bench;
#[cfg(unix)]
#[path = "../support/board.rs"]
mod board;
mod camera;
#[cfg(unix)]
mod cameras;
mod daily;
#[cfg(unix)]
mod device;
mod documents;
mod evaluate;
mod evaluate_kinds;
mod inspect;
mod kinds;
mod many;
mod models;
mod pages;
mod predict;
mod prepared;
mod program;
mod serve;
#[path = "../support/mod.rs"]
mod support;
#[cfg(unix)]
mod update;
