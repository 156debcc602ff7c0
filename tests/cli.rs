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

/// Ten calls worked by hand: eight answered (waits 5, 10, …, 40 s), two abandoned (after 3 s and 60 s).
fn queue_log() -> String {
    use std::fmt::Write;
    let mut text = String::new();
    for call in 0..10_u32 {
        let (joined, wait) = (1_772_442_000 + call * 300, (call + 1) * 5);
        writeln!(text, "{joined}|c{call}|billing|NONE|ENTERQUEUE||0123|1").unwrap();
        match call {
            8 => writeln!(text, "{}|c8|billing|NONE|ABANDON|1|1|3", joined + 3).unwrap(),
            9 => writeln!(text, "{}|c9|billing|NONE|ABANDON|1|1|60", joined + 60).unwrap(),
            _ => {
                writeln!(text, "{}|c{call}|billing|Ann|CONNECT|{wait}|x|2", joined + wait).unwrap();
                writeln!(text, "{}|c{call}|billing|Ann|COMPLETECALLER|{wait}|100|1", joined + wait + 100).unwrap();
            }
        }
    }
    text + "this is no line of a queue_log\n"
}

#[test]
fn a_report_from_a_queue_log() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("queue_log");
    std::fs::write(&path, queue_log()).unwrap();
    let path = path.to_str().unwrap();

    let output = floorwatch(&["report", path, "--utc", "--by", "queue", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["from"], "2026-03-02T09:00:00Z");
    assert_eq!(report["input"]["rejected"], 1);
    assert_eq!(report["input"]["rejections"][0]["line"], 29);
    assert_eq!(report["rows"][0]["key"], serde_json::json!({ "queue": "billing" }));
    for figures in [&report["total"], &report["rows"][0]["kpis"]] {
        assert_eq!(figures["offered"]["value"], 10);
        assert_eq!(figures["answered"]["value"], 8);
        assert_eq!(figures["short_abandoned"]["value"], 1);
        assert_eq!(figures["asa"]["value"], 22.5);
        assert_eq!(figures["service_level"]["value"], 40.0);
        assert_eq!(figures["aht"]["value"], 100.0);
        assert_eq!(figures["csat"]["value"], serde_json::Value::Null);
        assert!(figures["csat"]["reason"].is_string());
    }

    let stricter = floorwatch(&["report", path, "--service-level", "10", "--formula", "answered", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_slice(&stricter.stdout).unwrap();
    assert_eq!(report["total"]["service_level"]["value"], 25.0);

    let half_hours = floorwatch(&["report", path, "--utc", "--every", "30m", "--format", "csv"]);
    let text = String::from_utf8(half_hours.stdout).unwrap();
    let starts: Vec<_> = text.lines().map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(starts, ["start", "2026-03-02T09:00:00Z", "2026-03-02T09:30:00Z"]);
}

#[test]
fn a_file_that_is_not_there_is_exit_code_1_and_one_line() {
    let output = floorwatch(&["report", "/nonexistent/queue_log"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let line = stderr(&output);
    assert!(line.starts_with("floorwatch: cannot read /nonexistent/queue_log: No such file"), "{line}");
    assert_eq!(line.lines().count(), 1);
}

#[test]
fn check_says_what_is_in_a_file_and_what_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    std::fs::write(&path, queue_log()).unwrap();
    let good = floorwatch(&["check", path.to_str().unwrap()]);
    assert_eq!(good.status.code(), Some(0), "{}", stderr(&good));
    let text = String::from_utf8(good.stdout).unwrap();
    assert!(text.contains("queue_log, ") && text.contains("1 lines set aside"), "{text}");

    let bad = floorwatch(&["check", "/nonexistent/log"]);
    assert_eq!(bad.status.code(), Some(1));
    assert_eq!(stderr(&bad), "floorwatch: 1 of them can't be read\n");
}
