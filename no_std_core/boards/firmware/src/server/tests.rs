//! A board whose host is a function.

use std::boxed::Box;
use std::collections::VecDeque;
use std::string::{String, ToString};
use std::vec;
use std::vec::Vec;

use no_std_core::format;
use no_std_core::prepare::{Pixels, Preparation, Rows};
use no_std_core::{Model, quantize_pixel};
use protocol::{FRAME_LEN, Receiver, VERSION, next_number};

use super::*;

mod pictures;
mod update;

const TINY: &[u8] = include_bytes!("../../../../tests/tiny.q8");

/// What the host sends on a reply.
type Host<'h> = Box<dyn FnMut(u8, &Reply<'_>) -> Vec<u8> + 'h>;

struct FakeBoard<'h> {
    host: Host<'h>,
    /// On the way to the board.
    line: VecDeque<u8>,
    receiver: Receiver,
    light: Vec<bool>,
    cycles: u32,
    pause: bool,
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
                let (number, reply) = protocol::parse(&buffer[..len.unwrap()]);
                self.line.extend((self.host)(number, &reply.unwrap()));
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
fn converse(file: &[u8], known: &[i8], host: Host<'_>) -> Vec<bool> {
    let mut board = FakeBoard {
        host,
        line: VecDeque::new(),
        receiver: Receiver::new(),
        light: vec![],
        cycles: 0,
        pause: false,
    };
    let mut memory = Memory::new();
    let current = Current {
        file,
        logits: known,
    };
    let none = None::<Spare<'_, NoFlash>>;
    assert_eq!(
        Server::start(&mut board, current, none, &mut memory).talk(),
        End::Closed
    );
    board.light
}

/// A reply that owns everything.
#[derive(Clone, Debug, PartialEq)]
enum Answer {
    Description { classes: u8, self_test: SelfTest },
    Label(String),
    Scores(protocol::Scores),
    NeedRow(u16),
    Error(Error),
    NeedChunk(u32),
    Updated,
}

impl From<&Reply<'_>> for Answer {
    fn from(reply: &Reply<'_>) -> Self {
        match reply {
            Reply::Description(description) => Self::Description {
                classes: description.classes,
                self_test: description.self_test,
            },
            Reply::Label(label) => Self::Label((*label).to_string()),
            Reply::Scores(scores) => Self::Scores(scores.clone()),
            Reply::NeedRow { y } => Self::NeedRow(*y),
            Reply::Error(error) => Self::Error(*error),
            Reply::NeedChunk { offset } => Self::NeedChunk(*offset),
            Reply::Updated => Self::Updated,
        }
    }
}

/// The answers to these bytes, without the description at the start, and what the light did.
fn answers_of(file: &[u8], known: &[i8], bytes: &[u8]) -> (Vec<(u8, Answer)>, Vec<bool>) {
    let (mut answers, mut bytes) = (vec![], bytes.to_vec());
    let light = converse(
        file,
        known,
        Box::new(|number, reply| {
            answers.push((number, reply.into()));
            core::mem::take(&mut bytes)
        }),
    );
    let (number, first) = answers.remove(0);
    assert!(number == UNASKED && matches!(first, Answer::Description { .. }));
    (answers, light)
}

fn answers(bytes: &[u8]) -> Vec<(u8, Answer)> {
    answers_of(MODEL, KNOWN_LOGITS, bytes).0
}

fn frame(number: u8, request: &Request<'_>) -> Vec<u8> {
    protocol::encode(number, request, &mut [0; FRAME_LEN])
        .unwrap()
        .to_vec()
}

const DESCRIPTION: Answer = Answer::Description {
    classes: 10,
    self_test: SelfTest::Passed,
};

fn image(seed: usize) -> [u8; PIXELS] {
    core::array::from_fn(|index| (index * seed / 7 % 256) as u8)
}

/// What the core makes of an image.
fn expected_scores(image: &[i8]) -> no_std_core::Scores {
    let model = Model::new(MODEL).unwrap();
    no_std_core::run(&model, image, &mut [0; ARENA_LEN]).unwrap()
}

fn assert_scores(answer: &Answer, image: &[i8]) {
    let Answer::Scores(scores) = answer else {
        panic!("{answer:?}");
    };
    let expected = expected_scores(image);
    assert_eq!(scores.logits[..], *expected.logits());
    assert_eq!(scores.probabilities[..], *expected.probabilities());
    assert_eq!(usize::from(scores.class), expected.class());
    assert_eq!(scores.accepted, expected.accepted());
    assert!(scores.cycles > 0);
    assert_eq!(scores.stack, 1234);
}

/// The model of the boards, for pictures prepared to a box of 20 x 20.
fn centred_model() -> Vec<u8> {
    let mut file = MODEL.to_vec();
    let mut header = format::Header::decode(file.first_chunk().unwrap());
    header.preparation = Preparation::CENTRED.to_bytes();
    file[..format::HEADER_LEN].copy_from_slice(&header.encode());
    format::seal(&mut file).unwrap();
    file
}

#[test]
fn a_board_in_order_says_so_and_lights_up() {
    let (answers, light) = answers_of(MODEL, KNOWN_LOGITS, &frame(9, &Request::Describe));
    assert_eq!(answers, [(9, DESCRIPTION)]);
    assert_eq!(light, [false, true]);
}

#[test]
fn every_class_has_its_label() {
    let requests: Vec<u8> = (0..11)
        .flat_map(|class| frame(class + 1, &Request::Label { class }))
        .collect();
    let model = Model::new(MODEL).unwrap();
    let labels = model.labels().map(|label| Answer::Label(label.to_string()));
    let expected: Vec<_> = (1..)
        .zip(labels.chain([Answer::Error(Error::Class)]))
        .collect();
    assert_eq!(answers(&requests), expected);
}

#[test]
fn images_get_the_scores_of_the_core() {
    let images = [image(1), image(31), [0; PIXELS], [255; PIXELS]];
    let requests: Vec<u8> = (1..)
        .zip(&images)
        .flat_map(|(number, pixels)| frame(number, &Request::Classify { pixels }))
        .collect();
    let answers = answers(&requests);
    assert_eq!(answers.len(), images.len());
    for (answer, image) in answers.iter().zip(&images) {
        assert_scores(&answer.1, &image.map(quantize_pixel));
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
    let requests = [
        frame(1, &Request::Describe),
        frame(
            2,
            &Request::Classify {
                pixels: &[0; PIXELS],
            },
        ),
        frame(
            3,
            &Request::ClassifyPicture {
                width: 28,
                height: 28,
            },
        ),
        frame(4, &Request::Label { class: 0 }),
    ]
    .concat();
    for (file, known, self_test) in cases {
        let (answers, light) = answers_of(file, known, &requests);
        let description = Answer::Description {
            classes: 0,
            self_test,
        };
        let refusals = (2..5).map(|number| (number, Answer::Error(Error::SelfTest)));
        let expected: Vec<_> = [(1, description)].into_iter().chain(refusals).collect();
        assert_eq!(answers, expected);
        let (start, blinking) = light.split_at(2);
        assert_eq!(start, [false, false]);
        assert!(blinking.contains(&true) && blinking.contains(&false));
    }
}

#[test]
fn what_cannot_be_fulfilled_is_refused() {
    let unknown = (VERSION, 1_u8, 99_u8);
    let version = (VERSION + 1, 1_u8, 0_u8);
    let raw = |(version, number, message): (u8, u8, u8)| {
        // The header is the start of the message, for another version.
        let mut frame = vec![version, number, message];
        let crc = crc32(&frame);
        frame.extend(crc.to_le_bytes());
        stuffed(&frame)
    };
    let cases = [
        (raw(unknown), Error::Unknown),
        (raw(version), Error::Version),
        (
            frame(1, &Request::Classify { pixels: &[0; 783] }),
            Error::Image,
        ),
        (
            frame(
                1,
                &Request::Row {
                    y: 0,
                    pixels: &[0; 28],
                },
            ),
            Error::Row,
        ),
        (
            frame(
                1,
                &Request::BeginUpdate {
                    len: 64,
                    checksum: 0,
                },
            ),
            Error::NoUpdate,
        ),
        (
            frame(
                1,
                &Request::WriteChunk {
                    offset: 0,
                    bytes: &[0; 16],
                },
            ),
            Error::NoUpdate,
        ),
        (
            frame(1, &Request::Commit { logits: &[0; 10] }),
            Error::NoUpdate,
        ),
        (
            frame(
                1,
                &Request::ClassifyPicture {
                    width: 769,
                    height: 1,
                },
            ),
            Error::Picture,
        ),
        (
            frame(
                1,
                &Request::ClassifyPicture {
                    width: 0,
                    height: 9,
                },
            ),
            Error::Picture,
        ),
    ];
    for (request, error) in cases {
        let requests = [request, frame(2, &Request::Describe)].concat();
        let expected = [(1, Answer::Error(error)), (2, DESCRIPTION)];
        assert_eq!(answers(&requests), expected);
    }
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ (0xEDB8_8320 * (crc & 1))
        })
    })
}

/// A short frame on the line.
fn stuffed(frame: &[u8]) -> Vec<u8> {
    let groups = frame.split(|&byte| byte == 0);
    let groups = groups.flat_map(|group| [&[group.len() as u8 + 1], group].concat());
    [0].into_iter().chain(groups).chain([0]).collect()
}

#[test]
fn damaged_frames_are_reported_and_the_next_one_is_answered() {
    let request = frame(5, &Request::Classify { pixels: &image(3) });
    let mut changed = request.clone();
    changed[100] ^= 0x55;
    let noise = vec![0xA5; 3000];
    for damaged in [&changed[..], &request[..400], &noise, &[3]] {
        let answers = answers(&[damaged, &request].concat());
        assert_eq!(answers[0], (UNASKED, Answer::Error(Error::Damaged)));
        assert_eq!((answers.len(), answers[1].0), (2, 5));
        assert_scores(&answers[1].1, &image(3).map(quantize_pixel));
    }
}
