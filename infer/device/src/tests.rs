use std::cell::Cell;
use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::rc::Rc;
use std::thread;

use no_std_core::format::stored_checksum;
use no_std_core::{Model, Output as CoreOutput, quantize_pixel};
use protocol::{FRAME_LEN, Receiver, SelfTest, UNASKED};

use super::update::Update;
use super::*;

mod answers;
#[path = "../../tests/support/board.rs"]
mod board;
mod noise;
mod observe;

const PIXELS: usize = 784;

const SHORT: Duration = Duration::from_millis(100);
const LONG: Duration = Duration::from_secs(20);

/// Greets whatever is at the other end.
fn greet(line: Box<dyn Line>, patience: Duration) -> Result<Device, DeviceError> {
    Device::greet(line, patience, patience)
}

/// The firmware with the model of the repository.
fn firmware() -> UnixStream {
    let (host, board) = UnixStream::pair().unwrap();
    board::serve(board);
    host
}

fn pixels(seed: usize) -> [u8; PIXELS] {
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

const fn tensor(rows: u16, columns: u16) -> Tensor {
    Tensor {
        rows,
        columns,
        channels: 1,
        zero_point: -128,
        scale: 0,
    }
}

const SPEC: Spec = Spec {
    input: tensor(28, 28),
    preparation: Preparation::CENTRED.to_bytes(),
    output: tensor(1, 2),
    output_kind: OutputKind::Classes as u8,
    labels: true,
};

const DESCRIPTION: Description<'_> = Description {
    board: "script",
    checksum: 1,
    model: Ok(SPEC),
    room: Room {
        arena: 1000,
        slot: 1 << 20,
        kinds: 0b1010,
        forms: 7,
        window: 0,
        width: 100,
        height: 100,
    },
};

/// A board with two classes that answers the questions after the greeting as `answer` says.
fn greeted(mut answer: impl FnMut(u8, &Request<'_>) -> Vec<u8> + Send + 'static) -> Device {
    let board = scripted(move |number, request| match request {
        Request::Describe => frame(number, &Reply::Description(DESCRIPTION)),
        Request::Label { class } => frame(
            number,
            &Reply::Label([&b"no"[..], b"yes"][usize::from(*class)]),
        ),
        other => answer(number, other),
    });
    greet(board, SHORT).unwrap()
}

/// What a board answers that makes the same of everything, unless `answer` has another answer to the beginning of a run.
fn running(
    mut answer: impl FnMut(u8) -> Vec<u8> + Send + 'static,
) -> impl FnMut(u8, &Request<'_>) -> Vec<u8> + Send + 'static {
    move |number, request| match request {
        Request::Begin { .. } => answer(number),
        Request::Values { .. } => frame(number, &Reply::Values(&[5, 251])),
        Request::Probabilities { .. } => frame(number, &probabilities()),
        other => panic!("{other:?}"),
    }
}

fn probabilities() -> Reply<'static> {
    Reply::Probabilities([1 << 15, 1 << 14].into_iter().collect())
}

fn output(class: u16) -> Reply<'static> {
    Reply::Output(Output {
        len: 2,
        outcome: Outcome::Class {
            class,
            probability: 1 << 15,
        },
        accepted: false,
        cycles: 7,
        stack: 8,
    })
}

/// The answer to an image that is sent as it is.
fn run(device: &Device, pixels: &[u8; PIXELS]) -> Result<Answer, DeviceError> {
    device.run(&Input {
        bytes: pixels,
        rows: 28,
        prepare: false,
    })
}

fn greeting_error(line: Box<dyn Line>) -> String {
    greet(line, SHORT).unwrap_err().to_string()
}

fn run_error(device: &Device) -> String {
    run(device, &[0; PIXELS]).unwrap_err().to_string()
}

#[track_caller]
fn assert_has(text: &str, part: &str) {
    assert!(text.contains(part), "{text}");
}
