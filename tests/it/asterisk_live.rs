//! A live Asterisk, played to the source from recordings over a real connection.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::mpsc as std_mpsc;
use std::thread;

use crate::support::asterisk::{LAST, Play, Server, connections, fixture, play};
use floorwatch::board::Health;
use floorwatch::clock::{Clock, Span, Time};
use floorwatch::engine::{self, ApplyOutcome, Engine};
use floorwatch::event::{AgentState, Event, EventKind, LeftReason, Step};
use floorwatch::kpi::{Dim, Formula, KpiId, Period, Query, Slice};
use floorwatch::source::{self, Connector, Message, Settings};
use serde_json::Value;
use tokio::sync::mpsc;

/// What came of a source.
#[derive(Default)]
struct Seen {
    events: Vec<Event>,
    health: Vec<(Health, String)>,
    remarks: Vec<String>,
    rejected: Vec<String>,
}

impl Seen {
    fn take(&mut self, message: Message) {
        match message {
            Message::Events { events, .. } => self.events.extend(events),
            Message::Health { health, reason, .. } => self.health.push((health, reason.to_string())),
            Message::Remark { remark, .. } => self.remarks.push(remark.to_string()),
            Message::Rejected { rejection, .. } => self.rejected.push(rejection.reason.to_string()),
            Message::Clock { .. } => {}
        }
    }
}

/// The sentinel that an event is.
fn sentinel(event: &Event) -> Option<&str> {
    match &event.kind {
        EventKind::AgentState { agent, state: AgentState::Available, .. } => agent.as_str().strip_prefix("sentinel "),
        _ => None,
    }
}

/// Play a recording to the source, and everything it says until `done` says that it is enough.
fn run(server: Server, recording: Play, mut done: impl FnMut(&Seen) -> bool) -> Seen {
    let clock = Clock::manual(recording.connections[0].at);
    let (to, mut from) = mpsc::channel(64);
    let settings =
        Settings { name: Some("pbx".into()), ..Settings::from(Connector::Asterisk(Box::new(server.settings.clone()))) };
    let running = source::spawn(0, &settings, clock.clone(), None, to).unwrap();
    let (heard, told) = std_mpsc::channel();
    let played = thread::spawn(move || play(&server.listener, recording, &told, &clock));
    let (mut seen, mut ended) = (Seen::default(), false);
    while !ended || !done(&seen) {
        let message = from.blocking_recv().unwrap();
        if let Message::Events { events, .. } = &message {
            for name in events.iter().filter_map(sentinel) {
                ended |= name == LAST;
                heard.send(()).unwrap();
            }
        }
        seen.take(message);
    }
    drop(from);
    running.join();
    played.join().unwrap();
    seen
}

fn expected(scenario: &str) -> Value {
    serde_json::from_slice(&fs::read(fixture(scenario, "expected.json")).unwrap()).unwrap()
}

/// Hold what a source told to the expected figures, but for those that `differs` names.
fn hold(scenario: &str, events: &[Event], mut differs: impl FnMut(Option<&str>, &str, f64, Option<f64>) -> bool) {
    let mut floor = Engine::new(engine::Settings::default());
    for event in events {
        assert_ne!(floor.apply(event), ApplyOutcome::Duplicate);
    }
    let mut figure = |queue: Option<&str>, name: &str| {
        // The threshold behind the @ is the one that Asterisk itself has told.
        let name = name.split_once('@').map_or(name, |(name, _)| name);
        let (kpi, formula) = name.split_once('/').map_or((name, None), |(kpi, formula)| (kpi, Formula::parse(formula)));
        let of = queue.map_or(Slice::TOTAL, |queue| Slice::of(Dim::Queue, queue.into()));
        let over = Period::Range(Time::from_unix(1_795_000_000), Time::from_unix(1_796_000_000));
        let kpis = vec![KpiId::parse(kpi).unwrap()];
        floor.ask(&Query { of, by: Vec::new(), over, every: None, kpis, formula }, Time::from_unix(1_795_500_000)).total
            [0]
        .value
    };
    let expected = expected(scenario);
    let mut held = 0;
    let mut check = |queue: Option<&str>, figures: &Value| {
        for (name, value) in figures.as_object().unwrap() {
            let (got, value) = (figure(queue, name), value.as_f64().unwrap());
            if !differs(queue, name, value, got) {
                assert!(
                    got.is_some_and(|got| (got - value).abs() < 0.0051),
                    "{scenario} {queue:?} {name}: expected {value}, got {got:?}"
                );
                held += 1;
            }
        }
    };
    check(None, &expected["total"]);
    for (queue, figures) in expected["by_queue"].as_object().unwrap() {
        check(Some(queue), figures);
    }
    assert!(held > 20, "{held} figures held");
    let open = expected["contacts_without_end"].as_f64();
    let lost = figure(None, "unknown_end");
    if !differs(None, "unknown_end", open.unwrap(), lost) {
        assert_eq!(lost, open);
    }
}

/// As many callers of scenario a want a refund as joined with that intent.
fn intents_are_known(events: &[Event]) {
    let mut floor = Engine::new(engine::Settings::default());
    for event in events {
        floor.apply(event);
    }
    let of = Slice::of(Dim::Intent, "refund".into());
    let over = Period::Range(Time::from_unix(1_795_000_000), Time::from_unix(1_796_000_000));
    let query = Query { of, by: Vec::new(), over, every: None, kpis: vec![KpiId::Offered], formula: None };
    let text: Vec<u8> = connections("a").into_iter().flat_map(|c| c.reads).flat_map(|(_, bytes)| bytes).collect();
    let text = String::from_utf8_lossy(&text).into_owned();
    let joins = text.split("\r\n\r\n").filter(|frame| frame.starts_with("Event: QueueCallerJoin"));
    let wanted = joins.filter(|frame| frame.contains("ChanVariable: INTENT=refund\r\n")).count();
    assert!(wanted > 10);
    #[expect(clippy::cast_precision_loss, reason = "a few dozen")]
    let wanted = wanted as f64;
    assert_eq!(floor.ask(&query, Time::from_unix(1_795_500_000)).total[0].value, Some(wanted));
}

fn recording(scenario: &str) -> Play {
    Play { connections: connections(scenario), singly: 0, paced: false, before: Box::new(|_| {}) }
}

fn whole_log(scenario: &str) -> Vec<u8> {
    let mut text = if scenario == "c" { fs::read(fixture(scenario, "queue_log.0")).unwrap() } else { Vec::new() };
    text.extend(fs::read(fixture(scenario, "queue_log")).unwrap());
    text
}

/// What the interface alone can't know: that a caller who is gone was sent away, and the answers to surveys, which
/// stand in the log only.
fn is_told_by_the_log_alone(_: Option<&str>, name: &str, _: f64, _: Option<f64>) -> bool {
    matches!(name, "abandoned" | "left" | "time_to_abandon" | "csat" | "csat_mean")
}

/// How many callers are said to have hung up, and to have pressed a key.
fn gone(events: &[Event]) -> (usize, usize) {
    let count = |fits: &dyn Fn(&Step) -> bool| {
        events.iter().filter(|event| matches!(&event.kind, EventKind::Contact { step, .. } if fits(step))).count()
    };
    let by_key = |step: &Step| matches!(step, Step::Left { reason: LeftReason::Key, .. });
    (count(&|step| matches!(step, Step::Abandoned { .. })), count(&by_key))
}

#[test]
fn a_normal_day_by_the_interface_alone() {
    let server = Server::new(None);
    let seen = run(server, recording("a"), |_| true);
    hold("a", &seen.events, is_told_by_the_log_alone);
    intents_are_known(&seen.events);
    // 18 hung up, 4 waited too long and 1 was withdrawn; 9 pressed a key.
    assert_eq!(gone(&seen.events), (23, 9));
    assert_eq!(seen.health.iter().map(|(health, _)| *health).collect::<Vec<_>>(), [Health::Connecting, Health::Live]);
    assert_eq!(seen.remarks, [""; 0]);
    assert_eq!(seen.rejected, [""; 0]);
}

#[test]
fn an_overloaded_day_by_the_interface_alone_in_single_bytes() {
    let server = Server::new(None);
    let played = Play { singly: 200_000, ..recording("b") };
    let seen = run(server, played, |_| true);
    hold("b", &seen.events, is_told_by_the_log_alone);
    // 136 hung up, 10 waited too long, 3 found nobody there and 1 was withdrawn; 10 pressed a key.
    assert_eq!(gone(&seen.events), (150, 10));
}

#[test]
fn a_day_of_restarts_by_the_interface_alone() {
    let server = Server::new(None);
    let seen = run(server, recording("c"), |_| true);
    // What was cut off by a restart ends unknown, one caller more than by the log: he pressed a key in the last moment.
    hold("c", &seen.events, |queue, name, value, got| {
        let cut_off = name == "unknown_end" && got == Some(value + 1.0);
        let by_cut_off = queue.is_none_or(|queue| queue.starts_with("VIP")) && name.starts_with("service_level@");
        cut_off || by_cut_off || is_told_by_the_log_alone(queue, name, value, got)
    });
    let missed = seen.events.iter().filter(|event| matches!(event.kind, EventKind::Missed { .. })).count();
    assert_eq!(missed, 3, "each time it was away, and never at the beginning");
    let restarted = seen.events.iter().filter(|event| matches!(event.kind, EventKind::Restarted)).count();
    assert_eq!(restarted, 2, "it was only away once");
}

#[test]
fn with_the_log_in_place_the_figures_are_the_log_s() {
    for scenario in ["a", "b", "c"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("queue_log");
        fs::write(&path, whole_log(scenario)).unwrap();
        let played = recording(scenario);
        let seen = run(Server::new(Some(path)), played, |_| true);
        hold(scenario, &seen.events, |_, _, _, _| false);
        if scenario == "a" {
            intents_are_known(&seen.events);
        }
        assert!(!seen.events.iter().any(|event| matches!(event.kind, EventKind::Missed { .. })), "nothing is missed");
    }
}

/// Writes the log as time goes on.
fn writer(path: &Path, scenario: &str, late: Span) -> Box<dyn FnMut(Time) + Send> {
    let mut file = fs::File::create(path).unwrap();
    let text = whole_log(scenario);
    let mut lines: std::collections::VecDeque<Vec<u8>> =
        text.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    Box::new(move |now| {
        let is_due = |line: &Vec<u8>| {
            let epoch = line.split(|byte| *byte == b'|').next().and_then(|field| std::str::from_utf8(field).ok());
            epoch.and_then(|epoch| epoch.parse().ok()).is_none_or(|epoch| Time::from_unix(epoch) + late <= now)
        };
        while lines.front().is_some_and(is_due) {
            file.write_all(&lines.pop_front().unwrap()).unwrap();
        }
    })
}

#[test]
fn with_a_log_that_grows_the_figures_are_the_log_s() {
    for (scenario, late) in [("a", Span::ZERO), ("b", Span::seconds(2))] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("queue_log");
        let mut write = writer(&path, scenario, late);
        let mut played = recording(scenario);
        let end = played.connections[0].reads.last().unwrap().0;
        played.before = Box::new(move |now| write(if now == end { now + Span::HOUR } else { now }));
        let answers = whole_log(scenario).windows(6).filter(|part| part == b"|CSAT|").count();
        let seen = run(Server::new(Some(path)), played, |seen| {
            let is_survey = |event: &&Event| matches!(&event.kind, EventKind::Contact { step: Step::Survey(_), .. });
            seen.events.iter().filter(is_survey).count() == answers
        });
        hold(scenario, &seen.events, |_, _, _, _| false);
        if scenario == "a" {
            intents_are_known(&seen.events);
        }
    }
}

#[test]
fn with_a_log_that_comes_when_the_day_is_over_the_figures_are_the_log_s_in_the_end() {
    for scenario in ["a", "b"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("queue_log");
        let mut write = writer(&path, scenario, Span::HOUR);
        let mut played = Play { paced: true, ..recording(scenario) };
        let end = played.connections[0].reads.last().unwrap().0;
        played.before = Box::new(move |now| write(if now == end { now + Span::DAY } else { now }));
        let answers = whole_log(scenario).windows(6).filter(|part| part == b"|CSAT|").count();
        let seen = run(Server::new(Some(path)), played, |seen| {
            let is_survey = |event: &&Event| matches!(&event.kind, EventKind::Contact { step: Step::Survey(_), .. });
            seen.events.iter().filter(is_survey).count() == answers
        });
        assert!(seen.remarks.iter().any(|remark| remark.contains("is behind")), "{:?}", seen.remarks);
        hold(scenario, &seen.events, |_, _, _, _| false);
    }
}
