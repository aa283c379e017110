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
    let target = folder.path().join("file");
    fetch(&Request {
        target: &target,
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
    let part = part_path(
        &folder.path().join("file"),
        &format!("{}file", server.address()),
    );
    fs::write(part, &content()[..length]).unwrap();
}

#[test]
fn a_fresh_fetch_leaves_the_file_and_nothing_else() {
    for no_length in [false, true] {
        let (folder, server) = (
            tempdir().unwrap(),
            serve(Faults {
                no_length,
                ..Faults::default()
            }),
        );
        fetch_from(&[&server], &folder).unwrap();
        assert_eq!(fs::read(folder.path().join("file")).unwrap(), content());
        assert_eq!(
            (server.requests(), files_in(&folder)),
            (vec!["/file".to_owned()], 1)
        );
    }
}

#[test]
fn a_cut_connection_is_resumed_where_it_was_cut() {
    let (folder, server) = (
        tempdir().unwrap(),
        serve(Faults {
            cut_after: Some(8000),
            ..Faults::default()
        }),
    );
    fetch_from(&[&server], &folder).unwrap();
    assert_eq!(
        server.requests(),
        ["/file", "/file from 8000", "/file from 16000"]
    );
    assert_eq!(files_in(&folder), 1);
}

#[test]
fn a_later_run_resumes_what_an_earlier_one_left() {
    let (folder, server) = (tempdir().unwrap(), serve(Faults::default()));
    leave_part(&server, &folder, 12_345);
    fetch_from(&[&server], &folder).unwrap();
    assert_eq!(server.requests(), ["/file from 12345"]);
}

#[test]
fn a_server_that_cannot_resume_sends_all_again() {
    let restarts = [
        Faults {
            no_ranges: true,
            ..Faults::default()
        },
        Faults {
            wrong_range: true,
            ..Faults::default()
        },
    ];
    for faults in restarts {
        let (folder, server) = (tempdir().unwrap(), serve(faults));
        leave_part(&server, &folder, 12_345);
        fetch_from(&[&server], &folder).unwrap();
        assert_eq!(server.requests(), ["/file from 12345", "/file"]);
    }
}

#[test]
fn a_part_as_long_as_the_file_is_fetched_afresh() {
    let (folder, server) = (tempdir().unwrap(), serve(Faults::default()));
    leave_part(&server, &folder, content().len());
    fetch_from(&[&server], &folder).unwrap();
    assert_eq!(server.requests(), ["/file from 20000", "/file"]);
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
fn wrong_content_falls_to_the_next_mirror() {
    let wrong = Server::with_files([("file", b"something else".to_vec())]);
    let (folder, right) = (tempdir().unwrap(), serve(Faults::default()));
    fetch_from(&[&wrong, &right], &folder).unwrap();
    assert_eq!(
        (
            wrong.requests().len(),
            right.requests().len(),
            files_in(&folder)
        ),
        (1, 1, 1)
    );
}

#[test]
fn all_failures_are_told_in_one_line_and_leave_nothing() {
    let folder = tempdir().unwrap();
    let closed = serve(Faults::default()).address();
    let (missing, wrong) = (
        Server::with_files([]),
        Server::with_files([("file", vec![1])]),
    );
    let large = Server::with_files([("file", vec![0; 30_001])]);
    let unannounced = Faults {
        no_length: true,
        ..Faults::default()
    };
    let larger = Server::with_faults([("file", vec![0; 99_000])], unannounced);
    let mirrors = [
        closed,
        missing.address(),
        wrong.address(),
        large.address(),
        larger.address(),
    ];
    let mirrors = mirrors.each_ref().map(String::as_str);
    let target = folder.path().join("file");
    let request = Request {
        target: &target,
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
}

#[test]
fn two_processes_do_not_write_the_same_part() {
    let (folder, server) = (tempdir().unwrap(), serve(Faults::default()));
    leave_part(&server, &folder, 10);
    let part = fs::read_dir(folder.path())
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let other = File::open(part).unwrap();
    other.lock().unwrap();
    let message = fetch_from(&[&server], &folder).unwrap_err().to_string();
    assert!(
        message.contains("another process is fetching it"),
        "{message}"
    );
    drop(other);
    fetch_from(&[&server], &folder).unwrap();
}
