//! `train data`.

use std::path::Path;

use input::file;

use super::{expect_distinct, load, tell_of};
use crate::cli::SurveyArgs;
use crate::console::Console;
use crate::data::survey::Survey;
use crate::data::{Element, cache, preview, sheet};
use crate::error::Error;
use crate::recipe::Recipe;

pub fn run(args: &SurveyArgs, console: &mut Console) -> Result<(), Error> {
    let inputs = args.recipe.iter().map(|recipe| ("--recipe", &**recipe));
    let inputs: Vec<(&str, &Path)> = inputs.collect();
    if let Some(path) = &args.preview {
        expect_distinct(&[path], &inputs, &args.data)?;
        file::expect_writable(path)?;
    }
    let recipe = args.recipe.as_deref().map(Recipe::open).transpose()?;
    let loaded = load(&args.data)?;
    if loaded.found.all.element() == Element::Number {
        return Err(Error::NoSurvey);
    }
    let survey = Survey::of(&loaded)?;
    if args.json {
        console.line(serde_json::to_string_pretty(&survey)?);
    } else {
        tell_of(&loaded.sets, console);
        console.line(survey);
        if !loaded.found.files.is_empty() {
            console.line(cache::describe()?);
        }
    }
    if let Some(path) = &args.preview {
        let sheet = match &recipe {
            Some(recipe) => preview::draw(&loaded.sets.train, &recipe.augment)?,
            None => sheet::draw(&loaded.found.all)?,
        };
        let png = sheet::png(&sheet).map_err(Error::Sheet)?;
        file::write(path, &png)?;
    }
    Ok(())
}
