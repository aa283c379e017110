//! Command lines that are wrong, and commands that need neither data nor a model.

use crate::sandbox::{Finished, Sandbox};

#[test]
fn without_a_command_the_help_is_shown() {
    let commands = "networks summary fit export quantize evaluate data pictures doctor bench";
    for command in commands.split(' ') {
        Sandbox::new().misuses("", &[&format!("\n  {command} ")]);
    }
}

#[test]
fn wrong_options_are_named_and_nothing_is_made() {
    let sandbox = Sandbox::new();
    for (line, parts) in [
        ("fit --epochs 0", ["'0'", "--epochs"]),
        ("fit --epochs two", ["'two'", "--epochs"]),
        ("fit --epoch 2", ["'--epoch'", "--epochs"]),
        ("fit --batch 0", ["'0'", "--batch"]),
        ("fit --batch 5000000000", ["'5000000000'", "--batch"]),
        ("fit --limit 0", ["'0'", "--limit"]),
        ("fit --threads 0", ["'0'", "--threads"]),
        ("fit --learning-rate 0", ["'0'", "--learning-rate"]),
        ("fit --learning-rate=-0.1", ["'-0.1'", "--learning-rate"]),
        (
            "fit --learning-rate nan",
            ["'nan'", "expected a positive number"],
        ),
        (
            "fit --learning-rate inf",
            ["'inf'", "expected a positive number"],
        ),
        (
            "fit --learning-rate fast",
            ["'fast'", "expected a positive number"],
        ),
        ("fit --seed -1", ["'-1'", "unexpected argument"]),
        ("fit --seed 1.5", ["'1.5'", "--seed"]),
        (
            "fit --seed 18446744073709551616",
            ["'18446744073709551616'", "--seed"],
        ),
        ("fit --optimizer adagrad", ["'adagrad'", "rmsprop"]),
        ("fit --runtime tensorrt", ["'tensorrt'", "tract"]),
        ("fit --augment rotate", ["'rotate'", "invert"]),
        ("fit --precision bfloat16", ["'bfloat16'", "tf32"]),
        ("fit --resume run --seed 1", ["--resume", "--seed"]),
        (
            "fit --resume run --optimizer sgd",
            ["--resume", "--optimizer"],
        ),
        ("fit --unknown", ["'--unknown'", "unexpected"]),
        ("evaluate", ["--model", "required"]),
        ("export --out -", ["--out", "`./-` is a file"]),
        ("train", ["'train'", "unrecognized"]),
    ] {
        sandbox.misuses(line, &parts);
    }
    assert_eq!(sandbox.files("").len(), 0);
}

#[test]
fn the_summary_shows_the_network_and_its_cost() {
    let summary = Sandbox::new().succeeds("summary");
    let words = summary.lines().map(str::split_whitespace);
    let rows: Vec<Vec<&str>> = words.map(Iterator::collect).collect();
    let sizes = |kind: &str| -> Vec<&str> {
        // A shape of three axes takes five words.
        let of_kind = rows
            .iter()
            .filter(|row| row.first().is_some_and(|name| name.starts_with(kind)));
        of_kind.map(|row| row[row.len() - 3]).collect()
    };
    assert_eq!(sizes("conv"), ["12544", "6272"]);
    assert_eq!(sizes("max_pool"), ["3136", "1568"]);
    assert_eq!(sizes("flatten"), ["1568"]);
    assert_eq!(sizes("dense"), ["128", "10"]);
    assert_eq!(sizes("dropout"), ["128"]);
    let total = rows.iter().find(|row| row.first() == Some(&"total"));
    assert_eq!(total.unwrap()[..], ["total", "215,370", "3,024,384"]);
}

/// Networks of ours, one of the user's for other inputs than it names, and what is wrong with one.
#[test]
fn networks_are_listed_and_read_from_files() {
    let sandbox = Sandbox::new();
    let list = sandbox.succeeds("networks");
    for line in list.lines() {
        let name = line.split_whitespace().next().unwrap();
        let summary = sandbox.succeeds(&format!("summary --runtime tract --network {name}"));
        for part in ["\ntotal ", "bytes of flash", "\npico "] {
            assert!(summary.contains(part), "{name}: {summary}");
        }
    }
    assert!(list.lines().count() >= 7, "{list}");

    let layers = "{ layer = 'flatten' },\n{ layer = 'dense', units = 'classes' }";
    let file = |layers| format!("name = 'n'\ninput = [1, 4, 4]\nclasses = 2\nlayers = [{layers}]");
    sandbox.write("mine.toml", file(layers));
    let summary =
        sandbox.succeeds("summary --runtime tract --network mine.toml --input 3x4x5 --classes 7");
    assert!(summary.contains(" 427 "), "60 times 7 and 7: {summary}");
    sandbox.write("wrong.toml", file("{ layer = 'dens' }"));
    let parts = ["wrong.toml, line 4: layer 1: dens: expected one of conv"];
    sandbox.refuses("summary --network wrong.toml", &parts);
    sandbox.refuses(
        "summary --network nothing",
        &["network `nothing`", "digits"],
    );
    sandbox.refuses("summary --network nothing.toml", &["nothing.toml"]);
    sandbox.misuses("summary --network digits --input 3x4", &["3x64x64"]);
}

#[test]
fn offline_without_data_says_how_to_go_on() {
    let sandbox = Sandbox::new();
    let ways = ["--data DIR", "MNIST_DIR", "--data synthetic"];
    let parts = [&["cache/mnist", "network"][..], &ways].concat();
    for line in [
        "data --offline",
        "data --offline --data mnist",
        "fit --offline --runtime tract",
    ] {
        sandbox.refuses(line, &parts);
        // An empty variable counts as not set.
        let mut command = sandbox.command(line);
        sandbox.refuses_command(command.env("MNIST_DIR", ""), &parts);
    }
}

#[test]
fn the_environment_names_a_data_folder() {
    let sandbox = Sandbox::with_digits();
    let mut command = sandbox.command("data --offline");
    let finished = Finished::of(command.env("MNIST_DIR", "digits"));
    let said = "IDX files other than MNIST, from digits: 64 + 20 images";
    assert_eq!(finished.first_line(), said);
    let parts = ["\"nowhere\"", "IDX files"];
    sandbox.refuses_command(command.env("MNIST_DIR", "nowhere"), &parts);
}

#[test]
fn a_cache_that_cannot_be_made_is_named() {
    let sandbox = Sandbox::new();
    sandbox.write("cache", "a file in the way");
    sandbox.refuses("data --offline", &["cache/mnist"]);
}
