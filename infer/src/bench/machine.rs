//! The machine at hand, as far as it says what it is.

use std::fmt;
use std::fs;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use crate::parallel::cores;

/// What times depend on besides the program.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    /// The board's name, or the processor's.
    pub name: String,
    pub cores: usize,
    /// Of the hottest sensor, of the first core, and whether a Raspberry Pi has lowered its clock since it started, because
    /// of heat or of a weak supply; each after the measurement, where the system tells.
    pub celsius: Option<f64>,
    pub megahertz: Option<f64>,
    pub throttled: Option<bool>,
}

impl Machine {
    /// What it says now.
    pub fn now() -> Self {
        Self {
            name: name(),
            cores: cores(),
            celsius: celsius(Path::new("/sys/class/thermal")),
            megahertz: megahertz(),
            throttled: throttled(),
        }
    }
}

/// The name of the board, else of the processor.
pub fn name() -> String {
    let board = read("/proc/device-tree/model");
    let info = || read("/proc/cpuinfo");
    let of_processor = || {
        let info = info()?;
        let named = info
            .lines()
            .find_map(|line| line.strip_prefix("model name"))?;
        Some(named.trim_start_matches([' ', '\t', ':']).to_owned())
    };
    let board = board.map(|name| name.trim_end_matches('\0').to_owned());
    board
        .or_else(of_processor)
        .unwrap_or_else(|| std::env::consts::ARCH.to_owned())
}

/// The highest temperature of the sensors in a folder.
fn celsius(folder: &Path) -> Option<f64> {
    let sensors = fs::read_dir(folder).ok()?.flatten();
    let temperatures = sensors.filter_map(|sensor| number(sensor.path().join("temp")));
    temperatures
        .map(|thousandths| thousandths / 1e3)
        .reduce(f64::max)
}

fn megahertz() -> Option<f64> {
    let thousandths = number("/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq")?;
    Some(thousandths / 1e3)
}

/// Bits 1, 2 and 3 of what the firmware says are limits that hold now, those 16 places higher that they did.
fn throttled() -> Option<bool> {
    let bits = read("/sys/devices/platform/soc/soc:firmware/get_throttled")?;
    let bits = u32::from_str_radix(bits.trim().trim_start_matches("0x"), 16).ok()?;
    Some(bits & 0xe_000e != 0)
}

/// Processor time that all threads of the program have used.
pub(super) fn processor_time() -> Option<Duration> {
    #[cfg(unix)]
    {
        use rustix::time::{ClockId, clock_gettime};
        let time = clock_gettime(ClockId::ProcessCPUTime);
        Duration::try_from(time).ok()
    }
    #[cfg(not(unix))]
    None
}

/// Makes the most memory that the program has had what it has now, where the system can.
pub(super) fn forget_peak_memory() {
    // Where it cannot, the peak is that of all measurements.
    let _ = fs::write("/proc/self/clear_refs", "5");
}

/// The most memory that the program has had.
pub(super) fn peak_memory() -> Option<u64> {
    let status = read("/proc/self/status")?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes * 1024)
}

fn number(path: impl AsRef<Path>) -> Option<f64> {
    read(path)?.trim().parse().ok()
}

fn read(path: impl AsRef<Path>) -> Option<String> {
    fs::read_to_string(path).ok()
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} cores", self.name, self.cores)?;
        if let Some(megahertz) = self.megahertz {
            write!(f, ", {megahertz:.0} MHz")?;
        }
        if let Some(celsius) = self.celsius {
            write!(f, ", {celsius:.0} degrees Celsius")?;
        }
        if self.throttled == Some(true) {
            f.write_str(", its clock was lowered for heat or a weak supply")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hottest_sensor_counts() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [("zone0", "45123\n"), ("zone1", "51000\n"), ("other", "hot")] {
            fs::create_dir(folder.path().join(name)).unwrap();
            fs::write(folder.path().join(name).join("temp"), text).unwrap();
        }
        assert_eq!(celsius(folder.path()), Some(51.0));
        assert_eq!(celsius(&folder.path().join("missing")), None);
    }
}
