//! Trains small convolutional networks as plain ONNX graphs on any stock ONNX runtime.
//!
//! An [`architecture::Network`] is a graph of [`layers`] as its file describes it, before there are parameters. [`models`] turns it
//! into graphs of operators: one that computes a whole training step
//! (forward, loss, gradients, update), one that measures, one that is shipped. [`ops`] has each operator's shape rule,
//! ONNX form and gradient rule; [`gradient`] walks a graph backwards through them.
//! [`runtime`] executes the graphs on ONNX Runtime (CUDA or CPU) or tract; [`fit`] feeds them from [`data`] and keeps
//! a [`checkpoint`] an epoch; [`export`] writes the model that everything else runs.
//!
//! [`mod@import`] reads that model, or one of another program, as a [`network::Network`]: a graph of layers with their
//! parameters; and [`mod@quantize`] makes 8-bit integers of it, which [`mod@compare`] sets against the floats.

// A program: comments say what a name does not.
#![allow(missing_docs)]
// ONNX writes sizes as signed numbers; all are far below 2^63.
#![allow(clippy::cast_possible_wrap)]

pub mod architecture;
mod bench;
pub mod boards;
pub mod certainty;
pub mod checkpoint;
pub mod cli;
pub mod commands;
pub mod compare;
pub mod console;
pub mod data;
pub mod detector;
pub mod error;
pub mod evaluate;
pub mod export;
pub mod fit;
pub mod gradient;
pub mod graph;
pub mod import;
pub mod init;
pub mod layers;
pub mod loss;
pub mod models;
pub mod network;
pub mod onnx;
pub mod ops;
pub mod optimizer;
pub mod picture_input;
pub mod pretrained;
pub mod quantize;
pub mod recipe;
pub mod report;
pub mod run;
pub mod runtime;
mod second_runtime;
pub mod stop;
mod syntax;
pub mod tensor;
