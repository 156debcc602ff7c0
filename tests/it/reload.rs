//! Tests that a changed configuration is taken over while the program runs.

use std::fs;
use std::process::Command;

use crate::support::board::{Board, Floor, append, step};
use rustix::process::{Signal, kill_process};

#[test]
fn a_board_takes_over_what_can_change_and_names_what_waits() {
    let floor = Floor::new("");
    (0..5).for_each(|n| floor.append("queue_log", &step(n)));
    let mut board = floor.open();
    board.wait_for("▲ all queues offered 5");
    board.press("a", "acknowledged: all queues: offered");
    board.press("5", " ann ");
    board.press("\t", "▸ Acknowledged");
    board.wait_for("5, above 1 since");

    let file = floor.path("config.toml");
    let before = fs::read_to_string(&file).unwrap();
    let with = |from: &str, to: &str| fs::write(&file, before.replace(from, to)).unwrap();

    // A rule's limit: the alert is judged by it, and who has it stays. The file is seen to have changed.
    with("warning = 0.5", "warning = 3");
    board.wait_for("the configuration was read again");
    board.wait_for("5, above 3 since");
    board.wait_for(" ann ");

    // A mistake changes nothing, and is told with its line.
    with("warning = 0.5", "warning = 4\nwaring = 4");
    kill_process(board.pid(), Signal::HUP).unwrap();
    board.wait_for("config.toml:24: `alert`: unknown field `waring`; did you mean `warning`?");
    board.wait_for("5, above 3 since");

    // What waits for a restart is named; the rest holds.
    with("[journal]", "theme = \"light\"\n[journal]\nkeep_days = 7");
    kill_process(board.pid(), Signal::HUP).unwrap();
    board.wait_for("the configuration has changed: [journal] waits for a restart");
    board.wait_for("5, above 1 since");
    board.press("C", "theme high-contrast");

    // Back to what it was, nothing waits.
    fs::write(&file, &before).unwrap();
    kill_process(board.pid(), Signal::HUP).unwrap();
    board.wait_without("waits for a restart");
    board.wait_for(" ann ");
}

#[test]
fn a_file_that_is_empty_gone_or_no_file_changes_nothing() {
    let floor = Floor::new("");
    (0..5).for_each(|n| floor.append("queue_log", &step(n)));
    let board = floor.open();
    board.wait_for("▲ all queues offered");
    let file = floor.path("config.toml");
    let before = fs::read(&file).unwrap();
    let read = |says: &str| {
        kill_process(board.pid(), Signal::HUP).unwrap();
        board.wait_for(&format!("config.toml: {says}; until then the one before holds"));
        board.wait_for("▲ all queues offered");
    };
    fs::write(&file, "").unwrap();
    read("it is empty");
    fs::write(&file, [b"# ".as_slice(), &vec![b'x'; 2 << 20]].concat()).unwrap();
    read("it is longer than 1 MiB, which no configuration is");
    fs::write(&file, b"title = 'a'\nwho = '\xff'\n").unwrap();
    read("line 2 is no UTF-8: save the file in that encoding");
    fs::remove_file(&file).unwrap();
    read("No such file or directory (os error 2)");
    // Nobody writes into this pipe.
    assert!(Command::new("mkfifo").arg(&file).status().unwrap().success());
    read("it is no file");
    fs::remove_file(&file).unwrap();
    fs::write(&file, before).unwrap();
    board.wait_without("until then the one before holds");
    board.wait_for("▲ all queues offered");
}

#[test]
fn a_floor_in_plain_lines_takes_over_every_change() {
    let floor = Floor::new("");
    (0..5).for_each(|n| floor.append("queue_log", &step(n)));
    let board = Board::run(floor.command(&["--plain"]));
    board.wait_for("warning alert 1, fired: all queues");
    let file = floor.path("config.toml");
    let before = fs::read_to_string(&file).unwrap();
    let with = |from: &str, to: &str| {
        fs::write(&file, before.replace(from, to)).unwrap();
        kill_process(board.pid(), Signal::HUP).unwrap();
    };
    for keep_days in 6..9 {
        with("[journal]", &format!("[journal]\nkeep_days = {keep_days}"));
    }
    board.wait_for("the configuration was read again.");
    board.wait_for("the configuration has changed: [journal] waits for a restart.");
    with("warning = 0.5", "waring = 9");
    board.wait_for("unknown field `waring`");
    with("name = \"Busy\"", "name = \"Busy\"\nenabled = false");
    board.wait_for("alert 1 is over");
}

#[test]
fn a_wall_takes_over_its_pages_and_goes_on_after_a_mistake() {
    let floor = Floor::new("");
    (0..5).for_each(|n| floor.append("queue_log", &step(n)));
    let wall = Board::run(floor.command(&["kiosk"]));
    wall.wait_for("next page in");
    let file = floor.path("config.toml");
    let before = fs::read_to_string(&file).unwrap();
    let with = |more: &str| {
        fs::write(&file, format!("{before}\n[ui.kiosk]\n{more}\n")).unwrap();
        kill_process(wall.pid(), Signal::HUP).unwrap();
    };
    with("pages = [\"now\"]");
    wall.wait_without("next page in");
    with("pages = [\"now\", \"agents\"]");
    wall.wait_for("next page in");
    with("pages = [\"nwo\"]");
    wall.wait_for("`ui.kiosk.pages` can't be `nwo`");
    with("pages = [\"now\", \"agents\"]");
    wall.wait_for("next page in");
}

#[test]
fn targets_that_change_are_seen_on_the_boards_of_others() {
    let floor = Floor::new("");
    let socket = format!("[hub]\nsocket = \"{}\"\n", floor.path("floor.sock").display());
    append(&floor.path("config.toml"), &socket);
    append(&floor.path("visitor.toml"), &socket);
    (0..5).for_each(|n| floor.append("queue_log", &step(n)));
    let own = floor.open();
    own.wait_for("≥80%");
    let mut visit = floor.command(&[]);
    visit.env("FLOORWATCH_CONFIG", floor.path("visitor.toml"));
    let visitor = Board::run(visit);
    visitor.wait_for("≥80%");
    append(&floor.path("config.toml"), "[targets]\nservice_level = { target = 60, warning = 55, critical = 50 }\n");
    kill_process(own.pid(), Signal::HUP).unwrap();
    own.wait_for("≥60%");
    visitor.wait_for("≥60%");
}
