//! Programs that read a camera's driver and write its frames to their standard output.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::CameraError;

/// The recorder of this program, while it runs.
static RUNNING: Mutex<Option<Child>> = Mutex::new(None);

/// Time for an answer of a program that does not record.
const ANSWER_TIME: Duration = Duration::from_secs(10);

/// Lines of a recorder's standard error that are kept.
const LINES: usize = 3;

/// A program, and what has it on Debian.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    pub name: &'static str,
    pub package: &'static str,
}

impl Program {
    pub fn missing(self) -> CameraError {
        let Self { name, package } = self;
        CameraError::NoProgram { name, package }
    }
}

/// A program that records a camera. It ends when this is dropped.
#[derive(Debug)]
pub struct Recorder {
    program: &'static str,
    /// Gives the last lines that it has said.
    said: Option<JoinHandle<String>>,
}

impl Recorder {
    /// Starts the program, whose standard output has the frames.
    pub fn start(
        program: Program,
        arguments: &[String],
    ) -> Result<(Self, ChildStdout), CameraError> {
        let mut command = Command::new(program.name);
        command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // A terminal's Ctrl-C is for this program, which then ends it.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        // A signal that comes meanwhile waits until the program can be ended.
        let mut running = running();
        let mut child = command.spawn().map_err(not_started(program))?;
        let pipes = child.stdout.take().zip(child.stderr.take());
        *running = Some(child);
        drop(running);
        let mut recorder = Self {
            program: program.name,
            said: None,
        };
        let (frames, errors) =
            pipes.ok_or_else(|| not_started(program)(ErrorKind::BrokenPipe.into()))?;
        recorder.said = Some(thread::spawn(|| last_lines(errors)));
        Ok((recorder, frames))
    }

    /// Why no more frames come. While a signal ends this program, nobody hears it.
    pub fn ended(mut self) -> CameraError {
        let status = end(&mut running());
        let said = self.said.take().and_then(|said| said.join().ok());
        CameraError::Ended {
            program: self.program,
            status: status.map_or_else(String::new, |status| format!(" ({status})")),
            said: said.unwrap_or_default(),
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        end(&mut running());
    }
}

/// Ends the recorder, if there is one; who would tell of its end then waits until this program has ended, too.
pub fn end_recorder() {
    let mut running = running();
    if let Some(recorder) = &mut *running {
        kill(recorder);
        std::mem::forget(running);
    }
}

/// What a program prints that ends by itself, soon.
pub fn output(program: Program, arguments: &[String]) -> Result<String, CameraError> {
    let (recorder, mut pipe) = Recorder::start(program, arguments)?;
    let (sender, printed) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = pipe.read_to_end(&mut bytes);
        // Whoever does not wait any more does not want to know.
        let _ = sender.send(read.map(|_| bytes));
    });
    let Ok(bytes) = printed.recv_timeout(ANSWER_TIME) else {
        return Err(CameraError::Silent(program.name, ANSWER_TIME.as_secs()));
    };
    if !has_succeeded() {
        return Err(recorder.ended());
    }
    let bytes = bytes.map_err(not_started(program))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Whether the program, which prints no more, ends well.
fn has_succeeded() -> bool {
    for _ in 0..100 {
        let status = running().as_mut().map(Child::try_wait);
        match status {
            Some(Ok(None)) => thread::sleep(Duration::from_millis(10)),
            Some(Ok(Some(status))) => return status.success(),
            Some(Err(_)) | None => break,
        }
    }
    false
}

fn not_started(program: Program) -> impl FnOnce(io::Error) -> CameraError {
    move |error| match error.kind() {
        ErrorKind::NotFound => program.missing(),
        _ => CameraError::Program {
            name: program.name,
            error,
        },
    }
}

fn running() -> MutexGuard<'static, Option<Child>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends a program; one that has ended by itself keeps its status.
fn end(running: &mut Option<Child>) -> Option<std::process::ExitStatus> {
    let mut child = running.take()?;
    kill(&mut child);
    child.wait().ok()
}

/// Ends a program with those that it has started.
fn kill(child: &mut Child) {
    // What has ended cannot be ended.
    #[cfg(unix)]
    let _ = {
        use rustix::process::{Pid, Signal, kill_process_group};
        kill_process_group(Pid::from_child(child), Signal::KILL)
    };
    #[cfg(not(unix))]
    let _ = child.kill();
}

/// The last lines of what a program says, with a colon before them; not how many frames it has seen.
fn last_lines(errors: impl Read) -> String {
    let mut last = VecDeque::new();
    for line in BufReader::new(errors).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        // v4l2-ctl writes one for each frame.
        let words = line.trim_start_matches('<').trim();
        let is_rate = line.starts_with('<') && words.contains("fps");
        if words.is_empty() || is_rate {
            continue;
        }
        if last.len() == LINES {
            last.pop_front();
        }
        last.push_back(crate::file::one_line(words));
    }
    match last.make_contiguous() {
        [] => String::new(),
        lines => format!(": {}", lines.join("; ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_words_are_kept() {
        for (errors, expected) in [
            ("", ""),
            (
                "<<<<< 30.00 fps\n<<<<< 29.97 fps, dropped buffers: 1\n<<",
                "",
            ),
            (
                "<<<VIDIOC_DQBUF: failed: No such device\n",
                ": VIDIOC_DQBUF: failed: No such device",
            ),
            ("a\n\nb\tc\r\nd\ne", r": b\tc; d; e"),
        ] {
            assert_eq!(last_lines(errors.as_bytes()), expected);
        }
    }
}
