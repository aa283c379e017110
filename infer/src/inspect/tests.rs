use super::*;
use crate::support::{self, flash};

#[test]
fn ranges_are_from_the_smallest_to_the_largest() {
    assert_eq!(range([0.25, 0.5, 0.001]), "1.000e-3 to 5.000e-1");
    assert_eq!(range([0.25, 0.25]), "2.500e-1");
}
