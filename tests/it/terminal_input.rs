//! Input that nobody typed changes nothing for others, and no input makes the board ignore later keys.

use std::fs;
use std::process::Command;
use std::thread;
use std::time::Duration;

use portable_pty::CommandBuilder;
use rustix::process::{Signal, kill_process};

use crate::support::board::{Board, Floor, PAUSE, PROGRAM, step};

/// A floor with an alert that nobody has acknowledged, and its board.
fn open() -> (Floor, Board) {
    let floor = Floor::new("");
    (0..5).for_each(|n| floor.append("queue_log", &step(n)));
    let board = floor.open();
    board.wait_for("H help");
    board.wait_for("▲ all queues offered");
    (floor, board)
}

/// Check that the alert is untouched and no file was written, and that the board is current and handles a key.
fn assert_untouched(floor: &Floor, board: &mut Board) {
    thread::sleep(PAUSE);
    for key in ["\x1b", "\x1b", "\x1b"] {
        board.send(key);
        thread::sleep(PAUSE);
    }
    board.press("1", "▸ Queues");
    board.press("f", "service level: ");
    assert!(!board.screen().contains("FROZEN"), "{}", board.screen());
    let mut list = Command::new(PROGRAM);
    list.args(["alerts", "list"])
        .env_clear()
        .env("HOME", floor.path(""))
        .env("FLOORWATCH_CONFIG", floor.path("config.toml"));
    let listed = String::from_utf8(list.output().unwrap().stdout).unwrap();
    assert!(listed.contains("offered") && !listed.contains("ann"), "{listed}");
    let mut names = fs::read_dir(floor.path("")).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(!names.any(|name| name.to_string_lossy().ends_with(".csv")));
}

#[test]
fn sequences_that_a_slow_line_cuts_and_late_answers_do_nothing_to_others() {
    let (floor, mut board) = open();
    let cut: &[&[&str]] = &[
        &["\x1b", "[A"],
        &["\x1b[", "A"],
        &["\x1b", "[", "A"],
        &["\x1b", "OA"],
        &["\x1b\x1b[A"],
        &["\x1b", "\x1b[A"],
        &["\x1b[<0;10;", "10M"],
        &["\x1b]11;rgb:0a0a/", "eeee/aaaa\x07"],
        &["\x1b]11;rgb:aaaa/eeee/0000\x1b", "\\"],
        &["\x1bP>|aAnuzeq", "\x1b\\"],
        &["\x1b[?62;", "22c"],
        &["\x1b[>41;388;0c\x1b[0n\x1b[12;40R"],
        &["\x1b]52;c;YWFh", "a\x07"],
        &["\x1b[97u", "\x1b[?1u"],
        &["\x1b[200~a", "\x1b[201~"],
    ];
    for pause in [2, 40] {
        for parts in cut {
            for part in *parts {
                board.send(part);
                thread::sleep(Duration::from_millis(pause));
            }
        }
    }
    // Too late to be joined to the Esc key that was delivered, but still not a letter.
    board.send("\x1b");
    thread::sleep(Duration::from_millis(200));
    board.send("[A");
    assert_untouched(&floor, &mut board);
    // A key that comes alone is handled.
    board.press("a", "acknowledged: all queues: offered");
}

#[test]
fn pasted_text_is_for_a_prompt_and_for_nothing_else() {
    let (floor, mut board) = open();
    board.wait_until("bracketed paste", |seen| seen.emulator.screen().bracketed_paste());
    let text = "Please call back Anna about the refund\r:quit\rq";
    board.send(format!("\x1b[200~{text}\x1b[201~"));
    board.wait_for("text was pasted where none can be typed");
    // A terminal without bracketed paste.
    board.send(text);
    assert_untouched(&floor, &mut board);
    board.send("/");
    board.send("\x1b[200~bil\x07\r\nling\r\x1b[201~");
    board.wait_for("/bil  ling");
    thread::sleep(PAUSE);
    board.send("\x1b");
    board.wait_without("/bil");
    // Text that comes together with its line end is text; Enter alone ends the note. Backspace works in any case.
    board.press("n", "note: ");
    board.send("called backk\x08\r");
    board.wait_for("note: called back");
    thread::sleep(PAUSE);
    assert!(board.screen().contains("note: called back"));
    board.press("\r", "noted: all queues: offered");
}

#[test]
fn no_burst_makes_it_deaf() {
    let (_floor, mut board) = open();
    let bursts = [
        "j".repeat(2048),
        "\x1b[<35;10;10M".repeat(2000),
        "\x1b[A\x1b[B".repeat(2000),
        format!("\x1b[200~{}\x1b[201~", "x".repeat(20_000)),
        format!("/\x1b[200~{}\x1b[201~\r", "x".repeat(20_000)),
        format!("\x1b[200~{}", "x".repeat(6000)),
        format!("\x1b]52;c;{}", "a".repeat(6000)),
    ];
    for burst in bursts {
        board.send(burst);
        thread::sleep(Duration::from_millis(800));
        board.send("\x1b");
        thread::sleep(PAUSE);
        board.press("4", "▸ Agents");
        board.press("1", "▸ Queues");
    }
    board.type_keys("q");
    assert_eq!(board.exit_code(), 0);
}

#[test]
fn random_bytes_with_random_pauses_do_nothing_to_others() {
    const PIECES: &[&str] = &[
        "\x1b[",
        "[A",
        "OA",
        "\x1b]11;rgb:a",
        "aa\x07",
        "\x1b\\",
        "\x1bP>|a",
        "\x1b[<0;1",
        ";1M",
        "\x1b[200~",
        "\x1b[201~",
        "an",
        "ee",
        "A\r",
        "qq",
        "zz",
        "z2",
        "  ",
        "uu",
        ".,",
        "\x1b",
        "\x1b\x1b",
        "j",
        "\u{1b}a",
        "é",
        ":q",
    ];
    let (floor, mut board) = open();
    // The same bytes in every run.
    let mut dice: u32 = 2026;
    let mut roll = |most: usize| {
        dice = dice.wrapping_mul(1_103_515_245).wrapping_add(12345);
        (dice >> 16) as usize % most
    };
    for _ in 0..150 {
        board.send(PIECES[roll(PIECES.len())]);
        thread::sleep(Duration::from_millis([0, 5, 20, 40, 60][roll(5)]));
    }
    thread::sleep(Duration::from_millis(600));
    assert_untouched(&floor, &mut board);
}

#[test]
fn a_terminal_that_goes_without_a_signal_ends_a_frozen_board() {
    let floor = Floor::new("");
    let mut command = floor.command(&[]);
    // The kernel only signals processes whose controlling terminal it is.
    command.set_controlling_tty(false);
    let mut board = Board::run(command);
    board.wait_for("H help");
    board.press(" ", "FROZEN at");
    board.close();
    assert_eq!(board.exit_code(), 0);
}

#[test]
fn where_no_shell_could_continue_it_it_does_not_stop() {
    let (floor, mut board) = open();
    board.press("\x1a", "there is no shell here to go back to");
    board.press("f", "service level: ");
    kill_process(board.pid(), Signal::TSTP).unwrap();
    board.wait_for("there is no shell here to go back to");
    board.press("f", "service level: ");
    drop(board);

    let board = Board::run(floor.command(&["--locked"]));
    board.wait_for("▲ all queues offered 5");
    kill_process(board.pid(), Signal::TSTP).unwrap();
    floor.append("queue_log", &step(5));
    board.wait_for("▲ all queues offered 6");
}

#[test]
fn what_is_on_its_way_when_it_ends_does_not_reach_the_shell() {
    let floor = Floor::new("");
    let script = "\"$0\"; stty -icanon -echo; IFS= read -r -t 1 -n 400 junk; printf 'left=%q.' \"$junk\"; read _";
    let mut command = CommandBuilder::new("/bin/bash");
    command.args(["-c", script, PROGRAM]);
    floor.settle(&mut command);
    let mut board = Board::run(command);
    board.wait_for("H help");
    board.press("m", "mouse on");
    thread::sleep(PAUSE);
    board.send("\x1b[<35;20;10M".repeat(60));
    board.send("q");
    let released = |board: &Board| {
        let seen = board.seen.lock().unwrap();
        seen.emulator.screen().mouse_protocol_mode() == vt100::MouseProtocolMode::None
    };
    while !released(&board) {
        board.send("\x1b[<35;20;10M");
        thread::sleep(Duration::from_millis(2));
    }
    board.wait_for("left=''.");
}
