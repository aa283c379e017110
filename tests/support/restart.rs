//! Comparing two runtimes although a process can use one: a test starts its own program again for tract.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Names the file through which the two processes exchange numbers; only the started one has it.
const VARIABLE: &str = "BATON_TEST_EXCHANGE";

/// The file to exchange numbers through, if this process was started by [`test()`].
pub fn exchange() -> Option<PathBuf> {
    env::var_os(VARIABLE).map(Into::into)
}

/// Runs one test, by its full name, in a process of its own, in which [`exchange`] is `file`.
pub fn test(name: &str, file: &Path) {
    test_with(name, file, &[]);
}

/// The same with variables of the environment that are paths.
pub fn test_with(name: &str, file: &Path, variables: &[(&str, &Path)]) {
    let program = env::current_exe().expect("a running program has a file");
    let mut command = Command::new(program);
    command.envs(variables.iter().copied()).env(VARIABLE, file);
    let status = command.args(["--exact", name]).status();
    assert!(
        status.is_ok_and(|status| status.success()),
        "{name} failed in a process of its own"
    );
}

/// Writes numbers for [`read`].
pub fn write(file: &Path, numbers: impl IntoIterator<Item = f32>) {
    let bytes: Vec<u8> = numbers.into_iter().flat_map(f32::to_le_bytes).collect();
    std::fs::write(file, bytes).expect("the file can be written");
}

/// The numbers in a file of [`write()`].
pub fn read(file: &Path) -> Vec<f32> {
    let bytes = std::fs::read(file).expect("the file can be read");
    let (numbers, _) = bytes.as_chunks();
    numbers.iter().copied().map(f32::from_le_bytes).collect()
}
