//! What a report shows while it reads, and how Ctrl-C ends it. The file is a pipe, which gives no more than was written.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use portable_pty::CommandBuilder;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::support::board::{Board, PROGRAM};

/// More lines than are read before the format is known.
const LINES: u32 = 20_000;

/// A pipe that a report reads from. It stays open, so that the report waits for more, until it is dropped.
struct HeldPipe {
    _folder: TempDir,
    path: PathBuf,
}

impl HeldPipe {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("queue_log");
        mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        Self { _folder: folder, path }
    }

    /// Write the lines once somebody reads, and return the end that keeps it open.
    fn fill(&self) -> thread::JoinHandle<File> {
        let path = self.path.clone();
        thread::spawn(move || {
            let mut pipe = File::options().write(true).open(path).unwrap();
            for line in 0..LINES {
                writeln!(pipe, "{}|{line}.1|sales|NONE|ENTERQUEUE||4420|1", 1_700_000_000 + line).unwrap();
            }
            pipe
        })
    }
}

fn report(path: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    command.env_remove("FLOORWATCH_CONFIG").env("XDG_CONFIG_HOME", "/nonexistent").arg("report").arg(path);
    command
}

#[test]
fn a_terminal_shows_how_far_it_is_and_ctrl_c_ends_it() {
    let pipe = HeldPipe::new();
    let mut command = CommandBuilder::new(PROGRAM);
    command.env_remove("FLOORWATCH_CONFIG");
    command.env("XDG_CONFIG_HOME", "/nonexistent");
    command.args(["report".as_ref(), pipe.path.as_os_str()]);
    let mut terminal = Board::run(command);
    let held = pipe.fill();
    terminal.wait_for(" lines");
    let _held = held.join().unwrap();
    terminal.send("\x03");
    terminal.wait_for("floorwatch: interrupted after ");
    terminal.wait_for(" lines: no report");
    assert_eq!(terminal.exit_code(), 130);
}

#[test]
fn nothing_is_shown_where_no_terminal_is_and_sigint_ends_it() {
    let pipe = HeldPipe::new();
    let mut child = report(&pipe.path).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let _held = pipe.fill().join().unwrap();
    // Longer than the progress waits before it shows itself.
    thread::sleep(Duration::from_millis(1500));
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(130));
    let (mut out, mut err) = (String::new(), String::new());
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!(out, "");
    assert!(err.starts_with("floorwatch: interrupted after ") && err.ends_with(" lines: no report\n"), "{err:?}");
    assert!(!err.contains('\r') && err.lines().count() == 1, "{err:?}");
}

#[test]
fn a_report_from_a_pipe_is_whole_and_says_nothing_else() {
    let pipe = HeldPipe::new();
    let filled = pipe.fill();
    let child = report(&pipe.path).args(["--format", "json"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    drop(filled.join().unwrap());
    let output = child.unwrap().wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["total"]["offered"]["value"], LINES);
}
