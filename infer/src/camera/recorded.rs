//! What the programs are told that record cameras.

use std::path::Path;
use std::process::ChildStdout;

use no_std_core::prepare::Encoding;

use super::recorder::{Program, Recorder, output};
use super::{CameraError, Format};

const V4L2: Program = Program {
    name: "v4l2-ctl",
    package: "v4l-utils",
};

const RPICAM: Program = Program {
    name: "rpicam-vid",
    package: "rpicam-apps",
};

/// What older systems have in its place.
const LIBCAMERA: Program = Program {
    name: "libcamera-vid",
    ..RPICAM
};

/// Records a camera of V4L2.
pub fn device(
    path: &Path,
    format: Format,
    size: Option<[u32; 2]>,
) -> Result<(Recorder, ChildStdout), CameraError> {
    let pixels = four_letters(format);
    let sides = size.map_or_else(String::new, |[width, height]| {
        format!("width={width},height={height},")
    });
    let mut arguments = vec![
        format!("--device={}", path.display()),
        format!("--set-fmt-video={sides}pixelformat={pixels}"),
    ];
    // A driver that has not what it is asked for gives something else.
    arguments.push("--get-fmt-video".to_owned());
    check(&output(V4L2, &arguments)?, pixels, size)?;
    arguments.pop();
    arguments.extend(["--stream-mmap", "--stream-to=-"].map(String::from));
    Recorder::start(V4L2, &arguments)
}

/// Records a Raspberry Pi's own camera, as JPEGs.
pub fn rpicam(size: Option<[u32; 2]>) -> Result<(Recorder, ChildStdout), CameraError> {
    let mut arguments: Vec<String> = [
        "--codec=mjpeg",
        "--nopreview",
        "--timeout=0",
        "--flush",
        "--verbose=0",
        "--output=-",
    ]
    .map(String::from)
    .into();
    if let Some([width, height]) = size {
        arguments.extend([format!("--width={width}"), format!("--height={height}")]);
    }
    match Recorder::start(RPICAM, &arguments) {
        Err(CameraError::NoProgram { .. }) => match Recorder::start(LIBCAMERA, &arguments) {
            Err(CameraError::NoProgram { .. }) => Err(RPICAM.missing()),
            started => started,
        },
        started => started,
    }
}

/// What V4L2 calls a format.
fn four_letters(format: Format) -> &'static str {
    match format {
        Format::Mjpeg => "MJPG",
        Format::Raw { encoding, .. } => match encoding {
            Encoding::Grey => "GREY",
            Encoding::Rgb565 => "RGBP",
            Encoding::Yuyv => "YUYV",
            Encoding::Yuv420 => "YU12",
        },
    }
}

/// Compares what a camera gives, as v4l2-ctl describes it, with what it is to give.
fn check(description: &str, pixels: &str, size: Option<[u32; 2]>) -> Result<(), CameraError> {
    let value = |key: &str| {
        let mut lines = description.lines().filter_map(|line| line.split_once(':'));
        lines.find_map(|(name, value)| (name.trim() == key).then(|| value.trim()))
    };
    let found_pixels = value("Pixel Format").and_then(|value| value.split('\'').nth(1));
    let found_size = value("Width/Height").map(|value| value.replace('/', "x"));
    let size = size.map(|[width, height]| format!("{width}x{height}"));
    let is_other_size = size.is_some() && found_size.is_some() && size != found_size;
    if !is_other_size && found_pixels.is_none_or(|found| found == pixels) {
        return Ok(());
    }
    let named = |pixels: &str, size: Option<String>| match size {
        Some(size) => format!("{pixels} of {size}"),
        None => pixels.to_owned(),
    };
    Err(CameraError::Other {
        found: named(found_pixels.unwrap_or(pixels), found_size),
        expected: named(pixels, size),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_camera_that_gives_something_else_is_noticed() {
        let given = "Format Video Capture:\n\tWidth/Height      : 640/480\n\
                     \tPixel Format      : 'YUYV' (YUYV 4:2:2)\n\tField             : None\n";
        let refusal = |pixels, size| {
            check(given, pixels, size)
                .err()
                .map(|error| error.to_string())
        };
        assert_eq!(refusal("YUYV", None), None);
        assert_eq!(refusal("YUYV", Some([640, 480])), None);
        for (pixels, size, expected) in [
            ("MJPG", None, "MJPG, found YUYV of 640x480"),
            (
                "MJPG",
                Some([640, 480]),
                "MJPG of 640x480, found YUYV of 640x480",
            ),
            (
                "YUYV",
                Some([480, 640]),
                "YUYV of 480x640, found YUYV of 640x480",
            ),
        ] {
            let refusal = refusal(pixels, size).unwrap();
            assert!(refusal.contains(&format!(" {expected};")), "{refusal}");
        }
        // Whatever else it may say.
        assert!(check("", "MJPG", Some([1, 1])).is_ok());
    }
}
