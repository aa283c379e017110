//! `infer camera`: streams of frames in, lines out.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use image::codecs::jpeg::JpegEncoder;
use image::{GrayImage, ImageEncoder, Luma};
use serde_json::Value;

use crate::program::{Outcome, Workplace, drawing};

/// What makes a plane of grey a frame.
type Encode<'e> = &'e dyn Fn(&Vec<u8>) -> Vec<u8>;

/// A frame of one grey as a JPEG.
pub fn jpeg(grey: u8) -> Vec<u8> {
    let picture = drawing(grey);
    encoded(&picture)
}

fn encoded(picture: &GrayImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut bytes, 95);
    let (width, height) = picture.dimensions();
    let written = encoder.write_image(picture, width, height, image::ExtendedColorType::L8);
    written.unwrap();
    bytes
}

fn camera(workplace: &Workplace, stream: &[u8], arguments: &[&str]) -> Outcome {
    fs::write(workplace.path("stream"), stream).unwrap();
    let command = ["camera", "--model", "brightness.onnx", "stream"];
    workplace.run(&[&command, arguments].concat())
}

/// Numbers and labels of the frames that were predicted, and what standard error said.
fn frames(outcome: Outcome) -> (Vec<(u64, String)>, String) {
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let lines = outcome.output.lines().map(|line| {
        let object: Value = serde_json::from_str(line).unwrap();
        assert!(object["seconds"].as_f64().unwrap() >= 0.0);
        let label = object["label"].as_str().unwrap().to_owned();
        (object["frame"].as_u64().unwrap(), label)
    });
    (lines.collect(), outcome.errors)
}

fn labels(expected: &[(u64, &str)]) -> Vec<(u64, String)> {
    let owned = |&(number, label): &(u64, &str)| (number, label.to_owned());
    expected.iter().map(owned).collect()
}

#[test]
fn a_stream_of_jpegs_with_broken_ones() {
    let workplace = Workplace::new();
    let dark = jpeg(0);
    let no_picture = b"\xFF\xD8\xFF\xE0\x00\x04ab\xFF\xD9".to_vec();
    let cut = dark[..dark.len() - 20].to_vec();
    let stream = [
        b"--frame\r\n\r\n".to_vec(),
        dark.clone(),
        cut.clone(),
        jpeg(255),
        no_picture,
        dark,
        cut,
    ]
    .concat();
    let (found, errors) = frames(camera(&workplace, &stream, &["--format", "mjpeg"]));
    assert_eq!(found, labels(&[(1, "dark"), (3, "bright"), (5, "dark")]));
    assert!(errors.starts_with("camera: 6 frames in "), "{errors}");
    let counts = ", 3 predicted, 0 dropped, 0 unchanged, 0 blank, 0 several drawings, 3 broken\n";
    assert!(errors.ends_with(counts), "{errors}");
}

#[test]
fn raw_frames() {
    let workplace = Workplace::new();
    // A dark frame, a bright one, one without a drawing, and one that is cut.
    let spotted = |base: u8, spot: u8| {
        let mut plane = vec![base; 40 * 30];
        plane[..90].fill(spot);
        plane
    };
    let planes = [
        spotted(20, 60),
        spotted(230, 180),
        vec![90; 1200],
        spotted(230, 180),
    ];
    let pixel = |grey: u8| {
        let [red, green] = [u16::from(grey) >> 3, u16::from(grey) >> 2];
        (red << 11 | green << 5 | red).to_le_bytes().to_vec()
    };
    let grey = |plane: &Vec<u8>| plane.clone();
    let rgb565 = |plane: &Vec<u8>| plane.iter().flat_map(|&grey| pixel(grey)).collect();
    let yuyv = |plane: &Vec<u8>| plane.iter().flat_map(|&luma| [luma, 128]).collect();
    let yuv420 = |plane: &Vec<u8>| [plane.clone(), vec![99; 600]].concat();
    let formats: [(&str, Encode); 4] = [
        ("grey", &grey),
        ("rgb565", &rgb565),
        ("yuyv", &yuyv),
        ("yuv420", &yuv420),
    ];
    for (format, encode) in formats {
        let mut stream: Vec<u8> = planes.iter().flat_map(encode).collect();
        stream.pop();
        let arguments = ["--format", format, "--frame", "40x30"];
        let (found, errors) = frames(camera(&workplace, &stream, &arguments));
        assert_eq!(found, labels(&[(1, "dark"), (2, "bright")]), "{format}");
        let counts = "2 predicted, 0 dropped, 0 unchanged, 1 blank, 0 several drawings, 1 broken\n";
        assert!(errors.ends_with(counts), "{format}: {errors}");
    }
}

#[test]
fn frames_without_motion_cost_nothing() {
    let workplace = Workplace::new();
    let half = GrayImage::from_fn(40, 40, |x, _| Luma([if x < 24 { 0 } else { 255 }]));
    let stream = [
        jpeg(0),
        jpeg(3),
        jpeg(0),
        encoded(&half),
        encoded(&half),
        jpeg(0),
    ]
    .concat();
    for (share, expected) in [
        ("0.3", &[(1, "dark"), (4, "dark"), (6, "dark")][..]),
        ("0.5", &[(1, "dark")]),
    ] {
        let arguments = ["--format", "mjpeg", "--motion", share];
        let (found, errors) = frames(camera(&workplace, &stream, &arguments));
        assert_eq!(found, labels(expected));
        let unchanged = format!("{} unchanged", 6 - expected.len());
        assert!(errors.contains(&unchanged), "{errors}");
    }
}

/// Frames that take far longer to be decoded than to be written.
#[test]
fn the_newest_frame_wins() {
    let workplace = Workplace::new();
    let grain = GrayImage::from_fn(1500, 1200, |x, y| {
        Luma([if x < 500 {
            0
        } else {
            ((x * 31) ^ (y * 17)) as u8
        }])
    });
    let frame = encoded(&grain);
    let command = [
        "camera",
        "--model",
        "brightness.onnx",
        "--format",
        "mjpeg",
        "-",
    ];
    let mut command = workplace.infer(&command);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stream = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || {
        for _ in 0..40 {
            stream.write_all(&frame).unwrap();
        }
    });
    let outcome = Outcome::from(child.wait_with_output().unwrap());
    writer.join().unwrap();
    let (found, errors) = frames(outcome);
    let numbers: Vec<u64> = found.into_iter().map(|(number, _)| number).collect();
    assert!(numbers.is_sorted_by(|a, b| a < b));
    assert_eq!(numbers.last(), Some(&40));
    let dropped = 40 - numbers.len();
    assert!(
        dropped > 0 && errors.contains(&format!(", {dropped} dropped,")),
        "{errors}"
    );
}

#[test]
fn what_is_no_stream() {
    let workplace = Workplace::new();
    let error = |stream: &[u8], arguments: &[&str]| {
        let outcome = camera(&workplace, stream, arguments);
        assert_eq!((outcome.code, &*outcome.output), (1, ""));
        outcome.errors.lines().last().unwrap().to_owned()
    };
    for (stream, arguments, expected) in [
        (
            &b""[..],
            &["--format", "mjpeg"][..],
            "expected frames, found an empty stream",
        ),
        (
            b"\xFF\xD8\xFF\xD9",
            &["--format", "mjpeg"],
            "expected frames as --format says, found none that is whole (1 broken)",
        ),
        (
            b"abc",
            &["--format", "grey", "--frame", "2x2"],
            "expected frames as --format says, found none that is whole (1 broken)",
        ),
        (
            b"",
            &["--format", "grey"],
            "--frame: expected WIDTHxHEIGHT with --format grey, as 640x480, found none",
        ),
        (
            b"",
            &["--format", "mjpeg", "--frame", "2x2"],
            "--frame: expected none with --format mjpeg, whose frames say their size; leave it out",
        ),
        (
            b"",
            &["--format", "yuyv", "--frame", "3x2"],
            "--frame: expected an even width with --format yuyv, found 3",
        ),
    ] {
        assert_eq!(
            error(stream, arguments),
            format!("error: stream: {expected}")
        );
    }
    for (option, value) in [
        ("--frame", "640"),
        ("--frame", "0x9"),
        ("--frame", "9x8193"),
        ("--motion", "1.5"),
        ("--motion", "NaN"),
    ] {
        let arguments = ["--format", "grey", option, value];
        assert_eq!(camera(&workplace, b"", &arguments).code, 2, "{value}");
    }
    let missing = workplace
        .run(&["camera", "--format", "mjpeg", "none"])
        .failed();
    assert_eq!(
        missing,
        "error: none: expected a file, found nothing of that name\n"
    );
    let folder = workplace
        .run(&["camera", "--format", "mjpeg", "."])
        .failed();
    assert_eq!(folder, "error: .: expected a file, found a folder\n");
}

#[cfg(unix)]
#[test]
fn the_counts_are_told_at_ctrl_c() {
    let workplace = Workplace::new();
    let command = [
        "camera",
        "--model",
        "brightness.onnx",
        "--format",
        "mjpeg",
        "-",
    ];
    let mut command = workplace.infer(&command);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stream = child.stdin.take().unwrap();
    stream.write_all(&jpeg(0)).unwrap();
    let mut line = String::new();
    let mut output = std::io::BufReader::new(child.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut output, &mut line).unwrap();
    assert!(line.contains("\"frame\":1,"), "{line}");
    let id = child.id().to_string();
    let sent = std::process::Command::new("kill")
        .args(["-INT", &id])
        .status();
    assert!(sent.unwrap().success());
    let outcome = Outcome::from(child.wait_with_output().unwrap());
    drop(stream);
    assert_eq!(outcome.code, 130);
    assert!(
        outcome.errors.starts_with("camera: 1 frames in "),
        "{}",
        outcome.errors
    );
}

#[test]
fn frames_are_prepared_as_the_model_is_surer() {
    let workplace = Workplace::new();
    for (at, grey) in [0, 130, 255].into_iter().enumerate() {
        let name = format!("{at}.jpg");
        fs::write(workplace.path(&name), jpeg(grey)).unwrap();
        let auto = ["--json", "--prepare", "auto", &name];
        let predicted = workplace.predict_with("brightness.onnx", &auto).succeeded();
        let seen = camera(&workplace, &jpeg(grey), &["--prepare", "auto"]).output;
        let [predicted, seen] = [predicted, seen].map(|line| {
            let mut object: Value = serde_json::from_str(&line).unwrap();
            assert!(object["prepared"].is_string(), "{object}");
            let fields = object.as_object_mut().unwrap();
            for field in ["file", "frame", "seconds", "elapsed_microseconds"] {
                fields.remove(field);
            }
            object
        });
        assert_eq!(seen, predicted);
    }
}
