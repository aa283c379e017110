//! A program in C that runs a model on inputs with a static library.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use flate2::Crc;
use no_std_core::format::OutputKind;

use super::name::Name;
use super::platforms::{self, Platform};
use super::{Library, archive, folder};
use crate::command::run_quietly;
use crate::firmware;
use crate::firmware::boards::{self, Board};
use crate::firmware::layout::{Author, Layout};
use crate::firmware::subject::{Expected, Subject};
use crate::firmware::toolchain::Toolchain;
use crate::firmware::{inputs::inputs, qemu};
use crate::snapshots::{Metrics, Snapshots};

/// The compiler of the machines.
pub const COMPILER: &str = "arm-none-eabi-gcc";

/// What is said of C is an error, and everything is said.
pub const STRICT: [&str; 4] = ["-Wall", "-Wextra", "-pedantic", "-Werror"];

pub const MAIN: &str = "tests/xtask/src/library/program/main.c";
const MEMORY: &str = "tests/xtask/src/library/program/memory.ld";

/// Inputs that a model runs on.
const INPUTS: usize = 10;

/// A machine that QEMU emulates.
pub struct Machine {
    /// What programs are compiled for, by the names of Rust's compiler and of C's.
    pub triple: &'static str,
    cpu: &'static str,
    board: &'static str,
}

/// The one without floats runs what is for smaller processors, too.
pub const MACHINES: [Machine; 3] = [
    machine("thumbv6m-none-eabi", "-mcpu=cortex-m0", "mps2-an385"),
    machine("thumbv7m-none-eabi", "-mcpu=cortex-m3", "mps2-an385"),
    machine("thumbv7em-none-eabi", "-mcpu=cortex-m4", "mps2-an386"),
];

const fn machine(triple: &'static str, cpu: &'static str, board: &'static str) -> Machine {
    Machine { triple, cpu, board }
}

impl Machine {
    pub fn board(&self) -> &'static Board {
        let mut boards = boards::BOARDS.iter();
        boards
            .find(|board| board.name == self.board)
            .expect("these are names of boards")
    }
}

/// A library in a folder of its own, and what is compiled with it.
pub struct Program {
    folder: tempfile::TempDir,
    pub platform: &'static Platform,
    pub name: Name,
    subject: Subject,
}

impl Program {
    /// Writes the library of a model, with builds in the folder `target`.
    pub fn new(
        toolchain: &Toolchain,
        triple: &str,
        subject: Subject,
        target: &Path,
    ) -> Result<Self> {
        let library = Library {
            platform: platforms::named(triple),
            name: Name::of_file(&subject.path)?,
            archive: archive::build(
                toolchain,
                platforms::named(triple),
                None,
                &subject.path,
                target,
            )?,
            subject: &subject,
        };
        let folder = tempfile::tempdir()?;
        folder::write(&library, folder.path())?;
        let Library { platform, name, .. } = library;
        folder::check(folder.path(), platform, &name)?;
        Ok(Self {
            folder,
            platform,
            name,
            subject,
        })
    }

    /// A path in its folder.
    pub fn path(&self, inner: &str) -> PathBuf {
        self.folder.path().join(inner)
    }

    /// Runs it on a machine, with tools in the folder `tools`, and compares what it says with the host.
    pub fn run_on(&self, machine: &Machine, tools: &Path) -> Result<String> {
        let expected = self.write_inputs()?;
        let program = self.compile(machine)?;
        let machine = machine.board().machine();
        let machine = machine.context("expected a machine of QEMU")?;
        compare(&qemu::run_to_end(machine, tools, &program)?, &expected)
    }

    /// Compares the code of the core with what the firmware's benchmark has found.
    pub fn check_code(&self, machine: &Machine) -> Result<String> {
        self.write_inputs()?;
        let layout = Layout::read(&self.compile(machine)?)?;
        let code = [Author::Core, Author::Language].map(|author| layout.code_of(author));
        let code = code.iter().sum();
        let metrics = Metrics::from([("code of the core alone".to_owned(), code)]);
        let snapshots = Snapshots::read(&firmware::RULES)?;
        let failures = snapshots.compare(machine.board, &metrics).failures;
        ensure!(failures.is_empty(), failures.join("; "));
        Ok(format!("{code} bytes"))
    }

    /// Compiles it with the library and nothing else, not even what belongs to the compiler.
    fn compile(&self, machine: &Machine) -> Result<PathBuf> {
        let (program, lower) = (self.path("program"), self.name.lower());
        let mut command = Command::new(COMPILER);
        command
            .args([machine.cpu, "-mthumb", "-Os", "-std=c99"])
            .args(STRICT);
        command.args([
            "-ffreestanding",
            "-nostdlib",
            "-Wl,--gc-sections",
            "-T",
            MEMORY,
        ]);
        command.arg("-I").arg(self.path("src")).arg(MAIN);
        command.arg(self.path(&format!("src/{lower}.c")));
        command.arg(
            self.path("src")
                .join(folder::archive(self.platform.folder(), &self.name)),
        );
        run_quietly(command.arg("-o").arg(&program))?;
        Ok(program)
    }

    /// Puts inputs where the program finds them; returns what it is to print.
    pub fn write_inputs(&self) -> Result<String> {
        let inputs = inputs(&self.subject, None, INPUTS)?;
        let mut text = constants(&self.name);
        text += "static const uint8_t inputs[][INPUT_LEN] = {\n";
        let mut crc = Crc::new();
        for input in &inputs {
            let bytes: Vec<String> = input.iter().map(u8::to_string).collect();
            writeln!(text, "{{{}}},", bytes.join(","))?;
            let kind = self.subject.model().output_kind();
            crc.update(&said(kind, &self.subject.run(input)?));
        }
        fs::write(self.path("src/inputs.h"), text + "};\n")?;
        Ok(format!("00000000 {:08x}", crc.sum()))
    }
}

/// Names of constants for the program, which does not know that of the model.
fn constants(name: &Name) -> String {
    let (lower, upper) = (name.lower(), name.upper());
    let keys = [
        "MODEL_LEN",
        "ARENA_LEN",
        "TAKES_PICTURES",
        "CLASSES",
        "RECONSTRUCTS",
        "INPUT_ROWS",
        "INPUT_COLUMNS",
        "INPUT_CHANNELS",
        "INPUT_LEN",
    ];
    let define = |key| format!("#define {key} {upper}_{key}\n");
    format!(
        "#include \"{lower}.h\"\n#define MODEL {lower}_model\n{}",
        keys.map(define).concat()
    )
}

/// The bytes of which the program computes a checksum.
fn said(kind: OutputKind, output: &Expected) -> Vec<u8> {
    let values = output.values.iter().map(|value| value.cast_unsigned());
    let mut bytes: Vec<u8> = values.collect();
    if let Some((class, probability)) = output.class {
        let words = [class as u32, probability];
        bytes.extend(words.map(u32::to_le_bytes).concat());
    }
    if kind != OutputKind::Values {
        bytes.push(output.accepted.into());
    }
    bytes
}

/// Compares what a program has printed, a status and a checksum.
pub fn compare(printed: &str, expected: &str) -> Result<String> {
    let found = printed.trim_end();
    ensure!(
        found == expected,
        "expected the status and checksum {expected}, found {found:?}"
    );
    Ok(format!("{INPUTS} outputs equal to the host's"))
}
