//! The page: one document with all that it needs, so that it goes on without the server, or from a file.

use std::sync::Arc;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::json;

use super::pool::Pool;

const DOCUMENT: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/style.css");
const SCRIPTS: [&str; 4] = [
    include_str!("page/engine.js"),
    include_str!("page/drawing.js"),
    include_str!("page/cards.js"),
    include_str!("page/page.js"),
];
/// The integer engine: `cargo xtask page` makes it of the crate `infer/web`.
const ENGINE: &[u8] = include_bytes!("page/engine.wasm");

/// Bytes of the largest model that travels with the page.
const MAX_MODEL_BYTES: usize = 1 << 20;

/// What the page may do: nothing but what is in it, and to ask this server.
pub const POLICY: &str = "default-src 'none'; script-src 'unsafe-inline' 'wasm-unsafe-eval'; style-src 'unsafe-inline'; \
                          img-src blob: data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page for these models; where there is none it asks the server, with a token. The first one for the integer engine
/// that takes pictures and is small enough goes along.
pub fn page(models: &[Arc<Pool>]) -> String {
    let is_local = |model: &&Arc<Pool>| {
        let about = &model.about;
        let is_small = model.bytes.len() <= MAX_MODEL_BYTES;
        about.engine == "integer" && about.input.picture.is_some() && is_small
    };
    let local = models.iter().find(is_local);
    let about: Vec<_> = models.iter().map(|model| &model.about).collect();
    let local = local.map(
        |model| json!({ "name": model.about.name, "file": BASE64_STANDARD.encode(&**model.bytes) }),
    );
    let data = json!({
        "models": about,
        "local": local,
        "engine": BASE64_STANDARD.encode(ENGINE),
    });
    // In a script nothing but this ends it.
    let data = data.to_string().replace('<', "\\u003c");
    DOCUMENT
        .replace("/* style */", STYLE)
        .replace("/* script */", &SCRIPTS.concat())
        .replace("/* data */", &data)
}
