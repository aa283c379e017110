//! A small HTTP server on this machine, for tests of what fetches.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How a server differs from a good one.
#[derive(Clone, Copy, Default)]
#[allow(clippy::struct_excessive_bools)]
pub struct Faults {
    /// It ignores `Range` and always sends the whole file.
    pub no_ranges: bool,
    /// It closes the connection after this many bytes of each body.
    pub cut_after: Option<usize>,
    /// It does not announce the length of a body.
    pub no_length: bool,
    /// It is out of service.
    pub unavailable: bool,
    /// It answers a `Range` with a part that starts elsewhere.
    pub wrong_range: bool,
}

/// Runs until dropped.
pub struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
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
        let requests = Arc::new(Mutex::new(Vec::new()));
        let ending = Arc::new(AtomicBool::new(false));
        let (seen, stop) = (Arc::clone(&requests), Arc::clone(&ending));
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    break;
                }
                // A client that has enough may hang up.
                let _ = answer(stream.unwrap(), &files, faults, &seen);
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

    /// What was asked for so far, as `/name` or `/name from START`.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
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

fn answer(
    mut stream: TcpStream,
    files: &[(String, Vec<u8>)],
    faults: Faults,
    requests: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let lines: Vec<String> = BufReader::new(&stream)
        .lines()
        .map_while(Result::ok)
        .take_while(|line| !line.is_empty())
        .collect();
    let path = lines[0].split(' ').nth(1).unwrap_or_default().to_owned();
    let range = lines.iter().find_map(|line| {
        line.to_lowercase()
            .strip_prefix("range: bytes=")
            .map(str::to_owned)
    });
    let start = range.map(|range| range.trim_end_matches('-').parse::<usize>().unwrap());
    requests
        .lock()
        .unwrap()
        .push(start.map_or(path.clone(), |start| format!("{path} from {start}")));

    if faults.unavailable {
        return stream.write_all(
            b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 5\r\nConnection: close\r\n\r\nsorry",
        );
    }
    let Some((_, content)) = files.iter().find(|(name, _)| *name == path) else {
        return stream.write_all(
            b"HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\nConnection: close\r\n\r\nsorry",
        );
    };
    let total = content.len();
    let (head, body) = match start.filter(|_| !faults.no_ranges) {
        Some(start) if start >= total => ("416 Range Not Satisfiable".to_owned(), &content[..0]),
        Some(start) => {
            let start = if faults.wrong_range { start / 2 } else { start };
            let head = format!(
                "206 Partial Content\r\nContent-Range: bytes {start}-{}/{total}",
                total - 1
            );
            (head, &content[start..])
        }
        None => ("200 OK".to_owned(), &content[..]),
    };
    let length = if faults.no_length {
        String::new()
    } else {
        format!("Content-Length: {}\r\n", body.len())
    };
    write!(
        stream,
        "HTTP/1.1 {head}\r\n{length}Connection: close\r\n\r\n"
    )?;
    stream.write_all(&body[..faults.cut_after.unwrap_or(total).min(body.len())])
}
