//! Annotations of a hub: people write them by the API, see those of their queues, and find them again after a restart.

use std::process::Command;
use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::hub::{Hub, PATIENCE, PROGRAM};

async fn post(hub: &Hub, path: &str, who: &str, body: Value) -> (StatusCode, Value) {
    let answer = hub.request(Method::POST, path, who).json(&body).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

/// The texts that somebody sees.
async fn texts(hub: &Hub, who: &str, of: &str) -> Vec<String> {
    let (status, list) = hub.get(&format!("/v1/annotations{of}"), who).await;
    assert_eq!(status, 200, "{list}");
    list.as_array().unwrap().iter().map(|said| said["text"].as_str().unwrap().to_owned()).collect()
}

/// Waits until everybody sees these texts: a board is published a little after what changes it.
async fn wait_for_texts(hub: &Hub, wanted: &[&str]) {
    let end = Instant::now() + PATIENCE;
    loop {
        let seen = texts(hub, "wall", "").await;
        if seen == wanted {
            return;
        }
        assert!(Instant::now() < end, "waited in vain for {wanted:?}: {seen:?}\n{}", hub.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn annotations_are_shared_by_queue_survive_kill_9_and_stand_in_reports() {
    let mut hub = Hub::new("");
    hub.start().await;
    let mailing = json!({"text": "mail\u{202e}ing", "at": "2026-03-02T09:30:00Z", "of": [["queue", "q0"]]});
    let (status, said) = post(&hub, "/v1/annotations", "ann", mailing.clone()).await;
    assert_eq!((status, &said["text"], &said["who"]["name"]), (StatusCode::OK, &json!("mailing"), &json!("ann")));
    // A command that is sent again, because its answer was lost, counts once.
    assert_eq!(post(&hub, "/v1/annotations", "ann", mailing).await.1["id"], said["id"]);
    let outage = json!({"text": "outage", "at": "2026-03-02T10:00:00Z", "until": "2026-03-02T11:00:00Z"});
    assert_eq!(post(&hub, "/v1/annotations", "bob", outage).await.0, StatusCode::OK);
    for (body, refusal) in [
        (json!({"text": "\u{200b}"}), StatusCode::UNPROCESSABLE_ENTITY),
        (
            json!({"text": "x", "at": "2026-03-02T10:00:00Z", "until": "2026-03-02T09:00:00Z"}),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (json!({"at": "2026-03-02T10:00:00Z"}), StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(post(&hub, "/v1/annotations", "ann", body).await.0, refusal);
    }
    // It was confirmed, so it is stored: there is no time to write it now.
    hub.kill();
    hub.start().await;
    assert_eq!(texts(&hub, "wall", "").await, ["mailing", "outage"]);
    assert_eq!(texts(&hub, "wall", "?from=2026-03-02T10:30:00Z").await, ["outage"]);
    assert_eq!(texts(&hub, "wall", "?to=2026-03-02T10:00:00Z").await, ["mailing"]);
    // What is said of the whole floor may be about hidden queues.
    assert_eq!(texts(&hub, "limited", "").await, ["mailing"]);

    let report = |format: &str| {
        // The hub's day may start at any hour.
        let arguments = ["report", "--from", "2026-03-01", "--to", "2026-03-03", "--format", format];
        let output = Command::new(PROGRAM)
            .args(arguments)
            .env("FLOORWATCH_CONFIG", hub.path("config.toml"))
            .env("HOME", hub.folder.path())
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
    };
    let text = report("markdown");
    assert!(text.contains("q0: mailing (ann)") && text.contains("outage (bob)"), "{text}");
    let json: Value = serde_json::from_str(&report("json")).unwrap();
    assert_eq!(
        (&json["annotations"][0]["text"], &json["annotations"][1]["text"]),
        (&json!("mailing"), &json!("outage"))
    );

    // The command line says it as well, as whoever runs it.
    let annotate = |arguments: &[&str]| {
        let output = Command::new(PROGRAM)
            .arg("annotate")
            .args(arguments)
            .env("FLOORWATCH_CONFIG", hub.path("config.toml"))
            .env("HOME", hub.folder.path())
            .output()
            .unwrap();
        (
            output.status.success(),
            String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap(),
        )
    };
    let (done, line) = annotate(&["new script", "--queue", "q0", "--from", "2026-03-02T12:00:00Z"]);
    assert!(done && line.contains("new script"), "{line}");
    wait_for_texts(&hub, &["mailing", "outage", "new script"]).await;
    let (done, line) = annotate(&["--remove", line.split_whitespace().next().unwrap()]);
    assert!(done && line.contains("removed"), "{line}");
    wait_for_texts(&hub, &["mailing", "outage"]).await;
    let (done, line) = annotate(&["x", "--from", "noon"]);
    assert!(!done && line.contains("--from: `noon` is not a time"), "{line}");

    let remove = format!("/v1/annotations/{}/remove", said["id"]);
    let (status, problem) = post(&hub, &remove, "bob", json!({})).await;
    assert_eq!((status, &problem["code"], &problem["first"]), (StatusCode::CONFLICT, &json!("theirs"), &json!("ann")));
    assert_eq!(post(&hub, &remove, "ann", json!({})).await.0, StatusCode::OK);
    hub.kill();
    hub.start().await;
    assert_eq!(texts(&hub, "wall", "").await, ["outage"]);
}

#[tokio::test]
async fn an_annotation_that_cannot_be_stored_is_refused_and_not_there() {
    let mut hub = Hub::new("");
    hub.start().await;
    let disk = rusqlite::Connection::open(hub.path("journal.db")).unwrap();
    disk.busy_timeout(Duration::from_secs(10)).unwrap();
    let full = "CREATE TRIGGER full BEFORE INSERT ON annotation BEGIN SELECT RAISE(ABORT, 'the disk is full'); END";
    disk.execute_batch(full).unwrap();
    let body = json!({"text": "outage"});
    let (status, problem) = post(&hub, "/v1/annotations", "ann", body.clone()).await;
    assert_eq!((status, &problem["code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("not_kept")));
    // A board may have had it while it was being written.
    wait_for_texts(&hub, &[]).await;
    disk.execute_batch("DROP TRIGGER full").unwrap();
    let end = Instant::now() + PATIENCE;
    while post(&hub, "/v1/annotations", "ann", body.clone()).await.0 != 200 {
        assert!(Instant::now() < end, "it is not written again: {}", hub.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(texts(&hub, "wall", "").await, ["outage"]);
}
