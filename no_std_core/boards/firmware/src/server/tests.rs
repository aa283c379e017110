//! A board whose host is a function.

use std::boxed::Box;
use std::collections::VecDeque;
use std::vec;
use std::vec::Vec;

use no_std_core::format::{self, stored_checksum};
use no_std_core::prepare::{Fit, Pixels, Preparation, Rows};
use no_std_core::{Model, quantize_pixel};
use protocol::{Description, FRAME_LEN, Outcome, Receiver, Room, Spec, Tensor, next_number};

use super::*;
use crate::model::{ARENA_LEN, FORMS, KINDS, OPERATORS};

mod observe;
mod pictures;
mod update;

/// Pixels of an image for the model of the boards, and its sides.
const PIXELS: usize = 784;
const SIDE: u16 = 28;

/// Bytes of memory for tensors: more than the model of the boards takes.
const ROOM: usize = ARENA_LEN + 64;

/// What the host sends on a reply.
type Host<'h> = Box<dyn FnMut(u8, Reply<'static>) -> Vec<u8> + 'h>;

/// The number of a reply, and the reply.
type Answer = (u8, Reply<'static>);

struct FakeBoard<'h> {
    host: Host<'h>,
    /// On the way to the board.
    line: VecDeque<u8>,
    receiver: Receiver,
    light: Vec<bool>,
    cycles: u32,
    pause: bool,
}

impl<'h> FakeBoard<'h> {
    fn new(host: impl FnMut(u8, Reply<'static>) -> Vec<u8> + 'h) -> Self {
        Self {
            host: Box::new(host),
            line: VecDeque::new(),
            receiver: Receiver::new(),
            light: vec![],
            cycles: 0,
            pause: false,
        }
    }
}

impl Board for FakeBoard<'_> {
    const NAME: &'static str = "fake";

    fn read(&mut self) -> Result<Option<u8>, Closed> {
        // A pause before each byte.
        self.pause = !self.pause;
        if self.pause {
            return Ok(None);
        }
        self.line.pop_front().map(Some).ok_or(Closed)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Closed> {
        let mut buffer = [0; FRAME_LEN];
        for &byte in bytes {
            if let Some(len) = self.receiver.push(byte, &mut buffer) {
                // Leaked, so that it can be kept.
                let payload = buffer[..len.unwrap()].to_vec().leak();
                let (number, reply) = protocol::parse(payload);
                self.line.extend((self.host)(number, reply.unwrap()));
            }
        }
        Ok(())
    }

    fn light(&mut self, on: bool) {
        self.light.push(on);
    }

    fn cycles(&mut self) -> u32 {
        self.cycles = self.cycles.wrapping_add(1 << 20);
        self.cycles
    }

    fn stack_used(&self) -> u32 {
        1234
    }
}

/// Starts a board with a model and talks until the host has nothing more to say. Returns what the light did.
fn converse(current: Current<'_>, host: impl FnMut(u8, Reply<'static>) -> Vec<u8>) -> Vec<bool> {
    let (mut board, mut link, mut arena) = (FakeBoard::new(host), Link::new(), [0; ROOM]);
    let none = None::<Spare<'_, NoFlash>>;
    let mut server = Server::start(&mut board, current, none, &mut link, &mut arena);
    assert_eq!(server.talk(), End::Closed);
    board.light
}

/// The answers to these bytes, without the description at the start, and what the light did.
fn answers_of(current: Current<'_>, bytes: &[u8]) -> (Vec<Answer>, Vec<bool>) {
    let (mut answers, mut bytes) = (vec![], bytes.to_vec());
    let light = converse(current, |number, reply| {
        answers.push((number, reply));
        core::mem::take(&mut bytes)
    });
    assert!(matches!(
        answers.remove(0),
        (UNASKED, Reply::Description(_))
    ));
    (answers, light)
}

fn answers(bytes: &[u8]) -> Vec<Answer> {
    answers_of(BUILT_IN, bytes).0
}

fn frame(number: u8, message: &Request<'_>) -> Vec<u8> {
    let mut buffer = [0; FRAME_LEN];
    let frame = protocol::encode(number, message, &mut buffer);
    frame.unwrap().to_vec()
}

fn begin(rows: u16, row_len: u32, prepare: bool) -> Request<'static> {
    Request::Begin {
        rows,
        row_len,
        prepare,
    }
}

fn piece(offset: u32, bytes: &[u8]) -> Request<'_> {
    Request::Input { offset, bytes }
}

/// What a host sends of an image that is to be run as it is: all requests at once, from the number on.
fn show(number: u8, pixels: &[u8; PIXELS]) -> Vec<u8> {
    let (first, second) = pixels.split_at(CHUNK_LEN);
    [
        frame(number, &begin(SIDE, SIDE.into(), false)),
        frame(number + 1, &piece(0, first)),
        frame(number + 2, &piece(CHUNK_LEN as u32, second)),
        frame(number + 3, &Request::Values { offset: 0 }),
        frame(number + 4, &Request::Probabilities { class: 0 }),
    ]
    .concat()
}

/// How a board describes itself with the built-in model or one like it, or says what is wrong.
fn description(file: &[u8], fault: Option<SelfTest>, slot: usize) -> Reply<'static> {
    let tensor = |record: format::TensorRecord| Tensor {
        rows: record.shape.rows,
        columns: record.shape.columns,
        channels: record.shape.channels,
        zero_point: record.zero_point,
        scale: record.scale,
    };
    let model = Model::new(MODEL).unwrap();
    let spec = Spec {
        input: tensor(model.input()),
        preparation: [0; 8],
        output: tensor(model.output()),
        output_kind: 1,
        labels: true,
    };
    Reply::Description(Description {
        board: "fake",
        checksum: stored_checksum(file).unwrap_or_default(),
        model: fault.map_or(Ok(spec), Err),
        room: Room {
            arena: ROOM as u32,
            slot: slot as u32,
            kinds: KINDS,
            forms: FORMS,
            window: 0,
            width: 768,
            height: 8192,
        },
    })
}

fn image(seed: usize) -> [u8; PIXELS] {
    core::array::from_fn(|index| (index * seed / 7 % 256) as u8)
}

/// That the answers are what the core makes of an image: output, values and probabilities.
#[track_caller]
fn assert_output(answers: &[&Reply<'_>], image: &[i8]) {
    let [
        Reply::Output(output),
        Reply::Values(values),
        Reply::Probabilities(probabilities),
    ] = answers
    else {
        panic!("{answers:?}");
    };
    let (model, mut arena) = (Model::new(MODEL).unwrap(), [0; ARENA_LEN]);
    let Output::Classes(expected) = no_std_core::run(&model, image, &mut arena).unwrap() else {
        panic!("the model tells classes apart");
    };
    let outcome = Outcome::Class {
        class: expected.class() as u16,
        probability: expected.probability(),
    };
    assert_eq!((output.len, output.outcome), (10, outcome));
    assert_eq!(output.accepted, expected.accepted());
    assert!(output.cycles > 0);
    assert_eq!(output.stack, 1234);
    assert_eq!(bytemuck::cast_slice::<u8, i8>(values), expected.logits());
    assert!(expected.probabilities().eq(probabilities.iter().copied()));
}

/// The answers of these numbers.
fn of(answers: &[Answer], numbers: core::ops::Range<u8>) -> Vec<&Reply<'static>> {
    let asked = answers
        .iter()
        .filter(|(number, _)| numbers.contains(number));
    asked.map(|(_, reply)| reply).collect()
}

#[test]
fn a_board_in_order_says_so_and_lights_up() {
    let (answers, light) = answers_of(BUILT_IN, &frame(9, &Request::Describe));
    assert_eq!(answers, [(9, description(MODEL, None, 0))]);
    assert_eq!(light, [false, true]);
}

#[test]
fn every_class_has_its_label() {
    let requests = (0..11).flat_map(|class| frame(class as u8 + 1, &Request::Label { class }));
    let model = Model::new(MODEL).unwrap();
    let labels = model.label_bytes().map(Reply::Label);
    let replies = labels.chain([Reply::Error(Error::Class)]);
    let expected: Vec<_> = (1..).zip(replies).collect();
    assert_eq!(answers(&requests.collect::<Vec<_>>()), expected);
}

#[test]
fn images_get_the_output_of_the_core() {
    let images = [image(1), image(31), [0; PIXELS], [255; PIXELS]];
    let requests = (1..).step_by(5).zip(&images);
    let requests = requests.flat_map(|(number, pixels)| show(number, pixels));
    let answers = answers(&requests.collect::<Vec<_>>());
    for (number, image) in (1..).step_by(5).zip(&images) {
        let wishes = [(0, 512), (512, 272)].map(|(offset, len)| Reply::NeedInput { offset, len });
        assert_eq!(of(&answers, number..number + 2), wishes.each_ref());
        assert_output(
            &of(&answers, number + 2..number + 5),
            &image.map(quantize_pixel),
        );
    }
}

#[test]
fn the_last_piece_may_come_again() {
    let shown = show(1, &image(3));
    let again = frame(3, &piece(512, &[0; 272]));
    let answers = answers(&[shown, again, frame(6, &Request::Values { offset: 3 })].concat());
    let [first, .., last] = &of(&answers, 3..4)[..] else {
        panic!("{answers:?}");
    };
    assert_eq!(first, last);
    let [Reply::Values(all), _, Reply::Values(some)] = &of(&answers, 4..7)[..] else {
        panic!("{answers:?}");
    };
    assert_eq!(&all[3..], *some);
}

#[test]
fn a_board_out_of_order_runs_nothing() {
    let mut damaged = MODEL.to_vec();
    *damaged.last_mut().unwrap() ^= 1;
    let at = Model::new(&damaged).unwrap_err().at;
    let cases = [
        (&damaged[..], ANSWER, SelfTest::Model { at }),
        (&[], ANSWER, SelfTest::Model { at: 0 }),
        (MODEL, ANSWER ^ 1, SelfTest::Answer),
    ];
    let run = begin(SIDE, SIDE.into(), true);
    let others = [Request::Label { class: 0 }, Request::Values { offset: 0 }];
    let requests = [Request::Describe, run].into_iter().chain(others);
    let requests: Vec<u8> = (1..)
        .zip(requests)
        .flat_map(|(number, request)| frame(number, &request))
        .collect();
    for (file, answer, self_test) in cases {
        let (answers, light) = answers_of(Current { file, answer }, &requests);
        assert_eq!(answers[0], (1, description(file, Some(self_test), 0)));
        assert_eq!(
            answers[1..],
            [2, 3, 4].map(|number| (number, Reply::Error(Error::SelfTest)))
        );
        let (start, blinking) = light.split_at(2);
        assert_eq!(start, [false, false]);
        assert!(blinking.contains(&true) && blinking.contains(&false));
    }
}

#[test]
fn a_model_that_takes_more_memory_than_there_is_says_how_much() {
    let mut board = FakeBoard::new(|_, _| vec![]);
    let (mut link, mut arena) = (Link::new(), [0; ARENA_LEN - 1]);
    let none = None::<Spare<'_, NoFlash>>;
    let server = Server::start(&mut board, BUILT_IN, none, &mut link, &mut arena);
    let needed = ARENA_LEN as u32;
    assert_eq!(server.model.err(), Some(SelfTest::Arena { needed }));
}

#[test]
fn what_cannot_be_fulfilled_is_refused() {
    let update = Request::BeginUpdate {
        len: 64,
        checksum: 0,
    };
    let write = Request::WriteChunk {
        offset: 0,
        bytes: &[0; 16],
    };
    let requests = [
        (begin(28, 27, false), Error::Size),
        (begin(27, 28, true), Error::Size),
        (begin(u16::MAX, u32::MAX, true), Error::Size),
        (piece(0, &[0; 28]), Error::Piece),
        (Request::Values { offset: 0 }, Error::NoOutput),
        (Request::Probabilities { class: 0 }, Error::NoOutput),
        (update, Error::NoUpdate),
        (write, Error::NoUpdate),
        (Request::Commit { answer: 0 }, Error::NoUpdate),
    ];
    let mut cases = requests
        .map(|(request, error)| (frame(1, &request), error))
        .to_vec();
    let mut buffer = [0; FRAME_LEN];
    let unknown = protocol::encode(1, &99_u8, &mut buffer).unwrap().to_vec();
    cases.push((unknown, Error::Unknown));
    // Descriptions asked for in other versions: stuffed bytes of the version, the number, the request and their CRC-32.
    for version in [
        [0, 3, 1, 1, 5, 0x64, 0x82, 0x98, 0xE7, 0],
        [0, 3, 3, 1, 5, 0x0A, 0x56, 0x1C, 0xE4, 0],
    ] {
        cases.push((version.to_vec(), Error::Version));
    }
    for (request, error) in cases {
        let requests = [request, frame(2, &Request::Describe)].concat();
        let passed = description(MODEL, None, 0);
        assert_eq!(answers(&requests), [(1, Reply::Error(error)), (2, passed)]);
    }
}

#[test]
fn damaged_frames_are_reported_and_the_next_one_is_answered() {
    let request = frame(5, &piece(0, &image(3)[..300]));
    let mut changed = request.clone();
    changed[100] ^= 0x55;
    let noise = vec![0xA5; 3000];
    for damaged in [&changed[..], &request[..200], &noise, &[3]] {
        let answers = answers(&[damaged, &request].concat());
        let expected = [(UNASKED, Error::Damaged), (5, Error::Piece)];
        assert_eq!(
            answers,
            expected.map(|(number, error)| (number, Reply::Error(error)))
        );
    }
}
