use std::cell::Cell;
use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::rc::Rc;
use std::thread;

use image::{GrayImage, Luma};
use no_std_core::format::stored_checksum;
use protocol::{Error, FRAME_LEN, Receiver, UNASKED};

use super::update::{Update, known_logits};
use super::*;
use crate::flash::FlashModel;
use crate::picture::PIXELS;
use crate::support::board;

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

fn assert_scores(device: &Device, pixels: &Pixels) {
    let model = FlashModel::from_bytes(firmware::MODEL, "model").unwrap();
    let expected = model.scores(pixels).unwrap();
    let found = device.scores(pixels).unwrap();
    assert_eq!(found.cost.unwrap().stack_bytes, 4321);
    assert_eq!(
        Scores {
            cost: None,
            ..found
        },
        expected
    );
}

#[test]
fn the_firmware_gives_the_scores_of_the_host() {
    let device = greet(Box::new(firmware()), LONG).unwrap();
    let model = FlashModel::from_bytes(firmware::MODEL, "model").unwrap();
    assert_eq!(device.labels(), model.labels());
    assert_eq!(device.preparation(), model.preparation());
    for seed in 0..20 {
        assert_scores(&device, &pixels(seed));
    }
}

#[test]
fn the_firmware_fetches_the_rows_of_a_picture() {
    let device = greet(Box::new(firmware()), LONG).unwrap();
    let pixels = pixels(3);
    let picture = GrayImage::from_raw(28, 28, pixels.to_vec()).unwrap();
    let expected = device.scores(&pixels).unwrap();
    let found = device.scores_of_picture(&picture).unwrap();
    assert_eq!(found.logits, expected.logits);

    let error = device
        .scores_of_picture(&GrayImage::new(769, 1))
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("board: expected a picture of at most "),
        "{error}"
    );
}

/// A line that damages what it carries, now and then.
#[derive(Debug)]
struct Noisy {
    line: UnixStream,
    sent: usize,
    received: usize,
}

impl Line for Noisy {
    fn receive(&mut self, buffer: &mut [u8], patience: Duration) -> io::Result<usize> {
        let len = Line::receive(&mut self.line, buffer, patience)?;
        for byte in &mut buffer[..len] {
            self.received += 1;
            if self.received.is_multiple_of(211) {
                *byte ^= 0x40;
            }
        }
        Ok(len)
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sent += 1;
        match self.sent % 5 {
            // Some other program's.
            0 => self.line.write_all(b"ATZ\r\nATI\r\n")?,
            // Half a frame.
            2 => self.line.write_all(&bytes[..bytes.len() / 2])?,
            _ => {}
        }
        self.line.write_all(bytes)
    }
}

#[test]
fn noise_changes_no_scores() {
    let line = Noisy {
        line: firmware(),
        sent: 0,
        received: 0,
    };
    let device = greet(Box::new(line), LONG).unwrap();
    for seed in 0..30 {
        assert_scores(&device, &pixels(seed));
    }
}

/// Shows a board a picture, and returns the scores of it.
fn show_pixels(device: &Device, pixels: &Pixels) -> Logits {
    let picture = GrayImage::from_raw(28, 28, pixels.to_vec()).unwrap();
    device.scores_of_picture(&picture).unwrap().logits
}

#[test]
fn noise_changes_no_pictures() {
    let line = Noisy {
        line: firmware(),
        sent: 0,
        received: 0,
    };
    let device = greet(Box::new(line), LONG).unwrap();
    for seed in 0..10 {
        let expected = device.scores(&pixels(seed)).unwrap().logits;
        assert_eq!(show_pixels(&device, &pixels(seed)), expected);
    }
}

/// A line that carries one request twice, as if the answer had been late.
#[derive(Debug)]
struct Doubling {
    line: UnixStream,
    doubled: usize,
    sent: Rc<Cell<usize>>,
}

impl Line for Doubling {
    fn receive(&mut self, buffer: &mut [u8], patience: Duration) -> io::Result<usize> {
        Line::receive(&mut self.line, buffer, patience)
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sent.set(self.sent.get() + 1);
        if self.sent.get() == self.doubled {
            self.line.write_all(bytes)?;
        }
        self.line.write_all(bytes)
    }
}

#[test]
fn a_row_that_travels_twice_does_not_double_those_after_it() {
    let requests = |doubled| {
        let sent = Rc::new(Cell::new(0));
        let line = Doubling {
            line: firmware(),
            doubled,
            sent: Rc::clone(&sent),
        };
        let device = greet(Box::new(line), LONG).unwrap();
        let expected = device.scores(&pixels(3)).unwrap().logits;
        let before = sent.get();
        assert_eq!(show_pixels(&device, &pixels(3)), expected);
        (before, sent.get())
    };
    let (before, undisturbed) = requests(0);
    // The question, and a row in the middle.
    for doubled in [before + 1, before + 10] {
        assert_eq!(requests(doubled).1, undisturbed);
    }
}

#[test]
fn a_model_for_boards_with_more_memory_is_not_sent() {
    let line = scripted(|number, request| {
        assert_eq!(*request, Request::Describe);
        frame(number, &Reply::Description(DESCRIPTION))
    });
    let mut update = Update {
        link: Link::new(line, SHORT),
        file: firmware::MODEL,
        checksum: stored_checksum(firmware::MODEL).unwrap(),
        arena: 1001,
    };
    assert_eq!(
        update.run(&[0; 10], |_| ()).unwrap_err().to_string(),
        "expected a model that takes at most the board's 1000 bytes of memory, found one that takes 1001"
    );
}

#[test]
fn noise_changes_no_update() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("board");
    board::serve_slots(UnixListener::bind(&path).unwrap());
    let line = Noisy {
        line: UnixStream::connect(&path).unwrap(),
        sent: 0,
        received: 0,
    };
    let model = FlashModel::from_bytes(firmware::MODEL, "model").unwrap();
    let mut update = Update {
        link: Link::new(Box::new(line), LONG),
        file: firmware::MODEL,
        checksum: stored_checksum(firmware::MODEL).unwrap(),
        arena: firmware::ARENA_LEN,
    };
    let mut done = 0;
    let name = update.run(&known_logits(&model), |bytes| {
        assert!(bytes > done);
        done = bytes;
    });
    assert_eq!(
        (name.unwrap().as_str(), done),
        ("socket", firmware::MODEL.len())
    );
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

#[test]
fn scores_come_as_they_were_sent() {
    let device = greeted(|number, _| frame(number, &Reply::Scores(scores(1))));
    assert_eq!(device.preparation(), Preparation::CENTRED);
    let found = device.scores(&[0; PIXELS]).unwrap();
    let expected = Scores {
        class: 1,
        probabilities: vec![0.5, 0.25],
        accepted: Some(false),
        logits: Logits::Int8(vec![5, -5]),
        cost: Some(Cost {
            cycles: 7,
            stack_bytes: 8,
        }),
    };
    assert_eq!(found, expected);
}

#[test]
fn silence_and_garbage_are_told_apart() {
    let error = greeting_error(scripted(|_, _| vec![]));
    assert!(error.contains("found none in 0.3 s"), "{error}");
    let error = greeting_error(scripted(|_, _| vec![0, 99, 98, 97, 0]));
    assert!(error.contains("found damaged ones"), "{error}");
    let half = |number, _: &Request<'_>| {
        let frame = frame(number, &Reply::Description(DESCRIPTION));
        frame[..frame.len() / 2].to_vec()
    };
    let error = greeting_error(scripted(half));
    assert!(error.contains("found "), "{error}");
}

#[test]
fn a_lost_answer_is_asked_for_again() {
    let mut count = 0;
    let device = greeted(move |number, _| {
        count += 1;
        match count % 3 {
            1 => vec![],
            2 => frame(UNASKED, &Reply::Error(Error::Damaged)),
            _ => frame(number, &Reply::Scores(scores(0))),
        }
    });
    for _ in 0..3 {
        assert_eq!(device.scores(&[0; PIXELS]).unwrap().class, 0);
    }
}

#[test]
fn late_answers_are_not_taken_for_new_ones() {
    let device = greeted(|number, _| {
        let late = frame(number.wrapping_sub(1), &Reply::Scores(scores(1)));
        [late, frame(number, &Reply::Scores(scores(0)))].concat()
    });
    for _ in 0..5 {
        assert_eq!(device.scores(&[0; PIXELS]).unwrap().class, 0);
    }
}

#[test]
fn a_board_that_starts_again_is_asked_again() {
    let mut restarted = false;
    let device = greeted(move |number, _| {
        if core::mem::replace(&mut restarted, true) {
            frame(number, &Reply::Scores(scores(0)))
        } else {
            frame(UNASKED, &Reply::Description(DESCRIPTION))
        }
    });
    assert!(device.scores(&[0; PIXELS]).is_ok());
}

#[test]
fn an_unplugged_board_is_gone() {
    assert!(
        greeting_error(scripted(|_, _| UNPLUG.to_vec()))
            .contains("expected the board to stay connected")
    );
    let device = greeted(|_, _| UNPLUG.to_vec());
    let error = scores_error(&device);
    assert!(
        error.starts_with("board: expected the board to stay connected"),
        "{error}"
    );
    assert!(scores_error(&device).contains("stay connected"));
}

#[test]
fn boards_out_of_order_are_not_asked_for_scores() {
    let failed = |self_test| {
        greeting_error(scripted(move |number, _| {
            let description = Description {
                classes: 0,
                self_test,
                ..DESCRIPTION
            };
            frame(number, &Reply::Description(description))
        }))
    };
    assert_eq!(
        failed(SelfTest::Model { at: 77 }),
        "expected a board that passes its self-test, found script: the model in its flash is damaged at byte 77; flash it again"
    );
    assert!(failed(SelfTest::Scores).contains("wrong scores"));
    assert!(failed(SelfTest::Input).contains("28 x 28"));
    assert!(failed(SelfTest::Passed).contains("found another number than 0"));
}

#[test]
fn other_versions_are_named() {
    // A whole frame of version 2.
    let other = |number, _: &Request<'_>| {
        let mut frame = vec![2, number, 9];
        let mut crc = flate2::Crc::new();
        crc.update(&frame);
        frame.extend(crc.sum().to_le_bytes());
        let groups = frame.split(|&byte| byte == 0);
        let groups = groups.flat_map(|group| [&[group.len() as u8 + 1], group].concat());
        [0].into_iter().chain(groups).chain([0]).collect()
    };
    assert_eq!(
        greeting_error(scripted(other)),
        "expected a board with protocol version 1, found 2; flash the firmware of this version"
    );
    let error = greeting_error(scripted(|number, _| {
        frame(number, &Reply::Error(Error::Version))
    }));
    assert!(error.contains("version 1, found another"), "{error}");
}

#[test]
fn impossible_answers_are_refused() {
    let answer_with = |reply: fn() -> Reply<'static>| {
        scores_error(&greeted(move |number, _| frame(number, &reply())))
    };
    assert!(answer_with(|| Reply::Label("7")).contains("expected scores from the board"));
    assert!(answer_with(|| Reply::Error(Error::SelfTest)).contains("has failed its self-test"));
    assert!(answer_with(|| Reply::Scores(scores(2))).contains("found another number than 2"));
    let fewer = || {
        Reply::Scores(protocol::Scores {
            logits: [1].into_iter().collect(),
            ..scores(0)
        })
    };
    assert!(answer_with(fewer).contains("found another number than 2"));

    let device = greeted(|number, _| frame(number, &Reply::NeedRow { y: 10 }));
    let picture = GrayImage::from_pixel(10, 10, Luma([9]));
    let error = device.scores_of_picture(&picture).unwrap_err().to_string();
    assert!(error.contains("asks for the 10 rows"), "{error}");
}

#[test]
fn addresses_that_are_no_boards() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("port");
    let error = |address: &str| Device::open(address).unwrap_err().to_string();
    let missing = error(path.to_str().unwrap());
    assert!(missing.contains("found nothing of that name"), "{missing}");
    let missing = error(&format!("unix:{}", path.display()));
    assert!(missing.contains("found nothing of that name"), "{missing}");
    std::fs::write(&path, "text").unwrap();
    let file = error(path.to_str().unwrap());
    assert!(
        file.contains("expected a serial port, unix:PATH or tcp:HOST:PORT, found: "),
        "{file}"
    );
    assert!(
        error("tcp:127.0.0.1:1")
            .contains("expected a serial port, unix:PATH or tcp:HOST:PORT, found: ")
    );
    let denied = OpenError::from(io::Error::from(io::ErrorKind::PermissionDenied));
    assert!(denied.to_string().contains("dialout"), "{denied}");
}
