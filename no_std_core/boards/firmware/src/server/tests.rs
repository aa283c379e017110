//! A board whose host is a function.

use std::boxed::Box;
use std::collections::VecDeque;
use std::vec;
use std::vec::Vec;

use no_std_core::format;
use no_std_core::prepare::{Pixels, Preparation, Rows};
use no_std_core::{Model, Output, quantize_pixel};
use protocol::{FRAME_LEN, PIXELS, Receiver, next_number};

use super::*;

mod pictures;
mod update;

const TINY: &[u8] = include_bytes!("../../../../tests/tiny.q8");

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
fn converse(
    file: &[u8],
    logits: &[i8],
    host: impl FnMut(u8, Reply<'static>) -> Vec<u8>,
) -> Vec<bool> {
    let (mut board, mut memory) = (FakeBoard::new(host), Memory::new());
    let none = None::<Spare<'_, NoFlash>>;
    let mut server = Server::start(&mut board, Current { file, logits }, none, &mut memory);
    assert_eq!(server.talk(), End::Closed);
    board.light
}

/// The answers to these bytes, without the description at the start, and what the light did.
fn answers_of(file: &[u8], known: &[i8], bytes: &[u8]) -> (Vec<Answer>, Vec<bool>) {
    let (mut answers, mut bytes) = (vec![], bytes.to_vec());
    let light = converse(file, known, |number, reply| {
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
    answers_of(MODEL, KNOWN_LOGITS, bytes).0
}

fn frame(number: u8, message: &Request<'_>) -> Vec<u8> {
    let mut buffer = [0; FRAME_LEN];
    let frame = protocol::encode(number, message, &mut buffer);
    frame.unwrap().to_vec()
}

fn classify(pixels: &[u8]) -> Request<'_> {
    Request::Classify { pixels }
}

fn picture(width: u16, height: u16) -> Request<'static> {
    Request::ClassifyPicture { width, height }
}

fn row(y: u16, pixels: &[u8]) -> Request<'_> {
    Request::Row { y, pixels }
}

/// How a board describes itself with a model that passes its test, or does not.
fn description(file: &[u8], self_test: SelfTest) -> Reply<'static> {
    let classes = if self_test == SelfTest::Passed { 10 } else { 0 };
    Reply::Description(Description {
        board: "fake",
        model: stored_checksum(file).unwrap_or_default(),
        classes,
        box_side: 0,
        arena: ARENA_LEN as u32,
        max_width: 768,
        max_height: 8192,
        self_test,
    })
}

fn image(seed: usize) -> [u8; PIXELS] {
    core::array::from_fn(|index| (index * seed / 7 % 256) as u8)
}

/// That an answer is what the core makes of an image.
fn assert_scores(answer: &Answer, image: &[i8]) {
    let Reply::Scores(scores) = &answer.1 else {
        panic!("{answer:?}");
    };
    let model = Model::new(MODEL).unwrap();
    let mut arena = [0; ARENA_LEN];
    let expected = no_std_core::run(&model, image, &mut arena).unwrap();
    let Output::Classes(expected) = expected else {
        panic!("the model tells classes apart");
    };
    assert_eq!(scores.logits[..], *expected.logits());
    assert!(
        scores
            .probabilities
            .iter()
            .copied()
            .eq(expected.probabilities())
    );
    assert_eq!(usize::from(scores.class), expected.class());
    assert_eq!(scores.accepted, expected.accepted());
    assert!(scores.cycles > 0);
    assert_eq!(scores.stack, 1234);
}

#[test]
fn a_board_in_order_says_so_and_lights_up() {
    let (answers, light) = answers_of(MODEL, KNOWN_LOGITS, &frame(9, &Request::Describe));
    assert_eq!(answers, [(9, description(MODEL, SelfTest::Passed))]);
    assert_eq!(light, [false, true]);
}

#[test]
fn every_class_has_its_label() {
    let requests = (0..11).flat_map(|class| frame(class + 1, &Request::Label { class }));
    let model = Model::new(MODEL).unwrap();
    let labels = model.labels().map(Reply::Label);
    let replies = labels.chain([Reply::Error(Error::Class)]);
    let expected: Vec<_> = (1..).zip(replies).collect();
    assert_eq!(answers(&requests.collect::<Vec<_>>()), expected);
}

#[test]
fn images_get_the_scores_of_the_core() {
    let images = [image(1), image(31), [0; PIXELS], [255; PIXELS]];
    let requests = (1..).zip(&images);
    let requests = requests.flat_map(|(number, pixels)| frame(number, &classify(pixels)));
    let answers = answers(&requests.collect::<Vec<_>>());
    assert_eq!(answers.len(), images.len());
    for (answer, image) in answers.iter().zip(&images) {
        assert_scores(answer, &image.map(quantize_pixel));
    }
}

#[test]
fn a_board_out_of_order_gives_no_scores() {
    let mut damaged = MODEL.to_vec();
    *damaged.last_mut().unwrap() ^= 1;
    let at = Model::new(&damaged).unwrap_err().at;
    let mut wrong = KNOWN_LOGITS.to_vec();
    wrong[7] ^= 1;
    let cases = [
        (&damaged[..], KNOWN_LOGITS, SelfTest::Model { at }),
        (&[], KNOWN_LOGITS, SelfTest::Model { at: 0 }),
        (TINY, KNOWN_LOGITS, SelfTest::Input),
        (MODEL, &wrong, SelfTest::Scores),
    ];
    let (black, label) = (classify(&[0; PIXELS]), Request::Label { class: 0 });
    let requests = [Request::Describe, black, picture(28, 28), label];
    let requests = (1..).zip(requests);
    let requests: Vec<u8> = requests
        .flat_map(|(number, request)| frame(number, &request))
        .collect();
    for (file, known, self_test) in cases {
        let (answers, light) = answers_of(file, known, &requests);
        assert_eq!(answers[0], (1, description(file, self_test)));
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
fn what_cannot_be_fulfilled_is_refused() {
    let begin = Request::BeginUpdate {
        len: 64,
        checksum: 0,
    };
    let write = Request::WriteChunk {
        offset: 0,
        bytes: &[0; 16],
    };
    let commit = Request::Commit { logits: &[0; 10] };
    let requests = [
        (classify(&[0; 783]), Error::Image),
        (row(0, &[0; 28]), Error::Row),
        (begin, Error::NoUpdate),
        (write, Error::NoUpdate),
        (commit, Error::NoUpdate),
        (picture(769, 1), Error::Picture),
        (picture(0, 9), Error::Picture),
    ];
    let mut cases = requests
        .map(|(request, error)| (frame(1, &request), error))
        .to_vec();
    let mut buffer = [0; FRAME_LEN];
    let unknown = protocol::encode(1, &99_u8, &mut buffer).unwrap().to_vec();
    cases.push((unknown, Error::Unknown));
    // A description asked for in the next version: stuffed bytes of the version, the number, the request and their CRC-32.
    let version = [0, 3, 2, 1, 5, 0x3D, 0x3C, 0xDE, 0xE5, 0];
    cases.push((version.to_vec(), Error::Version));
    for (request, error) in cases {
        let requests = [request, frame(2, &Request::Describe)].concat();
        let passed = description(MODEL, SelfTest::Passed);
        assert_eq!(answers(&requests), [(1, Reply::Error(error)), (2, passed)]);
    }
}

#[test]
fn damaged_frames_are_reported_and_the_next_one_is_answered() {
    let request = frame(5, &classify(&image(3)));
    let mut changed = request.clone();
    changed[100] ^= 0x55;
    let noise = vec![0xA5; 3000];
    for damaged in [&changed[..], &request[..400], &noise, &[3]] {
        let answers = answers(&[damaged, &request].concat());
        assert_eq!(answers[0], (UNASKED, Reply::Error(Error::Damaged)));
        assert_eq!((answers.len(), answers[1].0), (2, 5));
        assert_scores(&answers[1], &image(3).map(quantize_pixel));
    }
}
