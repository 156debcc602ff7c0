//! A hub whose wall clock is set while it runs, and between two runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use reqwest::Method;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::hub::{Hub, PATIENCE, event};

/// The path of libfaketime; `None` if it is not installed.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
pub(crate) fn faketime() -> Option<PathBuf> {
    let found = fs::read_dir("/usr/lib").ok()?.flatten();
    let found = found.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1")).find(|path| path.exists());
    if found.is_none() {
        eprintln!("skipped: faketime is not installed");
    }
    found
}

/// Wait until `done` holds for the board.
async fn board(hub: &Hub, what: &str, done: impl Fn(&Value) -> bool) -> Value {
    let end = Instant::now() + PATIENCE;
    loop {
        let (_, board) = hub.get("/v1/board", "wall").await;
        if done(&board) {
            return board;
        }
        assert!(Instant::now() < end, "waited in vain for: {what}; {board}\n{}", hub.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn remark(board: &Value) -> String {
    board["remarks"][0].as_str().unwrap_or_default().to_owned()
}

/// The environment of a program whose wall clock is as far from the machine's as the file `offset` says.
pub(crate) fn clock_env(library: &Path, offset: &Path) -> Vec<(&'static str, String)> {
    fs::write(offset, "+0").unwrap();
    vec![
        ("LD_PRELOAD", library.display().to_string()),
        ("FAKETIME_TIMESTAMP_FILE", offset.display().to_string()),
        ("FAKETIME_NO_CACHE", "1".to_owned()),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ("DONT_FAKE_MONOTONIC", "1".to_owned()),
    ]
}

/// A hub with a clock of its own, and the file that says how far that is from the machine's.
fn hub_with_clock(library: &Path) -> (Hub, PathBuf) {
    let mut hub = Hub::new("");
    let offset = hub.path("offset");
    hub.env = clock_env(library, &offset);
    (hub, offset)
}

/// The state of the alert about what was offered.
fn state(board: &Value) -> Option<&str> {
    board["alerts"].as_array()?.iter().find(|alert| alert["rule"] == "Busy")?["state"].as_str()
}

/// A hub with an alert that was acknowledged.
async fn acknowledged(library: &Path) -> (Hub, PathBuf) {
    let (mut hub, offset) = hub_with_clock(library);
    hub.start().await;
    let offered = event("1", "offered", 1, &json!({"contact": "1", "queue": "open"}));
    hub.request(Method::POST, "/v1/events", "pbx").json(&[offered]).send().await.unwrap();
    let fired = board(&hub, "an alert", |board| state(board) == Some("firing")).await;
    let alert = &fired["alerts"][0];
    let (path, command) = (format!("/v1/alerts/{}/acknowledge", alert["id"]), json!({"version": alert["version"]}));
    let taken = hub.request(Method::POST, &path, "ann").json(&command).send().await.unwrap();
    assert_eq!(taken.status(), 200);
    (hub, offset)
}

/// Start the hub again with another clock.
async fn restart(hub: &mut Hub, offset: &Path, to: &str) {
    hub.signal(Signal::TERM);
    assert_eq!(hub.ended().await, Some(0));
    fs::write(offset, to).unwrap();
    hub.start().await;
}

#[tokio::test]
async fn an_acknowledgement_outlasts_a_start_with_a_clock_that_is_ahead() {
    let Some(library) = faketime() else { return };
    let (mut hub, offset) = acknowledged(&library).await;
    for (to, wanted) in [("+1h", "firing"), ("+0", "acknowledged")] {
        restart(&mut hub, &offset, to).await;
        board(&hub, wanted, |board| state(board) == Some(wanted)).await;
    }
}

#[tokio::test]
async fn an_alert_outlasts_a_start_with_a_clock_that_is_behind() {
    let Some(library) = faketime() else { return };
    for to in ["-2h", "-3650d"] {
        let (mut hub, offset) = acknowledged(&library).await;
        restart(&mut hub, &offset, to).await;
        let seen = board(&hub, "behind", |board| remark(board).contains("the clock is behind the journal")).await;
        // Time for several evaluations.
        tokio::time::sleep(Duration::from_millis(3200)).await;
        let later = board(&hub, "the next", |board| board["seq"] != seen["seq"]).await;
        assert_eq!(state(&later), Some("acknowledged"), "{to}: {later}\n{}", hub.log());
        fs::write(&offset, "+0").unwrap();
        let right = board(&hub, "set", |board| remark(board).contains("the clock was set ahead")).await;
        tokio::time::sleep(Duration::from_millis(1200)).await;
        let right = board(&hub, "the next", |board| board["seq"] != right["seq"]).await;
        assert_eq!(state(&right), Some("acknowledged"), "{to}: {right}\n{}", hub.log());
    }
}

#[tokio::test]
async fn a_clock_that_is_set_expires_nothing_and_forgets_nothing() {
    let Some(library) = faketime() else { return };
    let (mut hub, offset) = hub_with_clock(&library);
    hub.start().await;
    let events: Vec<Value> = (0..20)
        .map(|n| event(&n.to_string(), "offered", 60, &json!({"contact": n.to_string(), "queue": "open"})))
        .collect();
    let posted = hub.request(Method::POST, "/v1/events", "pbx").json(&events).send().await.unwrap();
    assert_eq!(posted.status(), 200);
    let fired = board(&hub, "an alert", |board| board["alerts"][0]["state"] == "firing").await;
    let (id, version) = (&fired["alerts"][0]["id"], &fired["alerts"][0]["version"]);
    let command = json!({"version": version});
    let taken = hub.request(Method::POST, &format!("/v1/alerts/{id}/acknowledge"), "ann").json(&command).send().await;
    assert_eq!(taken.unwrap().status(), 200);

    for (to, said) in [("+2h", "set ahead by 2h00"), ("-2h", "set back by 4h00")] {
        fs::write(&offset, to).unwrap();
        let seen = board(&hub, said, |board| remark(board).contains(said)).await;
        assert_eq!(seen["alerts"][0]["state"], "acknowledged", "{to}: {seen}");
        tokio::time::sleep(Duration::from_millis(1200)).await;
        let seen = board(&hub, "the next", |board| board["seq"] != seen["seq"]).await;
        assert_eq!(seen["alerts"][0]["state"], "acknowledged", "{to}: {seen}");
    }
    hub.signal(Signal::TERM);
    assert_eq!(hub.ended().await, Some(0));
    assert!(hub.log().contains("the clock was set"));

    // One run with a wrong clock, and one with the right one.
    fs::write(&offset, "+40d").unwrap();
    hub.start().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    hub.signal(Signal::TERM);
    assert_eq!(hub.ended().await, Some(0));
    assert!(hub.log().contains("days ahead of what the journal last saw"), "{}", hub.log());
    hub.env.clear();
    hub.start().await;
    let (_, figures) = hub.get("/v1/figures?kpis=offered&over=30d", "wall").await;
    assert_eq!(figures["total"][0]["value"], 20.0, "{figures}");
}
