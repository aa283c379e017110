use super::*;
use crate::data::collection::Divided;
use crate::data::random::Random;
use crate::data::synthetic;

/// A collection of pictures of two classes, of so many with each part; each picture unlike the others.
fn collection(parts: &[(Option<Part>, usize)]) -> Collection {
    let mut random = Random::new(3, 0);
    let mut entries = Vec::new();
    for &(part, count) in parts {
        entries.extend((0..count).map(|index| Entry {
            label: (index % 2) as u16,
            part,
        }));
    }
    let pixels = (0..100 * entries.len()).map(|_| random.below(256) as u8);
    Collection {
        source: "drawn".into(),
        classes: ["a", "b"].map(String::from).into(),
        pictures: Pictures::Array {
            shape: [1, 10, 10],
            pixels: pixels.collect(),
        },
        entries,
        divided: Divided::WithValidation,
        passed_over: Vec::new(),
        unreadable: Vec::new(),
        sha256: None,
    }
}

fn sizes(sets: &Sets) -> [usize; 3] {
    let validation = sets.validation.as_ref().map_or(0, Dataset::len);
    [sets.train.len(), validation, sets.test.len()]
}

#[test]
fn sets_are_those_given_and_what_is_missing_is_drawn_from_the_training_set() {
    use Part::{Test, Train, Validation};
    for (parts, expected, drawn) in [
        (
            &[(None, 200)][..],
            [140, 30, 30],
            Some("test set and validation set"),
        ),
        (
            &[(Some(Train), 200), (Some(Test), 40)],
            [170, 30, 40],
            Some("validation set"),
        ),
        (
            &[(Some(Train), 200), (Some(Validation), 20)],
            [170, 20, 30],
            Some("test set"),
        ),
        (
            &[(Some(Train), 20), (Some(Validation), 10), (Some(Test), 8)],
            [20, 10, 8],
            None,
        ),
        (&[(Some(Test), 8)], [0, 0, 8], None),
    ] {
        let collection = collection(parts);
        let loaded = loaded(collection.clone(), &Wanted::default()).unwrap();
        assert_eq!(sizes(&loaded.sets), expected, "{parts:?}");
        let told = loaded.found.drawn.as_deref();
        assert_eq!(told.is_some(), drawn.is_some());
        assert!(
            told.unwrap_or_default()
                .starts_with(drawn.unwrap_or_default()),
            "{told:?}"
        );
        // Every picture is in one set, with its class and its own pixels.
        for (picture, part) in loaded.found.parts.iter().enumerate() {
            let given = collection.entries[picture].part;
            assert!(given.is_none_or(|given| given == *part || given == Train));
        }
        assert_eq!(loaded.found.parts.len(), expected.iter().sum::<usize>());
    }
    let published = Collection {
        divided: Divided::AsPublished,
        ..collection(&[(Some(Train), 50), (Some(Test), 10)])
    };
    assert_eq!(
        sizes(&loaded(published, &Wanted::default()).unwrap().sets),
        [50, 0, 10]
    );
}

#[test]
fn copies_never_are_on_both_sides() {
    let mut drawn = collection(&[(None, 300)]);
    let Pictures::Array { pixels, .. } = &mut drawn.pictures else {
        panic!("{drawn:?}")
    };
    // Each of the first hundred comes twice more, once a little lighter.
    for picture in 0..100 {
        let original = pixels[100 * picture..][..100].to_vec();
        let lighter: Vec<u8> = original.iter().map(|&pixel| pixel / 2 + 100).collect();
        pixels[100 * (picture + 100)..][..100].copy_from_slice(&original);
        pixels[100 * (picture + 200)..][..100].copy_from_slice(&lighter);
    }
    let parts = loaded(drawn, &Wanted::default()).unwrap().found.parts;
    for picture in 0..100 {
        let copies = [100, 200].map(|later| parts[picture + later]);
        assert_eq!(copies, [parts[picture]; 2], "{picture}");
    }
    assert!(parts.contains(&Part::Validation) && parts.contains(&Part::Test));
}

#[test]
fn pictures_that_all_look_alike_leave_nothing_to_measure_on() {
    let different = collection(&[(None, 24)]);
    let different = loaded(different, &Wanted::default()).unwrap();
    assert!(different.expect_test().is_ok());
    let mut alike = collection(&[(None, 24)]);
    let Pictures::Array { pixels, .. } = &mut alike.pictures else {
        panic!("{alike:?}")
    };
    let first = pixels[..100].to_vec();
    for (at, picture) in pixels.chunks_exact_mut(100).enumerate() {
        let lighter = |&pixel: &u8| pixel / 2 + 4 * at as u8;
        picture.copy_from_slice(&first.iter().map(lighter).collect::<Vec<u8>>());
    }
    let alike = loaded(alike, &Wanted::default()).unwrap();
    let message = alike.expect_test().unwrap_err().to_string();
    assert!(
        message.contains("found 24 samples, or 1 where"),
        "{message}"
    );
    let survey = crate::data::survey::Survey::of(&alike).unwrap();
    assert!(survey.problems.contains(&message), "{:?}", survey.problems);
}

#[test]
fn the_identity_is_that_of_pixels_classes_and_parts() {
    let of = |collection: &Collection, wanted: &Wanted| {
        loaded(collection.clone(), wanted).unwrap().sets.sha256
    };
    let plain = Wanted::default();
    let first = collection(&[(Some(Part::Train), 20), (Some(Part::Test), 10)]);
    assert_eq!(of(&first, &plain), of(&first.clone(), &plain));
    let mut renamed = first.clone();
    renamed.classes[0] = "c".into();
    let mut relabelled = first.clone();
    relabelled.entries[0].label = 1;
    let mut moved = first.clone();
    moved.entries[20].part = Some(Part::Validation);
    let larger = Wanted {
        size: Some([12, 12]),
        ..plain
    };
    let given = Collection {
        sha256: Some("given".into()),
        ..first.clone()
    };
    let identities = [
        of(&first, &plain),
        of(&renamed, &plain),
        of(&relabelled, &plain),
        of(&moved, &plain),
        of(&first, &larger),
        of(&given, &plain),
    ];
    let different: std::collections::BTreeSet<_> = identities.iter().collect();
    assert_eq!(different.len(), identities.len());
    assert_eq!(identities[5], "given");
    assert_ne!(of(&given, &larger), "given");
}

#[test]
fn one_unreadable_file_in_a_hundred_is_bearable() {
    let remark = |number: usize| Remark {
        name: format!("{number}.png"),
        reason: "empty".into(),
    };
    for (unreadable, files, is_bearable) in [
        (0, 1, true),
        (1, 100, true),
        (1, 99, false),
        (7, 600, false),
    ] {
        let remarks: Vec<Remark> = (0..unreadable).map(remark).collect();
        let result = expect_readable(&remarks, files);
        assert_eq!(result.is_ok(), is_bearable, "{unreadable} of {files}");
        if let Err(error) = result {
            let message = error.to_string();
            let start = format!("{unreadable} of {files} pictures cannot be read");
            assert!(
                message.starts_with(&start) && message.contains("0.png (empty)"),
                "{message}"
            );
            assert!(!message.contains("5.png"));
        }
    }
}

#[test]
fn drawn_digits_are_the_same_by_either_way() {
    let by_way = loaded(synthetic::collection(30, 20, 5), &Wanted::default())
        .unwrap()
        .sets;
    let digits = synthetic::digits(30, 20, 5);
    assert_eq!(
        (sizes(&by_way), by_way.sha256),
        (sizes(&digits), digits.sha256)
    );
    assert_eq!(
        by_way.train.images().unwrap(),
        digits.train.images().unwrap()
    );
    assert_eq!(by_way.test.labels(), digits.test.labels());
}
