//! Tests the board in a terminal: every page and its keys, and that the terminal is restored however the program ends.

use std::fs;
use std::thread;
use std::time::Duration;

use crate::support::board::{Board, Floor, PAUSE, PROGRAM, noon, squeezed, step};
use portable_pty::CommandBuilder;
use rustix::process::{Pid, Signal, kill_process};

const ESC: &str = "\x1b";

/// A floor with a few calls on it, and its board.
fn open(own: &str) -> (Floor, Board) {
    let floor = Floor::new(own);
    (0..5).for_each(|n| floor.append("queue_log", &step(n)));
    let board = floor.open();
    board.wait_for("H help");
    board.wait_for("▲ all queues offered 5");
    (floor, board)
}

#[test]
fn every_page_of_the_simulated_floor_answers_its_keys() {
    let floor = Floor::new("");
    let zone = noon();
    let mut board = Board::run(floor.command(&["demo", "--seed", "1", "--scenario", "outage", "--timezone", &zone]));
    board.wait_for("SIMULATED outage");
    board.wait_for("all queues offered");

    // The pages, down to the contacts and back.
    board.press("2", "What about");
    board.press("1", "▸ Queues 12");
    board.press("\r", "▸ What about");
    assert_eq!(trail(&board).len(), 2);
    board.press("\r", "▸ Agents ");
    assert_eq!(trail(&board).len(), 3);
    board.press("\r", "▸ Contacts");
    assert_eq!(trail(&board).len(), 4);
    board.press(ESC, "▸ Agents");
    board.wait_without("▸ Contacts");
    board.press(ESC, "▸ What about");
    board.press(ESC, "▸ Queues 12");
    board.press("3", "▸ Intents");
    board.press("4", "▸ Agents 1");
    board.press("c", "To do: call-backs");
    board.press("6", "Arrivals per 30 min");
    board.press("5", "Acknowledged, the oldest first");
    board.press("1", "▸ Queues 12");

    // The boxes that explain something.
    board.press("?", "─ Service level of ");
    board.type_keys(ESC);
    board.wait_without("─ Service level of ");
    board.press("w", "─ Why ");
    board.type_keys(ESC);
    board.wait_without("─ Why ");
    board.press("H", "─ Keys (esc closes");
    board.type_keys(ESC);
    board.wait_without("─ Keys (esc closes");

    // The keys that change the view.
    board.press("/bill", "/bill");
    board.wait_without("Sales chat  ");
    board.press("\r", "/bill  a ack");
    board.press(ESC, "Sales chat  ");
    board.press("t", "  last 7 days  ");
    board.press(":window today\r", "  today  ");
    board.press(":agnets\r", "did you mean `agents`?");
    board.press("f", "service level: short_excluded");
    board.press(":formula offered\r", "service level: offered");
    board.press("T", "  this half hour  ");
    board.press("t", "  today  ");
    board.press("C", "theme dark");
    board.type_keys("s");
    board.wait_until("queues by name", |seen| first_queue(&seen.emulator.screen().contents()) == "Billing");
    board.type_keys("s");
    board.wait_until("the other way", |seen| first_queue(&seen.emulator.screen().contents()) == "VIP desk");
    board.type_keys("s");
    board.wait_until("worst first", |seen| first_queue(&seen.emulator.screen().contents()) != "VIP desk");
    board.press(" ", "FROZEN at");
    board.type_keys(" ");
    board.wait_without("FROZEN at");

    // The export.
    board.press("e", "12 rows in ");
    let written = |ending: &str| {
        let names = fs::read_dir(floor.path("")).unwrap().map(|entry| entry.unwrap().path());
        names.filter(|name| name.extension().is_some_and(|e| e == ending)).collect::<Vec<_>>()
    };
    let (csv, json) = (written("csv"), written("json"));
    assert_eq!((csv.len(), json.len()), (1, 1));
    assert!(fs::read_to_string(&csv[0]).unwrap().starts_with("id,queue,status,waiting,"));
    let json: serde_json::Value = serde_json::from_slice(&fs::read(&json[0]).unwrap()).unwrap();
    assert_eq!(json["rows"].as_array().unwrap().len(), 12);

    // The actions on alerts: the selected one is acknowledged, the acknowledgement undone, and the alert snoozed.
    board.press("5", "Active");
    board.press("/all queues\r", "/all queues  ");
    board.wait_for("▲ WARN all queues offered");
    board.press("a", "acknowledged: all queues: offered");
    board.wait_until("who has it, and a countdown", |seen| {
        let text = seen.emulator.screen().contents();
        text.lines()
            .any(|line| squeezed(line).contains("all queues offered") && line.contains(" ann ") && counts_down(line))
    });
    board.press("\t", "▸ Acknowledged");
    board.press("u", "undone: all queues: offered");
    board.wait_without(" ann ");
    board.press("\t\t", "▸ Active");
    board.press("z", "Be quiet about it for");
    thread::sleep(PAUSE);
    board.press("1", "snoozed: all queues: offered");
    board.wait_until("who put it to sleep", |seen| seen.emulator.screen().contents().contains(" ann "));
    board.press(":quit\r", "");
    assert_eq!(board.exit_code(), 0);
}

/// Whether a line ends in minutes and seconds below a quarter of an hour.
fn counts_down(line: &str) -> bool {
    let rest = line.split(" ann ").nth(1).unwrap_or_default();
    rest.split_whitespace()
        .nth(1)
        .is_some_and(|left| left.starts_with("13m") || left.starts_with("14m") || left == "15m00")
}

/// The steps of the drill trail.
fn trail(board: &Board) -> Vec<String> {
    let line = board.line("Overview ▸ ").unwrap();
    line.split(" ▸ ").map(str::to_owned).collect()
}

/// The queue in the first row of the table of queues.
fn first_queue(screen: &str) -> String {
    let mut lines = screen.lines().skip_while(|line| !line.contains("  Queue"));
    let row: String = lines.nth(1).unwrap_or_default().chars().skip(2).collect();
    row.split("  ").next().unwrap_or_default().to_owned()
}

/// A shell that runs a script with the board as `$0`, and the board's process.
fn in_a_shell(floor: &Floor, script: &str) -> (Board, Pid) {
    let mut command = CommandBuilder::new("/bin/bash");
    command.args(["-c", script, PROGRAM]);
    floor.settle(&mut command);
    let board = Board::run(command);
    board.wait_for("H help");
    let children = format!("/proc/{0}/task/{0}/children", board.pid().as_raw_nonzero());
    let pid = fs::read_to_string(children).unwrap().trim().parse().unwrap();
    (board, Pid::from_raw(pid).unwrap())
}

/// Run the board, print how it ended, and wait, so that the state of the terminal can be checked.
const TELL: &str = "\"$0\"; echo \"left with $?\"; read _";
/// Run the board as a job. Each input line continues it; the shell ends when the job has.
const JOB: &str = "set -m; \"$0\"; while read _; do fg; jobs %% || exit 0; done";

/// Check that the terminal is restored: no alternate screen, a visible cursor, no mouse, lines edited and echoed.
fn assert_given_back(board: &Board) {
    let seen = board.seen.lock().unwrap();
    let screen = seen.emulator.screen();
    assert!(!screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste());
    assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
    assert_eq!(screen.fgcolor(), vt100::Color::Default);
    drop(seen);
    let local = board.modes();
    let cooked = (rustix::termios::LocalModes::ICANON | rustix::termios::LocalModes::ECHO).bits();
    assert_eq!(local & cooked, cooked);
}

/// Check that the board has taken over the terminal.
fn assert_taken(board: &Board) {
    assert!(board.seen.lock().unwrap().emulator.screen().alternate_screen());
    let local = board.modes();
    let cooked = (rustix::termios::LocalModes::ICANON | rustix::termios::LocalModes::ECHO).bits();
    assert_eq!(local & cooked, 0);
}

#[test]
fn the_terminal_is_given_back_however_it_ends() {
    let floor = Floor::new("");
    for key in ["q", "\x03"] {
        let (mut board, _) = in_a_shell(&floor, TELL);
        // With the mouse captured there is more to restore.
        board.press("m", "mouse on");
        assert_taken(&board);
        board.press(key, "left with 0");
        assert_given_back(&board);
    }
    for signal in [Signal::TERM, Signal::INT, Signal::QUIT] {
        let (board, pid) = in_a_shell(&floor, TELL);
        assert_taken(&board);
        kill_process(pid, signal).unwrap();
        board.wait_for("left with 0");
        assert_given_back(&board);
    }
}

#[test]
fn whoever_goes_on_pressing_keys_while_it_ends_does_no_harm() {
    let (floor, mut board) = open("");
    board.press("a", "acknowledged: all queues: offered");
    drop(board);
    for key in ["q", "\x03"] {
        // The shell gets what is pressed after the end.
        let again = "trap : INT; \"$0\"; echo \"left with $?\"; until read _; do :; done";
        let (mut board, _) = in_a_shell(&floor, again);
        board.wait_for("ack ann 1");
        board.type_keys(key);
        let end = std::time::Instant::now() + Duration::from_secs(30);
        while !board.screen().contains("left with") {
            assert!(std::time::Instant::now() < end, "it does not end");
            thread::sleep(Duration::from_millis(10));
            board.type_keys(key);
        }
        // It had ended by the first key, or was told by SIGINT to wait for nothing.
        assert!(["left with 0", "left with 130"].iter().any(|how| board.screen().contains(how)), "{}", board.screen());
        assert_given_back(&board);
    }
    // Nothing is lost, and the floor is free.
    let board = floor.open();
    board.wait_for("ack ann 1");
    assert!(!board.screen().contains("read-only"));
}

#[test]
fn a_redirected_standard_output_is_one_line_and_no_harm() {
    let floor = Floor::new("");
    let script = "\"$0\" > out; echo \"first $?\"; \"$0\" | cat > out; echo \"then ${PIPESTATUS[0]}\"; wc -c < out";
    let mut command = CommandBuilder::new("/bin/bash");
    command.args(["-c", script, PROGRAM]);
    floor.settle(&mut command);
    let mut board = Board::run(command);
    assert_eq!(board.exit_code(), 0);
    let words = "floorwatch: the terminal: standard output is redirected; floorwatch needs one on standard output";
    board.wait_until("both exit codes", |seen| seen.emulator.screen().contents().contains("then 1"));
    let screen = board.screen();
    assert!(screen.contains("first 1") && screen.matches(words).count() == 2, "{screen}");
    assert_eq!(fs::read(floor.path("out")).unwrap(), Vec::<u8>::new());
}

#[test]
fn a_window_that_is_closed_ends_it() {
    let (floor, mut board) = open("");
    board.press("a", "acknowledged: all queues: offered");
    board.close();
    assert_eq!(board.exit_code(), 0);
    // The acknowledgement is stored, and the journal is free.
    let board = floor.open();
    board.wait_for("ack ann 1");
    assert!(!board.screen().contains("read-only"));
}

/// Wait until a process is stopped.
fn wait_stopped(pid: Pid) {
    let stat = format!("/proc/{}/stat", pid.as_raw_nonzero());
    let stopped = || fs::read_to_string(&stat).unwrap().rsplit(')').next().unwrap().trim_start().starts_with('T');
    let end = std::time::Instant::now() + Duration::from_secs(30);
    while !stopped() {
        assert!(std::time::Instant::now() < end, "it does not stop");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn it_goes_to_the_background_and_comes_back() {
    let floor = Floor::new("");
    (0..5).for_each(|n| floor.append("queue_log", &step(n)));
    let (mut board, pid) = in_a_shell(&floor, JOB);
    board.wait_for("▲ all queues offered 5");
    let stop_by_key = |board: &mut Board| board.type_keys("\x1a");
    let stop_by_signal = |_: &mut Board| kill_process(pid, Signal::TSTP).unwrap();
    let stops: [&dyn Fn(&mut Board); 2] = [&stop_by_key, &stop_by_signal];
    for frozen in [false, true] {
        if frozen {
            // A frozen screen draws nothing new, but it must be redrawn after this.
            board.press(" ", "FROZEN at");
        }
        for stop in stops {
            stop(&mut board);
            wait_stopped(pid);
            board.wait_until("the terminal given back", |seen| !seen.emulator.screen().alternate_screen());
            assert_given_back(&board);
            board.send("\n");
            board.wait_until("the board again", |seen| {
                let text = seen.emulator.screen().contents();
                seen.emulator.screen().alternate_screen() && squeezed(&text).contains("▲ all queues offered 5")
            });
            // The terminal stays usable: the result of a key is drawn on the present screen.
            board.press("f", "service level: ");
            board.press(":formula offered\r", "H help");
            board.wait_for("▲ all queues offered 5");
            assert_taken(&board);
        }
    }
    board.type_keys("q");
    assert_eq!(board.exit_code(), 0);
}

#[test]
fn a_storm_of_sizes() {
    let (_floor, mut board) = open("");
    // The same sizes in every run, with small ones and single rows among them.
    let mut dice: u32 = 12345;
    let mut roll = |most: u32| {
        dice = dice.wrapping_mul(1_103_515_245).wrapping_add(12345);
        u16::try_from(1 + (dice >> 16) % most).unwrap()
    };
    for at in 0..50 {
        let (cols, rows) = match at % 5 {
            0 => (roll(12), roll(4)),
            _ => (roll(250), roll(70)),
        };
        board.resize(cols, rows);
        thread::sleep(Duration::from_millis(5));
    }
    // Sizes that no terminal has.
    for (cols, rows) in [(5_000, 60), (60, 5_000)] {
        board.resize(cols, rows);
        thread::sleep(Duration::from_millis(300));
    }
    board.resize(50, 10);
    board.wait_for("needs 60×16, has 50×10");
    board.wait_for("▲ WARN all queues: offered 5 today");
    board.resize(90, 30);
    board.wait_until("a whole screen", |seen| {
        let text = seen.emulator.screen().contents();
        let lines: Vec<&str> = text.lines().collect();
        lines.len() == 30 && lines[0].contains("Test floor") && lines[29].trim_end().ends_with("H help")
    });
    board.press("4", "▸ Agents");
    board.type_keys("q");
    assert_eq!(board.exit_code(), 0);
}

#[test]
fn a_terminal_that_takes_nothing_does_not_stop_the_floor() {
    let (floor, mut board) = open("");
    board.hold(true);
    // Every key causes a frame: far more than the terminal's buffer holds.
    board.send("12345".repeat(40));
    for n in 5..200 {
        floor.append("queue_log", &step(n));
        thread::sleep(Duration::from_millis(10));
    }
    board.hold(false);
    board.press("1", "all queues offered 200");
    board.press("4", "▸ Agents");
    board.type_keys("q");
    assert_eq!(board.exit_code(), 0);
}

#[test]
fn a_terminal_that_takes_nothing_does_not_keep_it_from_ending() {
    let (floor, mut board) = open("");
    board.press("a", "acknowledged: all queues: offered");
    board.hold(true);
    board.send("12345".repeat(40));
    // By now the program is blocked on the terminal. If it is not, it ends properly.
    thread::sleep(Duration::from_secs(1));
    kill_process(board.pid(), Signal::TERM).unwrap();
    assert!(matches!(board.exit_code(), 0 | 143));
    let board = floor.open();
    board.wait_for("ack ann 1");
    assert!(!board.screen().contains("read-only"));
}

#[test]
fn without_colours_and_in_ascii() {
    let floor = Floor::new("");
    (0..5).for_each(|n| floor.append("queue_log", &step(n)));

    let mut command = floor.command(&["--theme", "dark"]);
    command.env("NO_COLOR", "1");
    let mut board = Board::run(command);
    board.wait_for("▲ all queues");
    board.press("5", "What to do");
    assert_eq!(colours(&board), Vec::<String>::new());
    drop(board);

    // This checks the test itself: with colours enabled there are some.
    let board = floor.open();
    board.wait_for("▲ all queues");
    assert!(!colours(&board).is_empty());
    drop(board);

    // A console has more signs than ASCII, but neither half blocks nor eighths.
    let more = "‼▲·●░▒█─│┌┐└┘≥≤±→↑↓–…×÷";
    let mut console = floor.command(&[]);
    console.env("TERM", "linux");
    for (command, warning, more) in [(console, "▲", more), (floor.command(&["--ascii"]), "^", "")] {
        let mut board = Board::run(command);
        board.wait_for(&format!("{warning} all queues"));
        for (key, page) in
            [("2", "> What about"), ("3", "> Intents"), ("4", "> Agents"), ("5", "> Active"), ("H", " Keys (esc")]
        {
            board.press(key, page);
        }
        let seen = board.seen.lock().unwrap();
        let text = String::from_utf8(seen.bytes.clone()).unwrap();
        let strange: Vec<char> = text.chars().filter(|c| !c.is_ascii() && !more.contains(*c)).collect();
        assert!(strange.is_empty(), "{strange:?}");
    }
}

/// The colours that were sent to a terminal, as the parameters of their control sequences.
fn colours(board: &Board) -> Vec<String> {
    let seen = board.seen.lock().unwrap();
    let text = String::from_utf8_lossy(&seen.bytes).into_owned();
    let sequences = text.split("\x1b[").skip(1).filter_map(|rest| {
        let end = rest.find(|c: char| c.is_ascii_alphabetic())?;
        rest[end..].starts_with('m').then(|| rest[..end].to_owned())
    });
    let coloured = |sequence: &String| {
        let first = sequence.split(';').next().and_then(|n| n.parse::<u32>().ok()).unwrap_or(0);
        matches!(first, 30..=38 | 40..=48 | 58 | 90..=107)
    };
    sequences.filter(coloured).collect()
}
