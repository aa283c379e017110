//! `infer serve`: requests in, the answers of `infer predict --json` out.

mod answers;
mod bounds;
mod changes;
mod program;
mod server;
