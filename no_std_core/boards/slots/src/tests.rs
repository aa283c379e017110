//! Updates that are cut everywhere, and bad ones.

mod flash;

use std::rc::Rc;
use std::vec::Vec;
use std::{format, vec};

use no_std_core::format::{HEADER_LEN, Header, seal, stored_checksum};
use no_std_core::{Operators, backend};

use super::*;
use flash::{Damage, NEVER, Power, RamFlash};

/// A model for the tests, and others that differ in their thresholds.
fn file(version: u32) -> Vec<u8> {
    let mut file = include_bytes!("../../../tests/tiny.q8").to_vec();
    let mut header = Header::decode(file.first_chunk().unwrap());
    header.threshold = version;
    file[..HEADER_LEN].copy_from_slice(&header.encode());
    seal(&mut file).unwrap();
    file
}

/// Answers that tell the versions apart.
fn answer(version: u32) -> u32 {
    version ^ 0x1234_5678
}

/// Slots for models of all operators.
fn new<F: MappedFlash>(slots: [F; 2]) -> Slots<F> {
    Slots::new(slots, Operators::<backend::Native>::ALL)
}

/// Two slots, the first of which has version 0 in service as update `sequence`.
fn slots<const WRITE: usize, const ERASE: usize>(
    power: &Rc<Power>,
    sequence: u32,
) -> Slots<RamFlash<WRITE, ERASE>> {
    let mut content = record::start(sequence, answer(0)).to_vec();
    content.extend(file(0));
    let capacity = content.len().next_multiple_of(ERASE);
    let flash = |content: &[u8]| RamFlash::new(power, content, capacity);
    new([flash(&content), flash(&[])])
}

/// Slots like those of nRF52, where the power stays on.
fn plain_slots() -> Slots<RamFlash<4, 512>> {
    slots(&Power::new(), 0)
}

/// Updates to a version, in chunks of 512 bytes.
fn update<F: MappedFlash>(slots: &mut Slots<F>, version: u32) -> Result<(), Error> {
    write(slots.open().1, version)
}

fn write<F: MappedFlash>(mut spare: Spare<'_, F>, version: u32) -> Result<(), Error> {
    let file = file(version);
    spare.begin(file.len() as u32, stored_checksum(&file).unwrap())?;
    for (offset, chunk) in (0..).step_by(512).zip(file.chunks(512)) {
        spare.write(offset, chunk)?;
    }
    spare.verify()?;
    spare.commit(answer(version))
}

/// The version that serves, which must be whole in every respect.
fn version_in<F: MappedFlash>(slots: &mut Slots<F>) -> u32 {
    let (current, _) = slots.open();
    let version = Model::new(current.file).unwrap().threshold();
    assert_eq!(current.file, file(version));
    assert_eq!(current.answer, answer(version));
    version
}

/// Updates a copy of slots to a version, with the power failing at an operation; gives the slots, and how many operations
/// there were if the update has finished.
fn cut_update<F: MappedFlash + Clone>(
    slots: &Slots<F>,
    power: &Power,
    version: u32,
    cut: (usize, Damage),
) -> (Slots<F>, Option<usize>) {
    let mut slots = new(slots.slots.clone());
    power.fail_at(cut);
    let finished = update(&mut slots, version).is_ok();
    let operations = finished.then(|| power.operations());
    power.fail_at(NEVER);
    (slots, operations)
}

/// Operations of an update that is not cut.
fn operations<F: MappedFlash + Clone>(slots: &Slots<F>, power: &Power, version: u32) -> usize {
    let (_, operations) = cut_update(slots, power, version, NEVER);
    operations.unwrap()
}

/// Cuts an update after every operation in every way, and after each the next update at every `stride`th operation, and
/// looks each time which version serves. Returns the number of cuts.
fn cut_everywhere<const WRITE: usize, const ERASE: usize>(sequence: u32, stride: usize) -> usize {
    let power = Power::new();
    let slots = slots::<WRITE, ERASE>(&power, sequence);
    let whole = operations(&slots, &power, 1);
    let mut cuts = 0;
    for (cut, damage) in (0..whole).flat_map(|cut| Damage::ALL.map(|damage| (cut, damage))) {
        let (mut once, finished) = cut_update(&slots, &power, 1, (cut, damage));
        let served = version_in(&mut once);
        assert_eq!(finished, None);
        assert_served(served, (0, 1), whole - cut, damage);
        let first = (cut + cuts) % stride;
        cuts += 1 + cut_again(&once, &power, served, first, stride);
    }
    cuts
}

/// Checks which version serves after the update from one to another was cut with so many operations left.
fn assert_served(served: u32, (before, after): (u32, u32), left: usize, damage: Damage) {
    match (left, damage) {
        (1, Damage::Done) => assert_eq!(served, after),
        // The half of it that counts may be done.
        (1, Damage::Half) => assert!(served == before || served == after),
        _ => assert_eq!(served, before),
    }
}

/// Cuts the update to version 2 of slots where `before` serves, then lets it finish.
fn cut_again<F: MappedFlash + Clone>(
    slots: &Slots<F>,
    power: &Power,
    before: u32,
    first: usize,
    stride: usize,
) -> usize {
    let whole = operations(slots, power, 2);
    let mut cuts = 0;
    for cut in (first..whole).step_by(stride) {
        let damage = Damage::ALL[cuts % Damage::ALL.len()];
        let (mut twice, _) = cut_update(slots, power, 2, (cut, damage));
        let served = version_in(&mut twice);
        assert_served(served, (before, 2), whole - cut, damage);
        update(&mut twice, 3).unwrap();
        assert_eq!(version_in(&mut twice), 3);
        cuts += 1;
    }
    cuts
}

#[test]
fn one_model_is_valid_wherever_an_update_is_cut_and_the_next_one_after_it() {
    // As the flash of nRF52 and of STM32F4, of RP2040 and RP2350, of STM32L4 and STM32H7, and stranger ones.
    let cuts = [
        cut_everywhere::<4, 4096>(0, 40),
        cut_everywhere::<4, 1024>(7, 40),
        cut_everywhere::<256, 4096>(0, 1),
        cut_everywhere::<8, 2048>(1, 20),
        cut_everywhere::<32, 512>(u32::MAX, 4),
        cut_everywhere::<64, 64>(u32::MAX - 1, 3),
        cut_everywhere::<256, 256>(1 << 31, 1),
    ];
    assert!(cuts.iter().all(|&cuts| cuts > 100), "{cuts:?}");
}

#[test]
fn updates_alternate_and_their_numbers_go_round() {
    for sequence in [0, (1 << 31) - 3, u32::MAX - 3] {
        let mut slots = slots::<4, 512>(&Power::new(), sequence);
        for version in 1..9 {
            update(&mut slots, version).unwrap();
            assert_eq!(version_in(&mut slots), version);
            let serving = Record::read(slots.slots[version as usize % 2].bytes());
            let expected = sequence.wrapping_add(version);
            assert_eq!(serving.unwrap().sequence(), expected);
        }
    }
}

#[test]
fn a_model_that_decays_gives_way_to_the_one_before_it() {
    let mut slots = plain_slots();
    update(&mut slots, 1).unwrap();
    slots.slots[1].spoil(RECORD_LEN + 700);
    assert_eq!(version_in(&mut slots), 0);
    // The next update takes the place of the one that is damaged, and is newer than it.
    update(&mut slots, 2).unwrap();
    assert_eq!(version_in(&mut slots), 2);
    assert_eq!(Record::read(slots.slots[1].bytes()).unwrap().sequence(), 2);
}

#[test]
fn a_model_that_does_not_work_gives_way_to_the_one_before_it() {
    let mut slots = plain_slots();
    // There is no other.
    assert_eq!(slots.open_older().0.answer, answer(0));
    update(&mut slots, 1).unwrap();
    assert_eq!(slots.open_older().0.answer, answer(0));
    assert_eq!(version_in(&mut slots), 1);
    // An update takes the place of the one that does not work, and is newer than it.
    write(slots.open_older().1, 2).unwrap();
    assert_eq!(version_in(&mut slots), 2);
    assert_eq!(Record::read(slots.slots[1].bytes()).unwrap().sequence(), 2);
    // One that is damaged is no way out.
    slots.slots[0].spoil(RECORD_LEN + 700);
    assert_eq!(slots.open_older().0.answer, answer(2));
}

#[test]
fn slots_without_a_model_can_be_updated() {
    let power = Power::new();
    let blank = || RamFlash::<4, 512>::new(&power, &[], 2048);
    let mut slots = new([blank(), blank()]);
    let (current, _) = slots.open();
    assert!(Model::new(current.file).is_err());
    assert_eq!(current.answer, 0);
    update(&mut slots, 5).unwrap();
    assert_eq!(version_in(&mut slots), 5);
}

#[test]
fn an_image_made_by_the_compiler_is_in_service() {
    const TINY: &[u8; 1360] = include_bytes!("../../../tests/tiny.q8");
    static IMAGE: Image<1360> = Image::new(*TINY, 34);
    assert_eq!(size_of::<Image<1360>>(), RECORD_LEN + TINY.len());
    let content = [&IMAGE.record[..], &IMAGE.file].concat();
    let power = Power::new();
    let flash = |content: &[u8]| RamFlash::<4, 512>::new(&power, content, 2048);
    let mut slots = new([flash(&content), flash(&[])]);
    let (current, _) = slots.open();
    assert_eq!((current.file, current.answer), (&TINY[..], 34));
}

#[test]
fn records_hold_any_numbers() {
    for numbers @ (sequence, answer) in [(0, u32::MAX), (9, 0x0102_0304), (u32::MAX, 0)] {
        let slot = record::start(sequence, answer);
        let record = Record::read(&slot).unwrap();
        assert_eq!((record.sequence(), record.answer()), numbers);
    }
}

#[test]
fn no_part_of_a_record_passes_for_one() {
    for sequence in [0, 1, 0xAAAA_AAAA, u32::MAX] {
        let slot = record::start(sequence, answer(1));
        for bit in 0..Record::LEN * 8 {
            let mut changed = slot;
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(Record::read(&changed).is_none());
        }
        for len in 0..Record::LEN {
            let mut torn = [0xFF; RECORD_LEN];
            torn[..len].copy_from_slice(&slot[..len]);
            assert!(Record::read(&torn).is_none() && Record::read(&slot[..len]).is_none());
        }
    }
}

#[test]
fn bad_updates_are_refused_and_change_nothing() {
    let mut slots = slots::<8, 512>(&Power::new(), 0);
    let file = file(1);
    let len = file.len() as u32;
    let checksum = stored_checksum(&file).unwrap();
    let (_, mut spare) = slots.open();
    assert_eq!(spare.write(0, &file), Err(Error::NotBegun));
    assert_eq!(spare.verify().err(), Some(Error::NotBegun));
    assert_eq!(spare.commit(0), Err(Error::Unverified));
    let room = 2048 - RECORD_LEN as u32;
    for len in [room + 1, u32::MAX] {
        assert_eq!(spare.begin(len, checksum), Err(Error::TooLarge { room }));
        assert_eq!(spare.write(0, &file), Err(Error::NotBegun));
    }

    spare.begin(len, checksum).unwrap();
    assert_eq!(spare.write(0, &file[..12]), Err(Error::Unit { unit: 8 }));
    spare.write(0, &file[..512]).unwrap();
    let order = Err(Error::Order { expected: 512 });
    assert_eq!(spare.write(1024, &file[1024..]), order);
    assert_eq!(spare.write(520, &file[520..528]), order);
    assert_eq!(spare.write(0, &file[8..520]), order, "other bytes again");
    assert_eq!(spare.write(256, &file[256..1024]), order, "partly again");
    assert_eq!(spare.write(512, &vec![0; 1024]), order, "past the end");
    assert_eq!(spare.write(u32::MAX, &file[..8]), order);
    spare.write(0, &file[..512]).unwrap();
    let unfinished = Error::Unfinished { written: 512 };
    assert_eq!(spare.verify().err(), Some(unfinished));
    assert_eq!(spare.commit(0), Err(Error::Unverified));
    assert_eq!(version_in(&mut slots), 0);

    let (_, mut spare) = slots.open();
    spare.begin(len, checksum).unwrap();
    spare.write(0, &file).unwrap();
    assert_eq!(spare.commit(0), Err(Error::Unverified));
    assert_eq!(version_in(&mut slots), 0);
}

#[test]
fn files_that_are_no_valid_models_are_refused() {
    let good = file(1);
    let mut other_format = good.clone();
    other_format[8] ^= 1;
    let mut damaged = good.clone();
    damaged[900] ^= 1;
    let cut = &good[..good.len() - 16];
    let refuse = |file: &[u8], checksum, error| {
        let mut slots = plain_slots();
        let (_, mut spare) = slots.open();
        spare.begin(file.len() as u32, checksum).unwrap();
        spare.write(0, file).unwrap();
        assert_eq!(spare.verify().err(), Some(error));
        assert_eq!(spare.commit(0), Err(Error::Unverified));
        assert_eq!(version_in(&mut slots), 0);
    };
    for bad in [&other_format[..], &damaged, cut, &[]] {
        let error = Error::Model(Model::new(bad).err().unwrap());
        refuse(bad, stored_checksum(&good).unwrap(), error);
    }
    let error = Error::Checksum { expected: 123 };
    refuse(&good, 123, error);
    let message = "expected the model with checksum 0x0000007b, found another";
    assert_eq!(format!("{error}"), message);
}

#[test]
fn flash_that_does_not_hold_what_is_written_is_noticed() {
    let mut slots = plain_slots();
    let file = file(1);
    let (_, mut spare) = slots.open();
    spare.begin(file.len() as u32, 0).unwrap();
    spare.write(0, &file[..256]).unwrap();
    slots.slots[1].stick(RECORD_LEN + 300);
    let (_, mut spare) = slots.open();
    spare.begin(file.len() as u32, 0).unwrap();
    let error = Err(Error::Flash(NorFlashErrorKind::Other));
    assert_eq!(spare.write(0, &file), error);
    assert_eq!(spare.write(0, &file), Err(Error::NotBegun));
    assert_eq!(version_in(&mut slots), 0);
}
