//! A static library in the projects of others: in C and C++, with Arduino, with `CMake`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::folder;
use super::program::{COMPILER, MAIN, Program, STRICT, compare};
use crate::command::{output, run_quietly};

/// The fields that Arduino's specification of libraries demands.
const FIELDS: [&str; 9] = [
    "name",
    "version",
    "author",
    "maintainer",
    "sentence",
    "paragraph",
    "category",
    "url",
    "architectures",
];

impl Program {
    /// Compiles the headers and nothing else.
    pub fn check_headers(&self) -> Result<String> {
        for (language, standard) in [("c", "-std=c99"), ("c++", "-std=c++11")] {
            let mut command = Command::new(COMPILER);
            command.args(["-fsyntax-only", "-x", language, standard]);
            command.arg("-ffreestanding").args(STRICT);
            let header = self.path(&format!("src/{}.h", self.name.lower()));
            run_quietly(command.arg(header))?;
        }
        Ok("no warnings".to_owned())
    }

    /// Looks at what Arduino looks at.
    pub fn check_arduino(&self) -> Result<String> {
        let text = fs::read_to_string(self.path("library.properties"))?;
        let field = |key: &str| {
            let value = text
                .lines()
                .find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
            value
                .filter(|value| !value.is_empty())
                .with_context(|| format!("expected the field {key}, found none"))
        };
        FIELDS.iter().try_for_each(|key| field(key).map(drop))?;
        ensure!(
            field("precompiled")? == "true",
            "expected a precompiled library, found another"
        );
        let flag = format!("-l{}", self.name.lower());
        ensure!(
            field("ldflags")? == flag,
            "expected {flag}, found another library"
        );
        let archives = self
            .platform
            .arduino
            .iter()
            .map(|folder| folder::archive(folder, &self.name));
        let headers = [PathBuf::from(field("includes")?)];
        for inner in archives.chain(headers) {
            let path = self.path("src").join(inner);
            ensure!(
                path.is_file(),
                "expected the file {}, found none",
                path.display()
            );
        }
        Ok(format!("{} processors", self.platform.arduino.len()))
    }

    /// Builds the example, and the program of the tests in a project that takes the library in.
    pub fn run_by_cmake(&self) -> Result<String> {
        let printed = output(&mut Command::new(cmake(&self.path(""), "example")?))?;
        let says = |what: &str| printed.lines().any(|line| line.starts_with(what));
        ensure!(
            says("value 9: ") && says("class "),
            "expected values and a class, found {printed}"
        );
        let expected = self.write_inputs()?;
        let (project, name) = (tempfile::tempdir()?, self.name.lower());
        let text = format!(
            "cmake_minimum_required(VERSION 3.13)\n\
             project(program LANGUAGES C)\n\
             add_subdirectory(\"{}\" {name})\n\
             add_executable(program \"{}\")\n\
             target_compile_options(program PRIVATE -DHOSTED -std=c99 {})\n\
             target_link_libraries(program PRIVATE {name})\n",
            self.path("").display(),
            fs::canonicalize(MAIN)?.display(),
            STRICT.join(" ")
        );
        fs::write(project.path().join("CMakeLists.txt"), text)?;
        let program = cmake(project.path(), "program")?;
        compare(&output(&mut Command::new(program))?, &expected)
    }
}

/// Builds the project in a folder, and returns where its program is.
fn cmake(folder: &Path, program: &str) -> Result<PathBuf> {
    let build = folder.join("build");
    let mut configure = Command::new("cmake");
    configure.arg("-S").arg(folder).arg("-B").arg(&build);
    output(configure.args(["-DCMAKE_BUILD_TYPE=Release", "-Werror=dev"]))?;
    output(Command::new("cmake").arg("--build").arg(&build))?;
    Ok(build.join(program))
}
