//! Runs the HTTP source against servers whose answers are several lists: pages, names, agents, and contacts.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::peer::Peer;
use crate::support::running_source::RunningSource;
use floorwatch::board::Health;
use floorwatch::event::{EventKind, Step};
use floorwatch::source::SourceKind;

const KEYS: &str = r#"
every_s = 1
[[request]]
name = "queues"
path = "/queues?size=2"
every_s = 600
page = { next = "nextUri" }
keep = { ids = "entities[].id" }
map = { queue_names = { rows = "entities", id = "id", name = "name" } }

[[request]]
name = "figures"
path = "/figures"
method = "POST"
body = '{"queues": ${ids}}'
each = { of = "ids", at_once = 2 }
[request.map]
rows = "rows"
queue = "queue"
kpis = { waiting = "waiting", service_level = { of = ["in_time", "offered"] } }

[[request]]
name = "agents"
path = "/agents"
page = { token = "next", parameter = "token" }
[request.map.agents]
rows = "agents"
agent = "id"
name = "name"
state = "state"
states = { READY = "available", "BREAK*" = "paused", TALK = "on_contact" }
reason = "state"
since = "since"
queues = "queues"

[[request]]
name = "contacts"
path = "/contacts"
[request.map.contacts]
rows = "contacts"
contact = "id"
queue = "queue"
since = { ago = "age" }
agent = "agent"
"#;

fn respond(path: &str, body: &str, contacts: &str) -> String {
    match path {
        "/api/queues?size=2" => {
            r#"{"entities": [{"id": "q1", "name": "billing"}, {"id": "q2", "name": "sales"}], "nextUri": "/api/queues?size=2&page=2"}"#.to_owned()
        }
        "/api/queues?size=2&page=2" => r#"{"entities": [{"id": "q3", "name": "support"}]}"#.to_owned(),
        "/api/figures" => {
            let wanted: serde_json::Value = serde_json::from_str(body).unwrap();
            let row = |id: &serde_json::Value| format!(r#"{{"queue": {id}, "waiting": 2, "in_time": 8, "offered": 10}}"#);
            let rows: Vec<_> = wanted["queues"].as_array().unwrap().iter().map(row).collect();
            assert!(rows.len() <= 2);
            format!(r#"{{"rows": [{}]}}"#, rows.join(","))
        }
        "/api/agents" => {
            r#"{"agents": [{"id": "7", "name": "Ann", "state": "READY", "since": "2026-03-02T09:00:00Z", "queues": ["q1", "q3"]}], "next": "n 2"}"#.to_owned()
        }
        "/api/agents?token=n+2" => {
            r#"{"agents": [{"id": "8", "state": "BREAK_LUNCH"}, {"id": "9", "state": "DANCING"}], "next": null}"#.to_owned()
        }
        "/api/contacts" => format!(r#"{{"contacts": [{contacts}]}}"#),
        other => panic!("{other}"),
    }
}

/// A server whose list of contacts is one of `contacts` after the other, and then empty.
fn start(contacts: Vec<&'static str>) -> (Peer, RunningSource) {
    let looks = AtomicUsize::new(0);
    let peer = Peer::start(move |c| {
        loop {
            let asked = c.request()?;
            let look = if asked.path() == "/api/contacts" { looks.fetch_add(1, Ordering::SeqCst) } else { 0 };
            let answer = respond(asked.path(), &asked.body, contacts.get(look).unwrap_or(&""));
            c.answer("200 OK\nContent-Type: application/json", &answer)?;
        }
    });
    let source = RunningSource::start(SourceKind::Http, &format!("url = \"{}\"\n{KEYS}", peer.url("/api")));
    (peer, source)
}

#[test]
fn several_requests_make_one_board() {
    let (peer, mut source) = start(Vec::new());
    source.until_health(Health::Live, "");
    for queue in ["billing", "sales", "support"] {
        assert_eq!(source.figures(queue), [("waiting", 2.0)], "{queue}");
    }
    let quotients = source.events.iter().filter_map(|event| match &event.kind {
        EventKind::Observed { quotients, .. } => Some((quotients[0].1, quotients[0].2)),
        _ => None,
    });
    assert_eq!(quotients.collect::<Vec<_>>(), [(8.0, 10.0); 3]);
    let agents: Vec<String> = source
        .events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::AgentState { agent, state, reason, .. } => {
                Some(format!("{agent} {} {}", state.key(), reason.as_ref().map_or("-", |reason| reason.as_str())))
            }
            EventKind::AgentQueues { agent, queues } => {
                Some(format!("{agent} {}", queues.iter().map(|of| of.queue.as_str()).collect::<Vec<_>>().join(" ")))
            }
            _ => None,
        })
        .collect();
    // Ann is in that state for months, and still is.
    assert_eq!(agents, ["7 billing support", "7 available -", "7 available -", "8 paused BREAK_LUNCH", "9 unknown -"]);
    assert_eq!(source.rejected, [(2, "agents: `state` is a word that `states` does not have (DANCING)".to_owned())]);
    let count = |path: &str| peer.asked().iter().filter(|asked| asked.path().starts_with(path)).count();
    source.until(|_| count("/api/contacts") > 2);
    assert_eq!(count("/api/queues"), 2);
}

#[test]
fn contacts_come_are_answered_and_go() {
    let waiting = r#"{"id": "c1", "queue": "q1", "age": 20}, {"id": "c2", "queue": "q2", "age": 5}"#;
    // A row that cannot be read ends nothing.
    let unreadable = r#"{"id": "c1", "queue": "q1", "age": {}}, {"id": "c2", "queue": [], "age": 6}"#;
    let talking = r#"{"id": "c1", "queue": "q1", "age": 21, "agent": "7"}"#;
    let (_peer, mut source) = start(vec![waiting, unreadable, talking]);
    let words = |source: &RunningSource| -> Vec<String> {
        let step = |event: &floorwatch::event::Event| match &event.kind {
            EventKind::Contact { contact, queue, step } => {
                let queue = queue.as_ref().map_or("", |queue| queue.as_str());
                Some(match step {
                    Step::Offered(offer) => format!("{contact} offered {queue} {}", offer.sampled),
                    Step::Answered { agent, .. } => format!("{contact} answered {agent}"),
                    Step::Completed { .. } => format!("{contact} completed"),
                    Step::Lost => format!("{contact} lost"),
                    other => panic!("{other:?}"),
                })
            }
            _ => None,
        };
        source.events.iter().filter_map(step).collect()
    };
    source.until(|source| words(source).len() >= 5);
    // Who is missing from two lists is gone.
    let expected = ["c1 offered billing true", "c2 offered sales true", "c1 answered 7", "c2 lost", "c1 completed"];
    assert_eq!(words(&source), expected);
    assert_eq!(source.cursor.as_deref(), Some(r#"{"contacts":{},"agents":["7","8","9"]}"#));
}

/// A server that answers a path with a status for as long as `fails` says so, and else with what is there.
fn failing(fails: impl Fn(&str) -> Option<&'static str> + Send + Sync + 'static) -> (Peer, RunningSource) {
    let peer = Peer::start(move |c| {
        loop {
            let asked = c.request()?;
            let path = asked.path();
            match fails(path) {
                Some(status) => c.answer(status, "")?,
                None => c.answer("200 OK", &respond(path, &asked.body, r#"{"id": "c1", "queue": "q1", "age": 20}"#))?,
            }
        }
    });
    let source = RunningSource::start(SourceKind::Http, &format!("url = \"{}\"\n{KEYS}", peer.url("/api")));
    (peer, source)
}

#[test]
fn each_request_fails_alone_and_what_it_told_is_unknown_after_a_while() {
    let (_peer, mut source) = failing(|path| (path == "/api/figures").then_some("403 Forbidden"));
    source.until_health(Health::Degraded, "figures: http");
    assert_eq!(agent_states(&source).last().map(String::as_str), Some("9 unknown"));
    assert!(source.events.iter().any(|event| matches!(&event.kind, EventKind::Contact { .. })));
    let polls = AtomicUsize::new(0);
    let (_peer, mut source) = failing(move |path| {
        let is_later = path == "/api/agents" && polls.fetch_add(1, Ordering::SeqCst) > 0;
        (is_later || path == "/api/figures").then_some("500 Oops")
    });
    source.until_health(Health::Degraded, "agents: http");
    source.until(|source| agent_states(source).iter().filter(|state| state.ends_with("unknown")).count() == 3);
    // Nobody is taken to be gone.
    assert!(agent_states(&source).iter().all(|state| !state.ends_with("offline")), "{:?}", agent_states(&source));
    assert!(source.health.iter().all(|(health, _)| *health != Health::Down), "{:?}", source.health);
}

#[test]
fn what_fails_again_after_a_while_is_taken_back_and_comes_anew() {
    let polls = AtomicUsize::new(0);
    let (_peer, mut source) = failing(move |path| {
        let is_away = path == "/api/figures" && (2..6).contains(&polls.fetch_add(1, Ordering::SeqCst));
        is_away.then_some("500 Oops")
    });
    source.until_health(Health::Live, "");
    source.until_health(Health::Degraded, "figures: http");
    let is_taken_back = |event: &floorwatch::event::Event| match &event.kind {
        EventKind::Observed { figures, .. } => figures.iter().any(|(_, value)| value.is_nan()),
        _ => false,
    };
    source.until(|source| source.events.iter().any(is_taken_back));
    source.until_health(Health::Live, "");
    assert_eq!(source.figures("billing").last(), Some(&("waiting", 2.0)));
}

#[test]
fn where_waiting_contacts_stand_still_the_source_is_stale() {
    let polls = AtomicUsize::new(0);
    let (_peer, mut source) = failing(move |path| {
        (path == "/api/contacts" && polls.fetch_add(1, Ordering::SeqCst) > 0).then_some("500 Oops")
    });
    source.until_health(Health::Live, "");
    source.until_health(Health::Stale, "contacts: http");
}

#[test]
fn a_request_waits_for_what_another_one_tells_it() {
    let polls = AtomicUsize::new(0);
    let (peer, mut source) = failing(move |path| {
        (path.starts_with("/api/queues") && polls.fetch_add(1, Ordering::SeqCst) < 2).then_some("500 Oops")
    });
    source.until_health(Health::Degraded, "queues: http");
    assert!(peer.asked().iter().all(|asked| asked.path() != "/api/figures"));
    source.until_health(Health::Live, "");
    assert_eq!(source.figures("billing"), [("waiting", 2.0)]);
}

#[test]
fn a_server_that_answers_nothing_any_more_is_down_though_a_list_was_asked_for_minutes_ago() {
    let asked = AtomicUsize::new(0);
    let (_peer, mut source) = failing(move |_| (asked.fetch_add(1, Ordering::SeqCst) > 8).then_some("502 Bad Gateway"));
    source.until_health(Health::Live, "");
    source.until_health(Health::Down, "queues: http");
}

#[test]
fn a_list_without_end_is_said() {
    let pages = AtomicUsize::new(0);
    let peer = Peer::start(move |c| {
        loop {
            c.request()?;
            let page = pages.fetch_add(1, Ordering::SeqCst);
            c.answer("200 OK", &format!(r#"{{"next": "{page}", "queue": "q{page}", "waiting": 1}}"#))?;
        }
    });
    let keys = "every_s = 60\npage = { token = \"next\", parameter = \"t\" }\nmap = { queue = \"queue\", kpis = { waiting = \"waiting\" } }";
    let mut source = RunningSource::start(SourceKind::Http, &format!("url = \"{}\"\n{keys}", peer.url("/")));
    source.until_health(Health::Live, "");
    assert!(source.rejected[0].1.contains("goes on after 100 pages"), "{:?}", source.rejected);
    assert_eq!((peer.asked().len(), source.figures("q99")), (100, vec![("waiting", 1.0)]));
}

/// The keys of a source with a list of agents, which goes on by `page`.
fn agents_by(peer: &Peer, page: &str) -> String {
    format!(
        r#"url = "{}"
every_s = 1
page = {page}
[map.agents]
rows = "agents"
agent = "id"
state = "state"
states = {{ READY = "available" }}"#,
        peer.url("/agents")
    )
}

/// A page with these agents.
fn page_of(ids: &[&str], next: &str) -> String {
    let rows: Vec<String> = ids.iter().map(|id| format!(r#"{{"id": "{id}", "state": "READY"}}"#)).collect();
    format!(r#"{{"agents": [{}], "next": "{next}"}}"#, rows.join(","))
}

/// The states of agents, in order.
fn agent_states(source: &RunningSource) -> Vec<String> {
    let state = |event: &floorwatch::event::Event| match &event.kind {
        EventKind::AgentState { agent, state, .. } => Some(format!("{agent} {}", state.key())),
        _ => None,
    };
    source.events.iter().filter_map(state).collect()
}

const BY_TOKEN: &str = r#"{ token = "next", parameter = "t" }"#;

#[test]
fn nobody_vanishes_where_a_page_fails_or_rows_move_between_pages() {
    let polls = AtomicUsize::new(0);
    let peer = Peer::start(move |c| {
        loop {
            let asked = c.request()?;
            let is_first = asked.path() == "/agents";
            let poll = if is_first { polls.fetch_add(1, Ordering::SeqCst) } else { polls.load(Ordering::SeqCst) - 1 };
            match (is_first, poll) {
                // Bo has moved to the page that was read already.
                (true, 2) => c.answer("200 OK", &page_of(&["ann"], "2"))?,
                (true, _) => c.answer("200 OK", &page_of(&["ann", "bo"], "2"))?,
                (false, 1) => c.answer("500 Oops", "")?,
                // Of an empty page in the middle, the next one is told.
                (false, _) if asked.path() == "/agents?t=2" => c.answer("200 OK", &page_of(&[], "a+b/c &"))?,
                (false, 3) => c.answer("200 OK", &page_of(&["bo", "cy", "di"], ""))?,
                (false, _) if asked.path() == "/agents?t=a%2Bb%2Fc+%26" => {
                    c.answer("200 OK", &page_of(&["cy"], ""))?;
                }
                _ => c.answer("404 Not Found", "")?,
            }
        }
    });
    let mut source = RunningSource::start(SourceKind::Http, &agents_by(&peer, BY_TOKEN));
    source.until_health(Health::Live, "");
    source.until_health(Health::Stale, "500 Internal Server Error");
    source.until_health(Health::Live, "");
    source.until(|source| agent_states(source).len() > 3);
    assert_eq!(agent_states(&source), ["ann", "bo", "cy", "di"].map(|agent| format!("{agent} available")));
}

#[test]
fn pages_that_come_again_are_told_and_are_not_the_whole_list() {
    for page in [
        BY_TOKEN,
        r#"{ from = 1, parameter = "page", rows = "agents" }"#,
        r#"{ from = 1, pointer = "/page", rows = "agents" }"#,
    ] {
        // A server that does not know the parameter.
        let peer = Peer::start(|c| {
            loop {
                c.request()?;
                c.answer("200 OK", &page_of(&["ann"], "2"))?;
            }
        });
        let keys = format!("method = \"POST\"\nbody = \"{{}}\"\n{}", agents_by(&peer, page));
        let mut source = RunningSource::start(SourceKind::Http, &keys.replace("every_s = 1", "every_s = 600"));
        source.until_health(Health::Live, "");
        assert!(
            source.rejected[0].1.starts_with("page 2 of the list is one that came before"),
            "{:?}",
            source.rejected
        );
        assert_eq!((peer.asked().len(), agent_states(&source)), (2, vec!["ann available".to_owned()]), "{page}");
    }
    // The third page leads back to the second.
    let peer = Peer::start(|c| {
        loop {
            let (agent, next) = match c.request()?.path() {
                "/agents" => ("ann", "2"),
                "/agents?t=2" => ("bo", "3"),
                _ => ("cy", "2"),
            };
            c.answer("200 OK", &page_of(&[agent], next))?;
        }
    });
    let keys = agents_by(&peer, BY_TOKEN).replace("every_s = 1", "every_s = 600");
    let mut source = RunningSource::start(SourceKind::Http, &keys);
    source.until_health(Health::Live, "");
    assert!(source.rejected[0].1.starts_with("page 3 of the list"), "{:?}", source.rejected);
    assert_eq!((peer.asked().len(), agent_states(&source).len()), (3, 3));
}

#[test]
fn a_next_page_on_another_server_is_not_asked() {
    let there = Peer::start(|c| c.request().and_then(|_| c.answer("200 OK", &page_of(&["eve"], ""))));
    let next = there.url("/agents?t=2");
    let here = Peer::start(move |c| {
        loop {
            c.request()?;
            c.answer("200 OK", &page_of(&["ann"], &next))?;
        }
    });
    let keys = format!("auth = {{ bearer = {{ env = \"HOME\" }} }}\n{}", agents_by(&here, r#"{ next = "next" }"#));
    let mut source = RunningSource::start(SourceKind::Http, &keys);
    source.until_health(Health::Down, &format!("the next page is on another server ({})", there.url("/agents")));
    assert!(there.asked().is_empty() && source.events.is_empty(), "{:?}", there.asked());
}

#[test]
fn no_content_is_an_empty_list() {
    let polls = AtomicUsize::new(0);
    let peer = Peer::start(move |c| {
        loop {
            c.request()?;
            match polls.fetch_add(1, Ordering::SeqCst) {
                0 => c.answer("200 OK", &page_of(&["ann"], ""))?,
                _ => c.answer("204 No Content", "")?,
            }
        }
    });
    let mut source = RunningSource::start(SourceKind::Http, &agents_by(&peer, BY_TOKEN));
    source.until(|source| agent_states(source).len() > 1);
    assert_eq!(agent_states(&source), ["ann available", "ann offline"]);
    assert!(source.health.iter().all(|(health, _)| matches!(health, Health::Connecting | Health::Live)));
}

#[test]
fn what_a_server_lists_by_a_clock_of_its_own_is_shown_at_once_and_times_without_a_zone_are_understood() {
    #[expect(clippy::disallowed_methods, reason = "a server has a clock of its own")]
    let clock = chrono::Utc::now;
    for ahead in [-180, 180] {
        let peer = Peer::start(move |c| {
            loop {
                c.request()?;
                let now = clock() + chrono::TimeDelta::seconds(ahead);
                let since = (now - chrono::TimeDelta::seconds(60)).with_timezone(&chrono_tz::Europe::Berlin);
                let date = now.format("%a, %d %b %Y %H:%M:%S GMT");
                let rows = format!(
                    r#"{{"agents": [{{"id": "ann", "state": "READY", "since": "{}"}}, {{"id": "bo", "state": "READY"}}]}}"#,
                    since.format("%Y-%m-%d %H:%M:%S")
                );
                c.answer(&format!("200 OK\nDate: {date}"), &rows)?;
            }
        });
        let keys = agents_by(&peer, BY_TOKEN).replace("every_s = 1", "every_s = 600\ntimezone = \"Europe/Berlin\"");
        let mut source = RunningSource::start(SourceKind::Http, &format!("{keys}\nsince = \"since\""));
        source.until_health(Health::Live, "");
        assert_eq!(source.rejected, []);
        assert!(source.ahead.is_some_and(|seconds| (seconds - f64::from(i32::try_from(ahead).unwrap())).abs() < 30.0));
        let now = clock().timestamp();
        let ages: Vec<i64> = source
            .events
            .iter()
            .filter(|event| matches!(event.kind, EventKind::AgentState { .. }))
            .map(|event| now - event.at.to_chrono().timestamp())
            .collect();
        assert!((55..120).contains(&ages[0]) && (-3..60).contains(&ages[1]), "{ahead}: {ages:?}");
    }
    let peer = Peer::start(|c| {
        c.request()?;
        c.answer("200 OK", r#"{"agents": [{"id": "ann", "state": "READY", "since": "2026-03-02 09:00:00"}]}"#)?;
        c.hold()
    });
    let keys = format!("{}\nsince = \"since\"", agents_by(&peer, BY_TOKEN));
    let mut source = RunningSource::start(SourceKind::Http, &keys);
    source.until_health(Health::Live, "");
    assert!(source.rejected[0].1.contains("a time without a zone") && source.rejected[0].1.contains("`timezone`"));
}
