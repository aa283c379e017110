//! What an int8 ONNX file says as its flash file does, so that the two are used alike: the kind of its output, the
//! threshold of what it accepts, and how a picture becomes its input.

use no_std_core::Model;
use no_std_core::format::OutputKind;
use no_std_core::prepare::{Fit, Preparation};

/// The metadata entry that says what the output is: `classes`, `values` or `reconstruction`.
pub const OUTPUT_KIND: &str = "output_kind";

/// The entry with the threshold of what is accepted: in int8 as in [`Model::threshold`]; of a reconstruction in floats the
/// greatest mean of the squared differences of input and output.
pub const THRESHOLD: &str = "threshold";

/// The entry of a model of classes in floats with the least probability of an answer that is accepted.
pub const LEAST_PROBABILITY: &str = "least_probability";

/// The entry with the share of normal inputs that may count as strange, from which the threshold of a reconstruction follows.
pub const FALSE_ALARMS: &str = "false_alarms";

/// The entry with the names of the classes that are normal, in the form of [`labels`](crate::labels).
pub const NORMAL: &str = "normal";

/// The entry that says how a picture becomes the input: `plain`, scaled by `stretch`, `crop` or `pad`, `centred` with the side of
/// the box, or `none`.
pub const PREPARATION: &str = "preparation";

/// The entry with channels, rows and columns of the input, with commas between them.
pub const INPUT_SHAPE: &str = "input_shape";

/// All three entries for the ONNX file that belongs to a flash file.
pub fn of_flash_file(model: &Model<'_>) -> [(&'static str, String); 3] {
    let kind = match model.output_kind() {
        OutputKind::Classes => "classes",
        OutputKind::Values => "values",
        OutputKind::Reconstruction => "reconstruction",
    };
    [
        (OUTPUT_KIND, kind.into()),
        (THRESHOLD, model.threshold().to_string()),
        (PREPARATION, entry_of(model.preparation())),
    ]
}

/// What [`PREPARATION`] says of a preparation.
pub fn entry_of(preparation: Preparation) -> String {
    match (preparation.box_side(), preparation.fit()) {
        (Some(side), _) => format!("centred {side}"),
        (None, Some(fit)) => fit.name().into(),
        (None, None) if preparation.takes_pictures() => "plain".into(),
        (None, None) => "none".into(),
    }
}

/// The kind of output that an entry names.
pub fn output_kind(entry: &str) -> Option<OutputKind> {
    match entry {
        "classes" => Some(OutputKind::Classes),
        "values" => Some(OutputKind::Values),
        "reconstruction" => Some(OutputKind::Reconstruction),
        _ => None,
    }
}

/// The preparation that an entry names.
pub fn preparation(entry: &str) -> Option<Preparation> {
    match entry {
        "plain" => Some(Preparation::PLAIN),
        "none" => Some(Preparation::NONE),
        _ => match Fit::ALL.into_iter().find(|fit| fit.name() == entry) {
            Some(fit) => Some(Preparation::scaled(fit)),
            None => Preparation::centred(entry.strip_prefix("centred ")?.parse().ok()?),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_those_of_the_flash_file() {
        let tiny = Model::new(include_bytes!("../../../no_std_core/tests/tiny.q8")).unwrap();
        let shipped = Model::new(include_bytes!("../../../models/digits.q8")).unwrap();
        for model in [tiny, shipped] {
            let [kind, threshold, how] = of_flash_file(&model).map(|(_, entry)| entry);
            assert_eq!(output_kind(&kind), Some(model.output_kind()));
            assert_eq!(threshold, model.threshold().to_string());
            assert_eq!(preparation(&how), Some(model.preparation()));
        }
    }

    #[test]
    fn other_entries_are_none() {
        for fit in Fit::ALL {
            let scaled = Preparation::scaled(fit);
            assert_eq!(preparation(&entry_of(scaled)), Some(scaled));
        }
        assert_eq!(preparation("centred 18"), Preparation::centred(18));
        for entry in [
            "",
            "Plain",
            "centred",
            "centred 0",
            "centred 29",
            "centred x",
        ] {
            assert_eq!(preparation(entry), None, "{entry}");
        }
        assert_eq!(output_kind("logits"), None);
    }
}
