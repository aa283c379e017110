//! The firmware of boards, on the other end of a socket.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::thread;

use firmware::{Board, Closed};

struct SocketBoard {
    socket: UnixStream,
    cycles: u32,
}

impl Board for SocketBoard {
    const NAME: &'static str = "socket";

    fn read(&mut self) -> Result<u8, Closed> {
        let mut byte = [0];
        if self.socket.read_exact(&mut byte).is_err() {
            // The firmware would begin anew, with nobody to talk to.
            loop {
                thread::park();
            }
        }
        Ok(byte[0])
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Closed> {
        self.socket.write_all(bytes).map_err(|_| Closed)
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

/// Runs the firmware until the program ends.
pub fn serve(socket: UnixStream) {
    thread::spawn(|| firmware::serve(&mut SocketBoard { socket, cycles: 0 }));
}
