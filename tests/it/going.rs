//! Going to a view by its name, in a terminal: a floor of one's own, a simulated one, and another process's; and what is
//! written for the next shift.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use base64::prelude::{BASE64_STANDARD, Engine as _};

use crate::support::board::{Board, Floor, PROGRAM, step};

/// What the program has put on the clipboard of the terminal.
fn copied(board: &Board) -> String {
    let seen = board.seen.lock().unwrap();
    let bytes = String::from_utf8_lossy(&seen.bytes).into_owned();
    let (_, after) = bytes.rsplit_once("\x1b]52;c;").unwrap();
    String::from_utf8(BASE64_STANDARD.decode(after.split('\x07').next().unwrap()).unwrap()).unwrap()
}

#[test]
fn a_view_that_was_copied_opens_on_another_board() {
    let floor = Floor::new("");
    (0..5).for_each(|n| floor.append("queue_log", &step(n)));
    let mut board = floor.open();
    board.wait_for("▲ all queues offered 5");
    board.press(":bill", "queue · ");
    board.press("\r", "▸ What about");
    board.press("\t\t", "▸ Who waits");
    board.press("t", "  last 7 days  ");
    board.press("y", "copied: floorwatch --at 'queue/billing?window=7d&panel=waiting'");
    let command = copied(&board);
    let view = command.strip_prefix("floorwatch --at '").and_then(|rest| rest.strip_suffix('\'')).unwrap();

    // The first board keeps the floor, and the second one shows the first one's.
    let beside = Board::run(floor.command(&["--at", view]));
    beside.wait_for("▸ Who waits");
    beside.wait_for("  last 7 days  ");
    beside.wait_for("Overview ▸ billing");
}

#[test]
fn a_saved_view_is_there_after_a_reload_and_a_restart() {
    let floor = Floor::new("");
    (0..5).for_each(|n| floor.append("queue_log", &step(n)));
    let mut board = floor.open();
    board.wait_for("▲ all queues offered 5");
    board.press(":queue/billing?window=7d\r", "  last 7 days  ");
    board.press(":save morning\r", "saved as morning: :morning opens it");
    board.press("1", "▸ Queues");
    let file = floor.path("config.toml");
    let before = fs::read_to_string(&file).unwrap();
    fs::write(&file, before.replace("warning = 0.5", "warning = 3")).unwrap();
    board.wait_for("the configuration was read again");
    board.press(":morning\r", "Overview ▸ billing");
    drop(board);
    let mut board = floor.open();
    board.wait_for("▲ all queues offered 5");
    board.press(":morning\r", "Overview ▸ billing");
    board.wait_for("  last 7 days  ");
}

#[test]
fn the_simulated_floor_opens_on_a_view_too() {
    let floor = Floor::new("");
    let board = Board::run(floor.command(&["demo", "--seed", "1", "--at", "agents?team=Sales&filter=a&sort=agent"]));
    board.wait_for("▸ Agents of Sales: ");
    board.wait_for("Agent↑");
    let board = Board::run(floor.command(&["demo", "--seed", "1", "--at", "live"]));
    board.wait_for("▸ Live contacts ");
    board.wait_for(" talking");
}

/// The files that the board has written, by what they have and their ending.
fn written(floor: &Floor, what: &str, ending: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(floor.path("")).unwrap().map(|entry| entry.unwrap().path());
    let is_meant = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        name.starts_with(&format!("floorwatch-{what}-")) && name.ends_with(ending)
    };
    files.filter(is_meant).collect()
}

#[test]
fn one_key_writes_the_hand_over_and_the_command_prints_it() {
    let floor = Floor::new("");
    (0..5).for_each(|n| floor.append("queue_log", &step(n)));
    let mut board = floor.open();
    board.wait_for("▲ all queues offered 5");
    board.press("a", "acknowledged: all queues: offered");
    board.press("n", "note: ");
    board.press("two come back\r", "noted: all queues: offered");
    board.press("x", "the hand-over in ");
    let [page] = written(&floor, "handover", ".html").try_into().unwrap();
    assert!(fs::read_to_string(page).unwrap().contains("<h1>Hand-over of Test floor</h1>"));
    let [text] = written(&floor, "handover", ".md").try_into().unwrap();
    let text = fs::read_to_string(text).unwrap();
    for part in ["| ann: two come back |", "| ann | all queues: Offered, today | took it | 5 | 5 |", "| billing | 1 | "]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    let run = |args: &[&str]| {
        let mut command = Command::new(PROGRAM);
        let command = command.args(args).env("FLOORWATCH_CONFIG", floor.path("config.toml"));
        command.env("HOME", floor.path("")).output().unwrap()
    };
    let printed = String::from_utf8(run(&["handover", "--format", "md"]).stdout).unwrap();
    for (args, code, why) in [
        (&["handover", "--from", "2999-01-01"][..], 2, "the shift has not begun yet"),
        (&["report", "--from", "2999-01-01"], 2, "that is yet to come"),
        (&["report", "--from", "1970-01-01", "--every", "15m"], 1, "ask for a shorter time"),
        (&["snapshot", "--queue", "biling"], 3, "UNKNOWN - no queue is called `biling`"),
    ] {
        let output = run(args);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(code) && said.contains(why), "{args:?}: {said}");
    }
    assert!(printed.starts_with("# Hand-over of Test floor") && printed.contains("two come back"), "{printed}");

    board.press("E", "today, 1 queue in ");
    let [table] = written(&floor, "today", ".csv").try_into().unwrap();
    let table = fs::read_to_string(table).unwrap();
    assert!(table.starts_with("id,queue,service_level,") && table.contains("\nbilling,billing,"), "{table}");
}

#[test]
fn a_hand_over_without_a_floor_says_what_is_missing() {
    let floor = Floor::new("");
    let output = Command::new(PROGRAM)
        .args(["handover"])
        .env("FLOORWATCH_CONFIG", floor.path("config.toml"))
        .env("HOME", floor.path(""))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no floor runs here"));
}
