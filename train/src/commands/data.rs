//! `train data`.

use input::file;

use super::{expect_distinct, load, tell_of};
use crate::cli::SurveyArgs;
use crate::console::Console;
use crate::data::survey::Survey;
use crate::data::{Element, sheet};
use crate::error::Error;

pub fn run(args: &SurveyArgs, console: &mut Console) -> Result<(), Error> {
    if let Some(path) = &args.preview {
        expect_distinct(&[path], &[], &args.data)?;
        file::expect_writable(path)?;
    }
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
    }
    if let Some(path) = &args.preview {
        let sheet = sheet::draw(&loaded.found.all)?;
        let png = sheet::png(&sheet).map_err(Error::Sheet)?;
        file::write(path, &png)?;
    }
    Ok(())
}
