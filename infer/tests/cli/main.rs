//! The program `infer` as its users run it.

mod engines;
mod evaluate;
mod inspect;
mod predict;
mod program;
#[path = "../support/mod.rs"]
mod support;
