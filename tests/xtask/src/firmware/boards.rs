//! The table of boards.

/// A board, or a machine that QEMU emulates, that the firmware runs on.
#[derive(Debug, PartialEq, Eq)]
pub struct Board {
    /// What it is called here.
    pub name: &'static str,
    /// Its package in the workspace of boards.
    pub package: &'static str,
    /// The program in the package.
    pub program: &'static str,
    /// What it is compiled for.
    pub target: &'static str,
    /// The processor, where the target alone does not say what it can do.
    pub processor: Option<&'static str>,
    /// Where it runs.
    pub place: Place,
}

/// Where a firmware runs.
#[derive(Debug, PartialEq, Eq)]
pub enum Place {
    /// On a machine of QEMU's.
    Qemu(Machine),
    /// On a chip that probe-rs flashes.
    Chip(Chip),
}

/// A chip that probe-rs flashes.
#[derive(Debug, PartialEq, Eq)]
pub struct Chip {
    /// probe-rs's name for it.
    pub name: &'static str,
    /// What probe-rs is told besides to write the whole flash as it should be, with paths from the root of the repository.
    pub options: &'static [&'static str],
}

/// A machine that QEMU emulates.
#[derive(Debug, PartialEq, Eq)]
pub struct Machine {
    /// The program that emulates it.
    pub emulator: &'static str,
    /// The emulator's name for it.
    pub name: &'static str,
    /// Which of its serial ports the firmware talks on.
    pub serial: usize,
}

/// Programs of QEMU's.
const ARM: &str = "qemu-system-arm";
const RISCV: &str = "qemu-system-riscv32";

/// Every board, machines of QEMU's first.
pub const BOARDS: &[Board] = &[
    Board {
        package: "microbit-v1",
        program: "microbit-v1",
        ..machine(
            "microbit",
            "thumbv6m-none-eabi",
            None,
            emulated(ARM, "microbit"),
        )
    },
    machine(
        "mps2-an385",
        "thumbv7m-none-eabi",
        None,
        emulated(ARM, "mps2-an385"),
    ),
    machine(
        "mps2-an386",
        "thumbv7em-none-eabi",
        None,
        emulated(ARM, "mps2-an386"),
    ),
    machine(
        "mps2-an500",
        "thumbv7em-none-eabi",
        Some("cortex-m7"),
        emulated(ARM, "mps2-an500"),
    ),
    machine(
        "mps2-an505",
        "thumbv8m.main-none-eabi",
        Some("cortex-m33"),
        emulated(ARM, "mps2-an505"),
    ),
    machine(
        "riscv-virt",
        "riscv32imc-unknown-none-elf",
        None,
        emulated(RISCV, "virt"),
    ),
    // Its chip's neighbour, with the same devices as far as they matter here; the third serial port.
    Board {
        place: Place::Qemu(Machine {
            serial: 2,
            ..emulated(ARM, "netduinoplus2")
        }),
        ..real("nucleo", "thumbv7em-none-eabi", None, "STM32F429ZITx")
    },
    real("microbit-v2", "thumbv7em-none-eabi", None, "nRF52833_xxAA"),
    real("pico", "thumbv6m-none-eabi", None, "RP2040"),
    real(
        "pico2",
        "thumbv8m.main-none-eabi",
        Some("cortex-m33"),
        "RP235x",
    ),
    // Its updates lie where flashing does not write.
    Board {
        place: Place::Chip(Chip {
            name: "esp32c3",
            options: &[
                "--chip-erase",
                "--idf-partition-table",
                "no_std_core/boards/esp32c3-supermini/partitions.csv",
            ],
        }),
        ..real(
            "esp32c3-supermini",
            "riscv32imc-unknown-none-elf",
            None,
            "esp32c3",
        )
    },
];

const fn real(
    name: &'static str,
    target: &'static str,
    processor: Option<&'static str>,
    chip: &'static str,
) -> Board {
    Board {
        name,
        package: name,
        program: name,
        target,
        processor,
        place: Place::Chip(Chip {
            name: chip,
            options: &[],
        }),
    }
}

const fn machine(
    name: &'static str,
    target: &'static str,
    processor: Option<&'static str>,
    machine: Machine,
) -> Board {
    Board {
        name,
        package: "qemu",
        program: name,
        target,
        processor,
        place: Place::Qemu(machine),
    }
}

/// A machine whose first serial port serves.
const fn emulated(emulator: &'static str, name: &'static str) -> Machine {
    Machine {
        emulator,
        name,
        serial: 0,
    }
}

/// What stands for every board that a command is for.
pub const ALL: &str = "all";

/// The names that a command takes for a board.
pub fn names() -> impl Iterator<Item = &'static str> {
    [ALL]
        .into_iter()
        .chain(BOARDS.iter().map(|board| board.name))
}

/// The board of this name, or all of them.
pub fn named(name: &str) -> Vec<&'static Board> {
    let wanted = |board: &&Board| name == ALL || board.name == name;
    BOARDS.iter().filter(wanted).collect()
}

impl Board {
    /// Its machine, where QEMU emulates it.
    pub fn machine(&self) -> Option<&Machine> {
        match &self.place {
            Place::Qemu(machine) => Some(machine),
            Place::Chip(_) => None,
        }
    }

    /// What the compiler is told besides the target.
    pub fn flags(&self) -> Vec<String> {
        let flag = |processor| format!("-Ctarget-cpu={processor}");
        self.processor.map(flag).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    /// What `cargo run` in the folder of a board starts, program and options.
    fn runner(folder: &Path) -> Vec<String> {
        let config = fs::read_to_string(folder.join(".cargo/config.toml")).unwrap();
        let runner = |line: &str| line.strip_prefix("runner = ").map(str::to_owned);
        // An array of plain strings is the same in TOML as in JSON.
        serde_json::from_str(&config.lines().find_map(runner).unwrap()).unwrap()
    }

    #[test]
    fn names_are_unique_and_find_their_board() {
        let all: BTreeSet<_> = names().collect();
        assert_eq!(all.len(), BOARDS.len() + 1);
        for board in BOARDS {
            assert_eq!(named(board.name), [board]);
        }
        assert_eq!(named(ALL).len(), BOARDS.len());
    }

    /// The commands differ in where they run, and so in the paths of their options.
    #[test]
    fn cargo_run_flashes_as_the_xtask_does() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for board in BOARDS {
            let Place::Chip(chip) = &board.place else {
                continue;
            };
            let folder = format!("no_std_core/boards/{}/", board.package);
            let mut expected = vec!["probe-rs", "run", "--chip", chip.name];
            for option in chip.options {
                let path = option.strip_prefix(&folder);
                assert!(path.is_none() || root.join(option).is_file(), "{option}");
                expected.push(path.unwrap_or(option));
            }
            assert_eq!(runner(&root.join(&folder)), expected, "{}", board.name);
        }
    }
}
