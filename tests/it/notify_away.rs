//! Targets that were away, or that say in the body of an answer that they did not accept a message: what holds is told
//! them when they can be reached again.

use crate::support::bench::{Bench, target, webhook, words};
use crate::support::hooks::{Answer, Hooks};
use floorwatch::alert::AlertAction;
use floorwatch::clock::{Clock, Span};
use floorwatch::net::tls::Tls;
use floorwatch::notify::{ChatWebhook, PagerDuty, Transport};
use serde_json::Value;

/// Queue, kind and severity of a message.
fn facts(body: &Value) -> [&str; 3] {
    [&body["queue"], &body["event"], &body["severity"]].map(|value| value.as_str().unwrap())
}

#[tokio::test]
async fn who_was_away_is_told_of_what_holds_and_of_the_end_of_what_it_was_told_of() {
    let (mut bench, mut hooks) = (Bench::new(), Hooks::new().await);
    let clock = Clock::manual(bench.now);
    bench.tell_at(vec![webhook(hooks.address)], &clock);
    bench.waits(&[("billing", 150.0), ("sales", 150.0)]);
    assert_eq!(facts(&hooks.next().await.json()), ["billing", "firing", "warning"]);
    assert_eq!(facts(&hooks.next().await.json()), ["sales", "firing", "warning"]);
    bench.deliveries(2).await;

    hooks.answer_all(Answer::Status(503));
    bench.waits(&[("billing", 150.0), ("sales", 150.0), ("support", 150.0), ("short", 150.0)]);
    bench.failing().await;
    let begun = bench.now;
    bench.act(AlertAction::Acknowledge { note: None, lasts: None });
    bench.waits(&[("billing", 150.0), ("sales", 150.0), ("support", 400.0), ("short", 0.0)]);
    bench.waits(&[("billing", 0.0), ("sales", 150.0), ("support", 400.0), ("short", 0.0)]);
    bench.waits(&[("billing", 0.0), ("sales", 150.0), ("support", 400.0), ("short", 0.0)]);
    // For 62 minutes nobody answers; then what has come of it is told, in one message each.
    clock.set(bench.now + Span(62 * Span::MINUTE.0));
    bench.outcomes("webhook", "superseded", 4).await;
    hooks.answer_all(Answer::Status(202));
    let came = [hooks.next_accepted().await.json(), hooks.next_accepted().await.json()];
    assert_eq!(facts(&came[0]), ["billing", "resolved", "warning"]);
    assert_eq!(facts(&came[1]), ["support", "firing", "critical"]);
    assert_eq!((&came[1]["since"], &came[1]["again"]), (&begun.to_string().into(), &Value::Bool(false)));
    hooks.nothing().await;
    bench.well().await;
    let short: Vec<_> =
        bench.deliveries_of("webhook").into_iter().filter(|one| one.subject.contains("short")).collect();
    assert!(short.iter().all(|one| one.outcome.key() == "superseded"), "{short:?}");
    assert!(short.iter().any(|one| one.what.as_str() == "resolved"), "{short:?}");

    // And from there on as ever.
    bench.now = clock.now();
    bench.waits(&[("sales", 150.0), ("support", 0.0)]);
    bench.waits(&[("sales", 150.0), ("support", 0.0)]);
    assert_eq!(facts(&hooks.next().await.json()), ["support", "resolved", "critical"]);
    hooks.nothing().await;
}

#[tokio::test]
async fn a_program_that_was_down_for_three_days_tells_what_holds() {
    let mut bench = Bench::at(Clock::System.now() - Span(3 * Span::DAY.0));
    let mut hooks = Hooks::new().await;
    let targets = vec![webhook(hooks.address)];
    bench.tell(targets.clone());
    bench.stop().await;
    bench.waits(&[("billing", 150.0), ("sales", 150.0)]);
    bench.waits(&[("billing", 400.0), ("sales", 0.0)]);
    bench.waits(&[("billing", 400.0), ("sales", 0.0)]);
    let before = bench.now;
    bench.journal = None;
    bench.open();
    bench.now = Clock::System.now();
    bench.tell(targets.clone());
    let told = hooks.next().await.json();
    assert_eq!(facts(&told), ["billing", "firing", "critical"]);
    assert!(told["since_local"].as_str().unwrap().starts_with(&before.to_string()[..8]), "with the date: {told}");
    bench.outcomes("webhook", "delivered", 1).await;
    bench.stop().await;
    // What has been told is not told again, its end is.
    bench.tell(targets);
    hooks.nothing().await;
    bench.waits(&[("billing", 0.0)]);
    bench.waits(&[("billing", 0.0)]);
    assert_eq!(facts(&hooks.next().await.json()), ["billing", "resolved", "critical"]);
}

#[tokio::test]
async fn what_was_refused_is_tried_again_while_there_is_something_to_tell() {
    let (mut bench, mut hooks) = (Bench::new(), Hooks::new().await);
    let clock = Clock::manual(bench.now);
    bench.tell_at(vec![webhook(hooks.address)], &clock);
    bench.waits(&[("billing", 150.0)]);
    hooks.next().await;
    bench.deliveries(1).await;
    // The address is wrong for a while.
    hooks.answer_all(Answer::Status(404));
    bench.waits(&[("billing", 0.0), ("sales", 150.0), ("support", 150.0)]);
    bench.waits(&[("billing", 0.0), ("sales", 150.0), ("support", 150.0)]);
    bench.outcomes("webhook", "refused", 3).await;
    bench.waits(&[("sales", 150.0), ("support", 0.0)]);
    bench.waits(&[("sales", 150.0), ("support", 0.0)]);
    hooks.answer_all(Answer::Status(202));
    clock.set(bench.now + Span(10 * Span::MINUTE.0));
    bench.now = clock.now();
    bench.waits(&[("sales", 150.0), ("other", 150.0)]);
    let mut told = Vec::new();
    for _ in 0..3 {
        let body = hooks.next_accepted().await.json();
        told.push(facts(&body).map(str::to_owned));
    }
    let told: Vec<_> = told.iter().map(|[queue, event, _]| (queue.as_str(), event.as_str())).collect();
    assert_eq!(told, [("billing", "resolved"), ("sales", "firing"), ("other", "firing")]);
    hooks.nothing().await;
}

#[tokio::test]
async fn an_error_in_the_body_of_an_answer_is_no_success() {
    let hooks = Hooks::new().await;
    let mut bench = Bench::new();
    let chat = |bench: &Bench| ChatWebhook {
        url: bench.secret("url", &format!("http://{}/services/sEcReT\n", hooks.address)),
        tls: Tls::default(),
    };
    let pager = |bench: &Bench| PagerDuty {
        routing_key: bench.secret("key", "R0UTINGKEY"),
        url: Some(format!("http://{}/v2/enqueue", hooks.address).parse().unwrap()),
        tls: Tls::default(),
    };
    let cases = [
        (
            Transport::Teams(chat(&bench)),
            "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429 with ContextId x",
            "deferred",
            "1",
        ),
        (
            Transport::Teams(chat(&bench)),
            "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 404 with ContextId x",
            "refused",
            "",
        ),
        (Transport::Slack(chat(&bench)), r#"{"ok":false,"error":"ratelimited"}"#, "deferred", "ok"),
        (Transport::Slack(chat(&bench)), "channel_is_archived", "refused", "ok"),
        (
            Transport::PagerDuty(pager(&bench)),
            r#"{"status":"invalid event","errors":["'routing_key' R0UTINGKEY is unknown"]}"#,
            "refused",
            r#"{"status":"success"}"#,
        ),
        (
            webhook(hooks.address).transport,
            r#"{"ok":false,"error_code":429,"parameters":{"retry_after":1}}"#,
            "deferred",
            r#"{"ok":true}"#,
        ),
    ];
    for (n, (transport, error, outcome, success)) in cases.into_iter().enumerate() {
        let name = format!("target-{n}");
        let settings = floorwatch::notify::Settings { name: Some(name.as_str().into()), ..target(transport) };
        hooks.answer([Answer::Text(200, error)]);
        hooks.answer_all(Answer::Text(200, success));
        bench.tell(vec![settings]);
        let queue = format!("queue-{n}");
        bench.waits(&[(&queue, 150.0)]);
        let wanted = if outcome == "deferred" { "delivered" } else { "refused" };
        let told = bench.outcomes(&name, wanted, 1).await;
        let (first, last) = (&told[0], &told[told.len() - 1]);
        assert_eq!((first.outcome.key(), last.outcome.key()), (outcome, wanted), "{error}: {:?}", words(&told));
        assert!(!format!("{told:?}").contains("sEcReT") && !format!("{told:?}").contains("R0UTINGKEY"));
        bench.stop().await;
    }
}
