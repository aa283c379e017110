//! The models that are served, and their files, which may change meanwhile.

use std::borrow::Cow;
use std::fs::{self, Metadata};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::thread;
use std::time::SystemTime;

use super::metrics::Metrics;
use super::pool::{ModelBytes, Pool};
use super::problem::Problem;
use super::{Bounds, ModelSource, NamedModel, ServeError, Stop};
use crate::error::ModelError;
use crate::file::{self, InFile, display_name};

/// All models, the one that answers by default first.
#[derive(Debug)]
pub struct Models(Vec<Model>);

#[derive(Debug)]
struct Model {
    name: String,
    source: ModelSource,
    /// Replaced when its file changes; who has it goes on with it.
    pool: RwLock<Arc<Pool>>,
}

/// What tells a file from what it was before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    len: u64,
    identity: Identity,
}

/// Which file it is, and when what is said of it has changed: another one may be of the same time and length.
type Identity = [i64; 4];

#[cfg(unix)]
fn identity(metadata: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;

    let [device, inode] = [metadata.dev(), metadata.ino()].map(u64::cast_signed);
    [device, inode, metadata.ctime(), metadata.ctime_nsec()]
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> Identity {
    Identity::default()
}

impl Models {
    /// Opens all models.
    pub fn open(
        models: Vec<NamedModel>,
        bounds: &Bounds,
        metrics: &Metrics,
    ) -> Result<Self, ServeError> {
        let open = |NamedModel { name, source }| {
            let (bytes, file) = match &source {
                ModelSource::BuiltIn(bytes) => (Cow::Borrowed(*bytes), "built-in model".to_owned()),
                ModelSource::File(path) => (read(path)?, display_name(path)),
            };
            let pool = Pool::start(&name, &file, Arc::new(bytes), bounds, metrics)??;
            Ok(Model {
                name,
                source,
                pool: RwLock::new(Arc::new(pool)),
            })
        };
        models
            .into_iter()
            .map(open)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The model of this name, or the first one.
    pub fn find(&self, name: Option<&str>) -> Result<Arc<Pool>, Problem> {
        let is_it = |model: &&Model| name.is_none_or(|name| name == model.name);
        let model = self.0.iter().find(is_it);
        model.map(Model::pool).ok_or_else(|| {
            let known: Vec<&str> = self.0.iter().map(|model| &*model.name).collect();
            Problem::NoModel {
                name: name.unwrap_or_default().to_owned(),
                known: known.join(", "),
            }
        })
    }

    pub fn all(&self) -> impl Iterator<Item = Arc<Pool>> {
        self.0.iter().map(Model::pool)
    }
}

impl Model {
    fn pool(&self) -> Arc<Pool> {
        let pool = self.pool.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&pool)
    }

    /// Takes the file as it is now, unless it is as it was; says whether it has changed.
    fn reload(&self, path: &Path, bounds: &Bounds, metrics: &Metrics) -> Result<bool, ServeError> {
        let bytes: ModelBytes = Arc::new(read(path)?);
        if bytes == self.pool().bytes {
            return Ok(false);
        }
        let pool = Pool::start(&self.name, &display_name(path), bytes, bounds, metrics)??;
        *self.pool.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(pool);
        Ok(true)
    }
}

fn read(path: &Path) -> Result<Cow<'static, [u8]>, InFile<ModelError>> {
    let bytes = file::read(path).map_err(InFile::named(&display_name(path)))?;
    Ok(bytes.into())
}

/// Looks at the files of the models from time to time, in a thread of its own, until the server is to end. One that has
/// changed and then stayed as it is takes the place of what it was, if it is a model; else the old one is served on.
pub fn watch(
    models: &Arc<Models>,
    bounds: &Bounds,
    metrics: &Metrics,
    stop: &'static Stop,
) -> io::Result<()> {
    let (models, bounds, metrics) = (Arc::clone(models), bounds.clone(), metrics.clone());
    let watch = move || {
        let mut files: Vec<_> = models.0.iter().filter_map(Watched::new).collect();
        while !stop.is_asked() {
            thread::sleep(bounds.reload_time);
            for file in &mut files {
                file.look(&bounds, &metrics);
            }
        }
    };
    thread::Builder::new().name("reload".into()).spawn(watch)?;
    Ok(())
}

/// A file that is looked at.
struct Watched<'m> {
    model: &'m Model,
    path: &'m Path,
    /// As it was when it was read.
    read: Option<Stamp>,
    /// As it was the last time.
    seen: Option<Stamp>,
}

impl<'m> Watched<'m> {
    fn new(model: &'m Model) -> Option<Self> {
        let ModelSource::File(path) = &model.source else {
            return None;
        };
        Some(Self {
            model,
            path,
            // It may have changed since it was read.
            read: None,
            seen: stamp(path),
        })
    }

    /// Reads the file if it is another one and nobody is writing to it any more.
    fn look(&mut self, bounds: &Bounds, metrics: &Metrics) {
        let now = stamp(self.path);
        let is_settled = now == self.seen;
        self.seen = now;
        if now.is_none() || !is_settled || now == self.read {
            return;
        }
        self.read = now;
        let (name, result) = (
            &self.model.name,
            self.model.reload(self.path, bounds, metrics),
        );
        let line = match &result {
            Ok(false) => return,
            Ok(true) => format!("model {name}: read again from {}", display_name(self.path)),
            Err(error) => format!("error: {error}; model {name} stays as it was"),
        };
        metrics.reloaded(name, result.is_ok());
        // Whoever closed it does not want to know.
        let _ = writeln!(io::stderr(), "{line}");
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = fs::metadata(path).ok()?;
    Some(Stamp {
        modified: metadata.modified().ok(),
        len: metadata.len(),
        identity: identity(&metadata),
    })
}
