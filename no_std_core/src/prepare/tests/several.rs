//! Sheets with several drawings, and with one.

use super::std::vec::Vec;

use super::super::{Preparation, PrepareError};
use super::drawing::{Picture, digit};
use super::image_of;

/// Digits of a height of 100 pixels, cut to their ink.
fn cut(number: u8) -> Picture {
    digit(number, 5.0).cut()
}

/// Two pictures of light ink on one sheet, the second one so far right of the first one's right, or below its lower end.
fn sheet(first: &Picture, second: &Picture, gap: u32, is_beside: bool) -> Picture {
    let (left, top) = if is_beside {
        (50 + first.width + gap, 55)
    } else {
        (55, 50 + first.height + gap)
    };
    let (width, height) = (left + second.width + 60, top + second.height + 60);
    let (width, height) = (width.max(300), height.max(300));
    let pasted = first.pasted(width, height, 50, 50);
    let second = second.pasted(width, height, left, top);
    pasted.map(|x, y, pixel| pixel.max(f64::from(second.get(x, y))))
}

fn is_several(picture: &Picture) -> bool {
    let found = [picture, &picture.inverted()]
        .map(|picture| image_of(Preparation::CENTRED, &mut picture.rows()));
    assert_eq!(found[0], found[1]);
    match found[0] {
        Ok(_) => false,
        Err(error) => {
            assert_eq!(error, PrepareError::Several);
            true
        }
    }
}

#[test]
fn two_digits_are_several_drawings_however_far_apart() {
    for first in 0..10 {
        let (first, second) = (cut(first), cut((first + 3) % 10));
        for gap in [30, 90, 400, 1500] {
            assert!(
                is_several(&sheet(&first, &second, gap, true)),
                "beside, {gap}"
            );
            assert!(
                is_several(&sheet(&first, &second, gap, false)),
                "below, {gap}"
            );
        }
    }
}

#[test]
fn two_digits_are_several_drawings_on_ruled_paper() {
    for first in 0..10 {
        let both = sheet(&cut(first), &cut((first + 3) % 10), 15, true);
        let ruled = both.map(|_, y, pixel| if y % 37 < 3 { 120.0 } else { pixel });
        assert!(is_several(&ruled), "{first}");
    }
}

#[test]
fn a_one_of_a_thin_stroke_is_a_digit_beside_another_one() {
    let one = Picture::ink(4, 140, |_, _| true);
    for number in 0..10 {
        let other = digit(number, 7.0);
        for (first, second) in [(&one, &other), (&other, &one), (&one, &one)] {
            assert!(is_several(&sheet(first, second, 20, true)), "{number}");
        }
    }
}

/// These digits in a row or in a column, half a digit apart.
fn line(numbers: &[u8], is_beside: bool) -> Picture {
    let digits: Vec<_> = numbers.iter().map(|&number| cut(number)).collect();
    let length = 150 * numbers.len() as u32 + 50;
    let (width, height) = if is_beside {
        (length, 300)
    } else {
        (300, length)
    };
    let ink = |x: u32, y: u32| {
        let (along, across) = if is_beside { (x, y) } else { (y, x) };
        let (along, across) = (along.checked_sub(50)?, across.checked_sub(100)?);
        let digit = digits.get(along as usize / 150)?;
        let (x, y) = if is_beside {
            (along % 150, across)
        } else {
            (across, along % 150)
        };
        (x < digit.width && y < digit.height).then(|| f64::from(digit.get(x, y)))
    };
    Picture::new(width, height, |x, y| ink(x, y).unwrap_or(0.0))
}

#[test]
fn rows_and_columns_of_digits_are_several_drawings() {
    let numbers = [2, 3, 5, 6, 8, 9, 0, 4, 7];
    for count in 3..=numbers.len() {
        for is_beside in [true, false] {
            let picture = line(&numbers[..count], is_beside);
            assert!(is_several(&picture), "{count}, beside: {is_beside}");
        }
    }
}

#[test]
fn a_digit_is_one_drawing_and_so_are_digits_that_nearly_touch() {
    for number in 0..10 {
        assert!(!is_several(&digit(number, 5.0)), "{number}");
        let (first, second) = (cut(number), cut((number + 1) % 10));
        assert!(
            !is_several(&sheet(&first, &second, 4, true)),
            "beside {number}"
        );
        assert!(
            !is_several(&sheet(&first, &second, 10, false)),
            "below {number}"
        );
    }
}

#[test]
fn dots_in_a_row_are_one_drawing() {
    let dots = Picture::ink(400, 300, |x, y| {
        (146..154).contains(&y) && (20..380).contains(&x) && x % 20 < 8
    });
    assert!(!is_several(&dots));
}

#[test]
fn strokes_in_three_or_more_pieces_are_one_drawing() {
    for pieces in 3..7 {
        let length = 240 / pieces;
        let stroke = Picture::ink(300, 400, |x, y| {
            (140..154).contains(&x) && (80..320).contains(&y) && (y - 80) % length < length * 3 / 4
        });
        assert!(!is_several(&stroke), "{pieces}");
    }
}

#[test]
fn a_digit_of_less_than_half_the_height_is_a_drawing_of_its_own() {
    for number in 0..10 {
        let small = digit(number, 2.0);
        let picture = sheet(&cut(4), &small, 40, true);
        assert!(is_several(&picture), "{number}");
    }
}

#[test]
fn what_is_far_lower_is_no_drawing_of_its_own() {
    let full_stop = Picture::ink(12, 12, |_, _| true);
    assert!(!is_several(&sheet(&cut(4), &full_stop, 40, true)));
}
