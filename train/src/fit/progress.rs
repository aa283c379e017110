//! Showing a fit to a person.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use no_std_core::format::OutputKind;

use super::trainer::Sums;
use crate::checkpoint::Epoch;
use crate::console::Console;

pub trait Progress {
    /// Epoch `number` of `epochs` begins and will take `steps` steps.
    fn begin(&mut self, _number: usize, _epochs: usize, _steps: usize) {}
    /// A step is done; `sums` are those of the epoch so far.
    fn step(&mut self, _sums: &Sums) {}
    /// The epoch is measured and saved, after `elapsed`.
    fn end(&mut self, _epoch: &Epoch, _elapsed: Duration) {}
}

pub struct Silent;

impl Progress for Silent {}

/// A bar on standard error while an epoch runs, a line on standard output when it ends.
pub struct Terminal<'a> {
    console: &'a mut Console,
    bar: ProgressBar,
    title: String,
    /// Whether there are accuracies.
    has_classes: bool,
}

impl<'a> Terminal<'a> {
    /// For a network with outputs of this kind.
    pub fn new(console: &'a mut Console, output: OutputKind) -> Self {
        Self {
            console,
            bar: ProgressBar::hidden(),
            title: String::new(),
            has_classes: output == OutputKind::Classes,
        }
    }
}

impl Progress for Terminal<'_> {
    fn begin(&mut self, number: usize, epochs: usize, steps: usize) {
        if number == 1 {
            self.console.line(if self.has_classes {
                "epoch    loss  accuracy  val_loss  val_accuracy  seconds"
            } else {
                "epoch    loss  val_loss  seconds"
            });
        }
        self.title = format!("{number}/{epochs}");
        let style =
            ProgressStyle::with_template("{prefix:5} {bar:30} {pos}/{len} {msg} {eta} left");
        self.bar = ProgressBar::new(steps as u64)
            .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
            .with_prefix(self.title.clone());
    }

    fn step(&mut self, sums: &Sums) {
        let mut message = format!("loss {:.4}", sums.mean_loss());
        if let Some(accuracy) = sums.accuracy() {
            message = format!("{message} accuracy {accuracy:.4}");
        }
        self.bar.set_message(message);
        self.bar.inc(1);
    }

    fn end(&mut self, epoch: &Epoch, elapsed: Duration) {
        self.bar.finish_and_clear();
        let Epoch {
            loss,
            accuracy,
            val_loss,
            val_accuracy,
            ..
        } = epoch;
        let row = match (accuracy, val_accuracy) {
            (Some(accuracy), Some(val_accuracy)) => {
                format!("{loss:7.4} {accuracy:9.4} {val_loss:9.4} {val_accuracy:13.4}")
            }
            _ => format!("{loss:7.4} {val_loss:9.4}"),
        };
        let seconds = elapsed.as_secs_f64();
        self.console
            .line(format_args!("{:5} {row} {seconds:8.1}", self.title));
    }
}
