//! A small HTTP server on this machine, for tests of what fetches.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How a server differs from a good one.
#[derive(Clone, Copy, Default)]
pub struct Faults {
    /// It closes the connection after this many bytes of each body.
    pub cut_after: Option<usize>,
    /// It does not announce the length of a body.
    pub no_length: bool,
}

/// Runs until dropped.
pub struct Server {
    address: SocketAddr,
    requests: Arc<AtomicUsize>,
    ending: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves `files` well.
    pub fn with_files<const N: usize>(files: [(&str, Vec<u8>); N]) -> Self {
        Self::with_faults(files, Faults::default())
    }

    /// Serves `files` as `faults` allow.
    pub fn with_faults<const N: usize>(files: [(&str, Vec<u8>); N], faults: Faults) -> Self {
        let files = files.map(|(name, content)| (format!("/{name}"), content));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (requests, ending) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
        let (counter, stop) = (Arc::clone(&requests), Arc::clone(&ending));
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    break;
                }
                counter.fetch_add(1, Ordering::SeqCst);
                // A client that has enough may hang up.
                let _ = answer(stream.unwrap(), &files, faults);
            }
        });
        Self {
            address,
            requests,
            ending,
            thread: Some(thread),
        }
    }

    /// The address before the name of a file.
    pub fn address(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// How often it was asked for a file.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ending.store(true, Ordering::SeqCst);
        // Wakes the thread, which waits for a connection.
        let _ = TcpStream::connect(self.address);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn answer(mut stream: TcpStream, files: &[(String, Vec<u8>)], faults: Faults) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let lines: Vec<String> = BufReader::new(&stream)
        .lines()
        .map_while(Result::ok)
        .take_while(|line| !line.is_empty())
        .collect();
    let path = lines[0].split(' ').nth(1).unwrap_or_default();
    let file = files.iter().find(|(name, _)| name == path);
    let (status, body) = file.map_or(("404 Not Found", &b"sorry"[..]), |(_, content)| {
        ("200 OK", content)
    });
    write!(stream, "HTTP/1.1 {status}\r\nConnection: close\r\n")?;
    if !faults.no_length {
        write!(stream, "Content-Length: {}\r\n", body.len())?;
    }
    stream.write_all(b"\r\n")?;
    stream.write_all(&body[..body.len().min(faults.cut_after.unwrap_or(usize::MAX))])
}
