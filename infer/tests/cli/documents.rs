//! `infer completions` and `infer manual`.

use std::fs;

use crate::program::Workplace;

#[test]
fn every_shell_completes_every_command() {
    let workplace = Workplace::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = workplace.run(&["completions", shell]).succeeded();
        for word in ["predict", "serve", "token-file"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
}

#[test]
fn every_command_has_a_page() {
    let workplace = Workplace::new();
    workplace.run(&["manual", "pages"]).succeeded();
    let help = workplace.run(&["help"]).succeeded();
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let lines = lines.take_while(|line| !line.is_empty());
    // What goes on below is further in.
    let commands = lines.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let mut count = 0;
    for command in commands.filter(|command| !["", "help"].contains(command)) {
        let page = workplace.path(&format!("pages/infer-{command}.1"));
        let page = fs::read_to_string(page).unwrap();
        assert!(page.contains(".SH SYNOPSIS"), "{page}");
        count += 1;
    }
    assert!(count >= 8, "{help}");
    let page = fs::read_to_string(workplace.path("pages/infer.1")).unwrap();
    assert!(page.contains(".TH infer 1"), "{page}");
}

#[test]
fn a_file_is_no_folder_for_a_manual() {
    let error = Workplace::new().run(&["manual", "digits.onnx"]).failed();
    let expected = "error: digits.onnx: expected a folder to write the manual into, found: ";
    assert!(error.starts_with(expected), "{error}");
}
