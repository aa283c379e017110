//! `infer camera` with cameras, which other programs record: here scripts in their place.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::camera::jpeg;
use crate::program::{Outcome, Workplace};

/// A place with these programs and those of a usual system, but no other that records.
fn with_programs(programs: &[(&str, &str)]) -> Workplace {
    let workplace = Workplace::new();
    fs::create_dir(workplace.path("bin")).unwrap();
    for (name, script) in programs {
        let path = workplace.path("bin").join(name);
        let script = format!("#!/bin/sh\necho $0 \"$@\" >> calls\n{script}\n");
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    }
    fs::write(workplace.path("frames"), [jpeg(0), jpeg(255)].concat()).unwrap();
    workplace
}

fn command(workplace: &Workplace, arguments: &[&str]) -> Command {
    let common = ["camera", "--model", "brightness.onnx"];
    let mut command = workplace.infer(&[&common, arguments].concat());
    let programs = workplace.path("bin").display().to_string();
    command.env("PATH", format!("{programs}:/usr/bin:/bin"));
    command
}

fn camera(workplace: &Workplace, arguments: &[&str]) -> Outcome {
    command(workplace, arguments).output().unwrap().into()
}

/// What the programs were started with.
fn calls(workplace: &Workplace) -> Vec<String> {
    let calls = fs::read_to_string(workplace.path("calls")).unwrap();
    let programs = workplace.path("bin").display().to_string() + "/";
    let call = |line: &str| line.replace(&programs, "");
    calls.lines().map(call).collect()
}

/// A v4l2-ctl whose camera has this format.
fn v4l2_ctl(pixels: &str, stream: &str) -> String {
    format!(
        "case \"$*\" in *--get-fmt-video*)\n\
         printf 'Format Video Capture:\\n\\tWidth/Height : 40/30\\n\\tPixel Format : %s (a name)\\n' \"'{pixels}'\"\n\
         exit;; esac\n{stream}"
    )
}

#[test]
fn a_device_is_recorded_until_it_is_gone() {
    let stream = "cat frames; printf '<<<<< 30.00 fps\\n<<VIDIOC_DQBUF: failed: No such device\\n' >&2; exit 3";
    let workplace = with_programs(&[("v4l2-ctl", &v4l2_ctl("MJPG", stream))]);
    let outcome = camera(&workplace, &["--frame", "40x30", "/dev/null"]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.output.contains("bright"), "{outcome:?}");
    let error = outcome.errors.lines().last().unwrap();
    assert_eq!(
        error,
        "error: /dev/null: expected v4l2-ctl to go on until Ctrl-C, found its end (exit status: 3): VIDIOC_DQBUF: failed: \
         No such device"
    );
    let told = "v4l2-ctl --device=/dev/null --set-fmt-video=width=40,height=30,pixelformat=MJPG";
    let expected = ["--get-fmt-video", "--stream-mmap --stream-to=-"];
    assert_eq!(
        calls(&workplace),
        expected.map(|more| format!("{told} {more}"))
    );
}

#[test]
fn raw_frames_of_a_device() {
    let stream = "head -c 4800 /dev/zero; printf 'YY' | head -c 1";
    let workplace = with_programs(&[("v4l2-ctl", &v4l2_ctl("YUYV", stream))]);
    let raw = ["--format", "yuyv", "--frame", "40x30", "/dev/zero"];
    let outcome = camera(&workplace, &raw);
    assert!(
        outcome.errors.starts_with("camera: 3 frames in "),
        "{outcome:?}"
    );
    assert!(calls(&workplace)[1].contains("pixelformat=YUYV --stream-mmap"));
    let refused = camera(&workplace, &["/dev/zero"]).failed();
    assert_eq!(
        refused,
        "error: /dev/zero: --format, --frame: expected a camera that gives MJPG, found YUYV of 40x30; `v4l2-ctl \
         --list-formats-ext` tells what it has\n"
    );
    let no_size = camera(&workplace, &["--format", "yuyv", "/dev/zero"]).failed();
    assert!(no_size.contains("expected WIDTHxHEIGHT with --format yuyv"));
}

#[test]
fn a_raspberry_pis_camera() {
    let failing = "echo 'ERROR: *** no cameras available ***' >&2; exit 255";
    let workplace = with_programs(&[("libcamera-vid", failing)]);
    let failed = |arguments: &[&str]| {
        let outcome = camera(&workplace, arguments);
        assert_eq!((outcome.code, &*outcome.output), (1, ""));
        outcome.errors.lines().last().unwrap().to_owned()
    };
    let said = "error: rpicam: expected libcamera-vid to go on until Ctrl-C, found its end (exit status: 255): ERROR: *** no \
                cameras available ***";
    assert_eq!(failed(&["rpicam"]), said);
    let told = "--codec=mjpeg --nopreview --timeout=0 --flush --verbose=0 --output=-";
    let newer = workplace.path("bin/rpicam-vid");
    fs::copy(workplace.path("bin/libcamera-vid"), newer).unwrap();
    let expected = said.replace("libcamera", "rpicam");
    assert_eq!(failed(&["--frame", "64x48", "rpicam"]), expected);
    assert_eq!(
        calls(&workplace),
        [
            format!("libcamera-vid {told}"),
            format!("rpicam-vid {told} --width=64 --height=48")
        ]
    );
    let raw = failed(&["--format", "grey", "--frame", "2x2", "rpicam"]);
    assert!(raw.starts_with("error: rpicam: --format: expected mjpeg with rpicam"));
}

#[test]
fn programs_that_are_missing() {
    let workplace = with_programs(&[]);
    for (camera, program, package) in [
        ("/dev/null", "v4l2-ctl", "v4l-utils"),
        ("rpicam", "rpicam-vid", "rpicam-apps"),
    ] {
        let mut command = command(&workplace, &[camera]);
        let outcome = Outcome::from(command.env("PATH", workplace.path("bin")).output().unwrap());
        assert_eq!(
            outcome.failed(),
            format!(
                "error: {camera}: expected the program {program}, which records cameras, found none; `sudo apt install \
                 {package}`\n"
            )
        );
    }
}

/// Whether a process is there and has not ended.
fn runs(process: &str) -> bool {
    let status = fs::read_to_string(Path::new("/proc").join(process).join("stat"));
    status.is_ok_and(|status| !status.contains(") Z "))
}

/// Sends a program a signal.
fn send(signal: &str, program: u32) {
    let mut kill = Command::new("kill");
    let sent = kill.args([format!("-{signal}"), program.to_string()]);
    assert!(sent.status().unwrap().success());
}

#[cfg(target_os = "linux")]
#[test]
fn no_program_is_left_that_is_asked() {
    let workplace = with_programs(&[("v4l2-ctl", "echo $$ > process; exec sleep 1000")]);
    let child = command(&workplace, &["/dev/null"]).spawn().unwrap();
    let process = loop {
        let process = fs::read_to_string(workplace.path("process")).unwrap_or_default();
        if process.ends_with('\n') {
            break process.trim().to_owned();
        }
        thread::sleep(Duration::from_millis(5));
    };
    assert!(runs(&process));
    send("TERM", child.id());
    assert_eq!(Outcome::from(child.wait_with_output().unwrap()).code, 143);
    while runs(&process) {
        thread::sleep(Duration::from_millis(5));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn no_program_is_left() {
    // With a program that it starts, which writes nothing.
    let stream = "cat frames; sleep 1000 & echo $! > process; echo $$ >> process; wait";
    for signal in ["INT", "TERM"] {
        let workplace = with_programs(&[("rpicam-vid", stream)]);
        let mut command = command(&workplace, &["rpicam"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        while !output.next().unwrap().unwrap().contains("bright") {}
        let processes = loop {
            let processes = fs::read_to_string(workplace.path("process")).unwrap_or_default();
            if processes.lines().count() == 2 {
                break processes;
            }
            thread::sleep(Duration::from_millis(5));
        };
        assert!(processes.lines().all(runs));
        send(signal, child.id());
        let outcome = Outcome::from(child.wait_with_output().unwrap());
        assert_eq!(outcome.code, if signal == "INT" { 130 } else { 143 });
        // The counts, and nothing of an end that was wanted.
        assert_eq!(outcome.errors.lines().count(), 1, "{}", outcome.errors);
        while processes.lines().any(runs) {
            thread::sleep(Duration::from_millis(5));
        }
    }
}
