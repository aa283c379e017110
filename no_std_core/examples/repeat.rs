//! Runs a flash file some times on the same image with the instructions of one backend, so that they can be counted.

use std::env;
use std::error::Error;
use std::fs;

use no_std_core::Model;
use no_std_core::host::{Backend, Engine, Memory};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().collect();
    let [_, file, name, times] = &arguments[..] else {
        return Err("usage: repeat FILE BACKEND TIMES".into());
    };
    let named = |backend: &Backend| backend.name() == name;
    let backend = Backend::all().into_iter().find(named);
    let backend = backend.ok_or_else(|| format!("{name}: not a backend of this processor"))?;
    let file = fs::read(file)?;
    let engine = Engine::new(Model::new(&file)?, backend);
    let len = engine.model().input().shape.elements();
    let image: Vec<i8> = (0..len).map(|at| (at * 37) as i8).collect();
    let mut memory = Memory::default();
    for _ in 0..times.parse::<u32>()? {
        engine.run(&image, &mut memory)?;
    }
    Ok(())
}
