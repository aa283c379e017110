//! Updates that are cut everywhere, and bad ones.

mod flash;

use std::rc::Rc;
use std::vec::Vec;
use std::{format, vec};

use no_std_core::format::{HEADER_LEN, Header, MAX_CLASSES, seal, stored_checksum};

use super::*;
use flash::{Damage, Power, RamFlash};

/// A model for the tests, and others that differ in their thresholds.
fn file(version: u32) -> Vec<u8> {
    let mut file = include_bytes!("../../../tests/tiny.q8").to_vec();
    let mut header = Header::decode(file.first_chunk().unwrap());
    header.threshold = version;
    file[..HEADER_LEN].copy_from_slice(&header.encode());
    seal(&mut file).unwrap();
    file
}

/// Logits that tell the versions apart.
fn logits(version: u32) -> [i8; 2] {
    [version as i8, !version as i8]
}

type Flash<const WRITE: usize, const ERASE: usize> = [RamFlash<WRITE, ERASE>; 2];

/// Two slots, the first of which has version 0 in service as update `sequence`.
fn flash<const WRITE: usize, const ERASE: usize>(
    power: &Rc<Power>,
    sequence: u32,
) -> Flash<WRITE, ERASE> {
    let mut content = record::start(sequence, &logits(0)).to_vec();
    content.extend(file(0));
    let capacity = content.len().next_multiple_of(ERASE);
    [
        RamFlash::new(power, &content, capacity),
        RamFlash::new(power, &[], capacity),
    ]
}

/// Updates to a version, in chunks of 512 bytes.
fn update<F: MappedFlash>(slots: &mut Slots<F>, version: u32) -> Result<(), Error> {
    let file = file(version);
    let (_, mut spare) = slots.open();
    spare.begin(file.len() as u32, stored_checksum(&file).unwrap())?;
    for (index, chunk) in file.chunks(512).enumerate() {
        spare.write(index as u32 * 512, chunk)?;
    }
    spare.verify()?;
    spare.commit(&logits(version))
}

/// The version that serves, which must be whole in every respect.
fn version_in<F: MappedFlash>(slots: &mut Slots<F>) -> u32 {
    let (current, _) = slots.open();
    let version = Model::new(current.file).unwrap().threshold();
    assert_eq!(current.file, file(version));
    assert_eq!(current.logits, logits(version));
    version
}

/// Flash and what happened to it.
struct Outcome<const WRITE: usize, const ERASE: usize> {
    slots: Slots<RamFlash<WRITE, ERASE>>,
    finished: bool,
    operations: usize,
}

/// Updates flash to a version, with the power failing at an operation.
fn cut_update<const WRITE: usize, const ERASE: usize>(
    flash: &Flash<WRITE, ERASE>,
    power: &Rc<Power>,
    version: u32,
    cut: (usize, Damage),
) -> Outcome<WRITE, ERASE> {
    let mut slots = Slots::new(flash.clone());
    power.fail_at(cut.0, cut.1);
    let finished = update(&mut slots, version).is_ok();
    let operations = power.operations();
    power.restore();
    Outcome {
        slots,
        finished,
        operations,
    }
}

/// Cuts an update after every operation in every way, and after each the next update at every `stride`th operation, and
/// looks each time which version serves. Returns the number of cuts.
fn cut_everywhere<const WRITE: usize, const ERASE: usize>(sequence: u32, stride: usize) -> usize {
    let power = Power::new();
    let flash = flash::<WRITE, ERASE>(&power, sequence);
    let whole = cut_update(&flash, &power, 1, (usize::MAX, Damage::None));
    assert!(whole.finished);
    let mut cuts = 0;
    for cut in 0..whole.operations {
        for damage in Damage::ALL {
            let mut once = cut_update(&flash, &power, 1, (cut, damage));
            let served = version_in(&mut once.slots);
            assert!(!once.finished);
            assert_served(served, (0, 1), whole.operations - cut, damage);
            cuts += 1 + cut_again(
                &once.slots.slots,
                &power,
                served,
                (cut + cuts) % stride,
                stride,
            );
        }
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
fn cut_again<const WRITE: usize, const ERASE: usize>(
    flash: &Flash<WRITE, ERASE>,
    power: &Rc<Power>,
    before: u32,
    first: usize,
    stride: usize,
) -> usize {
    let whole = cut_update(flash, power, 2, (usize::MAX, Damage::None));
    assert!(whole.finished);
    let mut cuts = 0;
    for cut in (first..whole.operations).step_by(stride) {
        let damage = Damage::ALL[cuts % Damage::ALL.len()];
        let mut twice = cut_update(flash, power, 2, (cut, damage));
        let served = version_in(&mut twice.slots);
        assert_served(served, (before, 2), whole.operations - cut, damage);
        update(&mut twice.slots, 3).unwrap();
        assert_eq!(version_in(&mut twice.slots), 3);
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
        let mut slots = Slots::new(flash::<4, 512>(&Power::new(), sequence));
        for version in 1..9 {
            update(&mut slots, version).unwrap();
            assert_eq!(version_in(&mut slots), version);
            let serving = slots.slots[version as usize % 2].bytes();
            assert_eq!(
                Record::read(serving).unwrap().sequence(),
                sequence.wrapping_add(version)
            );
        }
    }
}

#[test]
fn a_model_that_decays_gives_way_to_the_one_before_it() {
    let mut slots = Slots::new(flash::<4, 512>(&Power::new(), 0));
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
    let mut slots = Slots::new(flash::<4, 512>(&Power::new(), 0));
    // There is no other.
    assert_eq!(slots.open_older().0.logits, logits(0));
    update(&mut slots, 1).unwrap();
    assert_eq!(slots.open_older().0.logits, logits(0));
    assert_eq!(version_in(&mut slots), 1);
    // An update takes the place of the one that does not work, and is newer than it.
    let file = file(2);
    let (_, mut spare) = slots.open_older();
    spare
        .begin(file.len() as u32, stored_checksum(&file).unwrap())
        .unwrap();
    spare.write(0, &file).unwrap();
    spare.verify().unwrap();
    spare.commit(&logits(2)).unwrap();
    assert_eq!(version_in(&mut slots), 2);
    assert_eq!(Record::read(slots.slots[1].bytes()).unwrap().sequence(), 2);
    // One that is damaged is no way out.
    slots.slots[0].spoil(RECORD_LEN + 700);
    assert_eq!(slots.open_older().0.logits, logits(2));
}

#[test]
fn slots_without_a_model_can_be_updated() {
    let power = Power::new();
    let blank = || RamFlash::<4, 512>::new(&power, &[], 2048);
    let mut slots = Slots::new([blank(), blank()]);
    let (current, _) = slots.open();
    assert!(Model::new(current.file).is_err());
    assert_eq!(current.logits, []);
    update(&mut slots, 5).unwrap();
    assert_eq!(version_in(&mut slots), 5);
}

#[test]
fn an_image_made_by_the_compiler_is_in_service() {
    const TINY: &[u8; 1312] = include_bytes!("../../../tests/tiny.q8");
    static IMAGE: Image<1312> = Image::new(*TINY, &[3, -4]);
    assert_eq!(size_of::<Image<1312>>(), RECORD_LEN + TINY.len());
    let content = [&IMAGE.record[..], &IMAGE.file].concat();
    let power = Power::new();
    let mut slots = Slots::new([
        RamFlash::<4, 512>::new(&power, &content, 2048),
        RamFlash::new(&power, &[], 2048),
    ]);
    let (current, _) = slots.open();
    assert_eq!((current.file, current.logits), (&TINY[..], &[3, -4][..]));
}

#[test]
fn records_hold_any_number_of_classes() {
    let all: Vec<i8> = (0..MAX_CLASSES).map(|class| (class * 8) as i8).collect();
    for classes in 0..=MAX_CLASSES {
        let slot = record::start(9, &all[..classes]);
        let record = Record::read(&slot).unwrap();
        assert_eq!((record.sequence(), record.logits()), (9, &all[..classes]));
    }
}

#[test]
fn no_part_of_a_record_passes_for_one() {
    for sequence in [0, 1, 0xAAAA_AAAA, u32::MAX] {
        let slot = record::start(sequence, &logits(1));
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
    let power = Power::new();
    let mut slots = Slots::new(flash::<8, 512>(&power, 0));
    let file = file(1);
    let len = file.len() as u32;
    let checksum = stored_checksum(&file).unwrap();
    let (_, mut spare) = slots.open();
    assert_eq!(spare.write(0, &file), Err(Error::NotBegun));
    assert_eq!(spare.verify().err(), Some(Error::NotBegun));
    assert_eq!(spare.commit(&[]), Err(Error::Unverified));
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
    assert_eq!(
        spare.verify().err(),
        Some(Error::Unfinished { written: 512 })
    );
    assert_eq!(spare.commit(&[]), Err(Error::Unverified));
    assert_eq!(version_in(&mut slots), 0);

    let (_, mut spare) = slots.open();
    spare.begin(len, checksum).unwrap();
    spare.write(0, &file).unwrap();
    assert_eq!(spare.commit(&[]), Err(Error::Unverified));
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
    for bad in [&other_format[..], &damaged, cut, &[]] {
        let mut slots = Slots::new(flash::<4, 512>(&Power::new(), 0));
        let (_, mut spare) = slots.open();
        let checksum = stored_checksum(&good).unwrap();
        spare.begin(bad.len() as u32, checksum).unwrap();
        spare.write(0, bad).unwrap();
        let error = Model::new(bad).err().unwrap();
        assert_eq!(spare.verify().err(), Some(Error::Model(error)));
        assert_eq!(spare.commit(&[]), Err(Error::Unverified));
        assert_eq!(version_in(&mut slots), 0);
    }
    let mut slots = Slots::new(flash::<4, 512>(&Power::new(), 0));
    let (_, mut spare) = slots.open();
    spare.begin(good.len() as u32, 123).unwrap();
    spare.write(0, &good).unwrap();
    let error = Error::Checksum { expected: 123 };
    assert_eq!(spare.verify().err(), Some(error));
    assert_eq!(spare.commit(&[]), Err(Error::Unverified));
    let message = format!("{error}");
    assert_eq!(
        message,
        "expected the model with checksum 0x0000007b, found another"
    );
}

#[test]
fn flash_that_does_not_hold_what_is_written_is_noticed() {
    let mut slots = Slots::new(flash::<4, 512>(&Power::new(), 0));
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
