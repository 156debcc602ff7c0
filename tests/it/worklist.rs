//! Worklists of a hub: several people work them at once, by the API and the command line, while the hub is killed.

use std::process::{Command, Output};
use std::time::{Duration, Instant};

use floorwatch::clock::Clock;
use floorwatch::floor::FloorCommand;
use floorwatch::hub::client::{self, HubAddress};
use floorwatch::worklist::{WorkAction, WorkCommand};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::hub::{Hub, PATIENCE, PROGRAM, event};

/// A customer hangs up in a queue, `ago` seconds ago.
fn hang_up(contact: &str, customer: &str, queue: &str, ago: i64) -> [Value; 2] {
    [
        event(
            &format!("{contact}-1"),
            "offered",
            ago + 60,
            &json!({"contact": contact, "customer": customer, "queue": queue}),
        ),
        event(&format!("{contact}-2"), "abandoned", ago, &json!({"contact": contact})),
    ]
}

async fn send(hub: &Hub, events: &[Value]) {
    let posted = hub.request(Method::POST, "/v1/events", "pbx").json(&events).send().await.unwrap();
    assert_eq!(posted.status(), StatusCode::OK);
}

/// The worklist, once so many items are open or claimed.
async fn worklist(hub: &Hub, who: &str, left: usize) -> Value {
    let end = Instant::now() + PATIENCE;
    loop {
        let (status, list) = hub.get("/v1/worklist?closed=true", who).await;
        let is_left = |item: &&Value| item["closed"].is_null();
        if status == 200 && list["items"].as_array().unwrap().iter().filter(is_left).count() == left {
            return list;
        }
        assert!(Instant::now() < end, "waited in vain for {left} items: {list}\n{}", hub.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn tell(hub: &Hub, item: &Value, what: &str, who: &str, mut body: Value) -> (StatusCode, Value) {
    body["version"] = item["version"].clone();
    let path = format!("/v1/worklist/{}/{what}", item["id"]);
    let answer = hub.request(Method::POST, &path, who).json(&body).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

fn floorwatch(hub: &Hub, arguments: &[&str]) -> Output {
    Command::new(PROGRAM)
        .args(arguments)
        .env("FLOORWATCH_CONFIG", hub.path("config.toml"))
        .env("HOME", hub.folder.path())
        .output()
        .unwrap()
}

#[tokio::test]
async fn what_people_do_about_call_backs_is_shared_and_survives_kill_9() {
    let mut hub = Hub::new("");
    hub.start().await;
    let events = [
        hang_up("a", "cu1", "q0", 600),
        hang_up("b", "cu1", "q0", 300),
        hang_up("c", "cu2", "q1", 200),
        hang_up("d", "cu3", "q0", 100),
    ];
    send(&hub, &events.concat()).await;
    let list = worklist(&hub, "wall", 3).await;
    let first = &list["items"][0];
    assert_eq!((first["customer"].as_str(), first["occasions"].as_array().map(Vec::len)), (Some("cu1"), Some(2)));

    // Two at once: one of them has it, and the other is told who.
    let claim = || json!({});
    let (by_ann, by_bob) =
        tokio::join!(tell(&hub, first, "claim", "ann", claim()), tell(&hub, first, "claim", "bob", claim()));
    let (winner, loser) = if by_ann.0 == 200 { ("ann", by_bob) } else { ("bob", by_ann) };
    assert_eq!((loser.0, &loser.1["code"], &loser.1["first"]), (StatusCode::CONFLICT, &json!("taken"), &json!(winner)));
    // Whoever may see one queue sees and finds nothing of the other.
    let seen = worklist(&hub, "limited", 2).await;
    assert!(seen["items"].as_array().unwrap().iter().all(|item| item["queue"] == "q0"), "{seen}");
    assert_eq!(hub.get("/v1/worklist?queue=q1", "limited").await.1["counts"]["open"], 0);
    assert_eq!(tell(&hub, first, "claim", "limited", claim()).await.0, StatusCode::FORBIDDEN);

    let second = &list["items"][1];
    let (status, item) = tell(&hub, second, "done", "bob", json!({"outcome": "reached", "note": "all well"})).await;
    assert_eq!((status, &item["state"], &item["note"]), (StatusCode::OK, &json!("done"), &json!("all well")));
    let (status, problem) = tell(&hub, &list["items"][2], "done", "bob", json!({"outcome": "reviewed"})).await;
    assert_eq!((status, &problem["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("unfit")));

    // It was confirmed, so it is stored: there is no time to write it now.
    hub.kill();
    hub.start().await;
    let list = worklist(&hub, "wall", 2).await;
    let [first, _, closed] = list["items"].as_array().unwrap().as_slice() else { panic!("{list}") };
    assert_eq!((&first["state"], &first["claim"]["who"]["name"]), (&json!("claimed"), &json!(winner)));
    assert_eq!((&closed["closed"]["outcome"], &closed["closed"]["who"]["name"]), (&json!("reached"), &json!("bob")));
    // A command that is sent again, because its answer was lost, counts once.
    let (status, again) = tell(&hub, second, "done", "bob", json!({"outcome": "reached", "note": "all well"})).await;
    assert_eq!((status, &again["version"]), (StatusCode::OK, &closed["version"]));

    // The customer calls again and is answered, while somebody has it.
    let call = [
        event("e-1", "offered", 20, &json!({"contact": "e", "customer": "cu1", "queue": "q0"})),
        event("e-2", "answered", 10, &json!({"contact": "e", "agent": "Ann"})),
    ];
    send(&hub, &call).await;
    let list = worklist(&hub, "wall", 1).await;
    let ended = list["items"].as_array().unwrap().iter().find(|item| item["customer"] == "cu1").unwrap();
    assert_eq!((&ended["state"], &ended["closed"]["outcome"]), (&json!("ended"), &json!("answered")));
    let (status, problem) = tell(&hub, first, "done", winner, json!({"outcome": "reached"})).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("closed")));
    assert!(problem["message"].as_str().unwrap().contains("called again and was answered"), "{problem}");
    // Nothing comes back by itself.
    hub.kill();
    hub.start().await;
    assert_eq!(worklist(&hub, "wall", 1).await["items"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_call_back_that_waits_too_long_is_an_alert_where_the_list_is_worked() {
    let mut hub = Hub::new("[[alert]]\nname = \"oldest call-back\"\nfor = \"0s\"\n");
    hub.start().await;
    send(&hub, &[hang_up("a", "cu1", "q0", 15_000), hang_up("b", "cu2", "q1", 8_000)].concat()).await;
    let list = worklist(&hub, "wall", 2).await;
    let figures = json!({"of": [], "by": ["queue"], "over": {"window": "today"}, "every": null, "kpis": ["oldest_callback"], "formula": null});
    let ask = || async {
        let answer = hub.request(Method::POST, "/v1/figures", "wall").json(&figures).send().await.unwrap();
        answer.json::<Value>().await.unwrap()
    };
    let answer = ask().await;
    assert!(answer["total"][0]["value"].is_null(), "nobody has done anything about one: {answer}");
    assert_eq!(tell(&hub, &list["items"][1], "note", "bob", json!({"note": "at lunch"})).await.0, StatusCode::OK);
    let end = Instant::now() + PATIENCE;
    loop {
        let alerts = hub.get("/v1/board", "wall").await.1["alerts"].take();
        let is_late = |alert: &&Value| alert["rule"] == "oldest call-back" && alert["state"] == "firing";
        let late: Vec<&Value> = alerts.as_array().unwrap().iter().filter(is_late).collect();
        if late.len() == 2 {
            let of = |queue: &str| late.iter().find(|alert| alert["slice"].to_string().contains(queue)).unwrap();
            assert_eq!((&of("q0")["severity"], &of("q1")["severity"]), (&json!("critical"), &json!("warning")));
            break;
        }
        assert!(Instant::now() < end, "{alerts}\n{}", hub.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let oldest = ask().await["total"][0]["value"].as_f64().unwrap();
    assert!(oldest >= 15_000.0, "{oldest}");
}

#[tokio::test]
async fn a_command_that_cannot_be_stored_is_refused_and_not_done_later() {
    let mut hub = Hub::new("");
    hub.start().await;
    send(&hub, &hang_up("a", "cu1", "q0", 60)).await;
    let list = worklist(&hub, "wall", 1).await;
    let item = &list["items"][0];
    // The item itself is stored.
    let disk = rusqlite::Connection::open(hub.path("journal.db")).unwrap();
    disk.busy_timeout(Duration::from_secs(10)).unwrap();
    let end = Instant::now() + PATIENCE;
    while disk.query_row("SELECT count(*) FROM item", [], |row| row.get::<_, i64>(0)).unwrap() == 0 {
        assert!(Instant::now() < end, "it is not stored");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let full = "CREATE TRIGGER full BEFORE UPDATE ON item BEGIN SELECT RAISE(ABORT, 'the disk is full'); END";
    disk.execute_batch(full).unwrap();
    let (status, problem) = tell(&hub, item, "claim", "ann", json!({})).await;
    assert_eq!((status, &problem["code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("not_kept")));
    let list = worklist(&hub, "wall", 1).await;
    assert_eq!(list["items"][0]["state"], "open");
    disk.execute_batch("DROP TRIGGER full").unwrap();
    let end = Instant::now() + PATIENCE;
    while tell(&hub, item, "claim", "bob", json!({})).await.0 != 200 {
        assert!(Instant::now() < end, "it is not written again: {}", hub.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let list = worklist(&hub, "wall", 1).await;
    let whats: Vec<_> = list["items"][0]["trail"].as_array().unwrap().iter().map(|entry| &entry["what"]).collect();
    assert_eq!(whats, ["opened", "claimed"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_line_works_the_list() {
    let mut hub = Hub::new("");
    hub.start().await;
    send(&hub, &[hang_up("a", "+44 20 7946 0113", "q0", 600), hang_up("b", "cu2", "q1", 60)].concat()).await;
    worklist(&hub, "wall", 2).await;
    let run = |arguments: &[&str]| {
        let output = floorwatch(&hub, &[&["worklist"], arguments].concat());
        (String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap(), output.status.code())
    };
    let (text, code) = run(&["list"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("+44 20 7946 0113  q0  hung up after 1:00; due in"), "{text}");
    assert!(
        text.ends_with(
            "2 open, 0 claimed, 0 of them late; 0 done and 0 ended by themselves today, 0 of them in time\n"
        ),
        "{text}"
    );
    let (text, _) = run(&["claim", "1", "--for", "5m", "--note", "calling now"]);
    assert!(text.contains("; claimed by ") && text.ends_with("; calling now\n"), "{text}");
    let (text, _) = run(&["done", "1", "not_reached"]);
    assert!(text.contains("; tried 1 times; due in"), "{text}");
    let (text, _) = run(&["done", "2", "reached"]);
    assert!(text.contains("; reached ") && text.contains(" by "), "{text}");
    let (text, _) = run(&["undo", "2"]);
    assert!(text.contains("; due in"), "{text}");
    let (text, code) = run(&["done", "2", "reviewed"]);
    assert!(text.contains("such an item is closed with one of: reached, not_reached, no_need"), "{text}");
    assert_eq!(code, Some(1));
    let (text, _) = run(&["note", "9", "x"]);
    assert!(text.contains("there is no item 9"), "{text}");
    let (text, _) = run(&["list", "--kind", "callback", "--queue", "q1", "--json"]);
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((json["items"].as_array().unwrap().len(), &json["items"][0]["customer"]), (1, &json!("cu2")));
}

/// A hub of a version that has no worklists, as far as a client asks it.
async fn old_hub() -> HubAddress {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let body = r#"{"code":"not_found","message":"there is nothing here"}"#;
                let head = format!(
                    "HTTP/1.1 404 Not Found\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                    body.len()
                );
                let _ = stream.write_all((head + body).as_bytes()).await;
            });
        }
    });
    let address = format!("http://{address}").parse().unwrap();
    HubAddress::Network { address, auth: None, tls: floorwatch::net::tls::Tls::default() }
}

#[tokio::test]
async fn a_hub_that_has_no_worklists_yet_is_named_as_the_cause() {
    let who = floorwatch::alert::Actor { name: "ann".into(), from: "desk".into() };
    let command = WorkCommand { item: 1, version: 1, who, act: WorkAction::Claim { note: None, lasts: None } };
    let refused = client::execute(&old_hub().await, &FloorCommand::Work(command), Clock::System).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "this board is read-only: the hub is of an older version than this board and cannot do that: update it"
    );
}
