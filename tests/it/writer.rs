//! Who writes a journal, how others find that floor, which files it needs, and how every mode of the program ends.

use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixStream;
use std::process::{Command, Output};
use std::thread;
use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use rustix::process::{Signal, kill_process};
use serde_json::{Value, json};

use crate::support::board::{self, Board, Floor, PROGRAM, step};
use crate::support::hub::{Hub, PATIENCE, event, token};

/// The longest time in which a program ends on a busy machine; usually it is below a second.
const SOON: Duration = Duration::from_secs(4);

/// A floor where an alert fires at once.
fn busy() -> Floor {
    let floor = Floor::new("");
    (0..5).for_each(|n| floor.append("queue_log", &step(n)));
    floor
}

/// Run a command without a terminal, with another folder for temporary files than any board has.
fn command(floor: &Floor, arguments: &[&str]) -> Output {
    let other = floor.path("other");
    fs::create_dir_all(&other).unwrap();
    Command::new(PROGRAM)
        .args(arguments)
        .env("FLOORWATCH_CONFIG", floor.path("config.toml"))
        .env("HOME", floor.path(""))
        .env("TMPDIR", other)
        .output()
        .unwrap()
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < end, "waited in vain for: {what}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// End the board in one way; returns how long it took.
fn end(board: &mut Board, how: &str) -> Duration {
    let begun = Instant::now();
    match how {
        "q" => board.type_keys("q"),
        _ => kill_process(board.pid(), Signal::TERM).unwrap(),
    }
    board.exit_code();
    begun.elapsed()
}

#[test]
fn every_mode_ends_at_once() {
    let floor = busy();
    let own = format!("[hub]\nsocket = \"{}\"\n", floor.path("hub.sock").display());
    board::append(&floor.path("config.toml"), &own);
    board::append(&floor.path("visitor.toml"), &own);
    let log = floor.path("queue_log").display().to_string();
    let writer = floor.open();
    writer.wait_for("▲ all queues offered 5");
    for how in ["q", "SIGTERM"] {
        let mut visit = floor.command(&[]);
        visit.env("FLOORWATCH_CONFIG", floor.path("visitor.toml"));
        let modes = [
            ("demo", Board::run(floor.command(&["demo"]))),
            ("replay", Board::run(floor.command(&["replay", &log]))),
            ("follower", floor.open()),
            ("guest", Board::run(visit)),
        ];
        for (mode, mut board) in modes {
            board.wait_for("H help");
            if mode == "follower" {
                board.wait_for("beside another board");
            }
            let took = end(&mut board, how);
            assert!(took < SOON, "{mode} took {took:?} to end by {how}");
        }
    }
    let mut writer = writer;
    for how in ["q", "SIGTERM"] {
        let took = end(&mut writer, how);
        assert!(took < SOON, "the writer took {took:?} to end by {how}");
        writer = floor.open();
        writer.wait_for("H help");
    }
}

#[tokio::test]
async fn a_hub_ends_at_once() {
    let mut hub = Hub::new("");
    for signal in [Signal::TERM, Signal::INT] {
        hub.start().await;
        let stream = hub.request(Method::GET, "/v1/board/stream", "wall").send().await.unwrap();
        let begun = Instant::now();
        hub.signal(signal);
        assert_eq!(hub.ended().await, Some(0));
        assert!(begun.elapsed() < SOON, "{signal:?} took {:?}", begun.elapsed());
        drop(stream);
    }
}

#[tokio::test]
async fn a_hub_that_is_told_to_end_again_waits_for_nothing() {
    let mut hub = Hub::new("");
    hub.start().await;
    // A request that is not finished holds up the end, for a moment.
    let mut slow = TcpStream::connect(&hub.address).unwrap();
    let head = "POST /v1/events HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 100\r\n";
    write!(slow, "{head}Authorization: Bearer {}\r\n\r\n[", token("pbx")).unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    for _ in 0..10 {
        hub.signal(Signal::INT);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(hub.ended().await, Some(130));
}

#[test]
fn a_floor_is_found_by_its_lock_file_wherever_temporary_files_are() {
    let floor = busy();
    let first = floor.open();
    first.wait_for("▲ all queues offered 5");
    let lock = fs::read_to_string(floor.path("state/journal.db.lock")).unwrap();
    let holder: serde_json::Value = serde_json::from_str(&lock).unwrap();
    let socket = holder["socket"].as_str().unwrap().to_owned();
    until("the socket", || UnixStream::connect(&socket).is_ok());
    let listed = command(&floor, &["alerts", "list"]);
    assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    let mut other = floor.command(&[]);
    other.env("TMPDIR", floor.path("other"));
    let mut second = Board::run(other);
    second.wait_for("beside another board: ann has the journal");
    second.wait_for("last written");
    second.wait_for("▲ all queues offered 5");
    second.press("a", "acknowledged: all queues: offered");

    // The socket is removed: the floor creates it again.
    fs::remove_file(&socket).unwrap();
    until("the socket again", || UnixStream::connect(&socket).is_ok());
}

#[test]
fn a_writer_is_gone_when_it_holds_the_lock_no_more_whatever_its_process_number_says() {
    let floor = busy();
    let first = floor.open();
    first.wait_for("▲ all queues offered 5");
    let second = floor.open();
    second.wait_for("beside another board");
    // Nobody reaps the process, so its id stays in use, as in a container whose first process does not reap.
    kill_process(first.pid(), Signal::KILL).unwrap();
    second.wait_without("beside another board");
    let lock = fs::read_to_string(floor.path("state/journal.db.lock")).unwrap();
    assert!(lock.contains(&format!("\"pid\":{},", second.pid().as_raw_nonzero())), "{lock}");
}

#[test]
fn a_lock_that_is_a_symbolic_link_is_not_followed() {
    let floor = busy();
    fs::create_dir(floor.path("state")).unwrap();
    fs::write(floor.path("precious"), "precious").unwrap();
    symlink(floor.path("precious"), floor.path("state/journal.db.lock")).unwrap();
    let output = command(&floor, &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("symbolic link"), "{output:?}");
    assert_eq!(fs::read_to_string(floor.path("precious")).unwrap(), "precious");
}

#[tokio::test]
async fn a_journal_or_lock_that_is_gone_is_said_and_nothing_is_confirmed() {
    for file in ["journal.db", "journal.db.lock", "journal.db-wal"] {
        let mut hub = Hub::new("");
        hub.start().await;
        let post = |id: &str| {
            let events = [event(id, "offered", 1, &json!({"contact": id, "queue": "open"}))];
            hub.request(Method::POST, "/v1/events", "pbx").json(&events).send()
        };
        assert_eq!(post("a").await.unwrap().status(), 200);
        fs::rename(hub.path(file), hub.path("away")).unwrap();
        assert_eq!(post("b").await.unwrap().status(), 503, "{file}");
        let end = Instant::now() + PATIENCE;
        while hub.get("/readyz", "").await.0 != StatusCode::SERVICE_UNAVAILABLE {
            assert!(Instant::now() < end, "{file}: it says that it is ready");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let (_, board) = hub.get("/v1/board", "wall").await;
        assert!(board["keeper"].to_string().contains("was deleted"), "{}", board["keeper"]);
        assert!(hub.log().contains("was deleted"), "{}", hub.log());
        // The file is put back: writing works again, and what was held meanwhile is written.
        fs::rename(hub.path("away"), hub.path(file)).unwrap();
        let end = Instant::now() + PATIENCE;
        while hub.get("/readyz", "").await.0 != 200 {
            assert!(Instant::now() < end, "{file}: it is not ready again");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(post("b").await.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn what_was_confirmed_survives_a_write_ahead_log_that_is_deleted_and_kill_9() {
    let mut hub = Hub::new("");
    hub.start().await;
    let events: Vec<Value> = (0..9)
        .map(|n| event(&n.to_string(), "offered", 1, &json!({"contact": n.to_string(), "queue": "open"})))
        .collect();
    let posted = hub.request(Method::POST, "/v1/events", "pbx").json(&events).send().await.unwrap();
    assert_eq!(posted.status(), 200);
    fs::remove_file(hub.path("journal.db-wal")).unwrap();
    let end = Instant::now() + PATIENCE;
    while hub.get("/readyz", "").await.0 != StatusCode::SERVICE_UNAVAILABLE {
        assert!(Instant::now() < end, "it says that it is ready");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    hub.kill();
    hub.start().await;
    let (_, figures) = hub.get("/v1/figures?kpis=offered", "wall").await;
    assert_eq!(figures["total"][0]["value"], 9.0, "{figures}");
}

#[tokio::test]
async fn a_hub_runs_though_there_is_no_place_for_a_socket_that_nobody_asked_for() {
    let mut hub = Hub::new("");
    let config = fs::read_to_string(hub.path("config.toml")).unwrap();
    let config: Vec<&str> = config.lines().filter(|line| !line.starts_with("socket")).collect();
    fs::write(hub.path("config.toml"), config.join("\n")).unwrap();
    hub.env.push(("TMPDIR", hub.path(&"x".repeat(120)).display().to_string()));
    hub.start().await;
    hub.signal(Signal::TERM);
    assert_eq!(hub.ended().await, Some(0));
    // If a socket was configured, the error says what to do.
    let long = format!("{}\n", config.join("\n")).replacen(
        "[hub]\n",
        &format!("[hub]\nsocket = \"/tmp/{}\"\n", "x".repeat(120)),
        1,
    );
    fs::write(hub.path("config.toml"), long).unwrap();
    hub.spawn();
    assert_eq!(hub.ended().await, Some(1));
    assert!(hub.log().contains("longer than 107 bytes: name a shorter one"), "{}", hub.log());
}

#[tokio::test]
async fn a_command_that_was_refused_is_not_done_later_and_one_sent_again_is_done_once() {
    let mut hub = Hub::new("");
    hub.start().await;
    let events = [event("a", "offered", 1, &json!({"contact": "a", "queue": "open"}))];
    let posted = hub.request(Method::POST, "/v1/events", "pbx").json(&events).send().await.unwrap();
    assert_eq!(posted.status(), 200);
    let end = Instant::now() + PATIENCE;
    let alert = loop {
        let (_, board) = hub.get("/v1/board", "wall").await;
        if board["alerts"][0]["state"] == "firing" {
            break board["alerts"][0].clone();
        }
        assert!(Instant::now() < end, "no alert");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let tell = |what: &str, body: serde_json::Value| {
        hub.request(Method::POST, &format!("/v1/alerts/{}/{what}", alert["id"]), "ann").json(&body).send()
    };
    let note = json!({"version": alert["version"], "note": "called the centre"});
    let taking = json!({"version": alert["version"]});

    // No history entry can be stored.
    let disk = rusqlite::Connection::open(hub.path("journal.db")).unwrap();
    disk.busy_timeout(Duration::from_secs(10)).unwrap();
    let full = "CREATE TRIGGER full BEFORE INSERT ON trail BEGIN SELECT RAISE(ABORT, 'the disk is full'); END";
    disk.execute_batch(full).unwrap();
    for (what, body) in [("note", &note), ("acknowledge", &taking)] {
        assert_eq!(tell(what, body.clone()).await.unwrap().status(), 503, "{what}");
    }
    let end = Instant::now() + PATIENCE;
    while hub.get("/v1/board", "wall").await.1["alerts"][0]["state"] != "firing" {
        assert!(Instant::now() < end, "it is acknowledged");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    disk.execute_batch("DROP TRIGGER full").unwrap();
    // It is sent until it is confirmed, and then twice more, as after lost answers.
    let end = Instant::now() + PATIENCE;
    while tell("note", note.clone()).await.unwrap().status() != 200 {
        assert!(Instant::now() < end, "it is not written again: {}", hub.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for _ in 0..2 {
        assert_eq!(tell("note", note.clone()).await.unwrap().status(), 200);
    }
    hub.signal(Signal::TERM);
    assert_eq!(hub.ended().await, Some(0));
    let kinds = "SELECT group_concat(what) FROM (SELECT what FROM trail ORDER BY seq)";
    let kinds: String = disk.query_row(kinds, [], |row| row.get(0)).unwrap();
    assert_eq!(kinds, "fired,noted");
}

#[tokio::test]
async fn a_follower_counts_what_it_can_t_read_and_says_so() {
    let (mut writer, mut follower) = (Hub::new(""), Hub::new(""));
    writer.start().await;
    let config = follower.path("config.toml");
    let text = fs::read_to_string(&config).unwrap();
    let journal = |hub: &Hub| hub.path("journal.db").display().to_string();
    fs::write(&config, text.replace(&journal(&follower), &journal(&writer))).unwrap();
    follower.start().await;
    let disk = rusqlite::Connection::open(writer.path("journal.db")).unwrap();
    disk.busy_timeout(Duration::from_secs(10)).unwrap();
    for rows in 1..=2 {
        disk.execute("INSERT INTO event(at, source, body) VALUES (1, 'pbx', '{')", []).unwrap();
        let remark = format!("{rows} events of the journal can't be read and are left out; event 1: ");
        let end = Instant::now() + PATIENCE;
        loop {
            let (_, board) = follower.get("/v1/board", "wall").await;
            let mut remarks = board["remarks"].as_array().into_iter().flatten();
            if remarks.any(|one| one.as_str().unwrap().starts_with(&remark)) {
                break;
            }
            assert!(Instant::now() < end, "{remark}: {board}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}
