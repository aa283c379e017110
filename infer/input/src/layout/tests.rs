use tempfile::{TempDir, tempdir};

use super::*;
use crate::idx::tests::{FORM, gzip, images, labels};

const BOTH: [Part; 2] = [Part::Train, Part::Test];

/// A folder with these files, each with its own name as content.
fn folder(names: &[impl AsRef<Path>]) -> TempDir {
    let folder = tempdir().unwrap();
    for name in names {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, name.as_ref().to_str().unwrap()).unwrap();
    }
    folder
}

/// The names of the files found, images before labels.
fn found<const N: usize>(folder: &TempDir, parts: [Part; N]) -> Vec<String> {
    let pairs = find(folder.path(), parts).unwrap().into_iter();
    let paths = pairs.flat_map(|pair| [pair.images, pair.labels]);
    paths
        .map(|path| fs::read_to_string(path).unwrap())
        .collect()
}

/// What is said of the folder, without its path.
fn refusal<const N: usize>(folder: &TempDir, parts: [Part; N]) -> String {
    let message = find(folder.path(), parts).unwrap_err().to_string();
    assert!(!message.contains('\n'), "{message}");
    let start = folder.path().display().to_string();
    message.strip_prefix(&start).expect(&message).to_owned()
}

#[test]
fn every_spelling_and_layout_is_found() {
    let spellings: [fn(&str) -> String; 11] = [
        str::to_owned,
        |name| format!("{name}.gz"),
        |name| name.replace("-idx", ".idx"),
        |name| name.replace("t10k", "test"),
        |name| name.replace("-idx", ".IDX").to_uppercase() + ".GZ",
        |name| name.split("-idx").next().unwrap().to_owned(),
        |name| name.replace("-ubyte", "").replace('-', "_"),
        |name| name.replace("-ubyte", ".bin"),
        |name| format!("emnist-digits-{}.gz", name.replace("t10k", "test")),
        |name| format!("MNIST/raw/{name}"),
        |name| format!("archive/{name}/{}", name.replace("-idx", ".idx")),
    ];
    for spelling in spellings {
        let names = NAMES.map(spelling);
        assert_eq!(found(&folder(&names), BOTH), names);
        assert_eq!(found(&folder(&names[2..]), [Part::Test]), names[2..]);
        assert_eq!(found(&folder(&names[..2]), [Part::Train]), names[..2]);
    }
    let qmnist = [
        "qmnist-train-images-idx3-ubyte.gz",
        "qmnist-train-labels-idx2-int.gz",
        "qmnist-test-images-idx3-ubyte.gz",
        "qmnist-test-labels-idx2-int.gz",
    ];
    let others = [
        "qmnist-test-labels.tsv.gz",
        "xnist-images-idx3-ubyte.xz",
        "qmnist.py",
    ];
    let all = folder(&[&qmnist[..], &others].concat());
    assert_eq!(found(&all, BOTH), qmnist);
}

#[test]
fn near_plain_and_unpacked_files_are_preferred() {
    let packed = NAMES.map(|name| format!("{name}.gz"));
    let below = NAMES.map(|name| format!("raw/{name}"));
    let kaggle = NAMES.map(|name| format!("{name}_/{name}"));
    let emnist = NAMES.map(|name| format!("emnist-mnist-{name}"));
    let hidden = NAMES.map(|name| format!("._{name}"));
    let cut = NAMES.map(|name| format!("{name}.gz.1a2b3c4d.part"));
    let others = [packed, below, kaggle, emnist, hidden, cut].concat();
    let all: Vec<&str> = NAMES
        .into_iter()
        .chain(others.iter().map(String::as_str))
        .collect();
    assert_eq!(found(&folder(&all), BOTH), NAMES);
}

#[test]
fn several_data_sets_are_not_chosen_from() {
    let collections = ["emnist-digits", "emnist-letters"];
    let names = collections.map(|start| NAMES.map(|name| format!("{start}-{name}")));
    let several =
        "expected one data set (name its folder, or give it one of its own), found several";
    let of_names = folder(names.as_flattened());
    let path = of_names.path().display();
    let expected = format!(": {several}: {path} (emnist-digits), {path} (emnist-letters)");
    assert_eq!(refusal(&of_names, BOTH), expected);

    let folders =
        ["MNIST/raw", "FashionMNIST/raw"].map(|start| NAMES.map(|name| format!("{start}/{name}")));
    let of_folders = folder(folders.as_flattened());
    let path = of_folders.path().display();
    let expected = format!(": {several}: {path}/FashionMNIST/raw, {path}/MNIST/raw");
    assert_eq!(refusal(&of_folders, [Part::Test]), expected);

    // Only one of these is whole.
    let mixed = [&names[0][..], &names[1][..3]].concat();
    assert_eq!(found(&folder(&mixed), BOTH), names[0]);
}

#[test]
fn missing_files_are_named_and_what_is_there_is_listed() {
    for missing in 0..4 {
        let mut names = NAMES.to_vec();
        let name = names.remove(missing);
        names.sort_unstable();
        let found = names.join(", ");
        let expected = format!(": expected {name} (packed with gzip or not), found {found}");
        assert_eq!(refusal(&folder(&names), BOTH), expected);
        let below = names.iter().map(|name| format!("MNIST/raw/{name}"));
        let below = folder(&below.collect::<Vec<_>>());
        assert_eq!(refusal(&below, BOTH), format!("/MNIST/raw{expected}"));
    }
    let test = ": expected t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte (packed with gzip or not), found ";
    let empty = folder(&[""; 0]);
    assert_eq!(
        refusal(&empty, [Part::Test]),
        format!("{test}an empty folder")
    );
    let names: [String; 20] = std::array::from_fn(|index| format!("{index:02}\u{1b}.png"));
    let listed = names[..8].join(", ").replace('\u{1b}', "\\u{1b}");
    let expected = format!("{test}{listed} and 12 more");
    assert_eq!(refusal(&folder(&names), [Part::Test]), expected);
    let message = find(Path::new("no/such"), BOTH).unwrap_err().to_string();
    let expected = "no/such: expected a folder of IDX files, found nothing of that name";
    assert_eq!(message, expected);
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_passed_over() {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    let folder = folder(&["photo.png", "sub/note.txt"]);
    let _socket = UnixListener::bind(folder.path().join(NAMES[2])).unwrap();
    crate::file::tests::make_pipe(&folder.path().join(NAMES[3]));
    symlink("nowhere", folder.path().join("broken")).unwrap();
    symlink(".", folder.path().join("sub/loop")).unwrap();
    let message = refusal(&folder, [Part::Test]);
    let listed = "(os error 2)), photo.png, sub/, t10k-images-idx3-ubyte (neither a file nor a folder), \
                  t10k-labels-idx1-ubyte (neither a file nor a folder)";
    assert!(message.contains("found broken (unreadable: "), "{message}");
    assert!(message.ends_with(listed), "{message}");
}

#[test]
fn there_is_a_label_for_each_image() {
    let folder = tempdir().unwrap();
    for (name, content) in NAMES[2..].iter().zip([images(2), gzip(&labels(&[7, 8]))]) {
        fs::write(folder.path().join(name), content).unwrap();
    }
    let [pair] = find(folder.path(), [Part::Test]).unwrap();
    let (images, labels_read) = pair.read(FORM).unwrap();
    assert_eq!((images.count, labels_read.classes), (2, vec![7, 8]));
    fs::write(&pair.labels, labels(&[1, 2, 3])).unwrap();
    let [of, at] = [&pair.images, &pair.labels].map(|path| path.display());
    let expected = format!("{at}: expected 2 labels, one for each image of {of}, found 3");
    assert_eq!(pair.read(FORM).unwrap_err().to_string(), expected);
}
