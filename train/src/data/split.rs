//! Which images of a data set a part of it gets.

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
}
