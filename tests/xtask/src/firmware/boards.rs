//! The table of boards.

/// A board, or a machine that QEMU emulates, that the firmware runs on.
#[derive(Debug, PartialEq, Eq)]
pub struct Board {
    pub name: &'static str,
    /// Its package in the workspace of boards.
    pub package: &'static str,
    pub program: &'static str,
    /// What it is compiled for.
    pub target: &'static str,
    /// The processor, where the target alone does not say what it can do.
    pub processor: Option<&'static str>,
    pub hardware: Hardware,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Hardware {
    /// A machine that QEMU emulates.
    Qemu(Machine),
    /// The RP2040, which a program for Node.js emulates.
    Rp2040,
    /// A chip that probe-rs flashes.
    Chip(Chip),
}

#[derive(Debug, PartialEq, Eq)]
pub struct Chip {
    pub name: &'static str,
    /// What probe-rs is told besides to write the whole flash as it should be, with paths from the root of the repository.
    pub options: &'static [&'static str],
}

#[derive(Debug, PartialEq, Eq)]
pub struct Machine {
    /// The program that emulates it.
    pub emulator: &'static str,
    /// The emulator's name for it.
    pub name: &'static str,
    /// Which of its serial ports the firmware talks on.
    pub serial: usize,
}

const ARM: &str = "qemu-system-arm";
const RISCV: &str = "qemu-system-riscv32";

/// What boards are compiled for.
const V6M: &str = "thumbv6m-none-eabi";
const V7M: &str = "thumbv7m-none-eabi";
const V7EM: &str = "thumbv7em-none-eabi";
const V8M: &str = "thumbv8m.main-none-eabi";
const RV32IMC: &str = "riscv32imc-unknown-none-elf";

/// Every board, those that are emulated first.
pub const BOARDS: &[Board] = &[
    Board {
        package: "microbit-v1",
        program: "microbit-v1",
        ..machine("microbit", V6M, ARM, "microbit")
    },
    machine("mps2-an385", V7M, ARM, "mps2-an385"),
    machine("mps2-an386", V7EM, ARM, "mps2-an386"),
    Board {
        processor: Some("cortex-m7"),
        ..machine("mps2-an500", V7EM, ARM, "mps2-an500")
    },
    Board {
        processor: Some("cortex-m33"),
        ..machine("mps2-an505", V8M, ARM, "mps2-an505")
    },
    machine("riscv-virt", RV32IMC, RISCV, "virt"),
    // Its chip's neighbour, with the same devices as far as they matter here; the third serial port.
    Board {
        hardware: Hardware::Qemu(Machine {
            emulator: ARM,
            name: "netduinoplus2",
            serial: 2,
        }),
        ..real("nucleo", V7EM, "STM32F429ZITx")
    },
    real("microbit-v2", V7EM, "nRF52833_xxAA"),
    Board {
        hardware: Hardware::Rp2040,
        ..real("pico", V6M, "RP2040")
    },
    Board {
        processor: Some("cortex-m33"),
        ..real("pico2", V8M, "RP235x")
    },
    // Its updates lie where flashing does not write.
    Board {
        hardware: Hardware::Chip(Chip {
            name: "esp32c3",
            options: &[
                "--chip-erase",
                "--idf-partition-table",
                "no_std_core/boards/esp32c3-supermini/partitions.csv",
            ],
        }),
        ..real("esp32c3-supermini", RV32IMC, "esp32c3")
    },
];

const fn real(name: &'static str, target: &'static str, chip: &'static str) -> Board {
    let chip = Chip {
        name: chip,
        options: &[],
    };
    Board {
        name,
        package: name,
        program: name,
        target,
        processor: None,
        hardware: Hardware::Chip(chip),
    }
}

/// A machine whose first serial port serves.
const fn machine(
    name: &'static str,
    target: &'static str,
    emulator: &'static str,
    emulated: &'static str,
) -> Board {
    let machine = Machine {
        emulator,
        name: emulated,
        serial: 0,
    };
    Board {
        package: "qemu",
        hardware: Hardware::Qemu(machine),
        ..real(name, target, "")
    }
}

/// What stands for every board that a command is for.
pub const ALL: &str = "all";

pub fn names() -> impl Iterator<Item = &'static str> {
    let boards = BOARDS.iter().map(|board| board.name);
    [ALL].into_iter().chain(boards)
}

pub fn named(name: &str) -> Vec<&'static Board> {
    let wanted = |board: &&Board| name == ALL || board.name == name;
    BOARDS.iter().filter(wanted).collect()
}

impl Board {
    /// Its machine, where QEMU emulates it.
    pub fn machine(&self) -> Option<&Machine> {
        match &self.hardware {
            Hardware::Qemu(machine) => Some(machine),
            Hardware::Rp2040 | Hardware::Chip(_) => None,
        }
    }

    /// Whether it runs without hardware.
    pub fn is_emulated(&self) -> bool {
        !matches!(self.hardware, Hardware::Chip(_))
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
            let Hardware::Chip(chip) = &board.hardware else {
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
