//! Runs with a checksum of what each operator makes.

use super::*;

/// The CRC-32 of zip, bit by bit.
fn crc32(mut crc: u32, values: &[i8]) -> u32 {
    crc = !crc;
    for &value in values {
        crc ^= u32::from(value.cast_unsigned());
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xEDB8_8320 * (crc & 1));
        }
    }
    !crc
}

/// The checksum of what each operator of the boards' model makes of an image.
fn expected(image: &[i8]) -> Vec<u32> {
    let (model, mut arena) = (Model::new(MODEL).unwrap(), [0; ARENA_LEN]);
    let mut run = Run::new(&model, &mut arena).unwrap();
    run.input().copy_from_slice(image);
    let mut checksums = vec![0; model.operators_len().into()];
    let see = |row: no_std_core::OutputRow<'_>, checksums: &mut [u32]| {
        let checksum = &mut checksums[usize::from(row.operator)];
        *checksum = crc32(*checksum, row.values);
    };
    while run
        .step_observed(|row| see(row, &mut checksums))
        .is_pending()
    {}
    checksums
}

const OBSERVE: Request<'_> = Request::Observe {
    rows: SIDE,
    row_len: SIDE as u32,
};

/// What a host sends to have an image observed, from the number 1 on.
fn observe(pixels: &[u8; PIXELS]) -> Vec<u8> {
    let (first, second) = pixels.split_at(CHUNK_LEN);
    [
        frame(1, &OBSERVE),
        frame(2, &piece(0, first)),
        frame(3, &piece(CHUNK_LEN as u32, second)),
    ]
    .concat()
}

#[test]
fn an_observed_run_gives_its_output_and_a_checksum_of_each_operator() {
    for seed in [1, 31] {
        let pixels = image(seed);
        let values = pixels.map(quantize_pixel);
        let all = expected(&values);
        let requests = [
            observe(&pixels),
            frame(4, &Request::Values { offset: 0 }),
            frame(5, &Request::Probabilities { class: 0 }),
            frame(6, &Request::Checksums { operator: 0 }),
            frame(7, &Request::Checksums { operator: 3 }),
        ];
        let answers = answers(&requests.concat());
        assert_output(&of(&answers, 3..6), &values);
        let [Reply::Checksums(found), Reply::Checksums(last)] = of(&answers, 6..8)[..] else {
            panic!("{answers:?}");
        };
        assert_eq!((&found[..], &last[..]), (&all[..], &all[3..]));
    }
}

#[test]
fn checksums_are_those_of_the_last_run_if_it_was_observed() {
    let pixels = image(3);
    let checksums = |number, operator| frame(number, &Request::Checksums { operator });
    let none = Reply::Error(Error::NoOutput);
    let before = checksums(1, 0);
    assert_eq!(answers(&before), [(1, none.clone())]);
    let after_another = [observe(&pixels), show(4, &pixels), checksums(9, 0)].concat();
    assert_eq!(answers(&after_another).last(), Some(&(9, none.clone())));
    let beyond = [observe(&pixels), checksums(4, 4)].concat();
    assert_eq!(answers(&beyond).last(), Some(&(4, none)));
}

#[test]
fn where_there_is_no_room_for_checksums_the_board_says_so_and_runs_as_ever() {
    let (mut answers, mut requests) = (vec![], [frame(1, &OBSERVE), show(2, &image(3))].concat());
    let host = |number, reply| {
        answers.push((number, reply));
        core::mem::take(&mut requests)
    };
    let (mut board, mut link) = (FakeBoard::new(host), Link::new());
    let mut arena = [0; ARENA_LEN + 15];
    let none = None::<Spare<'_, NoFlash>>;
    let mut server = Server::start(&mut board, BUILT_IN, none, &mut link, &mut arena);
    assert_eq!(server.talk(), End::Closed);
    drop(board);
    assert_eq!(answers[1], (1, Reply::Error(Error::Memory)));
    assert!(matches!(answers[4], (4, Reply::Output(_))), "{answers:?}");
}

#[test]
fn inputs_of_another_size_and_boards_out_of_order_are_refused() {
    let other = Request::Observe {
        rows: SIDE,
        row_len: 27,
    };
    assert_eq!(answers(&frame(1, &other)), [(1, Reply::Error(Error::Size))]);
    let wrong = Current {
        file: MODEL,
        answer: ANSWER ^ 1,
    };
    let requests = [
        frame(1, &OBSERVE),
        frame(2, &Request::Checksums { operator: 0 }),
    ];
    let (answers, _) = answers_of(wrong, &requests.concat());
    let expected = [1, 2].map(|number| (number, Reply::Error(Error::SelfTest)));
    assert_eq!(answers, expected);
}
