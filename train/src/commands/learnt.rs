//! What a network learns of data: whether they are for it, in which form, and what it achieves on others.

use std::path::Path;

use input::file::{self, display_name};
use ndarray::{Array2, Axis, stack};
use no_std_core::format::OutputKind;

use crate::architecture::{Network, NumberScaling, Scale};
use crate::checkpoint::{Checkpoint, Record};
use crate::cli::FitArgs;
use crate::console::{Console, note};
use crate::data::augment::{Augment, Variant};
use crate::data::usual::Usual;
use crate::data::{Dataset, Element, Sets};
use crate::detector::Detector;
use crate::error::Error;
use crate::evaluate::{EvaluateError, Evaluation, Evaluator};
use crate::fit::FitError;
use crate::network::Shape;
use crate::recipe::{ClassWeights, Recipe};
use crate::report::LinesPage;
use crate::report::anomalies::AnomalyReport;
use crate::report::values::ValuesReport;
use crate::runtime::Runtime;

/// The share of normal samples that may count as strange where nobody says another.
const FALSE_ALARMS: f64 = 0.01;

/// Fails unless a network is for samples like these.
pub fn expect_form(network: &Network, samples: &Dataset) -> Result<(), Error> {
    let name = || network.name.clone();
    if network.output == OutputKind::Classes {
        return expect_classes(network, samples);
    }
    if network.input != samples.shape() {
        return Err(Error::Shape {
            network: name(),
            expected: network.input,
            found: samples.shape(),
        });
    }
    let (expected, found) = (network.output_len(), samples.target_len());
    if network.output == OutputKind::Values && expected != found {
        return Err(Error::Targets {
            network: name(),
            expected,
            found,
            inputs: samples.elements(),
        });
    }
    Ok(())
}

/// Fails unless the class of each sample is known, for a network of this name that tells classes apart.
pub fn expect_labels(network: &str, samples: &Dataset) -> Result<(), Error> {
    if samples.is_labelled() {
        return Ok(());
    }
    Err(Error::NoClasses {
        network: network.into(),
        found: if samples.target_len() > 0 {
            "numbers that are no classes"
        } else {
            "samples without any"
        },
    })
}

fn expect_classes(network: &Network, samples: &Dataset) -> Result<(), Error> {
    let network_name = network.name.clone();
    expect_labels(&network_name, samples)?;
    let form = |[channels, rows, columns]: Shape, classes: usize| {
        format!("{rows} x {columns} in {channels} channels and {classes} classes")
    };
    let expected = form(network.input, network.labels.len());
    let found = form(samples.shape(), samples.classes().len());
    if expected != found {
        return Err(Error::Pictures {
            network: network_name,
            expected,
            found,
        });
    }
    Ok(())
}

/// Fails unless there is something to learn of each class, where classes are to be learnt.
pub fn expect_all_classes(network: &Network, sets: &Sets) -> Result<(), Error> {
    if network.output != OutputKind::Classes {
        return Ok(());
    }
    match sets.train.classes().len() {
        few @ 0..2 => Err(Error::FewClasses(few)),
        _ => Ok(sets.expect_learnt()?),
    }
}

/// The sets as a network learns from them, and how it tells what is strange, if it shall.
pub fn sets_for(
    network: &Network,
    sets: Sets,
    args: &FitArgs,
    resumed: Option<&Record>,
) -> Result<(Sets, Option<Detector>), Error> {
    if network.output != OutputKind::Reconstruction {
        let options = [
            ("--false-alarms", args.false_alarms.is_some()),
            ("--normal", !args.normal.is_empty()),
        ];
        return match options.into_iter().find(|(_, is_given)| *is_given) {
            Some((option, _)) => Err(not_for(option, "reconstructions", network)),
            None => Ok((sets, None)),
        };
    }
    let earlier = resumed.and_then(|record| record.detector.as_ref());
    let normal = earlier.map_or(&args.normal, |detector| &detector.normal);
    let usual = Usual::of(sets, normal)?;
    usual.notes.iter().for_each(note);
    let false_alarms = args
        .false_alarms
        .or(earlier.map(|detector| detector.false_alarms));
    let detector = Detector {
        normal: usual.normal,
        false_alarms: false_alarms.unwrap_or(FALSE_ALARMS),
        threshold: None,
    };
    Ok((usual.sets, Some(detector)))
}

/// The scale of what a network takes and gives, by what it learns from.
///
/// A reconstruction is compared with its input, so all numbers of both have one scale; other inputs have one for each
/// channel, and targets one for each output. Pixels have none.
pub fn number_scaling(network: &Network, train: &Dataset) -> Result<NumberScaling, Error> {
    let len = train.elements();
    let are_numbers = train.element() == Element::Number;
    let input = match (are_numbers, network.output) {
        (false, _) => None,
        (true, OutputKind::Reconstruction) => Some(Scale::of(&numbers(train)?, len, len)),
        (true, OutputKind::Classes | OutputKind::Values) => {
            Some(Scale::of(&numbers(train)?, len, len / train.shape()[0]))
        }
    };
    let output = match network.output {
        OutputKind::Classes => None,
        OutputKind::Reconstruction => input.clone(),
        OutputKind::Values => {
            let targets = targets(train);
            let targets = targets.as_slice().unwrap_or_default();
            Some(Scale::of(targets, train.target_len(), 1))
        }
    };
    Ok(NumberScaling { input, output })
}

fn numbers(set: &Dataset) -> Result<Vec<f32>, Error> {
    let (mut bytes, len) = (vec![0; set.picture_len()], set.elements());
    let mut all = vec![0.0; set.len() * len];
    for (sample, numbers) in all.chunks_exact_mut(len).enumerate() {
        set.read(sample, &mut bytes)?;
        set.numbers(&bytes, Variant::Plain, numbers);
    }
    Ok(all)
}

/// The targets of all samples, `[samples, targets]`.
fn targets(set: &Dataset) -> Array2<f32> {
    let rows: Vec<_> = (0..set.len())
        .filter_map(|sample| set.targets(sample))
        .collect();
    stack(Axis(0), &rows).unwrap_or_default()
}

/// Fails if a recipe, or the images to add, are for other networks or samples than these.
pub fn expect_recipe(
    recipe: &Recipe,
    augment: Augment,
    network: &Network,
    samples: &Dataset,
) -> Result<(), Error> {
    let is_of_classes = network.output == OutputKind::Classes;
    let of_classes = [
        ("label_smoothing", recipe.label_smoothing > 0.0),
        ("class_weights", recipe.class_weights != ClassWeights::None),
        ("mixup", recipe.mixes()),
        ("negatives", recipe.negatives > 0),
        ("printed", recipe.printed > 0),
    ];
    let given = of_classes.into_iter().find(|(_, is_given)| *is_given);
    if let (Some((option, _)), false) = (given, is_of_classes) {
        return Err(not_for(option, "classes", network));
    }
    let is_changed = augment != Augment::None || !recipe.augment.is_empty();
    if is_changed && samples.element() == Element::Number {
        return Err(Error::NotForNetwork {
            option: "augment",
            expected: "pictures",
            found: "arrays of numbers",
        });
    }
    Ok(())
}

pub fn not_for(option: &'static str, expected: &'static str, network: &Network) -> Error {
    Error::NotForNetwork {
        option,
        expected,
        found: outputs(network),
    }
}

/// What the outputs of a network are, for messages.
fn outputs(network: &Network) -> &'static str {
    match network.output {
        OutputKind::Classes => "classes",
        OutputKind::Values => "values",
        OutputKind::Reconstruction => "reconstructions",
    }
}

/// Says which loss a network learns by, where it is not that of classes.
pub fn tell_loss(network: &Network, console: &mut Console) {
    let of = match network.output {
        OutputKind::Classes => return,
        OutputKind::Values => "the targets",
        OutputKind::Reconstruction => "the input, which is made again",
    };
    let is_scaled = network.scaling.output.is_some();
    let scale = if is_scaled { ", 1 for their mean" } else { "" };
    console.line(format_args!("loss: mean squared error against {of}{scale}"));
}

/// Says what a network of numbers achieves on the test set, by which nothing was chosen, and writes it as a page and as JSON.
pub fn measure(
    (runtime, network, checkpoint): (&Runtime, &Network, &Checkpoint),
    test: &Dataset,
    out: &Path,
    console: &mut Console,
) -> Result<(), Error> {
    let evaluation = || -> Result<Evaluation, EvaluateError> {
        let (parameters, variants) = (checkpoint.parameters(network), &[Variant::Plain]);
        Evaluator::new(runtime, network, parameters, test, variants)?.evaluate()
    };
    let Evaluation { logits, scores, .. } = evaluation().map_err(FitError::from)?;
    let (lines, json) = match &checkpoint.record.detector {
        None => {
            let report = ValuesReport::new(&logits, &targets(test));
            (report.text(), serde_json::to_string_pretty(&report)?)
        }
        Some(detector) => {
            detector.note().iter().for_each(note);
            let Some(report) = AnomalyReport::new(detector, &scores, test.labels()) else {
                return Ok(());
            };
            (report.text(), serde_json::to_string_pretty(&report)?)
        }
    };
    console.line(format_args!(
        "test set, by which nothing is chosen:\n{lines}"
    ));
    let page = out.join(format!("{}-report.html", network.name));
    let written = LinesPage {
        title: &network.name,
        text: &lines,
        epochs: &checkpoint.record.epochs,
    };
    file::write(&page, written.to_string().as_bytes())?;
    let json_page = page.with_extension("json");
    file::write(&json_page, json.as_bytes())?;
    let [page, json] = [&page, &json_page].map(|path| display_name(path));
    console.line(format_args!("{page}, {json}: the report"));
    Ok(())
}
