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

impl Noisy {
    fn boxed(line: UnixStream) -> Box<dyn Line> {
        Box::new(Self {
            line,
            sent: 0,
            received: 0,
        })
    }
}

/// Shows a board a picture, and returns the scores of it.
fn show_pixels(device: &Device, pixels: &Pixels) -> Logits {
    let picture = GrayImage::from_raw(28, 28, pixels.to_vec()).unwrap();
    device.scores_of_picture(&picture).unwrap().logits
}

#[test]
fn noise_changes_no_scores() {
    let device = greet(Noisy::boxed(firmware()), LONG).unwrap();
    let model = FlashModel::from_bytes(firmware::MODEL, "model").unwrap();
    assert_eq!(device.labels(), model.labels());
    assert_eq!(device.preparation(), model.preparation());
    for pixels in (0..30).map(pixels) {
        let mut found = device.scores(&pixels).unwrap();
        assert_eq!(found.cost.take().unwrap().stack_bytes, 4321);
        assert_eq!(found, model.scores(&pixels).unwrap());
    }
    let device = greet(Noisy::boxed(firmware()), LONG).unwrap();
    for pixels in (0..10).map(pixels) {
        let expected = model.scores(&pixels).unwrap().logits;
        assert_eq!(show_pixels(&device, &pixels), expected);
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

/// An update to the model of the repository over this line.
fn update(line: Box<dyn Line>, patience: Duration, arena: usize) -> Update<'static> {
    Update {
        link: Link::new(line, patience),
        file: firmware::MODEL,
        checksum: stored_checksum(firmware::MODEL).unwrap(),
        arena,
    }
}

#[test]
fn a_model_for_boards_with_more_memory_is_not_sent() {
    let line = scripted(|number, request| {
        assert_eq!(*request, Request::Describe);
        frame(number, &Reply::Description(DESCRIPTION))
    });
    let error = update(line, SHORT, 1001).run(&[0; 10], |_| ()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "expected a model that takes at most the board's 1000 bytes of memory, found one that takes 1001"
    );
}

#[test]
fn noise_changes_no_update() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("board");
    board::serve_slots(UnixListener::bind(&path).unwrap());
    let line = Noisy::boxed(UnixStream::connect(&path).unwrap());
    let model = FlashModel::from_bytes(firmware::MODEL, "model").unwrap();
    let mut done = 0;
    let name = update(line, LONG, firmware::ARENA_LEN).run(&known_logits(&model), |bytes| {
        assert!(bytes > done);
        done = bytes;
    });
    assert_eq!(name.unwrap(), "socket");
    assert_eq!(done, firmware::MODEL.len());
}
