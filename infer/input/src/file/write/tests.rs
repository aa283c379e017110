use super::*;

fn names(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_file_appears_whole_and_replaces_the_earlier_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model");
    write(&path, b"first").unwrap();
    let pending = Pending::write(&path, b"second").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"first");
    assert_eq!(fs::read(pending.temporary_path()).unwrap(), b"second");
    pending.commit().unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"second");
    assert_eq!(names(folder.path()), ["model"]);
}

#[test]
fn content_may_come_in_parts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scores");
    let mut pending = Pending::create(&path).unwrap();
    for part in [&b"one"[..], b"", b", two"] {
        pending.append(part).unwrap();
    }
    assert!(!path.exists());
    pending.commit().unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"one, two");
    assert_eq!(names(folder.path()), ["scores"]);
}

#[test]
fn of_two_files_both_get_their_names_or_neither() {
    let folder = tempfile::tempdir().unwrap();
    let [first, second] = ["first", "second"].map(|name| folder.path().join(name));
    let commit = |content: &[u8], blocked| {
        let pending = [&first, &second].map(|path| Pending::write(path, content).unwrap());
        if blocked {
            fs::create_dir(&second).unwrap();
            fs::write(second.join("occupant"), b"").unwrap();
        }
        let [first, second] = pending;
        commit_both(first, second)
    };
    assert_eq!(commit(b"new", true).unwrap_err().path, second);
    assert_eq!(names(folder.path()), ["second"]);
    fs::remove_dir_all(&second).unwrap();
    fs::write(&first, b"old").unwrap();
    assert_eq!(commit(b"new", true).unwrap_err().path, second);
    assert_eq!(fs::read(&first).unwrap(), b"old");
    assert_eq!(names(folder.path()), ["first", "second"]);
    fs::remove_dir_all(&second).unwrap();
    commit(b"new", false).unwrap();
    for path in [&first, &second] {
        assert_eq!(fs::read(path).unwrap(), b"new");
    }
}

#[test]
fn what_cannot_be_written_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    drop(Pending::write(&file, b"half").unwrap());
    expect_writable(&file).unwrap();
    assert!(names(folder.path()).is_empty());

    write(&file, b"kept").unwrap();
    let run = file.join("run");
    for error in [
        prepare_folder(&run),
        write(&run, b""),
        expect_writable(&run),
    ] {
        let error = error.unwrap_err().to_string();
        let expected = format!("{}: cannot be written: ", run.display());
        assert!(error.starts_with(&expected), "{error}");
    }
    let error = prepare_folder(&file).unwrap_err().to_string();
    assert!(error.contains("expected a folder, found a file"), "{error}");
    for error in [write(folder.path(), b""), expect_writable(folder.path())] {
        assert!(error.unwrap_err().to_string().contains("directory"));
    }
    assert_eq!(fs::read(&file).unwrap(), b"kept");
}

#[test]
fn what_killed_programs_left_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    for name in [".baton-x1.part", ".baton-x1", "x1.part", "kept"] {
        write(&folder.path().join(name), b"").unwrap();
    }
    remove_stale(folder.path());
    assert_eq!(names(folder.path()), [".baton-x1", "kept", "x1.part"]);
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::os::unix::net::UnixListener;
    use std::process::Command;

    use super::*;
    use crate::file::tests::make_pipe;

    #[test]
    fn a_link_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("far")).unwrap();
        fs::write(path("far/target"), "old").unwrap();
        symlink("far/target", path("near")).unwrap();
        symlink("near", path("link")).unwrap();
        symlink("far/new", path("dangling")).unwrap();
        symlink("itself", path("itself")).unwrap();
        write(&path("link"), b"new").unwrap();
        write(&path("dangling"), b"created").unwrap();
        assert_eq!(fs::read(path("far/target")).unwrap(), b"new");
        assert_eq!(fs::read(path("far/new")).unwrap(), b"created");
        assert_eq!(fs::read_link(path("link")).unwrap(), Path::new("near"));
        let dangling = fs::read_link(path("dangling")).unwrap();
        assert_eq!(dangling, Path::new("far/new"));
        assert_eq!(names(&path("far")), ["new", "target"]);
        write(&path("itself"), b"").unwrap_err();
    }

    #[test]
    fn permissions_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        write(&path, b"").unwrap();
        assert_eq!(mode() & 0o400, 0o400);
        for kept in [0o600, 0o664, 0o640] {
            fs::set_permissions(&path, Permissions::from_mode(kept)).unwrap();
            write(&path, b"again").unwrap();
            assert_eq!(mode(), kept);
        }
    }

    #[test]
    fn devices_pipes_and_sockets_are_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let [pipe, socket, link] = ["pipe", "socket", "link"].map(|name| folder.path().join(name));
        make_pipe(&pipe);
        let listener = UnixListener::bind(&socket).unwrap();
        symlink("/dev/null", &link).unwrap();
        for commit in [true, false] {
            let send = |path: &Path| {
                if commit {
                    Pending::write(path, b"sent").unwrap().commit().unwrap();
                } else {
                    write(path, b"sent").unwrap();
                }
            };
            send(Path::new("/dev/null"));
            send(&link);
            let reader = std::thread::spawn({
                let pipe = pipe.clone();
                move || fs::read(pipe).unwrap()
            });
            send(&pipe);
            assert_eq!(reader.join().unwrap(), b"sent");
            send(&socket);
            let mut received = Vec::new();
            let mut connection = listener.accept().unwrap().0;
            connection.read_to_end(&mut received).unwrap();
            assert_eq!(received, b"sent");
        }
        expect_writable(&pipe).unwrap();
        let error = write(Path::new("/dev/full"), b"lost").unwrap_err();
        assert!(error.to_string().contains("No space"), "{error}");
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
        assert_eq!(names(folder.path()), ["link", "pipe", "socket"]);
    }

    /// In a process of its own: nothing can be written after it.
    #[test]
    fn temporary_files_can_be_removed_before_the_process_ends() {
        const FOLDER: &str = "INPUT_TEST_FOLDER";
        if let Some(folder) = std::env::var_os(FOLDER) {
            let pending = Pending::write(&Path::new(&folder).join("file"), b"half").unwrap();
            remove_temporaries();
            assert!(!pending.temporary_path().exists());
            std::process::exit(0);
        }
        let folder = tempfile::tempdir().unwrap();
        let this = std::env::current_exe().unwrap();
        let name = std::thread::current().name().unwrap().to_owned();
        let run = Command::new(this)
            .args(["--exact", &name])
            .env(FOLDER, folder.path())
            .output()
            .unwrap();
        assert!(run.status.success(), "{run:?}");
        assert!(names(folder.path()).is_empty());
    }
}
