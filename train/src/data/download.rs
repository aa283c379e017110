//! Fetching one file from the first mirror that has it right.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use sha2::{Digest, Sha256};
use ureq::http::{Response, StatusCode};
use ureq::{Agent, Body};

use crate::data::{DataError, hexadecimal};

/// How often a mirror is asked again, each time for the rest, as long as every attempt brings something.
const ATTEMPTS: usize = 8;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a mirror may stay silent.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// What one fetch needs to know, whichever mirror serves it.
pub struct Request<'a> {
    /// The file to make, in a folder that exists.
    pub target: &'a Path,
    /// The mirrors, best first: each is the address to which the name of the file is appended.
    pub mirrors: &'a [&'a str],
    /// The largest size accepted, in bytes.
    pub size_limit: u64,
    /// Whether a downloaded file holds what it should.
    pub verify: &'a dyn Fn(&Path) -> Result<(), DataError>,
}

/// Fetches a file, verifies it and only then gives it its name. Where a transfer is cut, what came is kept beside it in
/// a `.part` file, from which this call or a later one goes on.
pub fn fetch(request: &Request) -> Result<(), DataError> {
    let name = request
        .target
        .file_name()
        .unwrap_or_default()
        .to_string_lossy();
    let agent = agent();
    let mut failures = Vec::new();
    for mirror in request.mirrors {
        let url = format!("{mirror}{name}");
        let part = part_path(request.target, &url);
        let bar = progress_bar(&name);
        let fetched = download(&agent, &url, &part, request.size_limit, &bar);
        bar.finish_and_clear();
        match fetched.and_then(|()| keep(request, &part)) {
            Ok(()) => return Ok(()),
            Err(error) => failures.push(format!("{mirror}: {error}").replace('\n', " ")),
        }
    }
    Err(DataError::Fetch {
        name: name.into_owned(),
        failures: failures.join("; "),
    })
}

/// Mirrors pack differently, so each address has a part file of its own.
fn part_path(target: &Path, url: &str) -> PathBuf {
    let tag = hexadecimal(&Sha256::digest(url)[..4]);
    target.with_added_extension(format!("{tag}.part"))
}

/// Gives a verified download its name and removes any other.
fn keep(request: &Request, part: &Path) -> io::Result<()> {
    if let Err(wrong) = (request.verify)(part) {
        fs::remove_file(part)?;
        return Err(io::Error::other(wrong));
    }
    fs::rename(part, request.target)
}

/// Downloads `url` into `part`, going on where an earlier transfer was cut.
fn download(
    agent: &Agent,
    url: &str,
    part: &Path,
    size_limit: u64,
    bar: &ProgressBar,
) -> io::Result<()> {
    let mut file = File::options().create(true).append(true).open(part)?;
    // A file system without locks is no reason to fetch nothing.
    if let Err(TryLockError::WouldBlock) = file.try_lock() {
        return Err(io::Error::other("another process is fetching it"));
    }
    let mut attempts = 0;
    let outcome = loop {
        let before = file.metadata()?.len();
        let outcome = transfer(agent, url, &mut file, size_limit, bar);
        attempts += 1;
        if outcome.is_ok() || attempts == ATTEMPTS || file.metadata()?.len() <= before {
            break outcome;
        }
    };
    if file.metadata()?.len() == 0 {
        fs::remove_file(part)?;
    }
    outcome
}

/// Asks once for what `file` lacks and appends it.
fn transfer(
    agent: &Agent,
    url: &str,
    file: &mut File,
    size_limit: u64,
    bar: &ProgressBar,
) -> io::Result<()> {
    let mut have = file.metadata()?.len();
    let mut response = get(agent, url, have)?;
    if have > 0 && !continues(&response, have) {
        have = 0;
        file.set_len(0)?;
        response = get(agent, url, 0)?;
    }
    if let Some(rest) = response.body().content_length() {
        bar.set_length(have + rest);
    }
    bar.set_position(have);
    let body = response.body_mut().as_reader().take(size_limit + 1 - have);
    let copied = io::copy(&mut bar.wrap_read(body), file)?;
    if have + copied > size_limit {
        file.set_len(0)?;
        return Err(io::Error::other(format!("larger than {size_limit} bytes")));
    }
    Ok(())
}

/// Asks for `url` from byte `start` on. That the file ends before `start` is an answer too, any other refusal an error.
fn get(agent: &Agent, url: &str, start: u64) -> io::Result<Response<Body>> {
    let mut request = agent.get(url);
    if start > 0 {
        request = request.header("Range", format!("bytes={start}-"));
    }
    let response = request.call().map_err(ureq::Error::into_io)?;
    match response.status() {
        status if status.is_success() => Ok(response),
        StatusCode::RANGE_NOT_SATISFIABLE if start > 0 => Ok(response),
        status => Err(io::Error::other(format!("HTTP status {status}"))),
    }
}

/// Whether the response goes on at byte `start` of the file itself, not of some encoding of it.
fn continues(response: &Response<Body>, start: u64) -> bool {
    let headers = response.headers();
    let range = headers
        .get("Content-Range")
        .and_then(|range| range.to_str().ok());
    response.status() == StatusCode::PARTIAL_CONTENT
        && !headers.contains_key("Content-Encoding")
        && range.is_some_and(|range| range.starts_with(&format!("bytes {start}-")))
}

fn agent() -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .accept_encoding("identity")
        .timeout_resolve(Some(CONNECT_TIMEOUT))
        .timeout_connect(Some(CONNECT_TIMEOUT))
        .timeout_recv_response(Some(READ_TIMEOUT))
        .timeout_per_read(Some(READ_TIMEOUT))
        .build()
        .new_agent()
}

fn progress_bar(name: &str) -> ProgressBar {
    let template = "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec}";
    let style = ProgressStyle::with_template(template).expect("the template is well-formed");
    ProgressBar::no_length()
        .with_style(style)
        .with_message(name.to_owned())
}

#[cfg(test)]
mod tests;
