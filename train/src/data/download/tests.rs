use tempfile::{TempDir, tempdir};

use super::*;
use crate::data::test_server::{Faults, Server};

/// Content in which every position shows, so that a wrong seam is seen.
fn content() -> Vec<u8> {
    (0_u32..5000).flat_map(u32::to_le_bytes).collect()
}

fn verify(path: &Path) -> Result<(), DataError> {
    let found = fs::read(path).map_err(|error| DataError::io(path, error))?;
    if found == content() {
        Ok(())
    } else {
        Err(DataError::unexpected(path, "content", "other"))
    }
}

fn fetch_from(servers: &[&Server], folder: &TempDir) -> Result<(), DataError> {
    let addresses: Vec<String> = servers.iter().map(|server| server.address()).collect();
    let mirrors: Vec<&str> = addresses.iter().map(String::as_str).collect();
    fetch(&Request {
        target: &folder.path().join("file"),
        mirrors: &mirrors,
        size_limit: 30_000,
        verify: &verify,
    })
}

fn files_in(folder: &TempDir) -> usize {
    fs::read_dir(folder.path()).unwrap().count()
}

fn serve(faults: Faults) -> Server {
    Server::with_faults([("file", content())], faults)
}

/// Leaves the first `length` bytes of a transfer from `server`, as a killed run would.
fn leave_part(server: &Server, folder: &TempDir, length: usize) {
    let url = format!("{}file", server.address());
    let part = part_path(&folder.path().join("file"), &url);
    fs::write(part, &content()[..length]).unwrap();
}

#[test]
fn a_fetch_goes_on_where_an_earlier_one_ended_and_leaves_nothing_but_the_file() {
    let good = Faults::default();
    let no_length = Faults {
        no_length: true,
        ..good
    };
    let cut = Faults {
        cut_after: Some(8000),
        ..good
    };
    let no_ranges = Faults {
        no_ranges: true,
        ..good
    };
    let wrong_range = Faults {
        wrong_range: true,
        ..good
    };
    let cases: [(Faults, usize, &[&str]); 7] = [
        (good, 0, &["/file"]),
        (no_length, 0, &["/file"]),
        (cut, 0, &["/file", "/file from 8000", "/file from 16000"]),
        (good, 12_345, &["/file from 12345"]),
        (no_ranges, 12_345, &["/file from 12345", "/file"]),
        (wrong_range, 12_345, &["/file from 12345", "/file"]),
        // As long as the file: perhaps another file.
        (good, 20_000, &["/file from 20000", "/file"]),
    ];
    for (faults, part, requests) in cases {
        let (folder, server) = (tempdir().unwrap(), serve(faults));
        if part > 0 {
            leave_part(&server, &folder, part);
        }
        fetch_from(&[&server], &folder).unwrap();
        assert_eq!(server.requests(), requests);
        assert_eq!(fs::read(folder.path().join("file")).unwrap(), content());
        assert_eq!(files_in(&folder), 1);
    }
}

#[test]
fn a_mirror_that_never_finishes_is_given_up_and_its_part_kept() {
    let faults = Faults {
        cut_after: Some(1000),
        ..Faults::default()
    };
    let (folder, server) = (tempdir().unwrap(), serve(faults));
    assert!(fetch_from(&[&server], &folder).is_err());
    assert_eq!((server.requests().len(), files_in(&folder)), (ATTEMPTS, 1));
    fetch_from(&[&server, &serve(Faults::default())], &folder).unwrap();
    assert_eq!(server.requests().len(), 2 * ATTEMPTS);
}

#[test]
fn a_mirror_out_of_service_costs_no_part() {
    let faults = Faults {
        unavailable: true,
        ..Faults::default()
    };
    let (folder, server) = (tempdir().unwrap(), serve(faults));
    leave_part(&server, &folder, 10);
    let message = fetch_from(&[&server], &folder).unwrap_err().to_string();
    assert!(message.contains("HTTP status 503"), "{message}");
    assert_eq!((server.requests().len(), files_in(&folder)), (1, 1));
}

#[test]
fn all_failures_are_told_in_one_line_and_leave_nothing_and_the_next_mirror_is_asked() {
    let folder = tempdir().unwrap();
    // A server that is gone when it is asked.
    let closed = serve(Faults::default()).address();
    let no_length = Faults {
        no_length: true,
        ..Faults::default()
    };
    let servers = [
        Server::with_files([]),
        Server::with_files([("file", vec![1])]),
        Server::with_files([("file", vec![0; 30_001])]),
        Server::with_faults([("file", vec![0; 99_000])], no_length),
    ];
    let addresses = servers.each_ref().map(Server::address);
    let mut mirrors = vec![closed.as_str()];
    mirrors.extend(addresses.iter().map(String::as_str));
    let mut request = Request {
        target: &folder.path().join("file"),
        mirrors: &mirrors,
        size_limit: 30_000,
        verify: &verify,
    };
    let message = fetch(&request).unwrap_err().to_string();
    for part in [
        "Connection refused",
        "HTTP status 404",
        "expected content, found other",
    ] {
        assert!(message.contains(part), "{part} is not in: {message}");
    }
    assert_eq!(message.matches("larger than 30000 bytes").count(), 2);
    assert!(mirrors.iter().all(|mirror| message.contains(mirror)) && !message.contains('\n'));
    assert_eq!(files_in(&folder), 0);

    let good = serve(Faults::default());
    let address = good.address();
    let more = [&mirrors[..], &[&address]].concat();
    request.mirrors = &more;
    fetch(&request).unwrap();
    assert_eq!((good.requests().len(), files_in(&folder)), (1, 1));
}

#[test]
fn two_processes_do_not_write_the_same_part() {
    let (folder, server) = (tempdir().unwrap(), serve(Faults::default()));
    leave_part(&server, &folder, 10);
    let mut parts = fs::read_dir(folder.path()).unwrap();
    let other = File::open(parts.next().unwrap().unwrap().path()).unwrap();
    other.lock().unwrap();
    let message = fetch_from(&[&server], &folder).unwrap_err().to_string();
    assert!(
        message.contains("another process is fetching it"),
        "{message}"
    );
    drop(other);
    fetch_from(&[&server], &folder).unwrap();
}
