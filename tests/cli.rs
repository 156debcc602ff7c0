//! The program as its users run it: exit codes, one clear line on stderr, quiet pipes.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::process::{Command, Output, Stdio};

fn floorwatch(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_floorwatch"))
        .args(arguments)
        .env_remove("FLOORWATCH_CONFIG")
        .env("XDG_CONFIG_HOME", "/nonexistent")
        .env("XDG_STATE_HOME", "/nonexistent")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn help_and_version_are_no_errors() {
    for flag in ["--help", "--version", "-h"] {
        let output = floorwatch(&[flag]);
        assert_eq!(output.status.code(), Some(0), "{flag}");
        assert!(!output.stdout.is_empty() && output.stderr.is_empty());
    }
}

#[test]
fn a_wrong_command_line_is_exit_code_2() {
    for arguments in [&["frobnicate"][..], &["report"], &["report", "x", "--by", "planet"], &["demo", "--speed", "0"]] {
        let output = floorwatch(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        assert!(output.stdout.is_empty());
    }
    let output = floorwatch(&["report", "x", "--from", "soon"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).starts_with("floorwatch: --from: `soon` is not a time; write"), "{}", stderr(&output));
}

#[test]
fn a_wrong_configuration_is_exit_code_1_with_file_line_and_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my.toml");
    std::fs::write(&path, "title = \"x\"\n[rules]\nmin_sample = 3\n").unwrap();
    let output = floorwatch(&["check", "-c", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let expected = format!(
        "floorwatch: {}:3:1: `rules.min_sample` is not a key floorwatch knows; did you mean `min_samples`?\n",
        path.display()
    );
    assert_eq!(stderr(&output), expected);
}

#[test]
fn a_configuration_that_is_not_there_is_named_with_the_cause() {
    let output = floorwatch(&["check", "-c", "/nonexistent/floorwatch.toml"]);
    assert_eq!(output.status.code(), Some(1));
    let line = stderr(&output);
    assert!(line.starts_with("floorwatch: /nonexistent/floorwatch.toml: No such file"), "{line}");
    assert_eq!(line.lines().count(), 1);
}

#[test]
fn completions_go_to_standard_output_and_a_closed_pipe_is_no_error() {
    let output = floorwatch(&["completions", "bash"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8(output.stdout).unwrap().contains("complete -F"));

    let mut child = Command::new(env!("CARGO_BIN_EXE_floorwatch"))
        .args(["completions", "zsh"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(output.stderr.is_empty());
}
