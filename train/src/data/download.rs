//! Fetching one file from the first mirror that has it right.

use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use input::file::Pending;
use ureq::Agent;

use crate::data::DataError;

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

/// Fetches a file, verifies it and only then gives it its name.
pub fn fetch(request: &Request) -> Result<(), DataError> {
    let name = request.target.file_name().unwrap_or_default();
    let name = name.to_string_lossy();
    let agent = agent();
    let mut failures = Vec::new();
    for mirror in request.mirrors {
        let downloaded = download(&agent, mirror, &name, request.size_limit);
        match downloaded.and_then(|bytes| keep(request, &bytes)) {
            Ok(()) => return Ok(()),
            Err(error) => failures.push(format!("{mirror}: {error}").replace('\n', " ")),
        }
    }
    Err(DataError::Fetch {
        name: name.into_owned(),
        failures: failures.join("; "),
    })
}

/// Gives verified bytes their name.
fn keep(request: &Request, bytes: &[u8]) -> io::Result<()> {
    let pending = Pending::write(request.target, bytes).map_err(io::Error::other)?;
    (request.verify)(pending.temporary_path()).map_err(io::Error::other)?;
    pending.commit().map_err(io::Error::other)
}

fn download(agent: &Agent, mirror: &str, name: &str, size_limit: u64) -> io::Result<Vec<u8>> {
    let request = agent.get(format!("{mirror}{name}"));
    let mut response = request.call().map_err(ureq::Error::into_io)?;
    let status = response.status();
    if !status.is_success() {
        return Err(io::Error::other(format!("HTTP status {status}")));
    }
    let bar = progress_bar(name);
    if let Some(length) = response.body().content_length() {
        bar.set_length(length);
    }
    let mut bytes = Vec::new();
    let body = response.body_mut().as_reader().take(size_limit + 1);
    let read = bar.wrap_read(body).read_to_end(&mut bytes);
    bar.finish_and_clear();
    if read? as u64 > size_limit {
        return Err(io::Error::other(format!("larger than {size_limit} bytes")));
    }
    Ok(bytes)
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
mod tests {
    use std::fs;

    use super::*;
    use crate::data::test_server::{Faults, Server};

    const CONTENT: &[u8] = b"content of the file";

    fn verify(path: &Path) -> Result<(), DataError> {
        match fs::read(path) {
            Ok(found) if found == CONTENT => Ok(()),
            _ => Err(DataError::unexpected(path, "content", "other")),
        }
    }

    #[test]
    fn each_mirror_is_asked_until_one_has_the_file_right() {
        let faults = |cut_after, no_length| Faults {
            cut_after,
            no_length,
        };
        // A server that is gone when it is asked.
        let closed = Server::with_files([]).address();
        let servers = [
            Server::with_files([]),
            Server::with_files([("file", vec![1])]),
            Server::with_files([("file", vec![0; 31])]),
            Server::with_faults([("file", vec![0; 9999])], faults(None, true)),
            Server::with_faults([("file", CONTENT.to_vec())], faults(Some(5), false)),
            Server::with_faults([("file", CONTENT.to_vec())], faults(Some(5), true)),
            Server::with_faults([("file", CONTENT.to_vec())], faults(None, true)),
            Server::with_files([("file", CONTENT.to_vec())]),
        ];
        let mut addresses = vec![closed];
        addresses.extend(servers.iter().map(Server::address));
        let mirrors: Vec<&str> = addresses.iter().map(String::as_str).collect();
        let folder = tempfile::tempdir().unwrap();
        let fetch_from = |mirrors| {
            let target = &folder.path().join("file");
            fetch(&Request {
                target,
                mirrors,
                size_limit: 30,
                verify: &verify,
            })
        };
        let files = || fs::read_dir(folder.path()).unwrap().count();

        let message = fetch_from(&mirrors[..7]).unwrap_err().to_string();
        for part in ["Connection refused", "HTTP status 404"] {
            assert!(message.contains(part), "{part} is not in: {message}");
        }
        assert_eq!(message.matches("expected content, found other").count(), 2);
        assert_eq!(message.matches("larger than 30 bytes").count(), 2);
        assert!(mirrors[..7].iter().all(|mirror| message.contains(mirror)));
        assert!(!message.contains('\n'), "{message}");
        assert_eq!(files(), 0);

        for right in [&mirrors[..8], &mirrors[8..]] {
            fetch_from(right).unwrap();
            assert_eq!(fs::read(folder.path().join("file")).unwrap(), CONTENT);
            assert_eq!(files(), 1);
        }
        assert!(servers.iter().all(|server| server.requests() > 0));
    }
}
