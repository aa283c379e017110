//! Lines that carry bytes: serial ports, and sockets of emulators.

use std::fmt::Debug;
use std::io::{self, Read, Write};
use std::net::TcpStream;
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::time::Duration;

use serialport::SerialPort;

use crate::error::OpenError;

const BAUD: u32 = 115_200;

/// How long the line may refuse to take bytes.
const STALL: Duration = Duration::from_secs(10);

/// A line to a board and back.
pub trait Line: Debug {
    /// Waits for bytes for at most so long; an error of the kind `TimedOut` or `WouldBlock` says that none came.
    fn receive(&mut self, buffer: &mut [u8], patience: Duration) -> io::Result<usize>;

    /// Sends all bytes.
    fn send(&mut self, bytes: &[u8]) -> io::Result<()>;
}

/// Opens the line at an address.
pub fn open(address: &str) -> Result<Box<dyn Line>, OpenError> {
    #[cfg(unix)]
    if let Some(path) = address.strip_prefix("unix:") {
        let socket = UnixStream::connect(path)?;
        socket.set_write_timeout(Some(STALL))?;
        return Ok(Box::new(socket));
    }
    if let Some(host) = address.strip_prefix("tcp:") {
        let socket = TcpStream::connect(host)?;
        socket.set_write_timeout(Some(STALL))?;
        // A request is one piece; nothing is gained by waiting for more.
        socket.set_nodelay(true)?;
        return Ok(Box::new(socket));
    }
    let port = serialport::new(address, BAUD).timeout(STALL).open();
    let port = port.map_err(|error| OpenError::from(io::Error::from(error)))?;
    Ok(Box::new(Port(port)))
}

/// A serial port.
#[derive(Debug)]
struct Port(Box<dyn SerialPort>);

impl Line for Port {
    fn receive(&mut self, buffer: &mut [u8], patience: Duration) -> io::Result<usize> {
        self.0.set_timeout(patience)?;
        self.0.read(buffer)
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.set_timeout(STALL)?;
        self.0.write_all(bytes)
    }
}

#[cfg(unix)]
impl Line for UnixStream {
    fn receive(&mut self, buffer: &mut [u8], patience: Duration) -> io::Result<usize> {
        self.set_read_timeout(Some(patience))?;
        self.read(buffer)
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }
}

impl Line for TcpStream {
    fn receive(&mut self, buffer: &mut [u8], patience: Duration) -> io::Result<usize> {
        self.set_read_timeout(Some(patience))?;
        self.read(buffer)
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }
}
