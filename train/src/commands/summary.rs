//! `train summary` and `train networks`: networks before they are trained.

use std::path::Path;

use input::labels;

use super::check::{self, report};
use super::quantize::open_for_int8;
use crate::architecture::{Description, Network, PRESETS};
use crate::cli::{InputArgs, NetworkArgs, SummaryArgs};
use crate::console::Console;
use crate::error::Error;
use crate::import::Options;
use crate::init;
use crate::models;
use crate::quantize::Outline;
use crate::runtime::Runtime;

/// Prints a network's layers and costs, and what it will be in integers on each board.
pub fn run(args: &SummaryArgs, console: &mut Console) -> Result<(), Error> {
    let network = network(&args.network)?;
    console.line(format_args!("{}\n", network.summary()));
    let outline = outline(&network, &open_for_int8(args.runtime)?)?;
    console.line(report::rooms_text(&outline));
    Ok(())
}

/// Prints the networks that come with the program.
pub fn list(console: &mut Console) -> Result<(), Error> {
    for preset in PRESETS {
        let name = Path::new(preset.name);
        let args = NetworkArgs {
            network: Some(name.into()),
            ..NetworkArgs::default()
        };
        let network = network(&args)?;
        console.line(format_args!(
            "{:<18} {:>9} parameters {:>12} multiply-adds  {}",
            preset.name,
            network.parameter_count(),
            network.multiply_adds(),
            preset.purpose
        ));
    }
    Ok(())
}

/// The network that is named, for the inputs and classes that are named, or else those that it is made for.
pub fn network(args: &NetworkArgs) -> Result<Network, Error> {
    let description = match &args.network {
        Some(name) => Description::open(name)?,
        None => return Ok(Network::digits()),
    };
    let input = args.input.unwrap_or_else(|| description.input());
    let numbers = |classes: u16| (0..classes).map(|class| class.to_string()).collect();
    let labels = args.classes.map_or_else(|| description.numbers(), numbers);
    Ok(description.network(input, labels)?)
}

/// What the network is in integers, with the parameters that training starts from.
pub(super) fn outline(network: &Network, runtime: &Runtime) -> Result<Outline, Error> {
    let mut metadata = vec![("input_range".to_owned(), "0..1".to_owned())];
    if !network.labels.is_empty() {
        metadata.push((labels::KEY.into(), labels::to_metadata(&network.labels)));
    }
    let parameters = init::parameters(network, 0).into_iter();
    let parameters = parameters.map(|(_, tensor)| tensor).collect();
    let model = models::inference(network, parameters, &metadata)?;
    let file = Path::new(&network.name);
    let of_model = (file, &*model, &Options::default());
    check::of_drawn(runtime, &InputArgs::default(), of_model)
}
