//! Tests that a changed configuration is taken over while the program runs.

use std::fs;

use crate::support::board::{Floor, step};
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
