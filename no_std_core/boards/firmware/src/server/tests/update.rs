//! Boards with room for two models.

use no_std_core::requantize::Multiplier;
use protocol::known_value;
use slots::{RECORD_LEN, RamFlash};

use super::*;

/// Bytes of a slot.
const SLOT: usize = (RECORD_LEN + MODEL.len()).next_multiple_of(4096);

/// The model of the boards with another bias.
fn other_model() -> Vec<u8> {
    let mut file = MODEL.to_vec();
    let model = Model::new(MODEL).unwrap();
    let biases_at = model.operations().last().unwrap().record().biases_at;
    file[biases_at as usize + 1] ^= 0x20;
    format::seal(&mut file).unwrap();
    file
}

/// The values that a model makes of an image.
fn values(file: &[u8], image: &[i8; PIXELS]) -> Vec<i8> {
    let model = Model::new(file).unwrap();
    let mut arena = [0; ARENA_LEN];
    let scores = no_std_core::run(&model, image, &mut arena).unwrap();
    scores.values().to_vec()
}

fn known_answer(file: &[u8]) -> u32 {
    protocol::answer(&values(file, &core::array::from_fn(known_value)))
}

fn begin_update(file: &[u8]) -> Vec<u8> {
    begin_with(file.len(), stored_checksum(file).unwrap())
}

fn begin_with(len: usize, checksum: u32) -> Vec<u8> {
    let len = len as u32;
    frame(1, &Request::BeginUpdate { len, checksum })
}

fn write(offset: usize, bytes: &[u8]) -> Vec<u8> {
    let offset = offset as u32;
    frame(2, &Request::WriteChunk { offset, bytes })
}

fn chunks(file: &[u8]) -> Vec<Vec<u8>> {
    let chunks = (0..).step_by(CHUNK_LEN).zip(file.chunks(CHUNK_LEN));
    chunks.map(|(offset, bytes)| write(offset, bytes)).collect()
}

fn commit(answer: u32) -> Vec<u8> {
    frame(3, &Request::Commit { answer })
}

/// An update by a file, sent in these chunks.
fn update(file: &[u8], chunks: &[Vec<u8>]) -> Vec<u8> {
    let commit = commit(known_answer(file));
    [begin_update(file), chunks.concat(), commit].concat()
}

/// Answers of a board whose slots hold nothing at first but the model of the boards.
fn slot_answers(requests: &[u8]) -> Vec<Answer> {
    answers_after(None, requests, |slots| fill(slots, MODEL, ANSWER))
}

/// Answers of a board, perhaps with a built-in model, whose slots were empty before `prepare`, started as often as updates
/// ask for.
fn answers_after(
    built_in: Option<Current<'_>>,
    requests: &[u8],
    prepare: impl FnOnce(&mut Slots<RamFlash<'_>>),
) -> Vec<Answer> {
    let (mut answers, mut bytes) = (vec![], requests.to_vec());
    let mut board = FakeBoard::new(|number, reply| {
        answers.push((number, reply));
        core::mem::take(&mut bytes)
    });
    let mut memories = [vec![0xFF; SLOT], vec![0xFF; SLOT]];
    let [a, b] = &mut memories;
    let mut slots = Slots::new([RamFlash::new(a), RamFlash::new(b)], OPERATORS);
    prepare(&mut slots);
    let (mut link, mut arena) = (Link::new(), [0; ROOM]);
    while serve_newest(&mut board, &mut slots, built_in, &mut link, &mut arena) == End::Updated {}
    drop(board);
    answers
}

/// Puts a model into a slot, with what it should say about the known image.
fn fill(slots: &mut Slots<RamFlash<'_>>, file: &[u8], answer: u32) {
    let (_, mut spare) = slots.open();
    let checksum = stored_checksum(file).unwrap();
    spare.begin(file.len() as u32, checksum).unwrap();
    spare.write(0, file).unwrap();
    spare.verify().unwrap();
    spare.commit(answer).unwrap();
}

/// Requests for the output of an image, the values of which are asked for with this number.
fn ask(number: u8) -> Vec<u8> {
    show(number - 3, &image(3))
}

fn values_in(answers: &[Answer], wanted: u8) -> Vec<Vec<i8>> {
    let values = |(number, reply): &Answer| match reply {
        Reply::Values(values) if *number == wanted => Some(bytemuck::cast_slice(values).to_vec()),
        _ => None,
    };
    answers.iter().filter_map(values).collect()
}

/// What a model should make of it.
fn expected(file: &[u8]) -> Vec<i8> {
    values(file, &image(3).map(quantize_pixel))
}

/// How a board with slots describes itself.
fn description(file: &[u8]) -> Reply<'static> {
    super::description(file, None, SLOT - RECORD_LEN)
}

#[test]
fn the_old_model_serves_until_the_new_one_is_whole() {
    let other = other_model();
    let [old, new] = [MODEL, &other].map(expected);
    assert_ne!(old, new);
    let mut requests = begin_update(&other);
    for chunk in chunks(&other) {
        requests.extend([ask(58), chunk].concat());
    }
    requests.extend([commit(known_answer(&other)), ask(69)].concat());
    let answers = slot_answers(&requests);
    let chunks = other.len().div_ceil(CHUNK_LEN);
    assert_eq!(values_in(&answers, 58), vec![old; chunks]);
    assert_eq!(values_in(&answers, 69), [new]);
    let expected = [(3, Reply::Updated), (UNASKED, description(&other))];
    assert!(answers.windows(2).any(|pair| pair == expected));
    let wishes = answers.iter().filter_map(|(_, reply)| match reply {
        Reply::NeedChunk { offset } => Some(*offset as usize),
        _ => None,
    });
    let offsets = (0..=chunks).map(|index| (index * CHUNK_LEN).min(other.len()));
    assert!(wishes.eq(offsets));
}

/// That the last answer to these requests is a refusal, after which the board's model is as it was.
#[track_caller]
fn refuse(requests: &[Vec<u8>], error: Error) {
    let answers = slot_answers(&[requests.concat(), ask(69)].concat());
    assert_eq!(values_in(&answers, 69), [expected(MODEL)]);
    let refused = answers.iter().rfind(|(number, _)| *number < 60);
    assert_eq!(refused.unwrap().1, Reply::Error(error));
}

#[test]
fn bad_updates_are_refused_and_change_nothing() {
    let other = other_model();
    let known = known_answer(&other);
    let begin_other = || begin_update(&other);
    let chunks_of = |file: &[u8]| chunks(file).concat();
    let requests = [begin_other(), chunks_of(&other), commit(known ^ 1)];
    refuse(&requests, Error::KnownAnswer);

    let mut damaged = other.clone();
    damaged[100_000] ^= 1;
    let at = Model::new(&damaged).unwrap_err().at;
    let model = Error::Model { at };
    let announced = begin_with(other.len(), 0);
    let (chunks, commit) = (chunks(&other), || commit(known));
    let first = || chunks[0].clone();
    let cases = [
        (vec![begin_other(), chunks_of(&damaged), commit()], model),
        (vec![announced, chunks.concat(), commit()], Error::Checksum),
        (vec![begin_with(SLOT, 0)], Error::TooLarge),
        (vec![first()], Error::NotBegun),
        (vec![commit()], Error::NotBegun),
        (vec![begin_other(), write(0, &other[..3])], Error::Chunk),
        (vec![begin_other(), chunks[1].clone()], Error::Chunk),
        (vec![begin_other(), first(), commit()], Error::Chunk),
    ];
    for (requests, error) in cases {
        refuse(&requests, error);
    }
}

#[test]
fn a_chunk_whose_answer_was_lost_may_come_again() {
    let other = other_model();
    let mut chunks = chunks(&other);
    chunks.insert(1, chunks[0].clone());
    let answers = slot_answers(&update(&other, &chunks));
    assert_eq!(answers[answers.len() - 2], (3, Reply::Updated));
}

#[test]
fn a_model_that_computes_something_else_gives_way_to_the_one_before_it() {
    let other = other_model();
    let requests = [frame(8, &Request::Describe), ask(69)].concat();
    let answers = answers_after(None, &requests, |slots| {
        fill(slots, MODEL, ANSWER);
        fill(slots, &other, ANSWER);
    });
    let passed = [UNASKED, 8].map(|number| (number, description(MODEL)));
    assert_eq!(answers[..2], passed);
    assert_eq!(values_in(&answers, 69), [expected(MODEL)]);

    let answers = answers_after(None, &requests, |slots| {
        fill(slots, MODEL, 0);
        fill(slots, &other, ANSWER);
    });
    assert_eq!(answers[2], (66, Reply::Error(Error::SelfTest)));
}

#[test]
fn the_built_in_model_serves_where_no_slot_has_one_that_works() {
    let other = other_model();
    let requests = [ask(58), update(&other, &chunks(&other)), ask(69)].concat();
    let [built_in, updated] = [MODEL, &other].map(expected);
    for are_written in [false, true] {
        let answers = answers_after(Some(BUILT_IN), &requests, |slots| {
            if are_written {
                fill(slots, &other, ANSWER);
                fill(slots, &other, 0);
            }
        });
        assert_eq!(answers[0], (UNASKED, description(MODEL)));
        assert_eq!(values_in(&answers, 58), [&*built_in]);
        assert_eq!(values_in(&answers, 69), [&*updated]);
    }
}

/// A valid model for the board's images that takes more memory than the one of the boards. All weights are zero.
fn large_model() -> Vec<u8> {
    let shape = |side, channels| format::Shape {
        rows: side,
        columns: side,
        channels,
    };
    let tile = format::Axis {
        kernel: 1,
        stride: 1,
        pool: 2,
        ..format::Axis::default()
    };
    // One half.
    let multiplier = Multiplier::new(1 << 23, 24).unwrap();
    let operator = |record, output: format::Shape, weights| format::OperatorContents {
        weights: vec![0; weights],
        biases: vec![0; output.channels.into()],
        multipliers: vec![multiplier; output.channels.into()],
        ..format::OperatorContents::new(record, format::TensorRecord::new(output, 0.5, 0))
    };
    let each_tile = format::OperatorRecord {
        groups: 1,
        rows: tile,
        columns: tile,
        ..format::OperatorRecord::new(format::KIND_CONVOLUTION, 0)
    };
    let all = format::OperatorRecord::new(format::KIND_DENSE, 1);
    let operators = vec![
        operator(each_tile, shape(14, 64), 64),
        operator(all, shape(1, 1), 14 * 14 * 64),
    ];
    let input = format::TensorRecord::new(shape(28, 1), 0.5, no_std_core::quantize_pixel(0));
    let mut contents = format::Contents::new(input, operators);
    contents.plan();
    contents.to_file().unwrap()
}

#[test]
fn a_model_that_takes_more_memory_is_too_large() {
    let large = large_model();
    assert!(Model::new(&large).unwrap().arena_len() > ROOM);
    let requests = [begin_update(&large), chunks(&large).concat(), commit(0)];
    refuse(&requests, Error::TooLarge);
}
