//! Pictures of no class: learnt, and measured on.

use serde_json::Value;
use train::checkpoint::Checkpoint;

use crate::arrays;
use crate::sandbox::{EVALUATE, QUICK, Sandbox};

/// Writes so many grey pictures of a size, all different, into a folder.
fn write_pictures(sandbox: &Sandbox, folder: &str, count: u32, side: u32) {
    std::fs::create_dir_all(sandbox.path(folder)).unwrap();
    for number in 0..count {
        let pixel = |x, y| image::Luma([(x * 7 + y * number * 13 % 251) as u8]);
        let picture = image::GrayImage::from_fn(side, side, pixel);
        let path = sandbox.path(&format!("{folder}/{number}.png"));
        picture.save(path).unwrap();
    }
}

/// What a fit that learns pictures of no class prints. Its threshold is from few samples, and it says so.
fn fit(sandbox: &Sandbox, line: &str) -> String {
    let finished = sandbox.train(line).expect_code(0);
    let note = "note: the threshold is the least probability of ";
    assert!(finished.stderr.starts_with(note), "{finished:?}");
    assert_eq!(finished.stderr.lines().count(), 1, "{finished:?}");
    finished.stdout
}

/// The number of pictures of no class that a run says it learnt.
fn learnt(sandbox: &Sandbox, run: &str) -> usize {
    let (checkpoint, _) = Checkpoint::load(&sandbox.path(run)).unwrap();
    checkpoint.record.negatives
}

#[test]
fn pictures_of_a_folder_are_learnt_as_of_no_class() {
    let sandbox = Sandbox::with_digits();
    write_pictures(&sandbox, "others", 9, 40);
    let line = format!("fit {QUICK} --epochs 1 --out");
    let printed = fit(&sandbox, &format!("{line} run --negatives others"));
    // One of them is kept to measure on.
    assert!(
        printed.contains("8 pictures of no class are learnt, too"),
        "{printed}"
    );
    assert_eq!(learnt(&sandbox, "run"), 8);
    let plain = sandbox.succeeds(&format!("{line} plain"));
    assert!(!plain.contains("no class"), "{plain}");
    let loss = |run: &str| {
        let (checkpoint, _) = Checkpoint::load(&sandbox.path(run)).unwrap();
        checkpoint.record.epochs[0].loss
    };
    assert!((loss("run") - loss("plain")).abs() > 1e-6);
    let says = |run: &str| {
        let model = sandbox.read(&format!("{run}/digits.onnx"));
        model.windows(17).any(|part| part == b"least_probability")
    };
    assert!(says("run") && !says("plain"));
    let (checkpoint, _) = Checkpoint::load(&sandbox.path("run")).unwrap();
    let certainty = checkpoint.record.certainty.unwrap();
    assert_eq!((certainty.samples, certainty.rejected), (64, 0));
    // In 8 bits it says how sure integers must be, and nothing of floats.
    let quantize = "quantize --model run/digits.onnx --calibrate digits --out int8 --force";
    sandbox
        .train(&format!("{quantize} --runtime tract"))
        .expect_code(0);
    let model = sandbox.read("int8/digits-int8.onnx");
    let says = |key: &[u8]| model.windows(key.len()).any(|part| part == key);
    assert!(says(b"threshold") && !says(b"least_probability"));
    let missing = sandbox.train(&format!("{line} no --negatives nowhere"));
    assert!(missing.expect_code(1).stderr.contains("nowhere"));
}

#[test]
fn a_tuned_network_that_no_longer_refuses_says_so() {
    let sandbox = Sandbox::with_digits();
    write_pictures(&sandbox, "others", 9, 40);
    let line = format!("fit {QUICK} --epochs 1");
    fit(&sandbox, &format!("{line} --negatives others --out run"));
    for (from, out) in [("run", "of-run"), ("run/digits.onnx", "of-model")] {
        let tuned = sandbox.train(&format!("{line} --from {from} --out {out}"));
        let notes = tuned.expect_code(0).stderr;
        assert!(notes.contains("will accept every answer"), "{notes}");
        sandbox.succeeds(&format!("{line} --from {out} --out {out}-again"));
    }
}

#[test]
fn what_is_learnt_inverted_is_judged_inverted_as_well() {
    let sandbox = Sandbox::with_digits();
    write_pictures(&sandbox, "others", 9, 40);
    let recipe = "augment = [{ invert = 0.5 }]\n";
    std::fs::write(sandbox.path("recipe.toml"), recipe).unwrap();
    let line = format!("fit {QUICK} --epochs 1 --negatives others --recipe recipe.toml --out run");
    fit(&sandbox, &line);
    let (checkpoint, _) = Checkpoint::load(&sandbox.path("run")).unwrap();
    assert_eq!(checkpoint.record.certainty.unwrap().samples, 128);
    let model = sandbox.read("run/digits.onnx");
    assert!(model.windows(6).any(|part| part == b"invert"));
}

#[test]
fn drawn_pictures_are_learnt_as_a_recipe_says_and_of_digits_only() {
    let sandbox = Sandbox::with_digits();
    std::fs::write(
        sandbox.path("recipe.toml"),
        "negatives = 48\nprinted = 30\n",
    )
    .unwrap();
    let line = format!("fit {QUICK} --epochs 1 --recipe recipe.toml --out");
    let printed = fit(&sandbox, &format!("{line} run"));
    for said in ["30 digits in print are learnt", "48 pictures of no class"] {
        assert!(printed.contains(said), "{printed}");
    }
    let first = sandbox.files("run");
    fit(&sandbox, &format!("{line} again"));
    assert_eq!(sandbox.files("again"), first);
    let small = "fit --data digits --size 14x14 --runtime tract --network digits-small";
    for drawn in ["negatives = 48", "printed = 30"] {
        std::fs::write(sandbox.path("recipe.toml"), drawn).unwrap();
        let refused = sandbox.train(&format!("{small} --recipe recipe.toml --out small"));
        let refused = refused.expect_code(1).stderr;
        assert!(
            refused.contains("grey pictures of the ten digits"),
            "{drawn}: {refused}"
        );
    }
}

#[test]
fn what_is_accepted_is_counted_by_kind() {
    let sandbox = Sandbox::with_run();
    let line = format!("{EVALUATE} --negatives drawn --images 10 --report page.html");
    let text = sandbox.succeeds(&line);
    let report: Value = serde_json::from_slice(&sandbox.read("page.json")).unwrap();
    let found = &report["acceptance"];
    let kinds = found["kinds"].as_array().unwrap();
    // Those alone that are never learnt.
    let counted = kinds.iter().take(7);
    let sum = |key: &str| -> u64 {
        let counts = counted.clone().map(|kind| kind[key].as_u64().unwrap());
        counts.sum()
    };
    assert_eq!(found["negatives"], sum("samples"));
    let points = found["points"].as_array().unwrap();
    // All ten are accepted at .99 as well as at 1.
    assert_eq!(points[7]["accepted"], 10);
    assert_eq!(points[4]["accepted_negatives"], sum("accepted"));
    assert!(text.contains("accepted that is no class"), "{text}");
    for name in ["script", "letter, as recipes learn"] {
        let is_it = |kind: &&Value| kind["name"] == name;
        assert_eq!(kinds.iter().filter(is_it).count(), 1, "{found}");
    }
    let page = String::from_utf8(sandbox.read("page.html")).unwrap();
    assert!(page.contains("<h2>How sure, how much is accepted</h2>"));

    write_pictures(&sandbox, "others/lines", 3, 28);
    write_pictures(&sandbox, "others/more", 2, 28);
    let json = sandbox.succeeds(&format!("{EVALUATE} --negatives others --json"));
    let report: Value = serde_json::from_str(&json).unwrap();
    let kind = |at: usize| &report["acceptance"]["kinds"][at];
    assert_eq!(
        (&kind(0)["name"], &kind(1)["name"]),
        (&"lines".into(), &"more".into())
    );
    assert_eq!(
        (&kind(0)["samples"], &kind(1)["samples"]),
        (&3.into(), &2.into())
    );
    let scores = format!("{EVALUATE} --scores - --negatives drawn");
    sandbox.train(&scores).expect_code(2);
}

#[test]
fn a_run_is_resumed_with_the_pictures_that_it_learnt() {
    let sandbox = Sandbox::with_digits();
    write_pictures(&sandbox, "others", 9, 40);
    fit(
        &sandbox,
        &format!("fit {QUICK} --epochs 1 --out run --negatives others"),
    );
    let resume = format!("fit {QUICK} --epochs 1 --resume run --out more");
    let refused = sandbox.train(&resume).expect_code(1).stderr;
    for part in [
        "--negatives: expected 8 pictures of no class (those given: SHA-256 ",
        "found 0 pictures of no class (none given); name the same",
    ] {
        assert!(refused.contains(part), "{refused}");
    }
    // As many of others are other ones.
    write_pictures(&sandbox, "more-others", 9, 41);
    let line = format!("{resume} --negatives more-others");
    let refused = sandbox.train(&line).expect_code(1).stderr;
    assert!(
        refused.contains("found 8 pictures of no class (those given: SHA-256 "),
        "{refused}"
    );
    fit(&sandbox, &format!("{resume} --negatives others"));
    assert_eq!(learnt(&sandbox, "more"), 8);
}

#[test]
fn what_was_learnt_is_not_measured_on() {
    let sandbox = Sandbox::with_digits();
    write_pictures(&sandbox, "others", 20, 28);
    write_pictures(&sandbox, "never", 20, 27);
    fit(
        &sandbox,
        &format!("fit {QUICK} --epochs 1 --out run --negatives others"),
    );
    assert_eq!(learnt(&sandbox, "run"), 17);
    let evaluate =
        "evaluate --model run/digits.onnx --data digits --runtime tract --json --negatives";
    for (folder, measured, note) in [
        (
            "others",
            3,
            "the model learnt 17 of these 20 pictures; measured on 3",
        ),
        ("never", 20, ""),
    ] {
        let finished = sandbox
            .train(&format!("{evaluate} {folder}"))
            .expect_code(0);
        let report: Value = serde_json::from_str(&finished.stdout).unwrap();
        assert_eq!(report["acceptance"]["negatives"], measured);
        assert!(finished.stderr.contains(note), "{finished:?}");
        assert_eq!(
            finished.stderr.contains("learnt"),
            !note.is_empty(),
            "{finished:?}"
        );
        // The model says from which probability on it accepts answers.
        assert!(report["acceptance"]["own"]["threshold"].as_f64().unwrap() > 0.0);
    }
    let row = |number: u32| format!("others/{number}.png,line,test");
    let rows: Vec<String> = (0..4).map(row).collect();
    sandbox.write(
        "only.csv",
        format!("path,label,split\n{}\n", rows.join("\n")),
    );
    let none = format!("fit {QUICK} --epochs 1 --out none --negatives only.csv");
    let refused = sandbox.train(&none).expect_code(1).stderr;
    let expected = "--negatives: expected pictures to learn, found a test set alone, 4 pictures";
    assert!(refused.contains(expected), "{refused}");
}

#[test]
fn drawn_pictures_are_dark_on_light_where_digits_are_and_of_digits_that_are_called_so() {
    let sandbox = Sandbox::new();
    let write = |names: [&str; 10], folder: &str| {
        for (digit, name) in names.iter().enumerate() {
            let folder = format!("{folder}/{name}");
            std::fs::create_dir_all(sandbox.path(&folder)).unwrap();
            for number in 0..6 {
                let is_ink = |x: u32, y: u32| {
                    (8..20).contains(&x) && (6 + number..8 + number + digit as u32).contains(&y)
                };
                let pixel = |x, y| image::Luma([if is_ink(x, y) { 10 } else { 240 }]);
                let picture = image::GrayImage::from_fn(28, 28, pixel);
                picture
                    .save(sandbox.path(&format!("{folder}/{number}.png")))
                    .unwrap();
            }
        }
    };
    write(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"], "dark");
    let words = [
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
    ];
    write(words, "words");
    std::fs::write(
        sandbox.path("recipe.toml"),
        "negatives = 40\naugment = []\n",
    )
    .unwrap();
    let line =
        "fit --runtime tract --network digits-small --epochs 1 --batch 16 --recipe recipe.toml";
    let refused = sandbox.train(&format!("{line} --data words --out words-run"));
    let refused = refused.expect_code(1).stderr;
    let same = sandbox.train(&format!("{line} --data dark --negatives dark --out same"));
    let expected = "--negatives: expected pictures of no class, found those of --data";
    assert!(same.expect_code(1).stderr.contains(expected));
    for part in [
        "classes called 0 to 9",
        "eight, five, four",
        "take `negatives` and `printed` out of the recipe",
    ] {
        assert!(refused.contains(part), "{refused}");
    }
    fit(&sandbox, &format!("{line} --data dark --out run"));
    assert_eq!(learnt(&sandbox, "run"), 40);
}

#[test]
fn numbers_and_networks_without_classes_have_no_pictures_of_no_class() {
    let sandbox = Sandbox::with_digits();
    write_pictures(&sandbox, "others", 3, 28);
    let numbers: Vec<f32> = (0..64 * 8).map(|number| (number % 97) as f32).collect();
    let labels: Vec<u8> = (0..64).map(|number| number % 2).collect();
    let arrays = [
        ("x_train", arrays::floats(&[64, 8], &numbers)),
        ("y_train", arrays::npy("|u1", &[64], &labels)),
    ];
    sandbox.write("numbers.npz", arrays::npz(&arrays));
    sandbox.write(
        "dense.toml",
        "name = \"dense\"\ninput = [8, 1, 1]\nclasses = 2\nlayers = [{ layer = \"flatten\" }, { layer = \"dense\", units = \"classes\" }]\n",
    );
    for (options, expected) in [
        (
            "--data numbers.npz --network dense.toml",
            "found arrays of numbers",
        ),
        (
            "--data digits --normal 0,1,2,3 --network autoencoder",
            "--negatives: expected a network of classes",
        ),
    ] {
        let line = format!("fit {options} --runtime tract --epochs 1 --negatives others --out no");
        let refused = sandbox.train(&line).expect_code(1).stderr;
        assert!(refused.contains(expected), "{refused}");
    }
}
