//! Tests the floor in plain lines, on a terminal and into a pipe.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::support::board::{Board, Floor, PROGRAM, noon, step};

/// After this long, a further line is none of a paste.
const PASTE_ENDS: Duration = Duration::from_millis(600);

#[test]
fn a_floor_is_told_in_lines_and_a_line_that_comes_alone_acts() {
    let floor = Floor::new("");
    (0..5).for_each(|n| floor.append("queue_log", &step(n)));
    let mut board = Board::run(floor.command(&["--plain"]));
    board.wait_for("help lists what can be typed");
    board.wait_for("warning alert 1, fired: all queues");
    board.press("\r", "Test floor, today: waiting");
    board.press("alerts\r", "alert 1, warning, since");

    // What is pasted, or sent by a program, comes at once.
    board.send("undo 1\nack 1\nquit\n");
    board.wait_for("several lines came at once: nothing was done");
    thread::sleep(PASTE_ENDS);
    board.press("ack 1 calling Bea\r", "acknowledged by ann: calling Bea: all queues");
    board.press("alrts\r", "did you mean `alerts`?");
    board.press("quit\r", "");
    assert_eq!(board.exit_code(), 0);
}

#[test]
fn into_a_pipe_go_lines_without_escape_sequences() {
    let floor = Floor::new("");
    let mut program = Command::new(PROGRAM)
        .args(["demo", "--seed", "1", "--scenario", "outage", "--plain", "--timezone", &noon()])
        .env("HOME", floor.path(""))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(program.stdout.take().unwrap()).lines().map(Result::unwrap);
    let first = lines.next().unwrap();
    assert!(first.contains("(simulated), last 30 minutes: waiting "), "{first}");
    let alert = lines.next().unwrap();
    assert!(alert.contains(" alert ") && alert.contains("What to do: "), "{alert}");
    assert!(!first.contains('\x1b') && !alert.contains('\x1b'));
    kill_process(Pid::from_child(&program), Signal::TERM).unwrap();
    assert!(program.wait().unwrap().success());
}

#[test]
fn it_ends_with_its_reader_and_says_that_a_hub_is_away() {
    let floor = Floor::new("[hub]\nurl = \"http://127.0.0.1:9\"");
    let mut program = Command::new(PROGRAM)
        .args(["--plain", "--config"])
        .arg(floor.path("config.toml"))
        .env("HOME", floor.path(""))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let first = BufReader::new(program.stdout.take().unwrap()).lines().next().unwrap().unwrap();
    assert!(first.contains("cut off from 127.0.0.1:9: "), "{first}");
    // The pipe is closed now, and nothing more is to be said.
    assert!(program.wait().unwrap().success());
    let mut board = Board::run(floor.command(&["--plain"]));
    board.wait_for("cut off from");
    for keys in ["\r", "alerts\r", "queues\r"] {
        board.press(keys, "nothing is known.");
        board.send("help\n");
        board.wait_for("quit: leave.");
    }
    // What is no text is read all the same.
    board.send(b"note 1 caf\xe9\n");
    thread::sleep(PASTE_ENDS);
    board.press("quit\r", "");
    assert_eq!(board.exit_code(), 0);
}
