//! What recipes say, and what is refused.

use super::*;
use crate::architecture::Description;

fn opened(text: &str) -> Result<Recipe, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.toml");
    std::fs::write(&path, text).unwrap();
    Recipe::open(&path).map_err(|error| error.to_string())
}

/// As `README.md` of the models says.
#[test]
fn the_recipe_of_digits_is_for_the_network_of_digits() {
    let file = |name: &str| Path::new("../models/recipes").join(name);
    let recipe = Recipe::open(&file("digits.toml")).unwrap();
    assert!(recipe.negatives > 0 && !recipe.mixes());
    assert_eq!(recipe.pixels, Pixels::Unchanged);
    let [end, small] =
        ["digits-end.toml", "digits-small.toml"].map(|name| Recipe::open(&file(name)).unwrap());
    assert!(end.inverts() && end.negatives == recipe.negatives);
    assert_eq!((small.inverts(), small.pixels), (false, Pixels::Unchanged));
    let network = Description::open(&file("digits-network.toml")).unwrap();
    let network = network.network(network.input(), network.numbers()).unwrap();
    let digits = Network::digits();
    assert_eq!(
        (&network.name, &network.labels),
        (&digits.name, &digits.labels)
    );
    assert_eq!(network.multiply_adds(), digits.multiply_adds());
}

#[test]
fn what_a_file_leaves_out_is_not_done() {
    assert_eq!(opened("").unwrap(), Recipe::default());
    assert!(
        opened("epochs = 3\nlearning_rate = 0.1")
            .unwrap()
            .kept()
            .is_plain()
    );
    let recipe = opened("schedule = 'cosine'\naugment = [{ flip = 'both' }, { mixup = 0.2 }]");
    let recipe = recipe.unwrap();
    assert!(!recipe.is_plain() && recipe.mixes() && !recipe.inverts());
    let chosen = "augment = [{ one_of = [{ invert = 1.0 }, { blur = 1.0 }] }]";
    assert!(opened(chosen).unwrap().inverts());
    let json = serde_json::to_string(&recipe).unwrap();
    assert_eq!(serde_json::from_str::<Recipe>(&json).unwrap(), recipe);
    let drawn = "augment = [{ elastic = 0.05 }, { thickness = [-0.03, 0.06] }, { pen = 0.3 }, { cut = 0.1 },
        { levels = 0.4 }, { paper = 0.2 }, { light = 0.3 }, { shadow = 0.5 }, { jpeg = [20, 95] }, { frame = 0.1 },
        { clutter = 0.2 }, { balls = 0.3 }, { aspect = [0.7, 1.4] }]";
    let drawn = opened(drawn).unwrap();
    let json = serde_json::to_string(&drawn).unwrap();
    assert_eq!(serde_json::from_str::<Recipe>(&json).unwrap(), drawn);
    let digits = Network::digits();
    assert!(Recipe::usual(&digits).is_plain());
    let input = [1, 30, 30];
    let other = Recipe::usual(&Network { input, ..digits });
    assert!(!other.augment.is_empty());
    let tuning = Recipe::tuning();
    assert!(tuning.epochs < other.epochs && tuning.kept() == other.kept());
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    for (text, parts) in [
        (
            "epoch = 3",
            &["line 1", "unknown field `epoch`", "`epochs`"][..],
        ),
        (
            "\nepochs = 'ten'",
            &[
                "line 2",
                "expected a whole number of 0 or more, found string \"ten\"",
            ],
        ),
        (
            "\nschedule = 'cos'",
            &["line 2", "unknown variant `cos`", "`one_cycle`"],
        ),
        ("epochs = 0", &["expected epochs of 1 or more, found 0"]),
        ("learning_rate = -1", &["learning_rate above 0, found -1"]),
        (
            "label_smoothing = 1.0",
            &["label_smoothing from 0 to less than 1, found 1"],
        ),
        ("average = 2.0", &["average from 0 to less than 1, found 2"]),
        (
            "weight_decay = -0.5",
            &["weight_decay from 0 to less than 1, found -0.5"],
        ),
        ("warm_up = nan", &["warm_up of 0 or more epochs, found NaN"]),
        ("warm_up = inf", &["warm_up of 0 or more epochs, found inf"]),
        (
            "augment = [{ mixup = 0.2 }, { flip = 'both' }, { mixup = 0.8 }]",
            &["expected at most one mixup, found 2"],
        ),
        (
            "augment = [{ mixup = 1e-10 }]",
            &["from 0.01 to 1, found 0.0000000001"],
        ),
        (
            "\n\naugment = [{ rotate = 200 }]",
            &["line 3", "at most 180, found 200"],
        ),
        (
            "augment = [{ jpeg = [90, 20] }]",
            &[
                "line 1",
                "from 1 to 100, the smaller one first, found 90 and 20",
            ],
        ),
    ] {
        let found = opened(text).unwrap_err();
        for part in parts {
            assert!(found.contains(part), "{text}: {found}");
        }
    }
    let missing = Recipe::open(Path::new("nowhere/r.toml"))
        .unwrap_err()
        .to_string();
    assert!(missing.contains("r.toml: expected a recipe"), "{missing}");
}

#[test]
fn step_sizes_rise_and_fall_as_the_schedule_says() {
    let rate = |schedule, warm_up, done| {
        let recipe = Recipe {
            schedule,
            warm_up,
            ..Recipe::default()
        };
        recipe.rate(done, 10.0)
    };
    for (schedule, warm_up, done, expected) in [
        (Schedule::Constant, 0.0, 0.0, 1.0),
        (Schedule::Constant, 0.0, 9.9, 1.0),
        (Schedule::Constant, 4.0, 1.0, 0.25),
        (Schedule::Cosine, 0.0, 0.0, 1.0),
        (Schedule::Cosine, 0.0, 5.0, 0.505),
        (Schedule::Cosine, 0.0, 10.0, 0.01),
        (Schedule::Cosine, 2.0, 1.0, 0.5 * (0.01 + 0.99 * 0.975_528)),
        (Schedule::OneCycle, 0.0, 0.0, 0.04),
        (Schedule::OneCycle, 0.0, 1.5, 0.52),
        (Schedule::OneCycle, 0.0, 3.0, 1.0),
        (Schedule::OneCycle, 0.0, 10.0, 1e-4),
        // A fit that goes on for longer than was planned.
        (Schedule::Cosine, 0.0, 12.0, 0.01),
    ] {
        let found = rate(schedule, warm_up, done);
        assert!(
            (found - expected).abs() < 1e-5,
            "{schedule:?} {done}: {found}"
        );
    }
}

#[test]
fn balanced_classes_count_the_same_and_a_picture_1_in_the_mean() {
    let counts = [10, 0, 30, 60];
    let weights = ClassWeights::Balanced.of(&counts);
    let totals = weights
        .iter()
        .zip(counts)
        .map(|(weight, count)| weight * count as f32);
    let totals: Vec<f32> = totals.collect();
    assert!((totals[0] - totals[2]).abs() < 1e-4 && (totals[0] - totals[3]).abs() < 1e-4);
    assert!((totals.iter().sum::<f32>() - 100.0).abs() < 1e-3);
    assert_eq!(ClassWeights::None.of(&counts), [1.0; 4]);
}
