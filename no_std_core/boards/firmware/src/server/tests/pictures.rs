//! Pictures whose rows a board asks for.

use super::*;

/// A ring on paper that is not white.
fn drawing(width: u32, height: u32) -> Vec<u8> {
    let (x0, y0, radius) = (width / 2, height / 2, width.min(height) / 3);
    let pixel = |x: u32, y: u32| {
        let square = x.abs_diff(x0).pow(2) + y.abs_diff(y0).pow(2);
        let ink = square < radius.pow(2) && square > (radius * 2 / 3).pow(2);
        if ink { 40 } else { 180 + (x * y % 7) as u8 }
    };
    (0..height)
        .flat_map(|y| (0..width).map(move |x| pixel(x, y)))
        .collect()
}

/// The model of the boards, for pictures prepared like this.
fn model(preparation: Preparation) -> Vec<u8> {
    let mut file = MODEL.to_vec();
    let mut header = format::Header::decode(file.first_chunk().unwrap());
    header.preparation = preparation.to_bytes();
    file[..format::HEADER_LEN].copy_from_slice(&header.encode());
    format::seal(&mut file).unwrap();
    file
}

/// What the board answers in the end on a picture whose rows are sent as it asks, changed by `tamper`, and when asked for its
/// output.
fn picture_answers(
    pixels: &[u8],
    width: u16,
    height: u16,
    tamper: impl FnMut(u32, Vec<u8>) -> Vec<u8>,
) -> Vec<Answer> {
    prepared_answers(Preparation::CENTRED, (pixels, width, height), tamper)
}

/// The same with another preparation.
fn prepared_answers(
    preparation: Preparation,
    (pixels, width, height): (&[u8], u16, u16),
    mut tamper: impl FnMut(u32, Vec<u8>) -> Vec<u8>,
) -> Vec<Answer> {
    let mut rows = Pixels::new(pixels, width.into(), height.into()).unwrap();
    let mut answers = vec![];
    let host = |number, reply: Reply<'static>| match reply {
        Reply::Description(_) if number == UNASKED => frame(8, &begin(height, width.into(), true)),
        Reply::NeedInput { offset, len } => {
            assert_eq!((offset % u32::from(width), len), (0, width));
            let y = offset / u32::from(width);
            tamper(
                y,
                frame(next_number(number), &piece(offset, rows.row(y).unwrap())),
            )
        }
        reply => {
            let is_output = matches!(reply, Reply::Output(_));
            answers.push((number, reply));
            if is_output {
                let values = frame(1, &Request::Values { offset: 0 });
                [values, frame(2, &Request::Probabilities { class: 0 })].concat()
            } else {
                vec![]
            }
        }
    };
    let (file, answer) = (&*model(preparation), ANSWER);
    converse(Current { file, answer }, host);
    answers
}

fn assert_picture(answers: &[Answer], image: &[i8]) {
    let replies: Vec<_> = answers.iter().map(|(_, reply)| reply).collect();
    assert_output(&replies, image);
}

fn prepared(preparation: Preparation, (pixels, width, height): (&[u8], u16, u16)) -> [i8; PIXELS] {
    let mut image = [0; PIXELS];
    let mut picture = Pixels::new(pixels, width.into(), height.into()).unwrap();
    preparation.prepare(&mut picture, &mut image).unwrap();
    image
}

#[test]
fn pictures_are_prepared_from_rows_as_the_core_does_it() {
    let scaled = Fit::ALL.map(Preparation::scaled);
    for (width, height) in [(90, 60), (768, 40), (33, 200), (9, 31)] {
        let pixels = drawing(width.into(), height.into());
        let picture = (&*pixels, width, height);
        for preparation in scaled.into_iter().chain([Preparation::CENTRED]) {
            let answers = prepared_answers(preparation, picture, |_, row| row);
            assert_picture(&answers, &prepared(preparation, picture));
        }
    }
}

#[test]
fn rows_that_arrive_twice_or_damaged_change_nothing() {
    let pixels = drawing(60, 50);
    let (mut count, mut last) = (0, vec![]);
    let answers = picture_answers(&pixels, 60, 50, |_, row| {
        count += 1;
        let sent = match count {
            // The row before comes again, and the board has to ask again.
            10 => last.clone(),
            // A frame of another question.
            20 => frame(7, &piece(0, &[0; 60])),
            _ => row.clone(),
        };
        last = row;
        sent
    });
    assert_picture(&answers, &prepared(Preparation::CENTRED, (&pixels, 60, 50)));
}

#[test]
fn a_picture_is_given_up_for_another_request() {
    let pixels = drawing(60, 50);
    let answers = picture_answers(&pixels, 60, 50, |y, row| match y {
        30 => frame(9, &Request::Describe),
        _ => row,
    });
    let [(9, Reply::Description(described))] = &answers[..] else {
        panic!("{answers:?}");
    };
    let preparation = described.model.unwrap().preparation;
    assert_eq!(preparation, Preparation::CENTRED.to_bytes());
}

#[test]
fn bad_pictures_are_refused() {
    let pixels = drawing(60, 50);
    let answers = picture_answers(&pixels, 60, 50, |_, _| frame(9, &piece(0, &[9; 59])));
    assert_eq!(answers, [(9, Reply::Error(Error::Piece))]);
    let answers = picture_answers(&[77; 3000], 60, 50, |_, row| row);
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0].1, Reply::Error(Error::Blank));
    // Unplugged in the middle: nothing more is said.
    let answers = picture_answers(&pixels, 60, 50, |y, row| if y == 30 { vec![] } else { row });
    assert_eq!(answers, []);
}
