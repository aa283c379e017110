//! The test of models that are updated on a machine with room for two.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use no_std_core::{Model, format};

use super::boards::Machine;
use super::infer::{Infer, MODEL, Place};
use super::qemu::Running;

/// Gives a machine another model, then its own again, and looks each time whether it says what the model says here.
pub fn test(machine: &Machine, firmware: &Path, infer: &Infer) -> Result<String> {
    let folder = tempfile::tempdir()?;
    let other = folder.path().join("other.q8");
    fs::write(&other, other_model(fs::read(MODEL)?)?)?;
    let own = Path::new(MODEL);
    let [old, new] = [own, &other].map(|model| infer.probabilities(Place::Host(model)));
    ensure!(
        old? != new?,
        "expected another model that says something else, found none"
    );
    let running = Running::start(machine, firmware)?;
    let socket = &running.socket;
    expect(infer, socket, own)?;
    for model in [&other, own] {
        infer.update(socket, model)?;
        expect(infer, socket, model)?;
    }
    Ok("another model and back, each with the probabilities of the host".to_owned())
}

fn expect(infer: &Infer, socket: &Path, model: &Path) -> Result<()> {
    let expected = infer.probabilities(Place::Host(model))?;
    let found = infer.probabilities(Place::Board(socket))?;
    if found != expected {
        let model = model.display();
        bail!("{model}: expected probabilities {expected}, found {found}");
    }
    Ok(())
}

/// The model with another bias in its last operator.
fn other_model(mut file: Vec<u8>) -> Result<Vec<u8>> {
    let model = Model::new(&file).context(MODEL)?;
    let last = model.operations().last().context(MODEL)?;
    // The second byte of the first class's.
    let bias_at = last.record().biases_at as usize + 1;
    *file.get_mut(bias_at).context(MODEL)? ^= 0x20;
    format::seal(&mut file).context(MODEL)?;
    Ok(file)
}
