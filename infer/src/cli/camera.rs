//! `infer camera`.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum, value_parser};
use no_std_core::prepare::{Encoding, PrepareError};

use super::{Error, ModelArgs, Prepare, write_json};
use crate::camera::{
    self, CameraError, Counts, Fate, Format, Frame, Motion, Origin, Recorder, say_counts,
};
use crate::device::Device;
use crate::engine::Engine;
use crate::error::RunError;
use crate::file::{InFile, display_name};
use crate::input::{Decoded, InputError};
use crate::open::Choice;
use crate::picture::{self, PictureError};
use crate::predict::{Prediction, predict, predict_on_board};
use crate::prepare::Preparing;
use crate::report::{FrameReport, Measured};
use crate::source::Source;

/// From one word about the frame rate to the next.
const PAUSE: Duration = Duration::from_secs(10);

/// The longest side of a frame, in pixels.
const MAX_SIDE: u32 = picture::MAX_SIDE;

#[derive(Debug, Args)]
#[command(after_long_help = "\
A camera on USB, on Linux, by the program v4l2-ctl of the package v4l-utils:
    infer camera /dev/video0
    infer camera --format yuyv --frame 640x480 /dev/video0
A Raspberry Pi's own camera, by its program rpicam-vid:
    infer camera rpicam
A camera on the network, and whatever else writes frames:
    curl -sN http://camera/stream.mjpg | infer camera -
    rpicam-vid -t 0 --width 640 --height 480 --codec yuv420 -o - | infer camera --format yuv420 --frame 640x480 -

Each line of the output is a JSON object: the number of a frame, the seconds since the stream was opened, and what `infer \
predict --json` says of pictures. A frame that comes while another one is worked on takes the place of the one that waits; of \
a regular file none is dropped. Every ten seconds and at the end, standard error says how many frames came and what became \
of them.")]
pub struct Camera {
    #[command(flatten)]
    model: ModelArgs,

    /// What runs the model
    #[arg(long, value_enum, default_value_t, conflicts_with = "device")]
    engine: Choice,

    /// How a frame becomes the pixels of the model [default: as the model's file says, else plain]
    #[arg(long, value_enum, requires_if("board", "device"))]
    prepare: Option<Prepare>,

    /// How frames come, or how a camera is to give them
    #[arg(long, value_enum, default_value_t)]
    format: FrameFormat,

    /// Width and height of frames that do not say it, in pixels, or those that a camera is to give
    #[arg(long, value_name = "WIDTHxHEIGHT", value_parser = size)]
    frame: Option<[u32; 2]>,

    /// Pass over frames in which less than this share of the picture, 0 to 1, differs from the last one predicted
    #[arg(long, value_name = "SHARE", value_parser = share)]
    motion: Option<f64>,

    /// Tell the N likeliest classes
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = value_parser!(u32).range(1..))]
    top: u32,

    /// Camera, as /dev/video0, or rpicam for a Raspberry Pi's own; or stream of frames: a pipe, a file, or - for standard
    /// input
    #[arg(value_name = "CAMERA")]
    origin: PathBuf,
}

/// How frames come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum FrameFormat {
    /// JPEG files one after the other
    #[default]
    Mjpeg,
    /// Luma, then blue and red chroma of 2 x 2 pixels each (I420), in the range of BT.601
    Yuv420,
    /// Luma, blue chroma, luma, red chroma of two pixels (YUY2), in the range of BT.601
    Yuyv,
    /// Two bytes a pixel, the low one first
    Rgb565,
    /// One byte a pixel
    Grey,
}

impl FrameFormat {
    /// With the size of frames, which JPEGs say themselves; who records them may be asked for it.
    fn of(self, size: Option<[u32; 2]>, origin: &Origin) -> Result<Format, CameraError> {
        let (encoding, name) = match self {
            Self::Mjpeg if size.is_some() && !origin.is_recorded() => {
                return Err(CameraError::Size);
            }
            Self::Mjpeg => return Ok(Format::Mjpeg),
            Self::Yuv420 => (Encoding::Yuv420, "--format yuv420"),
            Self::Yuyv => (Encoding::Yuyv, "--format yuyv"),
            Self::Rgb565 => (Encoding::Rgb565, "--format rgb565"),
            Self::Grey => (Encoding::Grey, "--format grey"),
        };
        let [width, height] = size.ok_or(CameraError::NoSize(name))?;
        let len = encoding.frame_len(width, height);
        Ok(Format::Raw {
            encoding,
            width,
            height,
            len: len.ok_or(CameraError::OddWidth(width))?,
        })
    }
}

fn size(text: &str) -> Result<[u32; 2], String> {
    let side = |text: &str| {
        text.parse()
            .ok()
            .filter(|side| (1..=MAX_SIDE).contains(side))
    };
    let sides = text.split_once('x');
    let sides = sides.and_then(|(width, height)| Some([side(width)?, side(height)?]));
    sides.ok_or_else(|| format!("expected WIDTHxHEIGHT as 640x480, each 1 to {MAX_SIDE}"))
}

fn share(text: &str) -> Result<f64, String> {
    let share = text
        .parse()
        .ok()
        .filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "expected a number from 0 to 1".into())
}

/// Runs the model on the newest frame until the stream ends.
pub fn run(options: &Camera, output: &mut impl Write) -> Result<(), Error> {
    let origin = Origin::of(&options.origin);
    let format = options.format.of(options.frame, &origin);
    let format = format.map_err(|error| named(options, error))?;
    options.model.open(options.engine, |engine, device| {
        let on_board = matches!(options.prepare, Some(Prepare::Board));
        let channels = engine.spec().input.picture().map(|shape| shape[2]);
        let wish = options.prepare.and_then(Prepare::wish);
        let mut worker = Worker {
            options,
            engine,
            preparing: Preparing::of(engine.spec(), wish)?,
            board: device.filter(|_| on_board),
            motion: options.motion.map(Motion::new),
            channels: channels.ok_or_else(|| not_of_pictures(options, engine))?,
            counts: Counts::start(),
        };
        worker.work(&origin, format, output)
    })
}

/// Says of which stream an error is.
fn named(options: &Camera, error: CameraError) -> Error {
    Error::Camera(InFile::named(&display_name(&options.origin))(error))
}

/// The refusal of a model that takes no pictures.
fn not_of_pictures(options: &Camera, engine: &dyn Engine) -> Error {
    let refusal = InputError::NoPicture {
        expected: engine.spec().input.describe(),
        found: "a camera",
    };
    Source(options.origin.clone()).named()(refusal).into()
}

/// What runs the model.
struct Worker<'e> {
    options: &'e Camera,
    engine: &'e dyn Engine,
    preparing: Preparing,
    /// The board that prepares the frames itself.
    board: Option<&'e Device>,
    motion: Option<Motion>,
    /// Of the model's pictures.
    channels: usize,
    counts: Arc<Counts>,
}

impl Worker<'_> {
    fn work(
        &mut self,
        origin: &Origin,
        format: Format,
        output: &mut impl Write,
    ) -> Result<(), Error> {
        let opened = camera::open(origin, format, self.options.frame, &self.counts);
        let (latest, recorder) = opened.map_err(|error| named(self.options, error))?;
        let mut told = Instant::now();
        let ended = loop {
            let frame = match latest.take() {
                Ok(Some(frame)) => frame,
                end => break end,
            };
            self.take(format, &frame, output)?;
            if told.elapsed() >= PAUSE {
                told = Instant::now();
                say_counts();
            }
        };
        let recorder_ended = recorder.map(Recorder::ended);
        say_counts();
        let (frames, broken) = (self.counts.frames(), self.counts.of(Fate::Broken));
        let error = match (ended, recorder_ended) {
            (Err(error), _) => CameraError::Read(error.into()),
            (_, Some(error)) => error,
            _ if frames == 0 => CameraError::Empty,
            _ if frames == broken => CameraError::Broken(broken),
            _ => return Ok(()),
        };
        Err(named(self.options, error))
    }

    /// Predicts a frame and prints that, or counts it as what it is.
    fn take(
        &mut self,
        format: Format,
        frame: &Frame,
        output: &mut impl Write,
    ) -> Result<(), Error> {
        let fate = match self.predict(format, &frame.bytes) {
            Ok(prediction) => {
                let labels = self.engine.spec().labels();
                let measured = Measured::new(self.engine.spec(), &prediction);
                let measured = measured.with_top(self.options.top as usize, labels);
                write_json(output, &FrameReport::new(frame.number, frame.at, measured))?;
                output.flush()?;
                Fate::Predicted
            }
            Err(Passed::As(fate)) => fate,
            Err(Passed::Failed(error)) => return Err(*error),
        };
        self.counts.count(fate);
        Ok(())
    }

    fn predict(&mut self, format: Format, frame: &[u8]) -> Result<Prediction, Passed> {
        let frame = format.decode(frame, self.channels);
        let frame = frame.map_err(|_| Passed::As(Fate::Broken))?;
        if let Some(motion) = &mut self.motion
            && !motion.sees(&frame, self.channels as u32).map_err(passed)?
        {
            return Err(Passed::As(Fate::Unchanged));
        }
        if let Some(board) = self.board {
            let Decoded { pixels, rows } = frame;
            return Ok(predict_on_board(board, &(pixels, rows))?);
        }
        let spec = &self.engine.spec().input;
        let of = |preparation| spec.of_decoded(&frame, preparation);
        let candidates = self.preparing.candidates(of).map_err(passed)?;
        Ok(predict(self.engine, &candidates)?)
    }
}

/// Why a frame was not predicted.
enum Passed {
    /// The next one may be.
    As(Fate),
    Failed(Box<Error>),
}

impl From<InFile<RunError>> for Passed {
    fn from(error: InFile<RunError>) -> Self {
        let of_picture = match &error.problem {
            RunError::Device(error) => error.of_picture(),
            _ => None,
        };
        of_picture.map_or_else(|| Self::Failed(Box::new(error.into())), passed)
    }
}

/// What a frame that gives no input counts as.
fn passed(error: impl Into<PictureError>) -> Passed {
    Passed::As(match error.into() {
        PictureError::Blank | PictureError::Prepare(PrepareError::NoInk) => Fate::Blank,
        PictureError::Prepare(PrepareError::Several) => Fate::Several,
        _ => Fate::Broken,
    })
}
