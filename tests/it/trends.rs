//! The page of trends over a recording of two Mondays, in a real terminal.

use std::fmt::Write as _;
use std::fs;

use crate::support::board::{Board, Floor};

/// The events of a contact that joined so many seconds after ten o'clock, waited, and talked for a minute.
fn contact(out: &mut String, day: &str, name: &str, second: u32, wait: u32) {
    let at = |second: u32| format!("{day}T10:{:02}:{:02}Z", second / 60, second % 60);
    for (kind, at, more) in [
        ("offered", at(second), r#","queue":"billing","intent":"refund""#.to_owned()),
        ("answered", at(second + wait), format!(r#","agent":"ann","wait_s":{wait}"#)),
        ("completed", at(second + wait + 60), r#","talk_s":60"#.to_owned()),
    ] {
        let _ = writeln!(
            out,
            r#"{{"specversion":"1.0","id":"{name}-{kind}","source":"/pbx","type":"floorwatch.contact.{kind}","time":"{at}","data":{{"contact":"{name}"{more}}}}}"#
        );
    }
}

#[test]
fn a_replay_compares_a_day_with_the_week_before() {
    let floor = Floor::new("");
    let mut events = String::new();
    // Last Monday all 40 were answered at once; today there are 80, and every other one waits for a minute.
    for n in 0..40 {
        contact(&mut events, "2026-03-02", &format!("before-{n}"), n * 40, 5);
    }
    for n in 0..80 {
        contact(&mut events, "2026-03-09", &format!("today-{n}"), n * 20, if n % 2 == 0 { 60 } else { 5 });
    }
    contact(&mut events, "2026-03-09", "last", 2_640, 0);
    let log = floor.path("events.ndjson");
    fs::write(&log, events).unwrap();
    let log = log.display().to_string();
    let replay = ["replay", &log, "--from", "2026-03-09T10:40:00Z", "--speed", "600", "--timezone", "UTC"];
    let mut board = Board::run(floor.command(&replay));
    board.wait_for("REPLAY ended");
    board.press("6", "today by 30 min   against last Monday, thin line");
    // Of the last hour 41 of 81 were in time.
    board.wait_for("51%  ‼ CRIT  last hour  −49 points on last Monday");
    board.wait_for("Arrivals per 30 min  80  10:00–10:30  +100% on what was expected (·)");
    board.press("h", "10:00–10:30   in time 50% (of 80, last Mon 100.0%)");
    board.wait_for("arrivals 80 (expected 40)");
    board.wait_for("more than a week before: billing × refund +40");
    board.press("\r", "10:00–10:30 · 80");
    board.press("\x1b", "more than a week before");
    board.press("d", "no data of yesterday");
}
