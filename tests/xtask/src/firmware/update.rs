//! The test of models that are updated on a machine with room for two.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use no_std_core::format::{self, HEADER_LEN, Header, LAYER_LEN, LayerRecord};

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

/// The model with another bias in its last layer.
fn other_model(mut file: Vec<u8>) -> Result<Vec<u8>> {
    let header = Header::decode(file.first_chunk::<HEADER_LEN>().context(MODEL)?);
    let last = header.layers_at as usize + usize::from(header.layers - 1) * LAYER_LEN;
    let record = file.get(last..).and_then(<[u8]>::first_chunk);
    let record = LayerRecord::decode(record.context(MODEL)?);
    // The second byte of the first class's.
    let bias = file.get_mut(record.biases_at as usize + 1);
    *bias.context(MODEL)? ^= 0x20;
    format::seal(&mut file).context(MODEL)?;
    Ok(file)
}
