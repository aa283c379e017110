//! Signals, which ask a fit to end after its step and end everything else.

use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use train::checkpoint::Checkpoint;

use crate::idx;
use crate::running::Running;
use crate::sandbox::{EVALUATE, EXPORT, Finished, QUICK, Sandbox};

/// Signals and the exit codes that tell of them.
const SIGNALS: [(&str, i32); 3] = [("INT", 130), ("TERM", 143), ("HUP", 129)];

/// A folder whose digits take seconds an epoch.
fn with_many_digits() -> Sandbox {
    let sandbox = Sandbox::new();
    idx::write_digits(&sandbox.path("digits"), 5_000, 20);
    sandbox
}

#[test]
fn an_interrupted_fit_keeps_exactly_the_finished_epochs() {
    for (signal, code) in SIGNALS {
        let sandbox = Sandbox::with_digits();
        let mut fit = Running::start(&sandbox, &format!("fit {QUICK} --epochs 100000 --out run"));
        fit.wait_for_line("1/100000 ");
        fit.signal(signal);
        let finished = fit.finish().expect_code(code);
        assert_eq!(finished.stderr, "");
        let lines = finished.stdout.lines();
        let printed = lines.filter(|line| line.contains("/100000 ")).count();
        let kept = "interrupted; the last finished epoch is kept";
        let advice = format!(
            "`--resume run --epochs {}` trains the rest",
            100_000 - printed
        );
        assert!(finished.stdout.contains(kept), "{finished:?}");
        assert!(finished.stdout.contains(&advice), "{finished:?}");
        let checkpoint = Checkpoint::load(&sandbox.path("run")).unwrap().0;
        assert_eq!(checkpoint.record.epochs.len(), printed);
        // What was kept, and nothing else, is what a fit of that many epochs gives.
        sandbox.succeeds(&format!("fit {QUICK} --epochs {printed} --out whole"));
        assert_eq!(sandbox.files("run"), sandbox.files("whole"));
    }
}

#[test]
fn a_fit_interrupted_in_its_first_epoch_leaves_nothing() {
    let sandbox = with_many_digits();
    let mut fit = Running::start(&sandbox, &format!("fit {QUICK} --epochs 2 --out run"));
    fit.wait_for_line("epoch ");
    fit.signal("INT");
    let finished = fit.finish().expect_code(130);
    let message = "error: interrupted before the first epoch was finished; nothing was written\n";
    assert_eq!(finished.stderr, message);
    assert!(!sandbox.path("run").exists());
}

#[test]
fn a_resumed_fit_interrupted_at_once_leaves_the_earlier_results() {
    let sandbox = with_many_digits();
    sandbox.succeeds(&format!("fit {QUICK} --limit 16 --epochs 1 --out run"));
    let earlier = sandbox.files("run");
    let line = "fit --data digits --runtime tract --resume run --out run";
    let mut fit = Running::start(&sandbox, line);
    fit.wait_for_line("epoch ");
    fit.signal("TERM");
    fit.finish().expect_code(143);
    assert_eq!(sandbox.files("run"), earlier);
}

#[test]
fn a_fit_started_by_nohup_goes_on_when_the_terminal_closes() {
    let sandbox = Sandbox::with_digits();
    let mut command = sandbox.isolated("nohup");
    command.arg(env!("CARGO_BIN_EXE_train"));
    command.args(format!("fit {QUICK} --epochs 20 --out run").split_whitespace());
    let mut fit = Running::of(&mut command);
    fit.wait_for_line("1/20 ");
    fit.signal("HUP");
    fit.finish().expect_code(0);
}

#[test]
fn a_fit_in_the_background_of_a_script_hears_an_interrupt() {
    let sandbox = Sandbox::with_digits();
    let script = r#""$@" & while [ ! -e run/checkpoint.safetensors ]; do sleep .05; done; kill -INT $!; wait $!"#;
    let mut shell = sandbox.isolated("sh");
    shell.args(["-c", script, "sh", env!("CARGO_BIN_EXE_train")]);
    shell.args(format!("fit {QUICK} --epochs 100000 --out run").split_whitespace());
    Finished::of(&mut shell).expect_code(130);
}

#[test]
fn signals_end_an_evaluation_at_once() {
    let sandbox = Sandbox::with_run();
    idx::write_digits(&sandbox.path("digits"), 20, 20_000);
    let line = format!("{EVALUATE} --scores scores");
    for (signal, code) in SIGNALS {
        let evaluation = Running::start(&sandbox, &line);
        thread::sleep(Duration::from_millis(500));
        evaluation.signal(signal);
        let finished = evaluation.finish();
        // Without a code the signal came before the program could listen.
        let is_right = finished.code.is_none_or(|found| found == code);
        assert!(is_right, "{finished:?}");
        assert!(!sandbox.path("scores").exists());
    }
}

#[test]
fn a_signal_while_data_load_leaves_no_folder() {
    let sandbox = Sandbox::new();
    sandbox.write("model.onnx", include_bytes!("../../../models/digits.onnx"));
    // It never answers whom it has accepted.
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    for line in ["fit --out new", "quantize --model model.onnx --out new"] {
        let mut command = sandbox.command(line);
        command.env("ALL_PROXY", &address).env_remove("NO_PROXY");
        let program = Running::of(&mut command);
        let _connection = proxy.accept().unwrap();
        assert!(sandbox.path("new").is_dir());
        program.signal("INT");
        program.finish().expect_code(130);
        assert!(!sandbox.path("new").exists());
    }
}

/// The second runtime waits for ever to read its library, which is a pipe.
#[cfg(target_os = "linux")]
#[test]
fn a_signal_ends_the_check_of_a_model_too() {
    use std::fs::File;
    use std::os::unix::fs::OpenOptionsExt;

    const O_NONBLOCK: i32 = 0o4000;
    let sandbox = Sandbox::with_run();
    let pipe = sandbox.path("library.so");
    assert!(
        sandbox
            .isolated("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let export = Running::of(sandbox.command(EXPORT).env("ORT_DYLIB_PATH", &pipe));
    let _library = File::options().write(true).open(&pipe).unwrap();
    export.signal("TERM");
    export.finish().expect_code(143);
    // Without a reader it cannot be opened.
    let mut writer = File::options();
    writer.write(true).custom_flags(O_NONBLOCK);
    let is_read = || writer.open(&pipe).is_ok();
    let gone = (0..1000).any(|_| {
        thread::sleep(Duration::from_millis(10));
        !is_read()
    });
    assert!(gone, "the check goes on");
}
