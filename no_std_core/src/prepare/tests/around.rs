//! What is no drawing, around one.

use super::super::Preparation;
use super::super::PrepareError;
use super::drawing::{Picture, digit, of_pen};
use super::invariance::on_paper;
use super::{Random, difference, image_of, places, prepared};

/// A digit on paper, and the image that it should have.
fn beside(name: &str, limit: f64, change: impl Fn(u32, u32, f64) -> f64) {
    for number in 0..10 {
        let drawing = digit(number, 6.0).pasted(400, 360, 120, 90);
        let clean = on_paper(&drawing, 40.0, |_, _| 200.0);
        let changed = clean.map(&change);
        for picture in [&changed, &changed.inverted()] {
            let off = difference(&prepared(picture), &prepared(&clean));
            assert!(off < limit, "{name}, {number}: {off}");
        }
    }
}

#[test]
fn rulings_are_no_ink() {
    beside("lines across", 8.0, |x, y, pixel| {
        if (y + x / 20) % 45 < 3 {
            pixel.min(60.0)
        } else {
            pixel
        }
    });
    beside("lines down", 8.0, |x, y, pixel| {
        if (x + y / 20) % 45 < 3 {
            pixel.min(60.0)
        } else {
            pixel
        }
    });
    beside("squares", 12.0, |x, y, pixel| {
        if x % 47 < 2 || y % 47 < 2 {
            pixel.min(120.0)
        } else {
            pixel
        }
    });
}

#[test]
fn pieces_of_strokes_between_rulings_are_no_drawings_of_their_own() {
    for spacing in [22, 26, 34, 38] {
        for (number, thickness) in places(10, 2) {
            let thickness = 2 + 2 * thickness;
            let drawing = digit(number as u8, 4.0).pasted(240, 240, 60, 50);
            let clean = on_paper(&drawing, 50.0, |_, _| 210.0);
            let ruled = clean.map(|_, y, pixel| {
                if y % spacing < thickness {
                    pixel.min(150.0)
                } else {
                    pixel
                }
            });
            let found = image_of(Preparation::CENTRED, &mut ruled.rows());
            assert!(found.is_ok(), "{number}, {spacing}: {found:?}");
        }
    }
}

#[test]
fn what_is_around_a_drawing_is_no_part_of_it() {
    // A table on two sides, a frame, a line below.
    beside("table", 8.0, |x, y, pixel| {
        if x < 20 + y / 30 || y > 340 {
            30.0
        } else {
            pixel
        }
    });
    beside("box", 8.0, |x, y, pixel| {
        let is_in = |margin: u32| {
            (margin..400 - margin).contains(&x) && (margin - 20..340 - margin).contains(&y)
        };
        if is_in(80) && !is_in(84) { 60.0 } else { pixel }
    });
    beside("two boxes", 8.0, |x, y, pixel| {
        let margin = (x.min(399 - x)).min((y + 20).min(379 - y));
        if (60..63).contains(&margin) || (80..83).contains(&margin) {
            60.0
        } else {
            pixel
        }
    });
    beside("frame", 8.0, |x, y, pixel| {
        let margin = x.min(399 - x).min(y).min(359 - y);
        if (12..18).contains(&margin) {
            40.0
        } else {
            pixel
        }
    });
    // A frame, and a gleam that joins it to most digits.
    beside("gleam", 8.0, |x, y, pixel| {
        let margin = x.min(399 - x).min(y).min(359 - y);
        if (12..18).contains(&margin) {
            40.0
        } else if (190..210).contains(&x) && (12..118).contains(&y) {
            pixel.min(100.0)
        } else {
            pixel
        }
    });
    beside("line", 8.0, |x, y, pixel| {
        if y.abs_diff(320) < 3 && (60..330).contains(&x) {
            40.0
        } else {
            pixel
        }
    });
}

/// A frame with cut corners, as strong as the ink, and a bar from one of its sides to the digit, of which a piece is left.
#[test]
fn a_digit_is_told_from_a_frame_that_it_is_joined_to() {
    for line in [2, 3, 9] {
        for (number, turned) in places(10, 2) {
            let side = 32 * line;
            let drawing = digit(number as u8, line.into());
            let drawing = drawing.pasted(side, side, 2 * line, 2 * line);
            let turn = |x, y| if turned == 0 { (x, y) } else { (y, x) };
            let inked = places(side, side).map(|(x, y)| turn(x, y));
            let inked = inked.filter(|&(x, y)| {
                let (x, y) = turn(x, y);
                drawing.get(x, y) > 127
            });
            let (at, end) = inked.min_by_key(|&(_, y)| y).unwrap();
            let joined = drawing.map(|x, y, pixel| {
                let margins = [x, side - 1 - x, y, side - 1 - y];
                let nearest = margins.into_iter().min().unwrap();
                let corner = x.min(side - 1 - x) + y.min(side - 1 - y);
                let (x, y) = turn(x, y);
                let is_frame = ((line..3 * line).contains(&nearest) && corner >= 5 * line)
                    || nearest >= line && (5 * line..7 * line).contains(&corner);
                let is_bar = x.abs_diff(at) < line && (line..end).contains(&y);
                if is_frame || is_bar { 255.0 } else { pixel }
            });
            let image = prepared(&drawing);
            for picture in [&joined, &joined.inverted()] {
                let off = difference(&prepared(picture), &image);
                assert!(off < 22.0, "{number} at {line}, {turned}: {off}");
            }
        }
    }
}

/// A round digit goes all around its box, as a frame does, but a dot within is no drawing.
#[test]
fn a_dotted_zero_keeps_its_ring() {
    for (pen, margin) in places(4, 4) {
        let ring = of_pen(0, 5.0, 0.8 + 0.2 * f64::from(pen)).cut();
        let [left, top] = [ring.width, ring.height].map(|len| len / 2);
        let dotted = ring.map(|x, y, pixel| {
            let is_dot = x.abs_diff(left) < 6 && y.abs_diff(top) < 7;
            if is_dot { 255.0 } else { pixel }
        });
        let framed = |margin: u32| {
            dotted.pasted(
                ring.width + 2 * margin,
                ring.height + 2 * margin,
                margin,
                margin,
            )
        };
        let image = prepared(&framed(60));
        let close = framed(2 + 2 * margin);
        for picture in [&close, &close.inverted()] {
            let off = difference(&prepared(picture), &image);
            assert!(off < 6.0, "{pen}, {margin}: {off}");
        }
    }
}

/// Specks are in every part of the box, but less of them than a frame has there; some are in the image.
#[test]
fn a_close_digit_among_specks_is_in_no_frame() {
    let mut random = Random(3);
    for number in [0, 2, 3, 4, 5] {
        let drawing = digit(number, 10.0).cut();
        let [width, height] = [drawing.width, drawing.height].map(|len| len + len / 10);
        let close = drawing.pasted(width, height, width / 22, height / 22);
        let specky = close.map(|_, _, pixel| {
            let is_speck = random.within(0, 99) == 0;
            if is_speck { 255.0 } else { pixel }
        });
        let off = difference(&prepared(&specky), &prepared(&close));
        assert!(off < 25.0, "{number}: {off}");
    }
}

#[test]
fn pencil_on_a_sheet_is_ink_beside_a_dark_table_and_in_a_black_frame() {
    let table = |x: u32, y: u32| x >= 350 || y < 10 + x / 30;
    let frame = |x: u32, y: u32| (20..25).contains(&x.min(399 - x).min(y).min(359 - y));
    let around: [&dyn Fn(u32, u32) -> bool; 2] = [&table, &frame];
    for ink in [110.0, 140.0, 170.0] {
        for number in 0..10 {
            let drawing = digit(number, 6.0).pasted(400, 360, 120, 90);
            let clean = on_paper(&drawing, ink, |_, _| 210.0);
            for is_around in around {
                let changed = clean.map(|x, y, pixel| if is_around(x, y) { 20.0 } else { pixel });
                let off = difference(&prepared(&changed), &prepared(&clean));
                assert!(off < 8.0, "{ink}, {number}: {off}");
            }
        }
    }
}

/// A sheet of 320 x 280 in a picture of 400 x 360, turned by so many degrees about its middle: whether a place is on it.
fn is_on_sheet(degrees: f64, x: u32, y: u32) -> bool {
    let (sine, cosine) = degrees.to_radians().sin_cos();
    let (x, y) = (f64::from(x) - 199.5, f64::from(y) - 179.5);
    (x * cosine + y * sine).abs() < 160.0 && (y * cosine - x * sine).abs() < 140.0
}

#[test]
fn a_sheet_turned_on_a_dark_table_keeps_its_polarity() {
    for degrees in [3.0, 8.0, 15.0] {
        beside("turned", 12.0, |x, y, pixel| {
            if is_on_sheet(degrees, x, y) {
                pixel
            } else {
                60.0
            }
        });
    }
}

#[test]
fn an_empty_sheet_beside_a_table_is_blank() {
    let slanted = Picture::new(400, 360, |x, y| if x < 30 + y / 10 { 40.0 } else { 210.0 });
    for picture in [&slanted, &slanted.inverted()] {
        let found = image_of(Preparation::CENTRED, &mut picture.rows());
        assert_eq!(found, Err(PrepareError::NoInk));
    }
    for share in [4, 10, 25, 40] {
        let away: [&dyn Fn(u32, u32) -> u32; 4] = [
            &|x, _| x * 100 / 400,
            &|x, _| (399 - x) * 100 / 400,
            &|_, y| y * 100 / 360,
            &|_, y| (359 - y) * 100 / 360,
        ];
        for (side, away) in away.into_iter().enumerate() {
            let sheet = Picture::new(
                400,
                360,
                |x, y| if away(x, y) < share { 40.0 } else { 210.0 },
            );
            let found = image_of(Preparation::CENTRED, &mut sheet.rows());
            assert_eq!(found, Err(PrepareError::NoInk), "{side}, {share}");
        }
    }
}

#[test]
fn lines_go_up_to_a_table_that_covers_their_ends() {
    for width in [40, 60, 70] {
        beside("lined sheet on a table", 8.0, |x, y, pixel| {
            if x < width + y / 40 {
                30.0
            } else if (y + x / 20) % 45 < 3 {
                pixel.min(110.0)
            } else {
                pixel
            }
        });
    }
}

#[test]
fn a_dark_row_or_column_at_any_border_is_no_ink() {
    let away = [|_, y| y, |x, _| x, |_, y| 359 - y, |x, _| 399 - x];
    for (at, away) in away.into_iter().enumerate() {
        let drawn = |x: u32, y: u32, pixel: f64| if away(x, y) == 0 { 30.0 } else { pixel };
        for number in 0..10 {
            // The digit is four pixels away from the row.
            let (left, top) = ([126, 0, 126, 232][at], [0, 96, 192, 96][at]);
            let drawing = digit(number, 6.0).pasted(400, 360, left, top);
            let clean = on_paper(&drawing, 40.0, |_, _| 200.0);
            let off = difference(&prepared(&clean.map(drawn)), &prepared(&clean));
            assert!(off < 8.0, "{at}, {number}: {off}");
        }
    }
}

#[test]
fn a_shadow_is_no_ink() {
    let shade = |along: f64| 1.0 - 0.5 * (along / 50.0).clamp(0.0, 1.0);
    beside("half a shadow", 8.0, |x, y, pixel| {
        pixel * shade(f64::from(x) + f64::from(y) / 2.0 - 280.0)
    });
    beside("round shadow", 8.0, |x, y, pixel| {
        let distance = (f64::from(x) - 150.0).hypot(f64::from(y) - 150.0);
        pixel * (1.5 - shade(distance - 110.0))
    });
}

/// Where lines cross within a stroke, the stroke goes on.
#[test]
fn a_square_has_no_hole_under_rulings_that_cross() {
    let plain = Picture::new(400, 400, |x, y| {
        let is_ink = (150..250).contains(&x) && (150..250).contains(&y);
        if is_ink { 40.0 } else { 200.0 }
    });
    let ruled = plain.map(|x, y, pixel| {
        let is_ruled = x.abs_diff(190) < 3 || y.abs_diff(215) < 3;
        if is_ruled { 90.0 } else { pixel }
    });
    let off = difference(&prepared(&ruled), &prepared(&plain));
    assert!(off < 4.0, "{off}");
    assert!(prepared(&ruled).iter().filter(|&&pixel| pixel > 60).count() >= 19 * 19);
}

#[test]
fn a_sheet_of_rulings_alone_is_blank() {
    for step in [30, 55] {
        let lines = Picture::new(300, 400, |_, y| if y % step < 2 { 90.0 } else { 210.0 });
        let squares = lines.map(|x, _, pixel| if x % step < 2 { 90.0 } else { pixel });
        for sheet in [lines, squares] {
            let found = image_of(Preparation::CENTRED, &mut sheet.rows());
            assert_eq!(found, Err(PrepareError::NoInk), "{step}");
        }
    }
}

/// A long stroke by a thin pen looks like a ruling, and is the drawing if it is alone.
#[test]
fn a_long_stroke_is_a_drawing() {
    for (width, height) in [(300, 300), (640, 80), (90, 500)] {
        let stroke = Picture::ink(width, height, |x, y| {
            x.abs_diff(width / 2) < 3 && (height / 10..height - height / 10).contains(&y)
        });
        let image = prepared(&stroke);
        assert!(
            image.iter().filter(|&&pixel| pixel == 127).count() >= 20,
            "{width}"
        );
    }
}
