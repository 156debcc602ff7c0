//! Sends notifications to real servers on loopback, and checks what is sent, in which order, and how often.

use std::time::Duration;

use crate::support::bench::{Bench, PATIENCE, target, template, webhook, words};
use crate::support::hooks::{Answer, Hooks};
use chrono_tz::Tz;
use floorwatch::alert::{Actor, AlertAction, AlertCommand, Settings as AlertSettings, Severity, built_in};
use floorwatch::board::Mode;
use floorwatch::clock::{Clock, Span, Time};
use floorwatch::event::{Channel, Event, EventKind, Offer, Step};
use floorwatch::floor::{self, Feed, NotifierHandle, Persistence};
use floorwatch::journal::{self, DeliveryOutcome, Journal};
use floorwatch::kpi::KpiId;
use floorwatch::net::tls::Tls;
use floorwatch::notify::{self, Alertmanager, ChatWebhook, NoticeKind, PagerDuty, RunningTargets, Settings, Transport};
use floorwatch::source::Message;
use floorwatch::text::{Label, Text};
use serde_json::{Value, json};
use tokio::time::timeout;

#[tokio::test]
async fn slack_gets_blocks_and_a_line_for_notifications() {
    let (mut bench, mut hooks) = (Bench::new(), Hooks::new().await);
    let url = bench.secret("slack", &format!("http://{}/services/T0/B0/sEcReT\n", hooks.address));
    bench.tell(vec![target(Transport::Slack(ChatWebhook { url, tls: Tls::default() }))]);
    bench.play();
    let came = hooks.next().await;
    assert_eq!(came.path, "/services/T0/B0/sEcReT");
    assert_eq!(came.headers["content-type"], "application/json");
    let body = came.json();
    let title = "WARNING · billing: longest wait 2:30 now, above 2:00";
    assert_eq!(body["text"], title);
    let blocks = body["blocks"].as_array().unwrap();
    assert_eq!(blocks[0], json!({"type": "header", "text": {"type": "plain_text", "text": title, "emoji": false}}));
    let kinds: Vec<&Value> = blocks.iter().map(|block| &block["type"]).collect();
    assert_eq!(kinds, ["header", "context", "actions"]);
    for fact in blocks[1]["elements"].as_array().unwrap() {
        assert_eq!(fact["type"], "plain_text");
    }
    let button = &blocks[2]["elements"][0];
    assert_eq!((&button["type"], &button["url"]), (&json!("button"), &json!("https://wall.example.com/")));
    let taken = hooks.next().await.json();
    assert!(taken["text"].as_str().unwrap().starts_with("Acknowledged by ann · billing: "), "{taken}");
    let facts = taken["blocks"][1]["elements"].to_string();
    assert!(facts.contains("Acknowledged by: ann until ") && facts.contains("Note: calling two in"), "{facts}");
    let worse = hooks.next().await.json();
    assert_eq!(worse["text"], "Worse, now CRITICAL · billing: longest wait 6:40 now, above 5:00");
    let over = hooks.next().await.json();
    assert_eq!(over["text"], "Over · billing: Longest wait 0:00");
    assert_eq!(over["blocks"][1]["text"]["text"], "It lasted 45s; the worst was 6:40.");
    let told = bench.deliveries(4).await;
    assert!(told.iter().all(|one| one.outcome == DeliveryOutcome::Delivered && one.words.as_str() == "202 Accepted"));
    assert!(!format!("{told:?}").contains("sEcReT"));
}

#[tokio::test]
async fn teams_gets_an_adaptive_card_in_which_names_are_text() {
    let (mut bench, mut hooks) = (Bench::new(), Hooks::new().await);
    let url = bench.secret("teams", &format!("http://{}/workflows/1?sig=x", hooks.address));
    bench.tell(vec![target(Transport::Teams(ChatWebhook { url, tls: Tls::default() }))]);
    bench.waits(&[("[x](http://evil) {{DATE(2026-01-01T00:00:00Z)}}", 150.0)]);
    let came = hooks.next().await;
    assert_eq!(came.path, "/workflows/1?sig=x");
    let body = came.json();
    assert_eq!(body["type"], "message");
    let attachment = &body["attachments"][0];
    assert_eq!(attachment["contentType"], "application/vnd.microsoft.card.adaptive");
    assert_eq!(attachment["contentUrl"], Value::Null);
    let card = &attachment["content"];
    assert_eq!((&card["type"], &card["version"]), (&json!("AdaptiveCard"), &json!("1.4")));
    assert_eq!(card["$schema"], "http://adaptivecards.io/schemas/adaptive-card.json");
    for block in card["body"].as_array().unwrap() {
        assert_eq!(block["type"], "RichTextBlock");
        assert!(block["inlines"].as_array().unwrap().iter().all(|run| run["type"] == "TextRun"));
    }
    let title = card["body"][0]["inlines"][0]["text"].as_str().unwrap();
    assert!(title.starts_with("WARNING · [x](http://evil) {{DATE("), "{title}");
    assert_eq!(card["actions"][0]["type"], "Action.OpenUrl");
}

#[tokio::test]
async fn pagerduty_has_one_incident_an_episode() {
    let (mut bench, mut hooks) = (Bench::new(), Hooks::new().await);
    let routing_key = bench.secret("key", "R0UTINGKEY");
    let url = Some(format!("http://{}/v2/enqueue", hooks.address).parse().unwrap());
    bench.tell(vec![target(Transport::PagerDuty(PagerDuty { routing_key, url, tls: Tls::default() }))]);
    bench.play();
    let bodies = [hooks.next().await, hooks.next().await, hooks.next().await, hooks.next().await];
    let bodies = bodies.map(|came| came.json());
    let actions: Vec<&str> = bodies.iter().map(|body| body["event_action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["trigger", "acknowledge", "trigger", "resolve"]);
    for body in &bodies {
        assert_eq!(body["routing_key"], "R0UTINGKEY");
        assert_eq!(body["dedup_key"], bodies[0]["dedup_key"]);
    }
    let key = bodies[0]["dedup_key"].as_str().unwrap();
    assert!(key.starts_with("floorwatch-") && key.len() < 255, "{key}");
    let payload = &bodies[0]["payload"];
    assert_eq!(payload["summary"], "WARNING · billing: longest wait 2:30 now, above 2:00");
    let known = [&payload["severity"], &payload["component"], &payload["class"], &payload["source"], &payload["group"]];
    assert_eq!(known, ["warning", "billing", "longest wait", "Night desk", "Night desk"]);
    assert!(Time::parse_rfc3339(payload["timestamp"].as_str().unwrap()).is_ok());
    assert_eq!(bodies[0]["links"][0]["href"], "https://wall.example.com/");
    assert_eq!(bodies[2]["payload"]["severity"], "critical");
    assert!(bodies[3].get("payload").is_none());
}

#[tokio::test]
async fn pagerduty_s_refusal_is_recorded_without_the_key() {
    let (mut bench, mut hooks) = (Bench::new(), Hooks::new().await);
    let routing_key = bench.secret("key", "no_service");
    let url = Some(format!("http://{}/v2/enqueue", hooks.address).parse().unwrap());
    bench.tell(vec![target(Transport::PagerDuty(PagerDuty { routing_key, url, tls: Tls::default() }))]);
    hooks.answer([Answer::Status(400)]);
    bench.waits(&[("billing", 150.0)]);
    hooks.next().await;
    let told = bench.deliveries(1).await;
    assert_eq!(words(&told), [("firing".to_owned(), "refused", 1)]);
    assert!(told[0].words.as_str().contains("400 Bad Request") && !told[0].words.as_str().contains("no_service"));
    assert_eq!(bench.failing().await.name.as_str(), "pagerduty");
    // An incident that was never opened there is not closed there either. The next notice is sent.
    bench.waits(&[("billing", 0.0)]);
    bench.waits(&[("billing", 0.0)]);
    bench.waits(&[("sales", 150.0)]);
    assert_eq!(hooks.next().await.json()["payload"]["component"], "sales");
    bench.well().await;
}

#[tokio::test]
async fn alertmanager_gets_labels_and_ends() {
    let (mut bench, mut hooks) = (Bench::new(), Hooks::new().await);
    let url = format!("http://{}/prefix", hooks.address).parse().unwrap();
    bench.tell(vec![target(Transport::Alertmanager(Alertmanager { url, auth: None, tls: Tls::default() }))]);
    bench.waits(&[("billing", 150.0)]);
    let came = hooks.next().await;
    assert_eq!(came.path, "/prefix/api/v2/alerts");
    let body = came.json();
    let alerts = body.as_array().unwrap();
    assert_eq!(alerts.len(), 1);
    let labels = json!({
        "alertname": "longest wait", "severity": "warning", "floor": "Night desk", "kpi": "longest_wait",
        "queue": "billing",
    });
    assert_eq!(alerts[0]["labels"], labels);
    assert_eq!(alerts[0]["annotations"]["summary"], "WARNING · billing: longest wait 2:30 now, above 2:00");
    assert_eq!(alerts[0]["generatorURL"], "https://wall.example.com/");
    let time = |value: &Value| Time::parse_rfc3339(value.as_str().unwrap()).unwrap();
    assert!(time(&alerts[0]["endsAt"]) > Clock::System.now() + Span::MINUTE, "it lasts");

    bench.waits(&[("billing", 400.0)]);
    let worse = hooks.next().await.json();
    assert_eq!(
        (&worse[0]["labels"]["severity"], &worse[1]["labels"]["severity"]),
        (&json!("critical"), &json!("warning"))
    );
    assert_eq!(worse[1]["endsAt"], bench.now.to_string(), "the severity is a label: as a warning it is over");
    bench.waits(&[("billing", 0.0)]);
    bench.waits(&[("billing", 0.0)]);
    let over = hooks.next().await.json();
    assert_eq!(
        (&over[0]["labels"]["severity"], &over[0]["endsAt"]),
        (&json!("critical"), &json!(bench.now.to_string()))
    );
}

#[tokio::test]
async fn alertmanager_is_told_again_of_what_lasts() {
    let (mut bench, mut hooks) = (Bench::new(), Hooks::new().await);
    let url = format!("http://{}", hooks.address).parse().unwrap();
    let settings = target(Transport::Alertmanager(Alertmanager { url, auth: None, tls: Tls::default() }));
    bench.tell(vec![settings.clone()]);
    bench.waits(&[("billing", 150.0), ("sales", 160.0)]);
    hooks.next().await;
    hooks.next().await;
    bench.deliveries(2).await;
    bench.stop().await;
    // After a restart, it begins with that one.
    bench.tell(vec![settings]);
    let again = hooks.next().await.json();
    let queues: Vec<&Value> = again.as_array().unwrap().iter().map(|alert| &alert["labels"]["queue"]).collect();
    assert_eq!(queues, ["billing", "sales"]);
}

#[tokio::test]
async fn one_s_own_template_holds_every_name() {
    let (mut bench, mut json_hooks, mut text_hooks) = (Bench::new(), Hooks::new().await, Hooks::new().await);
    let form =
        r#"{"summary": "{title}", "queue": "<{queue}>", "kpi": "{kpi}", "value": "{value}", "all": ["{{{event}}}"]}"#;
    let json_target = Settings { name: Some("json".into()), ..template(json_hooks.address, "json", form) };
    let text_target =
        Settings { name: Some("text".into()), ..template(text_hooks.address, "text", "{queue} | {event}") };
    bench.tell(vec![json_target, text_target]);
    for hostile in [r#"a", "x": "y"#, "two\nlines", "{{title}}{title}", r"back\slash", "\u{1b}[2J\u{202e}"] {
        bench.waits(&[(hostile, 150.0)]);
        let queue = Label::new(hostile);
        let came = json_hooks.next().await;
        assert_eq!(came.headers["x-tenant"], "london");
        let body = came.json();
        assert_eq!(body.as_object().unwrap().len(), 5);
        assert_eq!(body["queue"], format!("<{queue}>"));
        assert_eq!((&body["kpi"], &body["value"]), (&json!("longest_wait"), &json!(150.0)));
        assert_eq!(body["all"], json!(["{firing}"]));
        let text = text_hooks.next().await;
        assert_eq!(text.headers["content-type"], "text/plain; charset=utf-8");
        assert_eq!(text.text, format!("{queue} | firing"));
        bench.waits(&[(hostile, 0.0)]);
        bench.waits(&[(hostile, 0.0)]);
        json_hooks.next().await;
        text_hooks.next().await;
    }
}

#[tokio::test]
async fn what_fails_is_tried_again_in_order_and_no_sooner_than_asked() {
    let (mut bench, mut hooks) = (Bench::new(), Hooks::new().await);
    bench.tell(vec![webhook(hooks.address)]);
    hooks.answer([Answer::Later(429, 2), Answer::Status(500), Answer::Slow(202, 300)]);
    bench.waits(&[("a", 150.0), ("b", 150.0), ("c", 150.0)]);
    let mut came = Vec::new();
    for _ in 0..5 {
        came.push(hooks.next().await);
    }
    assert!(came[1].at - came[0].at >= Duration::from_secs(2), "it was asked to wait");
    let ids: Vec<String> = came.iter().map(|one| one.json()["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!((&ids[0], &ids[1]), (&ids[1], &ids[2]));
    assert!(came[3].at - came[2].at >= Duration::from_millis(300), "one after the other");
    let told = bench.deliveries(4).await;
    assert_eq!(
        words(&told).iter().map(|(_, outcome, tries)| (*outcome, *tries)).collect::<Vec<_>>(),
        [("deferred", 1), ("delivered", 3), ("delivered", 1), ("delivered", 1)]
    );
    bench.well().await;
    hooks.nothing().await;
}

#[tokio::test]
async fn who_is_not_there_yet_is_told_when_he_is() {
    let mut bench = Bench::new();
    let address = Hooks::new().await.address;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = free.local_addr().unwrap();
    drop(free);
    assert_ne!(address, nobody);
    bench.tell(vec![webhook(nobody)]);
    bench.waits(&[("billing", 150.0)]);
    let row = bench.failing().await;
    assert!(row.next_try.is_some() && row.reason.as_str().contains("refuse"), "{row:?}");
    let mut hooks = Hooks::at(nobody).await;
    assert_eq!(hooks.next().await.json()["event"], "firing");
    bench.well().await;
}

#[tokio::test]
async fn one_that_hangs_holds_up_nobody_else() {
    let (mut bench, hanging, mut hooks) = (Bench::new(), Hooks::new().await, Hooks::new().await);
    hanging.answer_all(Answer::Never);
    let slow = Settings { name: Some("slow".into()), ..webhook(hanging.address) };
    bench.tell(vec![slow, webhook(hooks.address)]);
    bench.play();
    for what in ["firing", "acknowledged", "worsening", "resolved"] {
        assert_eq!(hooks.next().await.json()["event"], what);
    }
}

#[tokio::test]
async fn a_restart_tells_nothing_old_and_nothing_twice_and_loses_nothing() {
    let (mut bench, mut hooks) = (Bench::new(), Hooks::new().await);
    let address = hooks.address;
    let settings = || vec![webhook(address)];
    // Notices from before the target existed are not sent.
    bench.waits(&[("old", 150.0)]);
    bench.journal.as_ref().unwrap().flush().unwrap();
    bench.tell(settings());
    bench.waits(&[("old", 150.0), ("billing", 150.0)]);
    assert_eq!(hooks.next().await.json()["queue"], "billing");
    bench.deliveries(1).await;
    bench.stop().await;
    // Things happen while no notifier runs; then the program starts again.
    bench.waits(&[("old", 150.0), ("billing", 400.0), ("sales", 150.0)]);
    let targets = settings();
    bench.journal = None;
    bench.open();
    bench.tell(targets);
    bench.waits(&[("old", 150.0), ("billing", 400.0), ("sales", 150.0)]);
    let came = [hooks.next().await.json(), hooks.next().await.json()];
    let told: Vec<_> =
        came.iter().map(|one| (one["queue"].as_str().unwrap(), one["event"].as_str().unwrap())).collect();
    assert_eq!(told, [("billing", "worsening"), ("sales", "firing")]);
    assert_eq!(came[0]["key"].as_str().unwrap().rsplit_once('-').unwrap().1, "2");
    hooks.nothing().await;
}

#[tokio::test]
async fn what_comes_and_goes_is_told_once_in_a_while_and_as_such() {
    let (mut bench, mut hooks) = (Bench::new(), Hooks::new().await);
    bench.tell(vec![webhook(hooks.address)]);
    for _ in 0..6 {
        bench.waits(&[("billing", 150.0)]);
        bench.waits(&[("billing", 0.0)]);
        bench.waits(&[("billing", 0.0)]);
    }
    bench.waits(&[("sales", 150.0)]);
    let mut told = Vec::new();
    loop {
        let body = hooks.next().await.json();
        if body["queue"] == "sales" {
            break;
        }
        told.push((body["event"].as_str().unwrap().to_owned(), body["flapping"].as_bool().unwrap()));
    }
    // Every alert that was announced is also closed, and nothing is sent about those that were held back.
    assert_eq!(told.iter().filter(|(what, _)| what == "firing").count(), 2, "{told:?}");
    assert_eq!(told.iter().filter(|(what, _)| what == "resolved").count(), 2, "{told:?}");
}

#[tokio::test]
async fn only_what_a_target_wants_is_told() {
    let (mut bench, mut hooks) = (Bench::new(), Hooks::new().await);
    let mut settings = webhook(hooks.address);
    settings.common.on = vec![NoticeKind::Firing];
    settings.common.severity = Severity::Critical;
    bench.tell(vec![settings]);
    bench.play();
    let body = hooks.next().await.json();
    assert_eq!((&body["event"], &body["severity"]), (&json!("firing"), &json!("critical")));
    hooks.nothing().await;
}

/// A floor with a target that never answers: commands are executed at once nevertheless.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_floor_never_waits_for_a_target() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let hanging = Hooks::new().await;
    hanging.answer_all(Answer::Never);
    let refusing = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = refusing.local_addr().unwrap();
    drop(refusing);
    let clock = Clock::System;
    let settings = journal::Settings::new("ann".into(), "desk".into(), clock.clone());
    let opened = Journal::open(&path, &settings).unwrap();
    let (to, messages) = tokio::sync::mpsc::channel::<Message>(16);
    let mut messages = Some(messages);
    let targets = vec![
        Settings { name: Some("hanging".into()), ..webhook(hanging.address) },
        Settings { name: Some("gone".into()), ..webhook(nobody) },
    ];
    let floor = notify::FloorInfo { title: "Night desk".into(), zone: Tz::UTC };
    let of_targets = clock.clone();
    let tell = Box::new(move |outbox| {
        let RunningTargets { stop, ended, failing } = notify::start(targets, &floor, &of_targets, &outbox).unwrap();
        Some(NotifierHandle { stop, ended, failing })
    });
    let start = Box::new(move |_: &floor::Cursors| messages.take().ok_or_else(|| "started twice".into()));
    let persistence = Persistence { opened, path, settings, start, tell, forward: Box::new(|_, _| None) };
    let floor_settings = floor::Settings {
        title: "Night desk".into(),
        engine: floorwatch::engine::Settings::default(),
        rules: built_in().into_iter().filter(|rule| rule.kpi == Some(KpiId::LongestWait)).collect(),
        alerts: AlertSettings::default(),
        worklist: floorwatch::worklist::Settings::default(),
        sources: vec![floor::SourceInfo { name: "pbx".into(), kind: "asterisk".into() }],
    };
    let (floor, handle) = floor::Floor::new(floor_settings, clock.clone(), Mode::Live, Feed::Nothing);
    let floor = tokio::spawn(floor.with_journal(persistence).run());

    let offer = |queue: &str| Offer::new(queue.into(), Channel::Voice);
    let event = |n: usize| {
        let kind = EventKind::Contact {
            contact: Label::new(&format!("c{n}")),
            queue: None,
            step: Step::Offered(offer(&format!("queue-{n}"))),
        };
        Event { at: clock.now() - Span::seconds(200), origin: "pbx".into(), id: None, kind }
    };
    let events = (0..20).map(event).collect();
    to.send(Message::Events { source: 0, events, cursor: None, receipt: None }).await.unwrap();
    let live = Message::Health {
        source: 0,
        health: floorwatch::board::Health::Live,
        reason: Text::default(),
        at: clock.now(),
        next_try: None,
    };
    to.send(live).await.unwrap();
    let mut boards = handle.watch();
    let fired = boards.wait_for(|board| board.alerts.len() == 20 && !board.untold.is_empty());
    let board = timeout(PATIENCE, fired).await.unwrap().unwrap().clone();
    assert_eq!(board.untold.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["gone"]);
    for episode in board.alerts.iter() {
        let who = Actor { name: "ann".into(), from: "desk".into() };
        let act = AlertAction::Acknowledge { note: None, lasts: None };
        let command = AlertCommand { episode: episode.id, version: episode.version, who, act };
        let told = timeout(Duration::from_secs(5), handle.execute(command)).await.expect("the floor waits");
        assert!(told.unwrap().is_ok());
    }
    drop((handle, boards));
    // The floor's end does not wait for the target either.
    timeout(Duration::from_secs(10), floor).await.expect("the floor ends").unwrap();
}
