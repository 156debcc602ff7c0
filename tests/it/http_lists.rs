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
    assert_eq!(agents, ["7 billing support", "7 available -", "8 paused BREAK_LUNCH", "9 unknown -"]);
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

#[test]
fn a_fault_names_its_request_and_a_list_without_end_is_said() {
    let peer = Peer::start(|c| {
        loop {
            let asked = c.request()?;
            match asked.path() {
                "/api/figures" => c.answer("403 Forbidden", "")?,
                path => c.answer("200 OK", &respond(path, &asked.body, ""))?,
            }
        }
    });
    let url = format!("url = \"{}\"\n{KEYS}", peer.url("/api"));
    RunningSource::start(SourceKind::Http, &url).until_health(Health::Down, "figures: http");
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
