use std::collections::BTreeSet;

use super::pieces::PARTS;
use super::*;
use crate::data::synthetic;

/// Drawn digits: 400 of each.
struct Drawn(Vec<Vec<u8>>);

impl Drawn {
    fn new() -> Self {
        let digits = synthetic::digits(4000, 1, 5).train;
        let images = digits.images().unwrap();
        let images = images.outer_iter();
        Self(
            images
                .map(|image| image.iter().copied().collect())
                .collect(),
        )
    }

    fn of(&self, label: u8, number: usize) -> Vec<u8> {
        self.0[number % 400 * 10 + usize::from(label)].clone()
    }
}

fn all() -> impl Iterator<Item = Kind> {
    let kinds = LEARNT.iter().chain(KEPT).copied();
    kinds.chain([Kind::Ambiguous])
}

fn ink(picture: &[u8]) -> f32 {
    picture.iter().map(|&pixel| f32::from(pixel)).sum()
}

fn mean(picture: &[u8]) -> f32 {
    ink(picture) / picture.len() as f32
}

#[test]
fn every_kind_to_learn_has_its_turn() {
    assert!(LEARNT.iter().all(|kind| ORDER.contains(kind)));
    assert!(ORDER.iter().all(|kind| LEARNT.contains(kind)));
    // The next turn begins where this one ends: letters are gone through, none twice.
    let digit = |_: u8, _: usize| vec![0; SIDE * SIDE];
    let len = ORDER.len();
    let letters = (0..2 * len).filter(|index| ORDER[index % len] == Kind::Letter);
    let found = letters.map(|index| learnt(3, index, &digit));
    assert!(found.eq((0..12).map(|index| picture(Kind::Letter, 3, index, &digit))));
}

#[test]
fn kinds_are_learnt_kept_or_ambiguous_and_have_names_of_their_own() {
    let names: BTreeSet<&str> = all().map(Kind::name).collect();
    assert_eq!(names.len(), Kind::Ambiguous as usize + 1);
    assert_eq!(all().count(), names.len());
}

#[test]
fn a_picture_follows_from_kind_seed_index_and_digits_alone() {
    let drawn = Drawn::new();
    let digits: Digits = &|label, number| drawn.of(label, number);
    for kind in all() {
        let one = |seed, index| picture(kind, seed, index, digits);
        let pictures: Vec<Vec<u8>> = (0..60).map(|index| one(1, index)).collect();
        let backwards = (0..60).rev().map(|index| one(1, index));
        assert!(backwards.eq(pictures.iter().rev().cloned()), "{kind:?}");
        assert!(pictures.iter().all(|picture| picture.len() == SIDE * SIDE));
        let others = (0..60).map(|index| one(2, index));
        let different: BTreeSet<Vec<u8>> = pictures.iter().cloned().chain(others).collect();
        // Some blanks are black, nothing else. A part of a digit comes again where there are few digits, as here.
        let least = match kind {
            Kind::Blank => 95,
            Kind::Cut | Kind::Shuffled => 115,
            _ => 120,
        };
        assert!(different.len() >= least, "{kind:?} {}", different.len());
    }
}

#[test]
fn kinds_have_as_much_light_as_they_should() {
    let drawn = Drawn::new();
    let digits: Digits = &|label, number| drawn.of(label, number);
    for kind in all() {
        let means: Vec<f32> = (0..200)
            .map(|index| mean(&picture(kind, 3, index, digits)))
            .collect();
        let overall = means.iter().sum::<f32>() / 200.0;
        let expected = match kind {
            Kind::Blank => 50.0..100.0,
            Kind::Noise | Kind::Texture | Kind::Patch | Kind::Surface | Kind::Scene => 100.0..150.0,
            Kind::Cut => 5.0..14.0,
            _ => 28.0..60.0,
        };
        assert!(expected.contains(&overall), "{kind:?} {overall}");
        let spread = means.iter().map(|mean| (mean - overall).abs()).sum::<f32>() / 200.0;
        assert!(spread > 0.1 * overall, "{kind:?} {spread}");
        let has_empty = means.contains(&0.0);
        assert_eq!(has_empty, kind == Kind::Blank, "{kind:?}");
    }
}

#[test]
fn each_letter_is_either_learnt_or_ambiguous() {
    let all = alphabet::LEARNT.iter().chain(alphabet::AMBIGUOUS);
    let mut letters: Vec<char> = all.map(|(letter, _)| *letter).collect();
    letters.sort_unstable();
    let expected: Vec<char> = ('A'..='Z').chain('a'..='z').collect();
    assert_eq!(letters, expected);
}

#[test]
fn no_ambiguous_letter_is_printed_to_learn_and_no_learnt_one_is_kept() {
    let printed = |text: &str| text.chars().collect::<BTreeSet<char>>();
    let (learnt, kept) = (printed(print::LEARNT), printed(print::KEPT));
    assert!(learnt.is_disjoint(&kept));
    assert!(
        alphabet::AMBIGUOUS
            .iter()
            .all(|(letter, _)| !learnt.contains(letter))
    );
    assert!(
        alphabet::LEARNT
            .iter()
            .all(|(letter, _)| learnt.contains(letter))
    );
    for character in learnt.union(&kept) {
        let glyph = print::glyph(*character);
        assert!(glyph.is_some_and(|rows| rows != [0; 8]), "{character}");
    }
}

#[test]
fn no_style_is_both_learnt_and_kept() {
    let styles = |table: &[Character]| -> Vec<Style> {
        table
            .iter()
            .flat_map(|(_, styles)| styles.iter().copied())
            .collect()
    };
    let learnt = [styles(alphabet::LEARNT), symbols::SYMBOLS.to_vec()].concat();
    let kept = [
        styles(scripts::CURSIVE),
        styles(scripts::OTHERS),
        symbols::DOODLES.to_vec(),
    ]
    .concat();
    assert!(learnt.iter().all(|style| !kept.contains(style)));
    let knots = learnt
        .iter()
        .chain(&kept)
        .flat_map(|style| style.iter().copied().flatten());
    assert!(knots.into_iter().all(|&(x, y)| x <= 100 && y <= 100));
}

/// Ink is centred and fills the box of digits, about.
#[test]
fn letters_are_framed_as_digits() {
    for kind in [
        Kind::Letter,
        Kind::Printed,
        Kind::Cursive,
        Kind::Script,
        Kind::PrintedScript,
    ] {
        for index in 0..200 {
            let picture = picture(kind, 4, index, &|_, _| Vec::new());
            let (mut down, mut across) = (0.0, 0.0);
            let mut inked = Vec::new();
            for (place, &pixel) in picture.iter().enumerate() {
                let (row, column) = (place / SIDE, place % SIDE);
                down += (row as f32 + 0.5) * f32::from(pixel) / ink(&picture);
                across += (column as f32 + 0.5) * f32::from(pixel) / ink(&picture);
                if pixel > 60 {
                    inked.push([row, column]);
                }
            }
            let extent = [0, 1].map(|axis| {
                let places = inked.iter().map(|place| place[axis]);
                places.clone().max().unwrap() + 1 - places.min().unwrap()
            });
            let longer = extent[0].max(extent[1]);
            assert!((14..=25).contains(&longer), "{kind:?} {index} {extent:?}");
            let centre = [down, across];
            let is_near = |place: &f32| (place - 14.0).abs() < 5.0;
            assert!(centre.iter().all(is_near), "{kind:?} {index} {centre:?}");
        }
    }
}

#[test]
fn less_than_half_of_a_cut_digit_is_left() {
    let drawn = Drawn::new();
    for index in 0..300 {
        let asked = std::cell::RefCell::new(Vec::new());
        let digits: Digits = &|label, number| {
            asked.borrow_mut().push((label, drawn.of(label, number)));
            drawn.of(label, number)
        };
        let cut = picture(Kind::Cut, 6, index, digits);
        let asked = asked.into_inner();
        let [(label, digit)] = asked.as_slice() else {
            panic!("{} digits", asked.len());
        };
        assert!(PARTS.iter().any(|(part, _)| part == label));
        assert!(
            ink(&cut) > 0.0 && ink(&cut) < 0.4 * ink(digit),
            "{index} of {label}"
        );
    }
}

/// With a digit that is light all over, each pixel tells what came of its place.
#[test]
fn pieces_stay_in_the_box_and_no_one_is_merged_or_shuffled() {
    for index in 0..100 {
        let digits: Digits = &|label, _| vec![label + 1; SIDE * SIDE];
        let shuffled = picture(Kind::Shuffled, 7, index, digits);
        let inked = shuffled.iter().filter(|&&pixel| pixel > 0).count();
        assert_eq!(inked, 400);
        let merged = picture(Kind::Merged, 7, index, digits);
        let labels: BTreeSet<u8> = merged.into_iter().filter(|&pixel| pixel > 0).collect();
        assert!(
            labels.len() == 4 || (1..=2).contains(&labels.len()),
            "{labels:?}"
        );
        assert!(!labels.contains(&2) && !shuffled.contains(&2));
        let row = picture(Kind::Row, 7, index, digits);
        assert!(row.iter().all(|&pixel| pixel <= 10));
    }
}
