use prost::Message;

use super::*;
use crate::graph::Target;
use crate::layers::ActivationFunction;
use crate::models;
use crate::onnx;
use crate::optimizer::Optimizer;

fn described(layers: &str) -> Result<Network, String> {
    let text = format!("name = \"n\"\ninput = [3, 8, 9]\nclasses = 5\nlayers = [\n{layers}\n]\n");
    let description = Description::parse("n.toml", &text);
    let network = description.and_then(|one| one.network(one.input(), one.numbers()));
    network.map_err(|error| error.to_string())
}

/// A network whose outputs are values.
fn without_classes(layers: &str) -> Network {
    let text = format!("name = \"n\"\ninput = [3, 8, 9]\nclasses = 0\nlayers = [\n{layers}\n]\n");
    let description = Description::parse("n.toml", &text).unwrap();
    description
        .network(description.input(), description.numbers())
        .unwrap()
}

fn outputs(layers: &str) -> Vec<(String, Vec<usize>)> {
    let nodes = described(layers).unwrap().nodes.into_iter();
    nodes.map(|node| (node.name, node.output)).collect()
}

#[test]
fn every_preset_trains_and_is_exported() {
    for preset in PRESETS {
        let description = Description::preset(preset.name).unwrap();
        let network = description.network(description.input(), description.numbers());
        let network = network.unwrap();
        assert_eq!(network.name, preset.name);
        if network.labels.is_empty() {
            continue;
        }
        for target in [Target::Cuda, Target::Onnxruntime, Target::Tract] {
            let model = models::training(&network, Optimizer::Adam, 4, target).unwrap();
            assert!(model.variables.len() > network.parameters().len());
        }
        let parameters = crate::init::parameters(&network, 0).into_iter();
        let parameters = parameters.map(|(_, tensor)| tensor).collect();
        assert!(
            !models::inference(&network, parameters, &[])
                .unwrap()
                .is_empty()
        );
    }
}

#[test]
fn shapes_follow_kernels_steps_and_padding() {
    let found = outputs(
        r#"
        { layer = "conv", filters = 4, kernel = [3, 2], stride = [2, 1], padding = "valid" },
        { layer = "conv", filters = 6, kernel = 4, stride = 2, name = "even" },
        { layer = "depthwise", kernel = 2 },
        { layer = "max_pool", size = 2, stride = 1 },
        { layer = "average_pool", size = [1, 3] },
        { layer = "flatten" },
        { layer = "dense", units = "inputs" },
        { layer = "dense", units = "classes" },
        "#,
    );
    let expected: [(&str, &[usize]); 8] = [
        ("conv1", &[4, 3, 8]),
        ("even", &[6, 2, 4]),
        ("depthwise1", &[6, 2, 4]),
        ("max_pool1", &[6, 1, 3]),
        ("average_pool1", &[6, 1, 1]),
        ("flatten1", &[6]),
        ("dense1", &[216]),
        ("dense2", &[5]),
    ];
    let found = found.iter().map(|(name, shape)| (&**name, &**shape));
    assert!(found.eq(expected));
}

#[test]
fn the_last_layer_can_be_made_to_follow_the_classes() {
    let layers = r#"
        { layer = "conv", filters = 5, kernel = 3 },
        { layer = "global_pool" },
        { name = "units", layer = "dense", units= 5 },
        { layer = "activation", activation = { slope = 0.5 } },
        "#;
    let text = format!("name = \"n\"\ninput = [3, 8, 9]\nclasses = 5\nlayers = [\n{layers}\n]\n");
    let fixed = Description::parse("n.toml", &text).unwrap();
    let free = fixed.following_classes().unwrap();
    assert_eq!(*free.text, *text.replace("units= 5", "units= \"classes\""));
    let labels = || vec!["a".to_owned(), "b".to_owned()];
    assert!(fixed.network([3, 8, 9], labels()).is_err());
    let network = free.network([3, 8, 9], labels()).unwrap();
    assert_eq!(
        (network.head(), &*network.nodes[3].output),
        (Some(2), &[2][..])
    );
    assert_eq!(free.following_classes().unwrap().text, free.text);
}

#[test]
fn padding_and_activations_may_be_numbers() {
    let found = outputs(
        r#"
        { layer = "normalize", mean = [0, 0.5, 1], std = [1, 0.5, 0.25] },
        { layer = "conv", filters = 4, kernel = [3, 2], padding = [2, 1, 0, 1], activation = { slope = 0.2 } },
        { layer = "max_pool", size = 3, stride = 2, padding = [1, 1, 0, 1] },
        { layer = "average_pool", size = 2, padding = "same", activation = { clip = [-1, 1] } },
        { layer = "global_pool" },
        { layer = "dense", units = "classes" },
        "#,
    );
    let shapes: Vec<&[usize]> = found.iter().map(|(_, shape)| &shape[..]).collect();
    let expected: [&[usize]; 6] = [&[3, 8, 9], &[4, 8, 10], &[4, 4, 5], &[4, 2, 3], &[4], &[5]];
    assert_eq!(shapes, expected);
}

#[test]
fn normalisation_takes_the_bias_and_the_activation() {
    let network = without_classes(
        r#"
        { name = "a", layer = "separable", filters = 4, kernel = 3, batch_norm = true, activation = "relu" },
        { layer = "add", from = ["a", "a"] },
        "#,
    );
    let layers = network.nodes.iter();
    let layers = layers.map(|node| (&*node.name, node.activation, node.parameters.len()));
    let (none, relu) = (ActivationFunction::None, ActivationFunction::Relu);
    assert!(layers.eq([
        ("a_depthwise", none, 1),
        ("a_depthwise_norm", relu, 4),
        ("a", none, 1),
        ("a_norm", relu, 4),
        ("add1", none, 0),
    ]));
    // Who reads `a` reads the end of it.
    assert_eq!(network.nodes[4].inputs, [4, 4]);
}

/// An activation that a pool alone reads comes after it, one that others read as well does not.
#[test]
fn a_maximum_changes_places_with_an_activation() {
    let operators = |layers: &str| {
        let network = described(layers).unwrap();
        let model = models::evaluation(&network, 1, Target::Onnxruntime).unwrap();
        let graph = onnx::Model::decode(&model[..]).unwrap().graph.unwrap();
        let names = graph.node.into_iter().map(|node| node.op_type);
        names
            .filter(|name| ["Conv", "Relu", "MaxPool", "Concat"].contains(&&**name))
            .collect::<Vec<_>>()
    };
    let conv = r#"{ layer = "conv", filters = 3, kernel = 1, activation = "relu" },"#;
    let pool = r#"{ layer = "max_pool", size = 1 },"#;
    let end = r#"{ layer = "global_pool" }, { layer = "dense", units = "classes" }"#;
    let found = operators(&[conv, pool, end].concat());
    assert_eq!(found, ["Conv", "MaxPool", "Relu"]);
    let both = r#"{ layer = "concat", from = ["conv1", "max_pool1"] },"#;
    let found = operators(&[conv, pool, both, end].concat());
    assert_eq!(found, ["Conv", "Relu", "MaxPool", "Concat"]);
}

#[test]
fn what_is_wrong_is_said_with_its_line() {
    for (layers, parts) in [
        ("", &["n.toml: expected at least one layer"][..]),
        (
            "{ kernel = 3 }",
            &["line 5: layer 1: expected `layer = \"...\"`, one of conv, "],
        ),
        (
            "\n{ layer = \"cnv\" }",
            &["line 6", "cnv: expected one of conv, depthwise"],
        ),
        (
            "{ layer = \"conv\", filter = 3, kernel = 3 }",
            &["line 5", "conv: unknown field `filter`", "`filters`"],
        ),
        (
            "{ layer = \"conv\", filters = 0, kernel = 3 }",
            &["expected 1 to 65536, found 0"],
        ),
        (
            "{ layer = \"conv\", filters = 3 }",
            &["missing field `kernel`"],
        ),
        (
            "{ layer = \"conv\", filters = 3, kernel = \"3\" }",
            &["two: [rows, columns]"],
        ),
        (
            "{ layer = \"conv\", filters = 3, kernel = 10, padding = \"valid\" }",
            &[
                "at least 10 x 10, as the kernel is, found 8 x 9",
                "`padding = \"same\"`",
            ],
        ),
        (
            "{ layer = \"conv\", filters = 3, kernel = 1, activation = \"swish\" }",
            &["unknown variant `swish`", "`relu6`"],
        ),
        (
            "{ layer = \"dense\", units = 3 }",
            &["dense: expected features", "`flatten`"],
        ),
        (
            "{ layer = \"flatten\" },\n{ layer = \"conv\", filters = 3, kernel = 1 }",
            &["line 6: layer 2: conv: expected channels, rows and columns, found 216 features"],
        ),
        (
            "{ layer = \"add\" }",
            &["add: expected two inputs of one shape"],
        ),
        (
            "{ layer = \"flatten\", from = \"nothing\" }",
            &["or `input`, found `nothing`"],
        ),
        (
            "{ layer = \"flatten\", from = 3 }",
            &["`from` to be a name or a list of names"],
        ),
        ("{ layer = \"flatten\", name = \"a b\" }", &["found `a b`"]),
        (
            "{ layer = \"flatten\" }, { layer = \"flatten\", name = \"flatten1\" }",
            &["layer 2: flatten: expected a name of its own, found a second `flatten1`"],
        ),
        (
            "{ layer = \"flatten\" }, { layer = \"flatten\", from = \"input\" }",
            &["found `flatten1`, which none reads"],
        ),
        (
            "{ layer = \"dropout\", rate = 1.0 }",
            &["from 0 to less than 1, found 1"],
        ),
        (
            "{ layer = \"batch_norm\", momentum = 1.5 }",
            &["momentum", "found 1.5"],
        ),
        (
            "{ layer = \"flatten\" }, { layer = \"dense\", units = 65536 }, { layer = \"dense\", units = 65536 }",
            &["at most 268435456 parameters"],
        ),
        (
            "{ layer = \"flatten\" }, { layer = \"dense\", units = 6 }",
            &[
                "an output for each of 5 classes of the last layer, `dense1`, found [6]",
                "`units = \"classes\"`",
            ],
        ),
        ("{ layer = ", &["line 6"]),
    ] {
        let found = described(layers).unwrap_err();
        for part in parts {
            assert!(found.contains(part), "{layers}: {found}");
        }
    }
}

#[test]
fn numbers_that_cannot_be_are_said() {
    for (layers, expected) in [
        (
            "{ layer = \"conv\", filters = 3, kernel = 1, activation = { slope = -1 } }",
            "expected a slope of 0 or more, found -1",
        ),
        (
            "{ layer = \"conv\", filters = 3, kernel = 1, activation = { clip = [1, 1] } }",
            "expected a lower and an upper limit, found 1 and 1",
        ),
        (
            "{ layer = \"conv\", filters = 3, kernel = 3, padding = 1 }",
            "\"same\", \"valid\" or [top, left, bottom, right]",
        ),
        (
            "{ layer = \"max_pool\", size = 2, padding = [0, 0, 2, 0] }",
            "a padding of less than the kernel's [2, 2], found [0, 0, 2, 0]",
        ),
        (
            "{ layer = \"normalize\", mean = [0, 0, 0], std = [1, 0, 1] }",
            "expected `std` of 3 channels, finite and as a divisor not 0, found [1.0, 0.0, 1.0]",
        ),
    ] {
        let found = described(layers).unwrap_err();
        assert!(found.contains(expected), "{layers}: {found}");
    }
}

#[test]
fn what_is_wrong_of_the_whole_file_is_said() {
    let missing = Description::parse("n.toml", "name = \"n\"\n")
        .unwrap_err()
        .to_string();
    assert!(missing.contains("missing field `input`"), "{missing}");
    let name = Description::parse(
        "n.toml",
        "name = \"a/b\"\ninput = [1, 1, 1]\nclasses = 1\nlayers = []",
    );
    let name = name.unwrap_err().to_string();
    assert!(name.contains("as a file's, found `a/b`"), "{name}");
    let unknown = Description::open(Path::new("digit"))
        .unwrap_err()
        .to_string();
    assert!(
        unknown.contains("network `digit`: expected a file, or one of digits, "),
        "{unknown}"
    );
}
