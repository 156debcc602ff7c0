//! Going to a view by its name, in a terminal: a floor of one's own, a simulated one, and another process's.

use base64::prelude::{BASE64_STANDARD, Engine as _};

use crate::support::board::{Board, Floor, step};

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
fn the_simulated_floor_opens_on_a_view_too() {
    let floor = Floor::new("");
    let board = Board::run(floor.command(&["demo", "--seed", "1", "--at", "agents?team=Sales&filter=a&sort=agent"]));
    board.wait_for("▸ Agents of Sales: ");
    board.wait_for("Agent↑");
    let board = Board::run(floor.command(&["demo", "--seed", "1", "--at", "live"]));
    board.wait_for("▸ Live contacts ");
    board.wait_for(" talking");
}
