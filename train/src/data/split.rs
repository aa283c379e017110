//! Which pictures of a data set a part of it gets.

use std::collections::BTreeMap;

use crate::data::batch::shuffle;
use crate::data::random::Random;

/// Indices of `count` labels, of each class in proportion, and of all others, both ascending.
pub fn stratified(
    labels: impl Iterator<Item = impl Into<usize>>,
    count: usize,
    seed: u64,
) -> (Vec<usize>, Vec<usize>) {
    let mut classes = BTreeMap::<usize, Vec<usize>>::new();
    for (index, label) in labels.enumerate() {
        classes.entry(label.into()).or_default().push(index);
    }
    let mut ranked = Vec::new();
    for (class, mut indices) in classes {
        shuffle(&mut indices, &mut Random::new(seed, class as u64));
        let len = indices.len();
        let indices = indices.into_iter().enumerate();
        ranked.extend(indices.map(|(place, index)| (rank(place, len), class, index)));
    }
    ranked.sort_unstable();
    let (drawn, others) = ranked.split_at(count.min(ranked.len()));
    (ascending(drawn), ascending(others))
}

/// Where an image at a place in its class comes among all classes, in 2^32 parts: spread evenly, but the first image of
/// every class at the very start and the last at the very end, so that no class is missing on either side.
fn rank(place: usize, len: usize) -> u64 {
    match place {
        place if place + 1 == len => 1 << 32,
        0 => 0,
        _ => ((2 * place as u64 + 1) << 32) / (2 * len as u64),
    }
}

/// The part of each picture: of each class the `shares` in parts 1, 2 and so on, the rest in part 0. Pictures of one group
/// are in one part, that of the class of its first. The seed decides alone.
///
/// Groups are never cut, so shares are met about. A class of one group is in part 0, one of two in part 1, too, and one of more
/// in part 2 and so on as far as the sizes of its groups allow it.
pub fn grouped(labels: &[u16], groups: &[u32], shares: &[f64], seed: u64) -> Vec<usize> {
    let mut members = BTreeMap::<u32, Vec<usize>>::new();
    for (picture, &group) in groups.iter().enumerate() {
        members.entry(group).or_default().push(picture);
    }
    let mut classes = BTreeMap::<u16, Vec<Vec<usize>>>::new();
    for members in members.into_values() {
        classes.entry(labels[members[0]]).or_default().push(members);
    }
    let mut parts = vec![0; labels.len()];
    for (class, mut groups) in classes {
        shuffle(&mut groups, &mut Random::new(seed, class.into()));
        for (part, group) in divided(groups, shares) {
            for picture in group {
                parts[picture] = part;
            }
        }
    }
    parts
}

/// The groups of a class with their parts.
fn divided(groups: Vec<Vec<usize>>, shares: &[f64]) -> Vec<(usize, Vec<usize>)> {
    let pictures: usize = groups.iter().map(Vec::len).sum();
    let count = groups.len();
    let wanted = |(place, share): (usize, &f64)| {
        let least = usize::from(count > place + 1);
        ((share * pictures as f64).round() as usize).max(least)
    };
    let wanted: Vec<usize> = shares.iter().enumerate().map(wanted).collect();
    let mut got = vec![0; shares.len()];
    let part = |group: Vec<usize>| {
        let fits = |&place: &usize| got[place] + group.len() <= wanted[place];
        let place = (0..wanted.len()).find(fits);
        if let Some(place) = place {
            got[place] += group.len();
        }
        (place.map_or(0, |place| place + 1), group)
    };
    let mut parts: Vec<(usize, Vec<usize>)> = groups.into_iter().map(part).collect();
    for (place, got) in got.into_iter().enumerate().take(count - 1) {
        // Groups larger than a share: the smallest of them stands for it, but never the last one to learn from.
        let spare = parts.iter_mut().filter(|(part, _)| *part == 0);
        let mut spare: Vec<_> = spare.collect();
        spare.sort_by_key(|(_, group)| group.len());
        if let ([(part, _), _, ..], 0) = (&mut spare[..], got) {
            *part = place + 1;
        }
    }
    parts
}

fn ascending(ranked: &[(u64, usize, usize)]) -> Vec<usize> {
    let mut indices: Vec<usize> = ranked.iter().map(|&(.., index)| index).collect();
    indices.sort_unstable();
    indices
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often each of three classes comes among these indices.
    fn counts(labels: &[u8], indices: &[usize]) -> [usize; 3] {
        let is_of = |class| move |&&index: &&usize| labels[index] == class;
        [0, 1, 2].map(|class| indices.iter().filter(is_of(class)).count())
    }

    #[test]
    fn every_class_is_in_both_parts_in_proportion() {
        let labels = [vec![0; 3000], vec![1; 20], vec![2; 6000]].concat();
        for (count, expected) in [
            (0, [0, 0, 0]),
            (3, [1, 1, 1]),
            (100, [33, 1, 66]),
            (900, [299, 2, 599]),
            (9000, [2993, 19, 5988]),
            (9017, [2999, 19, 5999]),
            (9020, [3000, 20, 6000]),
            (usize::MAX, [3000, 20, 6000]),
        ] {
            let (drawn, others) = stratified(labels.iter().copied(), count, 1);
            let found = counts(&labels, &drawn);
            for (found, expected) in found.into_iter().zip(expected) {
                assert!(found.abs_diff(expected) <= 1, "{count}: {found}");
            }
            let mut all = [drawn, others].concat();
            all.sort_unstable();
            assert!(all.into_iter().eq(0..9020), "{count}: each image once");
        }
    }

    #[test]
    fn a_single_image_stays_among_the_others() {
        let (_, others) = stratified([7_u8, 7, 9].into_iter(), 1, 0);
        assert!(others.len() == 2 && others.contains(&2));
    }

    #[test]
    fn the_seed_decides_alone() {
        let draw = |seed| stratified((0..100_u8).map(|index| index % 10), 30, seed).0;
        assert_eq!(draw(5), draw(5));
        assert_ne!(draw(5), draw(6));
    }

    #[test]
    fn groups_stay_together_and_every_class_is_everywhere() {
        let mut random = Random::new(4, 0);
        for seed in 0..30 {
            // Bursts of one class each, of 1 to 12 pictures.
            let (mut labels, mut groups) = (Vec::new(), Vec::new());
            for group in 0..150 {
                let size = 1 + random.below(12);
                labels.extend(vec![(group % 5) as u16; size]);
                groups.extend(vec![group as u32; size]);
            }
            let parts = grouped(&labels, &groups, &[0.15, 0.15], seed);
            let mut of_group = BTreeMap::new();
            for (&group, &part) in groups.iter().zip(&parts) {
                assert_eq!(*of_group.entry(group).or_insert(part), part);
            }
            for class in 0..5 {
                let of_class = |part| {
                    let both = labels.iter().zip(&parts);
                    both.filter(|found| *found == (&class, &part)).count() as f64
                };
                let all = (0..3).map(of_class).sum::<f64>();
                for part in [1, 2] {
                    let share = of_class(part) / all;
                    assert!((0.10..0.16).contains(&share), "{share}");
                }
            }
            assert_eq!(grouped(&labels, &groups, &[0.15, 0.15], seed), parts);
            assert_ne!(grouped(&labels, &groups, &[0.15, 0.15], seed + 1), parts);
        }
    }

    #[test]
    fn few_groups_are_learnt_first_then_measured_on_then_chosen_by() {
        for (groups, expected) in [
            (&[0][..], [1, 0, 0]),
            (&[0, 0, 0, 0], [4, 0, 0]),
            (&[0, 1], [1, 1, 0]),
            (&[0, 1, 2], [1, 1, 1]),
            (&[0, 0, 0, 0, 4, 4, 4, 7, 7, 7], [4, 3, 3]),
        ] {
            let parts = grouped(&vec![0; groups.len()], groups, &[0.15, 0.15], 0);
            let count = |part| parts.iter().filter(|&&found| found == part).count();
            assert_eq!([0, 1, 2].map(count), expected, "{groups:?}");
        }
    }

    #[test]
    fn a_group_of_several_classes_goes_where_its_first_goes() {
        let labels = [0, 0, 0, 0, 1, 1, 1, 1];
        let groups = [0, 1, 2, 3, 0, 5, 6, 7];
        for seed in 0..20 {
            let parts = grouped(&labels, &groups, &[0.25, 0.25], seed);
            assert_eq!(parts[0], parts[4]);
        }
    }
}
