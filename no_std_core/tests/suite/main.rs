//! The engine from outside: files in, scores out, against oracles that share no code with it.

mod accepted;
mod corruption;
mod format_page;
mod harness;
mod host;
mod models;
mod network;
mod observe;
mod operators;
mod oracle;
mod output;
mod plans;
mod random;
mod refused;
mod requantize;
mod shipped;
mod support;
