//! What both programs read and write: files whole and atomic, pictures, folders, IDX files, and what a model file says.

#![forbid(unsafe_code)]

pub mod file;
pub mod idx;
pub mod layout;
