//! The firmware of boards, on the other end of a socket.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread;

use firmware::{ARENA_LEN, Board, Closed, OPERATORS};
use slots::{RECORD_LEN, RamFlash, Slots};

/// Bytes beside the model's own, for a checksum of each operator.
const CHECKSUMS_LEN: usize = 64;

struct SocketBoard {
    socket: Option<UnixStream>,
    /// Where the next host connects; without it, there is none.
    listener: Option<UnixListener>,
    cycles: u32,
}

impl SocketBoard {
    fn new(socket: Option<UnixStream>, listener: Option<UnixListener>) -> Self {
        Self {
            socket,
            listener,
            cycles: 0,
        }
    }

    /// The line to the host, once there is one.
    fn socket(&mut self) -> &mut UnixStream {
        let listener = &self.listener;
        self.socket.get_or_insert_with(|| match listener {
            Some(listener) => listener.accept().unwrap().0,
            // The firmware has begun anew, with nobody to talk to.
            None => loop {
                thread::park();
            },
        })
    }
}

impl Board for SocketBoard {
    const NAME: &'static str = "socket";

    fn read(&mut self) -> Result<Option<u8>, Closed> {
        let mut byte = [0];
        if self.socket().read_exact(&mut byte).is_err() {
            self.socket = None;
            return Err(Closed);
        }
        Ok(Some(byte[0]))
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Closed> {
        if self.socket().write_all(bytes).is_err() {
            self.socket = None;
            return Err(Closed);
        }
        Ok(())
    }

    fn light(&mut self, _: bool) {}

    fn cycles(&mut self) -> u32 {
        self.cycles += 1;
        self.cycles
    }

    fn stack_used(&self) -> u32 {
        4321
    }
}

/// Runs the firmware for one host until the program ends.
pub fn serve(socket: UnixStream) {
    thread::spawn(|| {
        let mut arena = [0; ARENA_LEN + CHECKSUMS_LEN];
        firmware::serve(&mut SocketBoard::new(Some(socket), None), &mut arena)
    });
}

/// Runs the firmware with two empty slots, for one host after the other, until the program ends.
pub fn serve_slots(listener: UnixListener) {
    thread::spawn(|| {
        let len = (RECORD_LEN + firmware::MODEL.len()).next_multiple_of(4096);
        let mut memories = [vec![0xFF; len], vec![0xFF; len]];
        let [a, b] = &mut memories;
        let mut slots = Slots::new([RamFlash::new(a), RamFlash::new(b)], OPERATORS);
        let mut arena = [0; ARENA_LEN];
        let mut board = SocketBoard::new(None, Some(listener));
        firmware::serve_slots(&mut board, &mut slots, &mut arena)
    });
}
