//! What is seen of a run: all rows of all operators, whatever takes their place afterwards.

use no_std_core::{Model, Run};
use proptest::prelude::*;

use crate::models::{config, models};
use crate::network;
use crate::oracle;
use crate::random::Random;
use crate::support::{file, file_apart};

/// The rows of each operator in the order in which they are seen.
type Seen = Vec<Vec<(u16, Vec<i8>)>>;

fn seen(file: &[u8], image: &[i8]) -> (Seen, Vec<i8>) {
    let model = Model::new(file).unwrap();
    let mut arena = vec![0; model.arena_len()];
    let mut run = Run::new(&model, &mut arena).unwrap();
    run.input().copy_from_slice(image);
    let mut seen = vec![Vec::new(); model.operators_len().into()];
    let see = |seen: &mut Seen, operator: u16, row, values: &[i8]| {
        seen[usize::from(operator)].push((row, values.to_vec()));
    };
    while run
        .step_observed(|made| see(&mut seen, made.operator, made.row, made.values))
        .is_pending()
    {}
    (seen, run.into_output().values().to_vec())
}

proptest! {
    #![proptest_config(config(1000))]

    #[test]
    fn rows_are_seen_in_order_and_are_those_of_the_oracle((contents, image) in models()) {
        let expected = oracle::tensors(&contents, &image);
        for file in [file(&contents), file_apart(&contents)] {
            let (seen, output) = seen(&file, &image);
            prop_assert_eq!(Some(&output), expected.last());
            let model = Model::new(&file).unwrap();
            for ((operation, rows), expected) in model.operations().zip(seen).zip(&expected[1..]) {
                let output = operation.output();
                // Of a tensor that is held in part, rows that nothing is made of are not made.
                prop_assert!(rows.len() == output.shape.rows.into() || output.held > 0);
                let row_len = output.shape.row_len() as usize;
                for (step, (row, values)) in (0..).zip(rows) {
                    let upwards = operation.record().upwards;
                    prop_assert_eq!(row, if upwards { output.shape.rows - 1 - step } else { step });
                    prop_assert_eq!(&values, &expected[usize::from(row) * row_len..][..row_len]);
                }
            }
        }
    }
}

/// The networks above are of all kinds that differ here.
#[test]
fn some_operators_work_upwards_and_some_tensors_are_held_in_part() {
    let (mut upwards, mut held) = (0, 0);
    for seed in 0..300 {
        let (contents, _) = network::network(&mut Random(seed));
        let file = file(&contents);
        for operation in Model::new(&file).unwrap().operations() {
            upwards += u32::from(operation.record().upwards);
            held += u32::from(operation.output().held > 0);
        }
    }
    assert!(upwards > 10 && held > 10, "{upwards} {held}");
}
