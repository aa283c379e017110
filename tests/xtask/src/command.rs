//! Child processes: how they start, fail and are named.

use std::env;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};

use crate::console::human;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Lets children decide how they end on Ctrl-C; what waits for them here then fails.
///
/// Otherwise the shell would be back while a training child still saves its checkpoint.
pub fn outlive_children() -> Result<()> {
    ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::Relaxed))
        .context("cannot listen for Ctrl-C")
}

/// The cargo that runs this program, with `arguments`, which spaces separate.
pub fn cargo(arguments: &str) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments.split(' '));
    command
}

/// Waits for `command`. An error is a program that does not start, or Ctrl-C.
pub fn status(command: &mut Command) -> Result<ExitStatus> {
    uninterrupted(command, Command::status)
}

/// Waits for `command`, which must succeed.
pub fn run(command: &mut Command) -> Result<()> {
    let status = status(command)?;
    succeeded(command, status)
}

/// Waits for `command`, which must succeed, and shows nothing of it but its last complaint, in the error.
pub fn run_quietly(command: &mut Command) -> Result<()> {
    let output = uninterrupted(command.stderr(Stdio::piped()), Command::output)?;
    let complaints = String::from_utf8_lossy(&output.stderr);
    let last = complaints.trim_end().lines().last().unwrap_or("no message");
    succeeded(command, output.status).map_err(|error| anyhow!("{error}: {last}"))
}

/// Waits for `command`, which must succeed; else returns all its complaints with the error.
pub fn run_loudly(command: &mut Command) -> Result<(), (anyhow::Error, String)> {
    let output = uninterrupted(command.stderr(Stdio::piped()), Command::output);
    let output = output.map_err(|error| (error, String::new()))?;
    let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
    succeeded(command, output.status).map_err(|error| (error, complaints))
}

/// Waits for `command`, which must fail, and shows nothing of it; returns its complaints.
pub fn run_failing(command: &mut Command) -> Result<String> {
    let output = uninterrupted(command.stderr(Stdio::piped()), Command::output)?;
    ensure!(
        !output.status.success(),
        "`{}` succeeded, expected a failure",
        describe(command)
    );
    Ok(String::from_utf8_lossy(&output.stderr).into_owned())
}

/// What `command`, which must succeed, prints on standard output.
pub fn output(command: &mut Command) -> Result<String> {
    let output = uninterrupted(command.stderr(Stdio::inherit()), Command::output)?;
    succeeded(command, output.status)?;
    String::from_utf8(output.stdout)
        .with_context(|| format!("`{}`: expected UTF-8 on standard output", describe(command)))
}

/// What `command`, which must succeed, prints on standard output; while it runs, `tick` sees the lines so far each
/// `period`.
pub fn output_in_ticks(
    command: &mut Command,
    period: Duration,
    mut tick: impl FnMut(&[String]),
) -> Result<Vec<String>> {
    command.stdout(Stdio::piped());
    let mut child = uninterrupted(command, Command::spawn)?;
    let stdout = child.stdout.take().context("a pipe was asked for")?;
    let (sender, receiver) = mpsc::channel();
    let reader = thread::spawn(move || {
        let lines = BufReader::new(stdout).lines().map_while(Result::ok);
        lines.for_each(|line| drop(sender.send(line)));
    });
    let (mut lines, mut next) = (Vec::new(), Instant::now() + period);
    loop {
        match receiver.recv_timeout(next.saturating_duration_since(Instant::now())) {
            Ok(line) => lines.push(line),
            Err(RecvTimeoutError::Timeout) => {
                tick(&lines);
                next += period;
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    drop(reader.join());
    let status = uninterrupted(command, |_| child.wait())?;
    succeeded(command, status)?;
    Ok(lines)
}

/// What `command` prints on standard output; it must succeed within `limit`, after which it is ended.
pub fn output_within(command: &mut Command, limit: Duration) -> Result<String> {
    let (mut out, mut complaints) = (tempfile::tempfile()?, tempfile::tempfile()?);
    command.stdin(Stdio::null());
    command
        .stdout(out.try_clone()?)
        .stderr(complaints.try_clone()?);
    let mut child = uninterrupted(command, Command::spawn)?;
    let end = Instant::now() + limit;
    let status = loop {
        match child.try_wait()? {
            Some(status) => break status,
            None if Instant::now() < end => sleep(Duration::from_millis(10)),
            None => {
                child.kill()?;
                child.wait()?;
                bail!(
                    "`{}` did not end within {}",
                    describe(command),
                    human(limit)
                );
            }
        }
    };
    succeeded(command, status).map_err(|error| {
        let text = content(&mut complaints).unwrap_or_default();
        let lines: Vec<&str> = text
            .lines()
            .filter(|line| !line.trim().is_empty())
            .collect();
        match &lines[lines.len().saturating_sub(3)..] {
            [] => error,
            last => error.context(last.join(" | ")),
        }
    })?;
    content(&mut out)
}

fn content(file: &mut File) -> Result<String> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Waits for `command` and hands each line that it prints to `see` on the way to the terminal.
pub fn watch(command: &mut Command, mut see: impl FnMut(&str)) -> Result<ExitStatus> {
    let (reader, writer) = io::pipe()?;
    command.stdout(writer.try_clone()?).stderr(writer);
    let child = uninterrupted(command, Command::spawn);
    // The pipe ends when nobody can write to it any more, this program included.
    command.stdout(Stdio::inherit()).stderr(Stdio::inherit());
    let mut child = child?;
    for line in BufReader::new(reader).split(b'\n') {
        let line = line.with_context(|| format!("cannot read from `{}`", describe(command)))?;
        let line = String::from_utf8_lossy(&line);
        eprintln!("{line}");
        see(&line);
    }
    uninterrupted(command, |_| child.wait())
}

/// `command` as one would type it in the workspace root, a program from elsewhere by its name alone.
pub fn describe(command: &Command) -> String {
    let mut program = relative(Path::new(command.get_program()));
    if program.is_absolute() {
        program = program.file_name().map_or(program, Path::new);
    }
    let mut words = vec![program.to_string_lossy()];
    words.extend(
        command
            .get_args()
            .map(|word| relative(Path::new(word)).to_string_lossy()),
    );
    words.join(" ")
}

/// `path` as seen from the current folder, where it is inside.
pub fn relative(path: &Path) -> &Path {
    env::current_dir()
        .ok()
        .and_then(|folder| path.strip_prefix(folder).ok())
        .unwrap_or(path)
}

fn uninterrupted<T>(
    command: &mut Command,
    act: impl FnOnce(&mut Command) -> io::Result<T>,
) -> Result<T> {
    ensure!(!INTERRUPTED.load(Ordering::Relaxed), "interrupted");
    let result = act(command);
    ensure!(!INTERRUPTED.load(Ordering::Relaxed), "interrupted");
    result.with_context(|| format!("cannot start `{}`", describe(command)))
}

fn succeeded(command: &Command, status: ExitStatus) -> Result<()> {
    ensure!(
        status.success(),
        "`{}` failed ({status})",
        describe(command)
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_named_as_typed_in_the_current_folder() {
        let folder = env::current_dir().unwrap();
        let mut command = Command::new(folder.join("train"));
        command
            .args(["fit", "--epochs", "2", "--out"])
            .arg(folder.join("demo"));
        assert_eq!(describe(&command), "train fit --epochs 2 --out demo");
        let elsewhere = folder.parent().unwrap().join("cargo");
        assert_eq!(describe(Command::new(elsewhere).arg("fmt")), "cargo fmt");
    }

    #[test]
    fn failures_name_the_command() {
        let mut command = Command::new("no-such-program");
        let error = format!("{:#}", run(command.arg("now")).unwrap_err());
        assert!(
            error.starts_with("cannot start `no-such-program now`: "),
            "{error}"
        );
        let mut command = cargo("no-such-command");
        let error = format!("{:#}", output(&mut command).unwrap_err());
        assert!(error.contains(" no-such-command` failed (exit"), "{error}");
        let error = format!("{:#}", run_quietly(&mut command).unwrap_err());
        assert!(error.contains(" no-such-command` failed (exit"), "{error}");
        assert!(!error.contains("no message"), "{error}");
        assert_eq!(error.lines().count(), 1);
    }

    #[test]
    fn a_failure_that_must_be_is_none() {
        let complaints = run_failing(&mut cargo("no-such-command")).unwrap();
        assert!(complaints.contains("no-such-command"), "{complaints}");
        let error = run_failing(&mut cargo("--version")).unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with(" succeeded, expected a failure"),
            "{error}"
        );
    }

    #[test]
    fn lines_are_seen_while_they_come() {
        let folder = tempfile::tempdir().unwrap();
        let seen = folder.path().join("seen");
        let mut command = Command::new("sh");
        // The second line waits until the first one has been seen.
        let script = "echo first; for i in $(seq 1000); do [ -e \"$0\" ] && break; sleep 0.01; done; ls \"$0\"";
        command.args(["-c", script]).arg(&seen);
        let lines = output_in_ticks(&mut command, Duration::from_millis(10), |lines| {
            if lines == ["first"] {
                File::create(&seen).unwrap();
            }
        });
        assert_eq!(lines.unwrap(), ["first", seen.to_str().unwrap()]);
        let mut failing = Command::new("false");
        assert!(output_in_ticks(&mut failing, Duration::from_millis(10), |_| ()).is_err());
    }

    #[test]
    fn what_takes_too_long_is_ended() {
        let limit = Duration::from_millis(50);
        let error = output_within(Command::new("sleep").arg("60"), limit).unwrap_err();
        let expected = "`sleep 60` did not end within 0.1 s";
        assert_eq!(error.to_string(), expected);
        let answer = output_within(Command::new("echo").arg("7"), Duration::from_secs(20));
        assert_eq!(answer.unwrap(), "7\n");
        let mut failing = Command::new("sh");
        failing.args(["-c", "echo why >&2; exit 1"]);
        let error = format!(
            "{:#}",
            output_within(&mut failing, Duration::from_secs(20)).unwrap_err()
        );
        assert!(error.starts_with("why"), "{error}");
    }

    #[test]
    fn every_line_of_both_outputs_is_seen() {
        let mut lines = Vec::new();
        let mut command = cargo("--version");
        let status = watch(&mut command, |line| lines.push(line.to_owned())).unwrap();
        assert!(status.success());
        assert!(lines[0].starts_with("cargo "), "{lines:?}");
        let mut command = cargo("no-such-command");
        let status = watch(&mut command, |line| lines.push(line.to_owned())).unwrap();
        assert!(!status.success());
        assert!(
            lines.iter().any(|line| line.contains("no-such-command")),
            "{lines:?}"
        );
    }
}
