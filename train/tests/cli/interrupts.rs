//! Ctrl-C, which asks a fit to end after its step and ends everything else.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use train::checkpoint::Checkpoint;
use train::net::Network;

use crate::idx;
use crate::sandbox::{Finished, QUICK, Sandbox};

/// Far more than any of these programs needs to end, even on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// A program under way, with what it has printed so far.
struct Running {
    child: Child,
    stdout: BufReader<ChildStdout>,
    printed: String,
}

impl Running {
    fn start(sandbox: &Sandbox, line: &str) -> Self {
        let mut command = sandbox.command(line);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self {
            child,
            stdout,
            printed: String::new(),
        }
    }

    /// Waits for a printed line that starts like this.
    fn wait_for_line(&mut self, start: &str) {
        loop {
            let position = self.printed.len();
            let length = self.stdout.read_line(&mut self.printed).unwrap();
            assert!(
                length > 0,
                "ended without a line `{start}`: {}",
                self.printed
            );
            if self.printed[position..].starts_with(start) {
                return;
            }
        }
    }

    /// What Ctrl-C in a terminal does.
    fn interrupt(&self) {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-INT", &id])
                .status()
                .unwrap()
                .success()
        );
    }

    /// Waits for the end; a program that goes on is killed, and the test fails.
    fn finish(mut self) -> Finished {
        let start = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            if start.elapsed() > PATIENCE {
                self.child.kill().unwrap();
                panic!(
                    "expected an end after Ctrl-C, but it went on: {}",
                    self.printed
                );
            }
            thread::sleep(Duration::from_millis(10));
        }
        self.stdout.read_to_string(&mut self.printed).unwrap();
        let output = self.child.wait_with_output().unwrap();
        Finished {
            stdout: self.printed,
            ..output.into()
        }
    }
}

#[test]
fn an_interrupted_fit_keeps_exactly_the_finished_epochs() {
    let sandbox = Sandbox::with_digits();
    let mut fit = Running::start(&sandbox, &format!("fit {QUICK} --epochs 100000 --out run"));
    fit.wait_for_line("1/100000 ");
    fit.interrupt();
    let finished = fit.finish();
    let printed = finished
        .success()
        .lines()
        .filter(|line| line.contains("/100000 "))
        .count();
    assert!(
        finished
            .stdout
            .contains("interrupted; the last finished epoch is kept"),
        "{finished:?}"
    );
    let checkpoint = Checkpoint::load(&sandbox.path("run"), &Network::digits()).unwrap();
    assert_eq!(checkpoint.record.epochs.len(), printed);
    let names: Vec<_> = sandbox.files("run").into_keys().collect();
    assert_eq!(names, ["checkpoint.safetensors", "digits.onnx"]);
    sandbox
        .train("evaluate --model run/digits.onnx --data digits --runtime tract")
        .success();
    // What was kept is what a fit of that many epochs gives.
    let whole = format!("fit {QUICK} --epochs {printed} --out whole");
    sandbox.train(&whole).success();
    assert_eq!(sandbox.files("run"), sandbox.files("whole"));
}

#[test]
fn a_fit_interrupted_in_its_first_epoch_leaves_nothing() {
    let sandbox = Sandbox::new();
    idx::write_digits(&sandbox.path("digits"), 5_000, 20);
    let mut fit = Running::start(&sandbox, &format!("fit {QUICK} --epochs 2 --out run"));
    fit.wait_for_line("epoch ");
    fit.interrupt();
    fit.finish()
        .refusal(&["interrupted before the first epoch", "nothing was written"]);
    assert_eq!(sandbox.files("run").len(), 0);
}

#[test]
fn a_resumed_fit_interrupted_at_once_leaves_the_earlier_results() {
    let sandbox = Sandbox::new();
    idx::write_digits(&sandbox.path("digits"), 5_000, 20);
    sandbox
        .train(&format!("fit {QUICK} --limit 16 --epochs 1 --out run"))
        .success();
    let earlier = sandbox.files("run");
    let line = "fit --data digits --runtime tract --resume run --out run";
    let mut fit = Running::start(&sandbox, line);
    fit.wait_for_line("epoch ");
    fit.interrupt();
    fit.finish()
        .refusal(&["interrupted before the first epoch"]);
    assert_eq!(sandbox.files("run"), earlier);
}

#[test]
fn ctrl_c_ends_an_evaluation_at_once() {
    let sandbox = Sandbox::with_run();
    idx::write_digits(&sandbox.path("digits"), 20, 20_000);
    let line = "evaluate --model run/digits.onnx --data digits --runtime tract --scores scores";
    let evaluation = Running::start(&sandbox, line);
    thread::sleep(Duration::from_millis(500));
    evaluation.interrupt();
    let finished = evaluation.finish();
    // Without a code the signal came before the program could listen.
    assert!(matches!(finished.code, Some(130) | None), "{finished:?}");
    assert!(!sandbox.path("scores").exists());
}
