//! Checks that what is stored survives: any end of the program, two boards on one journal, rotated and truncated files.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::process::{Command, Output};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::board::{Board, Floor, PROGRAM, now, squeezed, step};
use floorwatch::clock::{Clock, Time};
use floorwatch::journal::{Journal, OpenedJournal, Settings};
use floorwatch::text::Label;
use serde_json::Value;

/// The figures that are compared.
const FIGURES: [&str; 5] = ["offered", "answered", "abandoned", "asa_s", "aht_s"];

/// The events of the chat source at step `n`: a contact joins, and the one before is answered and completed.
fn chat(n: u32) -> String {
    let time = now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    let event = |id: &str, kind: &str, data: &str| {
        format!(
            r#"{{"specversion":"1.0","id":"{n}-{id}","source":"/chat","type":"floorwatch.contact.{kind}","time":"{time}","data":{data}}}"#
        ) + "\n"
    };
    let mut text = event("a", "offered", &format!(r#"{{"contact":"k{n}","queue":"chat","channel":"chat"}}"#));
    if let Some(before) = n.checked_sub(1) {
        text += &event("b", "answered", &format!(r#"{{"contact":"k{before}","agent":"Bob","wait_s":2}}"#));
        text += &event("c", "completed", &format!(r#"{{"contact":"k{before}","ended_by":"customer","talk_s":30}}"#));
    }
    text
}

/// Run the program with the floor's configuration, without a terminal.
fn plain(floor: &Floor, arguments: &[&str]) -> Output {
    Command::new(PROGRAM)
        .args(arguments)
        .env("FLOORWATCH_CONFIG", floor.path("config.toml"))
        .env("HOME", floor.path(""))
        .output()
        .unwrap()
}

type Figures = BTreeMap<String, Vec<Value>>;

/// The figures of each queue in a report on files; without any, on the floor.
fn reported(floor: &Floor, files: &[&str]) -> Figures {
    let files: Vec<_> = files.iter().map(|name| floor.path(name)).collect();
    let mut arguments = vec!["report", "--by", "queue", "--format", "json"];
    arguments.extend(files.iter().map(|file| file.to_str().unwrap()));
    let yesterday = (now() - chrono::Duration::days(1)).to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    if files.is_empty() {
        arguments.extend(["--from", &yesterday]);
    }
    let output = plain(floor, &arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let rows = report["rows"].as_array().unwrap().iter();
    rows.map(|row| {
        let figure = |name: &&str| row["kpis"][name.trim_end_matches("_s")]["value"].clone();
        (row["key"]["queue"].as_str().unwrap().to_owned(), FIGURES.iter().map(figure).collect())
    })
    .collect()
}

/// The figures of each queue on the board, read from the files that `e` writes, because those are not rounded.
fn shown(floor: &Floor, board: &mut Board) -> Figures {
    board.press("1", "▸ Queues");
    // Any key removes the message of the last export.
    board.wait_without(" rows in ");
    board.press("e", " rows in ");
    let line = board.line(" rows in ").unwrap();
    let stem = line.split(" rows in ").nth(1).unwrap().split(".csv").next().unwrap();
    let json = fs::read(format!("{stem}.json")).unwrap();
    let csv = format!("{stem}.csv");
    fs::remove_file(format!("{stem}.json")).unwrap();
    fs::remove_file(csv).unwrap();
    let export: Value = serde_json::from_slice(&json).unwrap();
    assert!(floor.path("config.toml").exists());
    let rows = export["rows"].as_array().unwrap().iter();
    rows.map(|row| {
        let figure = |name: &&str| row[*name].clone();
        (row["id"].as_str().unwrap().to_owned(), FIGURES.iter().map(figure).collect())
    })
    .collect()
}

/// Compare as numbers: 3 and 3.0 are equal.
fn same(left: &Figures, right: &Figures) -> bool {
    left.len() == right.len()
        && left.iter().zip(right).all(|((a, left), (b, right))| {
            a == b && left.iter().zip(right).all(|(left, right)| left.as_f64() == right.as_f64())
        })
}

/// Wait until the board shows the figures of a report on the files.
fn wait_for_figures(floor: &Floor, board: &mut Board, files: &[&str]) {
    let expected = reported(floor, files);
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        let found = shown(floor, board);
        if same(&found, &expected) {
            return;
        }
        assert!(Instant::now() < end, "the board: {found:?}\nthe report: {expected:?}");
        thread::sleep(Duration::from_millis(250));
    }
}

/// The number of events in the journal, once no process has it open.
fn kept(floor: &Floor) -> usize {
    let settings = Settings::new(Label::fixed("test"), Label::fixed("here"), Clock::System);
    let OpenedJournal::Writer(mut journal) = Journal::open(&floor.path("state/journal.db"), &settings).unwrap() else {
        panic!("somebody has the journal");
    };
    let mut count = 0;
    journal.load(Time(0)..Time(i64::MAX), |_| count += 1).unwrap();
    count
}

/// The number of events in the files.
fn written(floor: &Floor, files: &[&str]) -> usize {
    let paths: Vec<_> = files.iter().map(|name| floor.path(name)).collect();
    let mut reader =
        floorwatch::source::file::read::open(&paths, &floorwatch::source::file::read::Options::default()).unwrap();
    let mut count = 0;
    reader.for_each(&mut |_| count += 1);
    count
}

#[test]
fn nothing_is_lost_or_doubled_by_kill_9() {
    const FILES: [&str; 2] = ["queue_log", "chat.ndjson"];
    let floor = Floor::new("");
    let mut n = 0;
    let mut append = |steps: u32| {
        for _ in 0..steps {
            // The buffer of a writer can end anywhere, so lines arrive in parts.
            let text = step(n);
            let (head, tail) = text.split_at(text.len() * usize::try_from(n % 7).unwrap() / 7);
            floor.append("queue_log", head);
            floor.append("chat.ndjson", &chat(n));
            floor.append("queue_log", tail);
            n += 1;
            thread::sleep(Duration::from_millis(3));
        }
    };
    for steps in [0, 40, 150, 90, 210] {
        let board = floor.open();
        // In the first round, not even the first frame is waited for.
        if steps > 0 {
            board.wait_for("H help");
        }
        append(steps);
        board.kill();
        append(30);
    }
    let mut board = floor.open();
    board.wait_for("H help");
    append(20);
    wait_for_figures(&floor, &mut board, &FILES);
    board.type_keys("q");
    assert_eq!(board.exit_code(), 0);
    assert_eq!(kept(&floor), written(&floor, &FILES));

    // The journal alone gives the same figures, also after a proper end, and to a report whether the floor runs or not.
    let expected = reported(&floor, &FILES);
    assert!(same(&reported(&floor, &[]), &expected));
    let mut board = floor.open();
    wait_for_figures(&floor, &mut board, &FILES);
    assert!(same(&reported(&floor, &[]), &expected));
}

/// A source may tell of days that are older than the events that are kept.
#[test]
fn old_days_survive_kill_9() {
    const DAYS: [i64; 4] = [90, 60, 40, 20];
    let floor = Floor::new("");
    for days in DAYS {
        let at = (now() - chrono::Duration::days(days)).timestamp();
        let joined = format!("{at}|{days}.1|sales|NONE|ENTERQUEUE||100\n");
        floor.append("queue_log", &format!("{joined}{}|{days}.1|sales|NONE|ABANDON|1|1|30\n", at + 30));
    }
    let from = (now() - chrono::Duration::days(100)).to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    for _ in 0..3 {
        let board = floor.open();
        board.wait_for("H help");
        // Old rows are removed whenever nothing is to be written.
        thread::sleep(Duration::from_secs(1));
        board.kill();
        let output = plain(&floor, &["report", "--from", &from, "--by", "queue", "--format", "json"]);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["rows"][0]["kpis"]["offered"]["value"].as_f64(), Some(4.0), "{report}");
    }
}

/// A floor where an alert fires at once.
fn busy() -> (Floor, Board) {
    let floor = Floor::new("");
    (0..5).for_each(|n| floor.append("queue_log", &step(n)));
    let board = floor.open();
    board.wait_for("▲ all queues offered 5");
    (floor, board)
}

/// Wait until the page of alerts shows that ann holds the alert, and for how long.
fn wait_for_holder(board: &mut Board) {
    board.press("5", "Acknowledged, the oldest first");
    board.wait_until("who has it and a countdown", |seen| {
        let text = seen.emulator.screen().contents();
        let line = text.lines().find(|line| squeezed(line).contains("all queues offered") && line.contains(" ann "));
        line.is_some_and(|line| line.contains(" 14m") || line.contains(" 13m") || line.contains(" 15m00"))
    });
}

#[test]
fn an_acknowledgement_survives_kill_9() {
    let (floor, mut board) = busy();
    board.press("a", "acknowledged: all queues: offered");
    // It was confirmed, so it is stored: there is no time to write it now.
    board.kill();
    let mut board = floor.open();
    board.wait_for("H help");
    wait_for_holder(&mut board);
    // It can still be undone.
    board.press("\t", "▸ Acknowledged");
    board.press("u", "undone: all queues: offered");
    board.wait_for("no alert is acknowledged");
}

/// Wait until the overview shows the number of calls offered to billing: the column before the agents, as in `0/1`.
fn wait_for_offered(board: &Board, offered: &str) {
    board.wait_until(&format!("{offered} offered"), |seen| {
        let text = seen.emulator.screen().contents();
        text.contains(&format!("▌ {offered} offered"))
    });
}

#[test]
fn boards_share_a_journal_and_take_over() {
    let (floor, mut first) = busy();
    let mut second = floor.open();
    let process = format!("(process {} on ", first.pid().as_raw_nonzero());
    second.wait_for("beside another board: ann has the journal");
    second.wait_for(&process);
    let third = floor.open();
    third.wait_for(&process);

    second.wait_for("▲ all queues offered 5");

    // An action on one board appears on both, whichever of them writes the journal.
    second.press("a", "acknowledged: all queues: offered");
    wait_for_holder(&mut first);
    wait_for_holder(&mut second);
    first.press("1", "▸ Queues");
    floor.append("queue_log", &step(5));
    second.press("1", "▸ Queues");
    wait_for_offered(&second, "6");

    // The first board ends: one of the others takes over, and the last one follows that.
    first.type_keys("q");
    assert_eq!(first.exit_code(), 0);
    let process = |board: &Board| format!("(process {} on ", board.pid().as_raw_nonzero());
    let (of_second, of_third) = (process(&second), process(&third));
    let keeps = |board: &Board| !board.screen().contains("beside another board");
    third.wait_until("one keeper and one follower", |seen| {
        let of_third_board = seen.emulator.screen().contents();
        (keeps(&second) && of_third_board.contains(&of_second))
            || (!of_third_board.contains("beside another board") && second.screen().contains(&of_third))
    });
    (6..10).for_each(|n| floor.append("queue_log", &step(n)));
    wait_for_offered(&second, "10");
    wait_for_offered(&third, "10");
    let mut keeper = if keeps(&second) { second } else { third };
    wait_for_figures(&floor, &mut keeper, &["queue_log"]);
    wait_for_holder(&mut keeper);
}

#[test]
fn a_damaged_or_newer_journal_is_told_and_left_alone() {
    let floor = Floor::new("");
    let path = floor.path("state/journal.db");
    fs::create_dir(floor.path("state")).unwrap();
    let refused = |words: &str| {
        let before = fs::read(&path).unwrap();
        let output = plain(&floor, &[]);
        assert_eq!(output.status.code(), Some(1));
        let line = String::from_utf8(output.stderr).unwrap();
        assert!(line.starts_with(&format!("floorwatch: the journal: {}: ", path.display())), "{line}");
        assert!(line.contains(words) && line.contains("nothing was changed"), "{line}");
        assert_eq!(line.lines().count(), 1, "{line}");
        assert_eq!(fs::read(&path).unwrap(), before);
    };
    fs::write(&path, "Dear diary, this is no database at all.").unwrap();
    refused("it is not a database");
    fs::remove_file(&path).unwrap();

    // A valid journal, then one of a newer version, then a damaged one.
    let board = floor.open();
    board.wait_for("H help");
    floor.append("queue_log", &(0..200).map(step).collect::<String>());
    board.wait_for("all queues offered 200");
    let mut board = board;
    board.type_keys("q");
    assert_eq!(board.exit_code(), 0);
    let sound = fs::read(&path).unwrap();
    let mut newer = sound.clone();
    // The position of user_version in SQLite's file format.
    newer[60..64].copy_from_slice(&99_u32.to_be_bytes());
    fs::write(&path, &newer).unwrap();
    refused("it has format 99");
    let mut broken = sound.clone();
    broken[4096..].fill(0x5a);
    fs::write(&path, &broken).unwrap();
    refused("it is damaged");

    // The remedy that the error message names.
    fs::rename(&path, floor.path("aside.db")).unwrap();
    let board = floor.open();
    board.wait_for("all queues offered 200");
}

#[test]
fn rotation_and_truncation_are_followed() {
    let floor = Floor::new("");
    let mut board = floor.open();
    board.wait_for("H help");
    let lines = |from: u32, to: u32| {
        let mut text = String::new();
        (from..to).for_each(|n| text.write_str(&step(n)).unwrap());
        text
    };
    floor.append("queue_log", &lines(0, 20));
    board.wait_for("all queues offered 20");

    // Renamed while its writer still has it open and goes on writing for a moment.
    fs::rename(floor.path("queue_log"), floor.path("queue_log.2")).unwrap();
    floor.append("queue_log.2", &lines(20, 25));
    floor.append("queue_log", &lines(25, 40));
    board.wait_for("all queues offered 40");

    // Rotated twice while no program runs.
    board.type_keys("q");
    assert_eq!(board.exit_code(), 0);
    floor.append("queue_log", &lines(40, 45));
    fs::rename(floor.path("queue_log"), floor.path("queue_log.1")).unwrap();
    floor.append("queue_log", &lines(45, 50));
    let mut board = floor.open();
    board.wait_for("all queues offered 50");
    wait_for_figures(&floor, &mut board, &["queue_log.2", "queue_log.1", "queue_log"]);

    // Copied and truncated, as logrotate's `copytruncate` does.
    fs::copy(floor.path("queue_log"), floor.path("queue_log.0")).unwrap();
    fs::OpenOptions::new().write(true).truncate(true).open(floor.path("queue_log")).unwrap();
    floor.append("queue_log", &lines(50, 51));
    board.wait_for("all queues offered 51");
    floor.append("queue_log", &lines(51, 60));
    board.wait_for("all queues offered 60");
    wait_for_figures(&floor, &mut board, &["queue_log.2", "queue_log.1", "queue_log.0", "queue_log"]);
}
