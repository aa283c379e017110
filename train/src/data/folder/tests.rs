use super::*;

/// Empty files of these names; a name that ends in `/` is a folder.
fn tree(names: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in names {
        let path = folder.path().join(name);
        if name.ends_with('/') {
            fs::create_dir_all(path).unwrap();
        } else {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
    }
    folder
}

fn found(folder: &tempfile::TempDir) -> Collection {
    read(folder.path()).unwrap().unwrap()
}

/// Each picture's name, class and part.
fn pictures(collection: &Collection) -> Vec<(String, &str, Option<Part>)> {
    let Pictures::Files(files) = &collection.pictures else {
        panic!("{collection:?}")
    };
    let of = |((_, name), entry): (&(PathBuf, String), &Entry)| {
        let class = &collection.classes[usize::from(entry.label)];
        (name.clone(), &**class, entry.part)
    };
    files.iter().zip(&collection.entries).map(of).collect()
}

#[test]
fn classes_are_in_natural_order_whatever_their_names_and_depth() {
    let names = [
        "10/a.PNG",
        "2/b c, d.jpg",
        "größe/x/y/z/z.webp",
        "2/1.gif",
        "2/10.gif",
        "2/9.bmp",
    ];
    let folder = tree(&names);
    let collection = found(&folder);
    assert_eq!(collection.classes, ["2", "10", "größe"]);
    let expected = [
        ("2/1.gif", "2"),
        ("2/9.bmp", "2"),
        ("2/10.gif", "2"),
        ("2/b c, d.jpg", "2"),
        ("10/a.PNG", "10"),
        ("größe/x/y/z/z.webp", "größe"),
    ];
    let expected = expected.map(|(name, class)| (name.to_owned(), class, None));
    assert_eq!(pictures(&collection), expected);
    assert_eq!(
        (collection.passed_over, collection.unreadable),
        (vec![], vec![])
    );
}

#[test]
fn what_is_not_used_is_said_with_its_reason() {
    let folder = tree(&[
        "cat/1.png",
        "cat/._1.png",
        "cat/.cache/2.png",
        "cat/notes.txt",
        "cat/Thumbs.db",
        "dog/1.png",
        "empty/",
        "loose.png",
        "__MACOSX/cat/1.png",
        ".ipynb_checkpoints/1.png",
    ]);
    let collection = found(&folder);
    assert_eq!(collection.classes, ["cat", "dog"]);
    assert_eq!(collection.entries.len(), 2);
    let reasons: Vec<(&str, &str)> = collection
        .passed_over
        .iter()
        .map(|remark| (&*remark.name, &*remark.reason))
        .collect();
    for expected in [
        ("cat/._1.png", "hidden"),
        ("cat/.cache", "hidden"),
        ("cat/notes.txt", FOREIGN),
        ("cat/Thumbs.db", "added by Windows"),
        ("empty", "a folder without pictures"),
        ("loose.png", "beside the folders of the classes"),
        ("__MACOSX", "added by macOS"),
        (".ipynb_checkpoints", "hidden"),
    ] {
        assert!(reasons.contains(&expected), "{expected:?}: {reasons:?}");
    }
    assert_eq!(reasons.len(), 8);
}

#[test]
fn folders_of_parts_are_respected_also_below_a_folder_alone() {
    let folder = tree(&[
        "set-v2/data/Train/a/1.png",
        "set-v2/data/Train/b/2.png",
        "set-v2/data/valid/a/3.png",
        "set-v2/data/test/b/4.png",
        "set-v2/data/test/5.png",
        "set-v2/data/extra/a/6.png",
        "__MACOSX/x",
    ]);
    let collection = found(&folder);
    let [train, validation, test] = [Part::Train, Part::Validation, Part::Test].map(Some);
    let expected = [
        ("test/b/4.png", "b", test),
        ("Train/a/1.png", "a", train),
        ("Train/b/2.png", "b", train),
        ("valid/a/3.png", "a", validation),
    ];
    let mut pictures = pictures(&collection);
    pictures.sort_by_key(|(name, ..)| name.to_lowercase());
    assert_eq!(
        pictures,
        expected.map(|(name, class, part)| (name.to_owned(), class, part))
    );
    assert_eq!(collection.passed_over.len(), 2);
}

#[test]
fn pictures_alone_are_of_one_class() {
    let folder = tree(&["a.png", "b.png", "note.txt"]);
    assert_eq!(read(folder.path()).unwrap(), None);
    let collection = read_flat(folder.path()).unwrap().unwrap();
    assert_eq!(collection.classes, [last(folder.path())]);
    assert!(collection.entries.iter().all(|entry| entry.label == 0));
    assert_eq!(
        (collection.entries.len(), collection.passed_over.len()),
        (2, 1)
    );
    assert_eq!(read_flat(tree(&["a.txt"]).path()).unwrap(), None);
}

#[test]
fn folders_without_pictures_of_classes_are_none() {
    for names in [&[][..], &["a.png"], &["a/b.txt"], &["a/b/", "c/"]] {
        assert_eq!(read(tree(names).path()).unwrap(), None, "{names:?}");
    }
}

#[cfg(unix)]
#[test]
fn links_are_followed_and_never_for_ever() {
    use std::os::unix::fs::symlink;
    let folder = tree(&["a/1.png", "b/2.png", "elsewhere.dat"]);
    let path = |name: &str| folder.path().join(name);
    symlink("../elsewhere.dat", path("a/link.png")).unwrap();
    symlink(folder.path(), path("a/loop")).unwrap();
    symlink("nothing", path("b/dangling.png")).unwrap();
    symlink("/dev/zero", path("b/device.png")).unwrap();
    let collection = found(&folder);
    let names = pictures(&collection).into_iter().map(|(name, ..)| name);
    assert!(names.eq(["a/1.png", "a/link.png", "b/2.png"]));
    let unreadable = collection.unreadable.iter().map(|remark| &*remark.name);
    assert!(unreadable.eq(["b/dangling.png"]));
    let looped = collection
        .passed_over
        .iter()
        .find(|remark| remark.reason == LOOP);
    assert_eq!(looped.unwrap().name, "a/loop");
    assert!(
        collection
            .passed_over
            .iter()
            .any(|remark| remark.name == "b/device.png")
    );
}
