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

/// What the model of the boards makes of an image: its values and probabilities.
fn expected(pixels: &[u8; PIXELS]) -> (Vec<i8>, Vec<u32>) {
    let model = Model::new(firmware::MODEL).unwrap();
    let mut arena = vec![0; model.arena_len()];
    let image = pixels.map(quantize_pixel);
    match no_std_core::run(&model, &image, &mut arena).unwrap() {
        CoreOutput::Classes(classes) => {
            let probabilities = classes.probabilities().collect();
            (classes.logits().to_vec(), probabilities)
        }
        CoreOutput::Values(_) => panic!("the model tells classes apart"),
    }
}

#[test]
fn noise_changes_no_output() {
    let device = greet(Noisy::boxed(firmware()), LONG).unwrap();
    let model = Model::new(firmware::MODEL).unwrap();
    assert!(model.labels().eq(device.labels()));
    assert_eq!(device.board().preparation, model.preparation());
    for pixels in (0..30).map(pixels) {
        let found = run(&device, &pixels).unwrap();
        assert_eq!(found.stack, 4321);
        assert_eq!((found.values, found.probabilities), expected(&pixels));
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
fn a_piece_that_travels_twice_does_not_double_those_after_it() {
    let requests = |doubled| {
        let sent = Rc::new(Cell::new(0));
        let line = Doubling {
            line: firmware(),
            doubled,
            sent: Rc::clone(&sent),
        };
        let device = greet(Box::new(line), LONG).unwrap();
        let before = sent.get();
        let found = run(&device, &pixels(3)).unwrap();
        assert_eq!((found.values, found.probabilities), expected(&pixels(3)));
        (before, sent.get())
    };
    let (before, undisturbed) = requests(0);
    // The question, and both pieces.
    for doubled in [1, 2, 3] {
        assert_eq!(requests(before + doubled).1, undisturbed);
    }
}

/// An update to a model over this line.
fn update(line: Box<dyn Line>, patience: Duration, file: &[u8]) -> Update<'_> {
    Update {
        link: Link::new(line, patience),
        file,
        checksum: stored_checksum(file).unwrap(),
        model: Model::new(file).unwrap(),
    }
}

#[test]
fn a_model_that_does_not_fit_is_not_sent() {
    let line = scripted(|number, request| {
        assert_eq!(*request, Request::Describe);
        let room = Room {
            kinds: 0b10,
            forms: 7,
            window: 0,
            slot: 2000,
            ..DESCRIPTION.room
        };
        let description = Description {
            room,
            ..DESCRIPTION
        };
        frame(number, &Reply::Description(description))
    });
    let error = update(line, SHORT, firmware::MODEL)
        .run(|_| ())
        .unwrap_err();
    let (flash, memory) = (firmware::MODEL.len(), firmware::ARENA_LEN);
    let expected = format!(
        "expected a model that fits the board, found one that does not:
bytes of       needs       has
flash     {flash:>10}      2000
memory    {memory:>10}      1000
operators not there: dense"
    );
    assert_eq!(error.to_string(), expected);
}

#[test]
fn noise_changes_no_update() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("board");
    board::serve_slots(UnixListener::bind(&path).unwrap());
    let line = Noisy::boxed(UnixStream::connect(&path).unwrap());
    let mut done = 0;
    let name = update(line, LONG, firmware::MODEL).run(|bytes| {
        assert!(bytes > done);
        done = bytes;
    });
    assert_eq!(name.unwrap(), "socket");
    assert_eq!(done, firmware::MODEL.len());
}
