use no_std_core::prepare::Fit;

use super::*;
use crate::data::random::Random;
use crate::data::{Classes, Sets};

const SHAPE: [usize; 3] = [1, 12, 16];
const LEN: usize = 12 * 16;

/// Pictures of noise in files of these sizes, with a class and a set each.
fn loaded(pictures: &[(u16, Part, [u32; 2])]) -> Loaded {
    let mut random = Random::new(6, 0);
    let pixels = (0..LEN * pictures.len()).map(|_| random.below(256) as u8);
    let labels = pictures.iter().map(|picture| picture.0).collect();
    let classes = Classes::from(["cat", "dog"].map(String::from));
    let all = crate::data::Dataset::new(SHAPE, pixels.collect(), labels, classes);
    let parts: Vec<Part> = pictures.iter().map(|picture| picture.1).collect();
    let file = |(at, picture): (usize, &(u16, Part, [u32; 2]))| {
        let [rows, columns] = picture.2;
        let header = Header {
            rows,
            columns,
            format: if at == 0 { "GIF" } else { "PNG" },
            has_colours: at == 1,
            has_transparency: false,
            is_turned: at == 2,
        };
        (format!("{at}.png"), header)
    };
    let of = |part: Part| {
        let at: Vec<usize> = (0..parts.len()).filter(|&at| parts[at] == part).collect();
        all.select(&at)
    };
    Loaded {
        sets: Sets {
            train: of(Part::Train),
            validation: None,
            test: of(Part::Test),
            source: "drawn".into(),
            sha256: "none".into(),
        },
        found: Found {
            files: pictures.iter().enumerate().map(file).collect(),
            all,
            parts,
            chosen: vec!["12 x 16: said".into()],
            fit: Fit::Stretch,
            is_scaled: true,
            drawn: None,
            passed_over: vec![Remark {
                name: "notes.txt".into(),
                reason: "no picture".into(),
            }],
            unreadable: Vec::new(),
            is_transposed: false,
            duplicates: Some(Duplicates::default()),
        },
    }
}

/// So many pictures of each class to learn from, and one of each to measure on.
fn usual(counts: [usize; 2]) -> Vec<(u16, Part, [u32; 2])> {
    let of = |label: u16| vec![(label, Part::Train, [12, 16]); counts[usize::from(label)]];
    let test = [0, 1].map(|label| (label, Part::Test, [12, 16]));
    [of(0), of(1), test.to_vec()].concat()
}

#[test]
fn what_is_there_is_counted() {
    let mut pictures = usual([30, 40]);
    pictures[7].2 = [24, 32];
    let survey = Survey::of(&loaded(&pictures)).unwrap();
    let count = |what: &str, count| Count {
        what: what.into(),
        count,
    };
    assert_eq!(survey.sizes, [count("12 x 16", 71), count("24 x 32", 1)]);
    assert_eq!(survey.formats, [count("PNG", 71), count("GIF", 1)]);
    assert_eq!(survey.colours, [count("grey", 71), count("colours", 1)]);
    assert_eq!(survey.turned, 1);
    let counts = survey
        .classes
        .iter()
        .map(|class| (&*class.name, class.train, class.test));
    assert!(counts.eq([("cat", 30, 1), ("dog", 40, 1)]));
    assert_eq!(survey.problems, [""; 0]);
    let text = survey.to_string();
    for part in [
        "12 x 16, grey",
        "12 x 16: said",
        "12 x 16 (71), 24 x 32 (1)",
        "notes.txt: no picture",
        "turned as EXIF says: 1",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn what_looks_wrong_is_named() {
    let problems = |pictures: &[(u16, Part, [u32; 2])], duplicates: Duplicates| {
        let mut loaded = loaded(pictures);
        loaded.found.duplicates = Some(duplicates);
        Survey::of(&loaded).unwrap().problems.join("\n")
    };
    let pairs = |same: &[[u32; 2]], near: &[[u32; 2]]| Duplicates {
        same: same.to_vec(),
        near: near.to_vec(),
    };
    let even = usual([30, 30]);
    let mut wide = even.clone();
    wide[..10].fill((0, Part::Train, [10, 30]));
    for (pictures, duplicates, parts) in [
        (&even, pairs(&[[3, 4]], &[[5, 6]]), &[][..]),
        (
            &even,
            pairs(&[[3, 40], [4, 41]], &[]),
            &[
                "2 pairs of pictures are the same in two classes",
                "3.png and 40.png",
            ],
        ),
        (
            &even,
            pairs(&[], &[[29, 30]]),
            &["1 pairs of pictures look alike in two classes"],
        ),
        (
            &even,
            pairs(&[[1, 60]], &[[2, 60]]),
            &["2 pictures to choose by or to measure on are also learnt from"],
        ),
        (
            &usual([5, 30]),
            pairs(&[], &[]),
            &["class cat has 5 pictures", "class dog has 30", "cat 5"],
        ),
        (
            &usual([90, 29]),
            pairs(&[], &[]),
            &["class cat has 90 pictures to learn from and dog 29"],
        ),
        (
            &wide,
            pairs(&[], &[]),
            &["10 of 62 pictures have other proportions"],
        ),
    ] {
        let found = problems(pictures, duplicates);
        assert!(
            parts.iter().all(|part| found.contains(part)),
            "{parts:?}: {found}"
        );
        assert_eq!(parts.is_empty(), found.is_empty(), "{found}");
    }
}
