use std::cell::Cell;
use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::rc::Rc;
use std::thread;

use image::GrayImage;
use no_std_core::format::stored_checksum;
use protocol::{Error, FRAME_LEN, Receiver, UNASKED};

use super::update::{Update, known_logits};
use super::*;
use crate::flash::FlashModel;
use crate::picture::PIXELS;
use crate::support::board;

mod answers;
mod noise;

const SHORT: Duration = Duration::from_millis(100);
const LONG: Duration = Duration::from_secs(20);

/// Greets whatever is at the other end.
fn greet(line: Box<dyn Line>, patience: Duration) -> Result<Device, DeviceError> {
    Device::greet(line, "board", patience, patience)
}

/// The firmware with the model of the repository.
fn firmware() -> UnixStream {
    let (host, board) = UnixStream::pair().unwrap();
    board::serve(board);
    host
}

fn pixels(seed: usize) -> Pixels {
    std::array::from_fn(|index| (index * seed / 5 % 256) as u8)
}

/// A board that sends what `answer` makes of the number of each request.
fn scripted(mut answer: impl FnMut(u8, &Request<'_>) -> Vec<u8> + Send + 'static) -> Box<dyn Line> {
    let (host, mut board) = UnixStream::pair().unwrap();
    thread::spawn(move || {
        let (mut receiver, mut buffer) = (Receiver::new(), [0; FRAME_LEN]);
        let mut byte = [0];
        while board.read_exact(&mut byte).is_ok() {
            if let Some(len) = receiver.push(byte[0], &mut buffer) {
                let (number, request) = protocol::parse(&buffer[..len.unwrap()]);
                let bytes = answer(number, &request.unwrap());
                if bytes == UNPLUG || board.write_all(&bytes).is_err() {
                    return;
                }
            }
        }
    });
    Box::new(host)
}

/// What a scripted board "sends" to be gone.
const UNPLUG: &[u8] = b"unplug";

fn frame(number: u8, reply: &Reply<'_>) -> Vec<u8> {
    protocol::encode(number, reply, &mut [0; FRAME_LEN])
        .unwrap()
        .to_vec()
}

const DESCRIPTION: Description<'_> = Description {
    board: "script",
    model: 1,
    classes: 2,
    box_side: 20,
    arena: 1000,
    max_width: 100,
    max_height: 100,
    self_test: SelfTest::Passed,
};

/// A board with two classes that answers the questions after the greeting as `answer` says.
fn greeted(mut answer: impl FnMut(u8, &Request<'_>) -> Vec<u8> + Send + 'static) -> Device {
    let board = scripted(move |number, request| match request {
        Request::Describe => frame(number, &Reply::Description(DESCRIPTION)),
        Request::Label { class } => {
            frame(number, &Reply::Label(["no", "yes"][usize::from(*class)]))
        }
        other => answer(number, other),
    });
    greet(board, SHORT).unwrap()
}

fn scores(class: u8) -> protocol::Scores {
    protocol::Scores {
        logits: [5, -5].into_iter().collect(),
        probabilities: [1 << 15, 1 << 14].into_iter().collect(),
        class,
        accepted: false,
        cycles: 7,
        stack: 8,
    }
}

fn greeting_error(line: Box<dyn Line>) -> String {
    greet(line, SHORT).unwrap_err().to_string()
}

fn scores_error(device: &Device) -> String {
    device.scores(&[0; PIXELS]).unwrap_err().to_string()
}

#[track_caller]
fn assert_has(text: &str, part: &str) {
    assert!(text.contains(part), "{text}");
}
