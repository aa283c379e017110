//! Lines that damage or double what travels on them.

use super::*;

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
