//! Checksums of what each operator makes, and boards that have none.

use no_std_core::Run;

use super::*;

#[test]
fn checksums_are_those_of_the_core_here() {
    let device = greet(Box::new(firmware()), LONG).unwrap();
    let model = Model::new(firmware::MODEL).unwrap();
    let mut arena = vec![0; model.arena_len()];
    let mut expected = vec![0; model.operators_len().into()];
    let pixels = pixels(7);
    let mut run = Run::new(&model, &mut arena).unwrap();
    run.input().copy_from_slice(&pixels.map(quantize_pixel));
    while run
        .step_observed(|row| {
            let checksum = &mut expected[usize::from(row.operator)];
            *checksum = checksum_continued(*checksum, row.values);
        })
        .is_pending()
    {}
    assert_eq!(device.checksums(&pixels, 4).unwrap(), expected);
    let error = device.checksums(&pixels[..700], 4).unwrap_err().to_string();
    assert_has(&error, "28 rows of 28 bytes");
}

#[test]
fn many_checksums_come_in_pieces() {
    let device = greeted(|number, request| match request {
        Request::Observe { .. } => frame(number, &output(0)),
        Request::Checksums { operator } => {
            let numbers = u32::from(*operator)..u32::from(*operator) + 30;
            frame(number, &Reply::Checksums(numbers.collect()))
        }
        other => panic!("{other:?}"),
    });
    let expected: Vec<u32> = (0..70).collect();
    assert_eq!(device.checksums(&[0; PIXELS], 70).unwrap(), expected);
}

#[test]
fn boards_that_cannot_are_told_from_boards_that_fail() {
    for (error, found, is_inability) in [
        (protocol::Error::Unknown, "does not know the request", true),
        (protocol::Error::Memory, "no memory left", true),
        (protocol::Error::SelfTest, "self-test", false),
    ] {
        let device = greeted(move |number, _| frame(number, &Reply::Error(error)));
        let error = device.checksums(&[0; PIXELS], 4).unwrap_err();
        assert_eq!(error.is_inability(), is_inability);
        assert_has(&error.to_string(), found);
    }
}
