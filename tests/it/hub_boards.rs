//! Two boards in two terminals, connected to one hub on the same machine.

use crate::support::board;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::board::{Board, Floor, PROGRAM, squeezed, step};

/// A running hub, which is killed when this is dropped.
struct Hub(Child);

impl Drop for Hub {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Run the program with the floor's configuration, and with a folder for sockets that no other test uses.
fn hub(floor: &Floor) -> Hub {
    let child = Command::new(PROGRAM)
        .args(["hub", "--listen", "127.0.0.1:0"])
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("USER", "ann")
        .env("HOME", floor.path(""))
        .env("FLOORWATCH_CONFIG", floor.path("config.toml"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    Hub(child)
}

/// Open a board that is only configured with the hub's socket.
fn visit(floor: &Floor) -> Board {
    let mut command = floor.command(&[]);
    command.env("FLOORWATCH_CONFIG", floor.path("visitor.toml"));
    Board::run(command)
}

#[test]
fn of_two_boards_that_take_an_alert_in_the_same_second_one_wins_and_the_other_is_told_who() {
    let floor = Floor::new("");
    let own = format!("[hub]\nsocket = \"{}\"\n", floor.path("hub.sock").display());
    board::append(&floor.path("config.toml"), &own);
    board::append(&floor.path("visitor.toml"), &own);
    (0..5).for_each(|n| floor.append("queue_log", &step(n)));
    let _hub = hub(&floor);
    let end = Instant::now() + Duration::from_secs(30);
    while !floor.path("hub.sock").exists() {
        assert!(Instant::now() < end, "the hub has no socket");
        thread::sleep(Duration::from_millis(20));
    }
    let mut boards = [visit(&floor), visit(&floor)];
    for board in &boards {
        board.wait_for("▲ all queues offered, today 5");
    }
    // At once: neither board shows what the other does before it acts itself.
    for board in &mut boards {
        board.send("a");
    }
    let mut told = [(false, false); 2];
    let end = Instant::now() + Duration::from_secs(30);
    while told != [(true, false), (false, true)] && told != [(false, true), (true, false)] {
        assert!(Instant::now() < end, "{told:?}\n{}\n{}", boards[0].screen(), boards[1].screen());
        for (board, told) in boards.iter().zip(&mut told) {
            let screen = board.screen();
            // A message is shown only for a moment.
            told.0 |= screen.contains("acknowledged: all queues: offered");
            told.1 |= screen.contains(" was first");
        }
        thread::sleep(Duration::from_millis(20));
    }
    // Both show the same holder.
    for board in &mut boards {
        board.press("5", "Acknowledged, the oldest first");
        board.wait_until("who has it", |seen| {
            let text = seen.emulator.screen().contents();
            text.lines().any(|line| squeezed(line).contains("all queues offered") && line.contains(" 14m"))
        });
    }
}
