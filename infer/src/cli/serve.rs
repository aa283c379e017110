//! `infer serve`.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::Args;

use super::{BUILT_IN_INT8_MODEL, Error, LimitArgs};
use crate::serve::{Bounds, ModelSource, NamedModel, STOP, Settings, Token, serve};

#[derive(Debug, Args)]
pub struct Serve {
    /// ONNX model or flash file (.q8), and what it is called in addresses [default: the digits models inside this program]
    ///
    /// May be given several times; the first one answers where no model is named. Without a name it is called like its file.
    /// A file that changes is read again, and served if it is a model.
    #[arg(long = "model", value_name = "[NAME=]FILE", value_parser = named_model)]
    models: Vec<NamedModel>,

    /// Where to listen; port 0 takes one that is free. Whoever reaches it may ask, unless there is a token
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    listen: String,

    /// Serve those alone who send `Authorization: Bearer TOKEN` with the token in this file
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,

    /// Threads that run each model [default: as many as there are cores]
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,

    #[command(flatten)]
    limits: LimitArgs,
}

/// Serves until a signal asks it to end.
pub fn run(options: &Serve, output: &mut impl Write) -> Result<(), Error> {
    let token = options.token_file.as_deref().map(Token::read).transpose()?;
    let mut bounds = Bounds {
        limits: options.limits.get(),
        ..Bounds::default()
    };
    if let Some(threads) = options.threads {
        bounds.workers = threads.get();
    }
    let settings = Settings {
        listen: options.listen.clone(),
        models: models(options)?,
        token,
        bounds,
    };
    let mut announced = Ok(());
    serve(settings, &STOP, |address| {
        announced = announce(address, output);
    })?;
    Ok(announced?)
}

fn announce(address: SocketAddr, output: &mut impl Write) -> io::Result<()> {
    writeln!(output, "listening on http://{address}")?;
    output.flush()
}

/// The models, of which no two have the same name.
fn models(options: &Serve) -> Result<Vec<NamedModel>, Error> {
    if options.models.is_empty() {
        let built_in = |name: &str, bytes| NamedModel {
            name: name.to_owned(),
            source: ModelSource::BuiltIn(bytes),
        };
        return Ok(vec![
            #[cfg(feature = "onnx")]
            built_in("digits", super::BUILT_IN_MODEL),
            built_in("digits-int8", BUILT_IN_INT8_MODEL),
        ]);
    }
    let models = options.models.clone();
    for (index, NamedModel { name, .. }) in models.iter().enumerate() {
        if models[..index].iter().any(|other| other.name == *name) {
            return Err(Error::ModelName { name: name.clone() });
        }
    }
    Ok(models)
}

/// Reads `NAME=FILE` or `FILE`.
fn named_model(argument: &str) -> Result<NamedModel, String> {
    let named = argument.split_once('=');
    let named = named.filter(|(name, _)| !name.contains(['/', '\\']));
    let (name, path) = if let Some((name, path)) = named {
        (name.to_owned(), Path::new(path))
    } else {
        let path = Path::new(argument);
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        (stem.into_owned(), path)
    };
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if name.is_empty() || name.len() > 64 || !name.chars().all(is_of_name) {
        return Err(format!(
            "expected a name of 1 to 64 ASCII letters, digits, dots, dashes and underscores, found `{name}`; give it as NAME=FILE"
        ));
    }
    Ok(NamedModel {
        name,
        source: ModelSource::File(path.to_owned()),
    })
}
