//! Damaged models: each is a network or an error, soon and in little memory.

use std::time::{Duration, Instant};

use prost::Message;
use tests::networks;
use tests::random::Numbers;
use train::import::import;
use train::onnx::{AttributeEntry, Dimension, Graph, Model};

/// Damaged copies of each file.
const COPIES: usize = 24;

/// The longest that a file may take.
const LONGEST: Duration = Duration::from_secs(20);

/// The most memory that the test may have taken, in kibibytes.
const MEMORY: u64 = 2 << 20;

/// Sizes that no model has, or that few have.
const ABSURD: [i64; 12] = [
    i64::MIN,
    -1,
    0,
    1,
    2,
    7,
    65_535,
    65_536,
    1 << 31,
    1 << 40,
    1 << 62,
    i64::MAX,
];

fn below(numbers: &mut Numbers, count: usize) -> usize {
    (numbers.between(0.0, count as f64) as usize).min(count.saturating_sub(1))
}

/// One of these, if there is any.
fn pick<'a, T>(numbers: &mut Numbers, list: &'a mut [T]) -> Option<&'a mut T> {
    let at = below(numbers, list.len());
    list.get_mut(at)
}

/// The file cut off, or with some bytes changed.
fn with_other_bytes(numbers: &mut Numbers, file: &[u8]) -> Vec<u8> {
    let mut bytes = file.to_vec();
    if below(numbers, 3) == 0 {
        bytes.truncate(below(numbers, file.len()));
    }
    for _ in 0..below(numbers, 9) {
        let value = below(numbers, 256) as u8;
        if let Some(byte) = pick(numbers, &mut bytes) {
            *byte = value;
        }
    }
    bytes
}

/// The model with another size, name, operator or attribute somewhere.
fn with_other_contents(numbers: &mut Numbers, mut model: Model) -> Vec<u8> {
    let graph = model.graph.get_or_insert_default();
    for _ in 0..=below(numbers, 3) {
        change(numbers, graph);
    }
    model.encode_to_vec()
}

fn change(numbers: &mut Numbers, graph: &mut Graph) -> Option<()> {
    let absurd = ABSURD[below(numbers, ABSURD.len())];
    let names: Vec<String> = graph
        .node
        .iter()
        .flat_map(|node| node.input.iter().chain(&node.output).cloned())
        .collect();
    let name = names.get(below(numbers, names.len()))?.clone();
    let operators: Vec<String> = graph.node.iter().map(|node| node.op_type.clone()).collect();
    match below(numbers, 9) {
        0 => {
            let tensor = pick(numbers, &mut graph.initializer)?;
            *pick(numbers, &mut tensor.dims)? = absurd;
        }
        1 => {
            let integers = graph
                .initializer
                .iter_mut()
                .filter(|one| one.data_type == 7);
            let mut integers: Vec<_> = integers.collect();
            let (chunks, _) = pick(numbers, &mut integers)?.raw_data.as_chunks_mut();
            *pick(numbers, chunks)? = absurd.to_le_bytes();
        }
        2 => {
            let input = pick(numbers, &mut graph.input)?.value_type.as_mut()?;
            let dims = &mut input.tensor_type.as_mut()?.shape.as_mut()?.dim;
            *pick(numbers, dims)? = Dimension {
                dim_value: Some(absurd),
            };
        }
        3 => {
            let attribute = attribute(numbers, graph)?;
            match pick(numbers, &mut attribute.ints) {
                Some(integer) => *integer = absurd,
                None => attribute.i = Some(absurd),
            }
        }
        4 => attribute(numbers, graph)?.ints.push(absurd),
        5 => {
            let node = pick(numbers, &mut graph.node)?;
            *pick(numbers, &mut node.input)? = name;
        }
        6 => {
            let node = pick(numbers, &mut graph.node)?;
            *pick(numbers, &mut node.output)? = name;
        }
        7 => {
            let operator = operators.get(below(numbers, operators.len()))?.clone();
            pick(numbers, &mut graph.node)?.op_type = operator;
        }
        _ => pick(numbers, &mut graph.initializer)?.data_type = numbers.between(0.0, 24.0) as i32,
    }
    Some(())
}

fn attribute<'a>(numbers: &mut Numbers, graph: &'a mut Graph) -> Option<&'a mut AttributeEntry> {
    let node = pick(numbers, &mut graph.node)?;
    pick(numbers, &mut node.attribute)
}

/// The most memory that this process has taken, in kibibytes.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[test]
fn damaged_models_are_refused_soon_and_in_little_memory() {
    let test = "damaged_models_are_refused_soon_and_in_little_memory";
    let Some(paths) = networks::models(test, "EXPORTERS_DIR") else {
        return;
    };
    let mut numbers = Numbers::new(11);
    let (mut taken, mut refused) = (0, 0);
    for path in paths {
        let file = std::fs::read(&path).unwrap();
        let model = Model::decode(&file[..]).unwrap();
        for copy in 0..COPIES {
            let bytes = match copy % 3 {
                0 => with_other_bytes(&mut numbers, &file),
                _ => with_other_contents(&mut numbers, model.clone()),
            };
            let start = Instant::now();
            match import(&bytes) {
                Ok(_) => taken += 1,
                Err(error) => {
                    refused += 1;
                    assert!(!error.to_string().is_empty());
                }
            }
            let name = path.display();
            assert!(start.elapsed() < LONGEST, "{name}, copy {copy}");
        }
    }
    println!("{taken} taken, {refused} refused");
    assert!(refused > taken);
    if let Some(peak) = peak() {
        println!("{} MiB", peak >> 10);
        assert!(peak < MEMORY, "{peak} KiB");
    }
}
