use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::*;
use crate::support_arrays::{floats, npy, npz};

fn decoded(bytes: Vec<u8>) -> Result<Arrays, String> {
    decode(Cursor::new(bytes)).map_err(|error| error.to_string())
}

fn array(bytes: Vec<u8>) -> Array {
    decoded(bytes).unwrap().numbers.remove(0).1
}

#[test]
fn numbers_of_any_type_and_order_of_bytes() {
    macro_rules! both_orders {
        ($variant:ident, $number:ty, $name:literal) => {
            let numbers = [<$number>::MIN, <$number>::MAX, 7 as $number];
            let expected = Elements::$variant(numbers.to_vec());
            for (order, bytes) in [
                ("<", numbers.map(<$number>::to_le_bytes)),
                (">", numbers.map(<$number>::to_be_bytes)),
            ] {
                let file = npy(&format!("{order}{}", $name), &[3, 1], bytes.as_flattened());
                let found = array(file);
                assert_eq!((found.shape, &found.elements), (vec![3, 1], &expected));
            }
        };
    }
    both_orders!(Float32, f32, "f4");
    both_orders!(Float64, f64, "f8");
    both_orders!(Int8, i8, "i1");
    both_orders!(Uint8, u8, "u1");
    both_orders!(Int16, i16, "i2");
    both_orders!(Uint16, u16, "u2");
    both_orders!(Int32, i32, "i4");
    both_orders!(Uint32, u32, "u4");
    both_orders!(Int64, i64, "i8");
    both_orders!(Uint64, u64, "u8");
    let truths = array(npy("|b1", &[2], &[1, 0]));
    assert_eq!(truths.elements, Elements::Bool(vec![true, false]));
    assert_eq!(truths.elements.to_floats(), [1.0, 0.0]);
}

#[test]
fn the_innermost_axis_may_be_the_first() {
    // Element [a, b, c] is 100 a + 10 b + c.
    let of = |places: &mut dyn Iterator<Item = [u8; 3]>| {
        places
            .map(|[a, b, c]| 100 * a + 10 * b + c)
            .collect::<Vec<u8>>()
    };
    let outer = |n: u8| move |at: u8| [at / n, at % n];
    let last = of(&mut (0..24).map(|at| {
        let [a, rest] = outer(12)(at);
        let [b, c] = outer(4)(rest);
        [a, b, c]
    }));
    let first = of(&mut (0..24).map(|at| {
        let [c, rest] = outer(6)(at);
        let [b, a] = outer(2)(rest);
        [a, b, c]
    }));
    let expected = Elements::Uint8(last.clone());
    assert_eq!(array(npy("|u1", &[2, 3, 4], &last)).elements, expected);
    let mut file = npy("|u1", &[2, 3, 4], &first);
    let order = b"False, ";
    let at = file.windows(order.len()).position(|bytes| bytes == order);
    file[at.unwrap()..][..order.len()].copy_from_slice(b"True,  ");
    let found = array(file);
    assert_eq!(found.elements, expected);
}

#[test]
fn scalars_and_arrays_of_nothing_are_arrays() {
    assert_eq!(array(floats(&[], &[2.5])).elements.to_floats(), [2.5]);
    assert_eq!(array(floats(&[0, 3], &[])).shape, [0, 3]);
}

#[test]
fn archives_have_names_and_what_is_no_number_is_passed_over() {
    let strings = npy("<U1", &[1], &[65, 0, 0, 0]);
    let arrays = [
        ("words", strings.clone()),
        ("x", floats(&[2], &[1.0, 2.0])),
        ("y", npy("|u1", &[2], &[3, 4])),
    ];
    let found = decoded(npz(&arrays)).unwrap();
    let names: Vec<String> = found.numbers.into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["x", "y"]);
    assert_eq!(found.others, [("words".to_owned(), "texts".to_owned())]);
    let expected = "expected arrays of numbers, found words: texts";
    assert_eq!(decoded(npz(&arrays[..1])).unwrap_err(), expected);
    for (file, of) in [
        (strings, "texts"),
        (
            npy("|O", &[1], &[0]),
            "Python objects; convert them with .astype",
        ),
        (
            npy("<f2", &[1], &[0; 2]),
            "half floats; convert them with .astype(\"float32\")",
        ),
        (npy("<c8", &[1], &[0; 8]), "what NumPy calls \"c8\""),
    ] {
        let expected = format!("expected arrays of numbers, found an array of {of}");
        assert_eq!(decoded(file).unwrap_err(), expected);
    }
}

#[test]
fn inputs_and_their_classes_are_known_by_their_names() {
    let classes = npy("<i8", &[2], [2_i64, 0].map(i64::to_le_bytes).as_flattened());
    let inputs = floats(&[2, 1], &[1.0, 2.0]);
    let found = |arrays: &[(&str, Vec<u8>)]| samples(decoded(npz(arrays)).unwrap());
    for name in ["x_test", "features", "X"] {
        let found = found(&[("y_test", classes.clone()), (name, inputs.clone())]).unwrap();
        assert_eq!(found.labels(2), Ok(Some(vec![2, 0])));
        assert_eq!(
            (&found.name[..], &found.inputs.shape[..]),
            (name, &[2, 1][..])
        );
    }
    assert_eq!(found(&[("x", inputs.clone())]).unwrap().labels(2), Ok(None));
    let rows = |rows: &[f32]| floats(&[2, rows.len() / 2], rows);
    for labels in [
        rows(&[0.0, 0.0, 1.0, 1.0, 0.0, 0.0]),
        npy("|b1", &[2, 3], &[0, 0, 1, 1, 0, 0]),
        npy(
            "<u8",
            &[2, 1],
            [2_u64, 0].map(u64::to_le_bytes).as_flattened(),
        ),
    ] {
        let found = found(&[("x", inputs.clone()), ("label", labels)]).unwrap();
        assert_eq!(found.labels(2), Ok(Some(vec![2, 0])));
    }
    for (labels, expected) in [
        (floats(&[2], &[1.0, 0.5]), "0.5 for sample 1"),
        (floats(&[2], &[-1.0, 0.0]), "-1 for sample 0"),
        (floats(&[2], &[1.0, f32::NAN]), "NaN for sample 1"),
        (floats(&[3], &[0.0; 3]), "an array of shape [3]"),
        (
            npy("<U1", &[2], &[65, 0, 0, 0, 66, 0, 0, 0]),
            "an array of no numbers",
        ),
        (
            rows(&[1.0, 0.0, 1.0, 1.0]),
            "a row of 2 numbers for sample 1 that are not one 1 and zeros",
        ),
        (
            rows(&[0.0, 0.0, 1.0, 0.0]),
            "a row of 2 numbers for sample 0 that are not one 1 and zeros",
        ),
        (
            rows(&[0.9, 0.1, 1.0, 0.0]),
            "a row of 2 numbers for sample 0 that are not one 1 and zeros",
        ),
    ] {
        let found = found(&[("x", inputs.clone()), ("y_all", labels)]).unwrap();
        let refusal = found.labels(2).unwrap_err();
        assert_eq!((&refusal.name[..], &refusal.found[..]), ("y_all", expected));
        assert!(
            refusal.to_string().contains("each of 2 samples"),
            "{refusal}"
        );
    }
    let error = found(&[("y", classes)]).unwrap_err().to_string();
    let expected = "expected an array of inputs, best named x, found y: int64 [2]";
    assert_eq!(error, expected);
}

#[test]
fn of_two_arrays_of_classes_the_first_that_fits_counts() {
    let classes = |classes: &[u8]| npy("|u1", &[classes.len()], classes);
    let arrays = [
        ("x", floats(&[4, 1], &[0.0; 4])),
        ("y_sum", classes(&[1])),
        ("y", classes(&[0, 1, 2, 3])),
        ("y_subject", classes(&[7; 4])),
    ];
    let found = samples(decoded(npz(&arrays)).unwrap()).unwrap();
    assert_eq!(found.labels(4), Ok(Some(vec![0, 1, 2, 3])));
    // Of one sample of four numbers.
    assert_eq!(found.labels(1), Ok(Some(vec![1])));
}

#[test]
fn of_many_arrays_a_message_lists_the_first() {
    let names: Vec<String> = (0..30).map(|at| format!("y{at}")).collect();
    let array = || npy("|u1", &[1], &[0]);
    let arrays: Vec<_> = names.iter().map(|name| (&**name, array())).collect();
    let error = samples(decoded(npz(&arrays)).unwrap()).unwrap_err();
    assert!(
        error.to_string().ends_with(", y7: uint8 [1] and 22 more"),
        "{error}"
    );
}

#[test]
fn headers_take_room_and_axes_are_few() {
    let file = floats(&[2], &[1.0, 2.0]);
    let taken = file.len() as u64 - 10;
    let mut room = taken;
    assert!(npy::read(&mut &file[..], &mut room).is_ok());
    assert_eq!(room, 0);
    let refused = npy::read(&mut &file[..], &mut { taken - 1 });
    assert!(matches!(refused, Err(ArraysError::TooLarge)));
    let axes = |count: usize| npy("|u1", &[&[0][..], &vec![1; count - 1]].concat(), &[]);
    assert_eq!(array(axes(64)).shape.len(), 64);
    let error = decoded(axes(10_000)).unwrap_err();
    let expected = "expected a .npy or .npz file, found a damaged one (10000 axes, more than 64)";
    assert_eq!(error, expected);
}

#[test]
fn other_files_are_refused() {
    let whole = floats(&[4], &[1.0; 4]);
    let archive = npz(&[("x", whole.clone())]);
    let empty = ZipArchive::new(Cursor::new(npz(&[]))).unwrap();
    assert!(from_archive(empty).is_err());
    for (bytes, found) in [
        (&b""[..], "an empty file"),
        (b"notes", "a file of another kind"),
        (
            &whole[..whole.len() - 1],
            "a damaged one (16 bytes announced, 15 there)",
        ),
        (&whole[..20], "a damaged one (cut short)"),
        (&archive[..archive.len() / 2], "a damaged one ("),
    ] {
        let error = decoded(bytes.to_vec()).unwrap_err();
        let expected = format!("expected a .npy or .npz file, found {found}");
        assert!(error.starts_with(&expected), "{error}");
    }
    for shape in [&[1 << 40, 1 << 40][..], &[0, i64::MAX as usize, 4]] {
        let error = decoded(npy("<f8", shape, &[])).unwrap_err();
        assert_eq!(error, "expected arrays of at most 1024 MiB, found more");
    }
    let error = read(Path::new("none.npy")).unwrap_err().to_string();
    assert_eq!(
        error,
        "none.npy: expected a file, found nothing of that name"
    );
}

#[test]
fn a_changed_number_of_an_archive_is_seen() {
    let numbers = [1.5_f32, -2.25, 3.125];
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    archive.start_file("x.npy", stored).unwrap();
    archive.write_all(&floats(&[3], &numbers)).unwrap();
    let archive = archive.finish().unwrap().into_inner();
    let bytes = numbers.map(f32::to_le_bytes).concat();
    let at = archive.windows(bytes.len()).position(|part| part == bytes);
    let mut damaged = archive.clone();
    damaged[at.unwrap()] ^= 1;
    assert!(decoded(archive).is_ok());
    assert!(decoded(damaged).is_err());
}

#[test]
fn damaged_files_never_panic() {
    let archive = npz(&[
        ("x", floats(&[3], &[1.0; 3])),
        ("y", npy("|u1", &[3], &[1; 3])),
    ]);
    for file in [floats(&[3], &[1.0; 3]), archive] {
        for at in 0..file.len() {
            for flip in [1, 0x20, 0xff] {
                let mut damaged = file.clone();
                damaged[at] ^= flip;
                let _ = decoded(damaged);
            }
        }
    }
}
