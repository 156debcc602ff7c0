//! Plays recordings of a real Asterisk to the source over a real connection.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::mpsc as std_mpsc;
use std::thread;

use crate::support::asterisk::{LAST, Play, Server, connections, fixture, play, statuses};
use floorwatch::board::Health;
use floorwatch::clock::{Clock, Span, Time};
use floorwatch::engine::{self, ApplyOutcome, Engine, SourceNames};
use floorwatch::event::{AgentState, Event, EventKind, LeftReason, Step};
use floorwatch::kpi::{Dim, Formula, KpiId, Period, Query, Slice};
use floorwatch::source::{self, Connector, Message, Settings};
use serde_json::Value;
use tokio::sync::mpsc;

/// All messages of a source.
#[derive(Default)]
struct Received {
    events: Vec<Event>,
    health: Vec<(Health, String)>,
    remarks: Vec<String>,
    rejected: Vec<String>,
}

impl Received {
    fn add(&mut self, message: Message) {
        match message {
            Message::Events { events, .. } => self.events.extend(events),
            Message::Health { health, reason, .. } => self.health.push((health, reason.to_string())),
            Message::Remark { remark, .. } => self.remarks.push(remark.to_string()),
            Message::Rejected { rejection, .. } => self.rejected.push(rejection.reason.to_string()),
            Message::Clock { .. } => {}
        }
    }
}

/// The name of the sentinel, where the event is one.
fn sentinel_name(event: &Event) -> Option<&str> {
    match &event.kind {
        EventKind::AgentState { agent, state: AgentState::Available, .. } => agent.as_str().strip_prefix("sentinel "),
        _ => None,
    }
}

/// Play a recording to the source, and return all its messages until `done`.
fn run(server: Server, recording: Play, mut done: impl FnMut(&Received) -> bool) -> Received {
    let clock = Clock::manual(recording.connections[0].at);
    let (to, mut from) = mpsc::channel(64);
    let settings =
        Settings { name: Some("pbx".into()), ..Settings::from(Connector::Asterisk(Box::new(server.settings.clone()))) };
    let running = source::spawn(0, &settings, clock.clone(), None, to).unwrap();
    let (acknowledge, acknowledged) = std_mpsc::channel();
    let played = thread::spawn(move || play(&server.listener, recording, &acknowledged, &clock));
    let (mut received, mut ended) = (Received::default(), false);
    while !ended || !done(&received) {
        let message = from.blocking_recv().unwrap();
        if let Message::Events { events, .. } = &message {
            for name in events.iter().filter_map(sentinel_name) {
                ended |= name == LAST;
                acknowledge.send(()).unwrap();
            }
        }
        received.add(message);
    }
    drop(from);
    running.join();
    played.join().unwrap();
    received
}

fn expected(scenario: &str) -> Value {
    serde_json::from_slice(&fs::read(fixture(scenario, "expected.json")).unwrap()).unwrap()
}

/// Assert that the events give the expected figures, except those for which `differs` holds.
fn assert_figures(
    scenario: &str,
    events: &[Event],
    mut differs: impl FnMut(Option<&str>, &str, f64, Option<f64>) -> bool,
) {
    let mut floor = Engine::new(engine::Settings::default());
    for (index, event) in events.iter().enumerate() {
        // Only what says the same again is dropped.
        let is_same = |earlier: &Event| (earlier.at, &earlier.kind) == (event.at, &event.kind);
        let is_known = floor.apply(event) == ApplyOutcome::Duplicate;
        assert!(!is_known || events[..index].iter().any(is_same), "{event:?}");
    }
    assert_eq!(floor.contradictions(), []);
    let mut figure = |queue: Option<&str>, name: &str| {
        // The threshold after the @ is the one that Asterisk reports.
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
    let mut checked = 0;
    let mut check = |queue: Option<&str>, figures: &Value| {
        for (name, value) in figures.as_object().unwrap() {
            let (got, value) = (figure(queue, name), value.as_f64().unwrap());
            if !differs(queue, name, value, got) {
                assert!(
                    got.is_some_and(|got| (got - value).abs() < 0.0051),
                    "{scenario} {queue:?} {name}: expected {value}, got {got:?}"
                );
                checked += 1;
            }
        }
    };
    check(None, &expected["total"]);
    for (queue, figures) in expected["by_queue"].as_object().unwrap() {
        check(Some(queue), figures);
    }
    assert!(checked > 20, "{checked} figures checked");
    let open = expected["contacts_without_end"].as_f64();
    let lost = figure(None, "unknown_end");
    if !differs(None, "unknown_end", open.unwrap(), lost) {
        assert_eq!(lost, open);
    }
}

/// Assert that as many callers of scenario a have the intent `refund` as joined with it.
fn assert_intents(events: &[Event]) {
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
    Play { connections: connections(scenario), single_bytes: 0, paced: false, before: Box::new(|_| {}) }
}

fn whole_log(scenario: &str) -> Vec<u8> {
    let mut text = if scenario == "c" { fs::read(fixture(scenario, "queue_log.0")).unwrap() } else { Vec::new() };
    text.extend(fs::read(fixture(scenario, "queue_log")).unwrap());
    text
}

/// Whether only the log knows the figure: the interface cannot tell callers who were sent away from those who hung up,
/// and it does not know the answers to surveys.
fn is_known_from_log_alone(_: Option<&str>, name: &str, _: f64, _: Option<f64>) -> bool {
    matches!(name, "abandoned" | "left" | "time_to_abandon" | "csat" | "csat_mean")
}

/// How many callers hung up, and how many left by a key, according to the events.
fn count_unanswered(events: &[Event]) -> (usize, usize) {
    let count = |fits: &dyn Fn(&Step) -> bool| {
        events.iter().filter(|event| matches!(&event.kind, EventKind::Contact { step, .. } if fits(step))).count()
    };
    let by_key = |step: &Step| matches!(step, Step::Left { reason: LeftReason::Key, .. });
    (count(&|step| matches!(step, Step::Abandoned { .. })), count(&by_key))
}

#[test]
fn a_normal_day_without_a_log() {
    let server = Server::new(None);
    let received = run(server, recording("a"), |_| true);
    assert_figures("a", &received.events, is_known_from_log_alone);
    assert_intents(&received.events);
    // 18 hung up, 4 waited too long and 1 was withdrawn; 9 pressed a key.
    assert_eq!(count_unanswered(&received.events), (23, 9));
    assert_eq!(
        received.health.iter().map(|(health, _)| *health).collect::<Vec<_>>(),
        [Health::Connecting, Health::Live]
    );
    assert_eq!(received.remarks, [""; 0]);
    assert_eq!(received.rejected, [""; 0]);
}

#[test]
fn an_overloaded_day_without_a_log_in_single_bytes() {
    let server = Server::new(None);
    let played = Play { single_bytes: 200_000, ..recording("b") };
    let received = run(server, played, |_| true);
    assert_figures("b", &received.events, is_known_from_log_alone);
    // 136 hung up, 10 waited too long, 3 found nobody there and 1 was withdrawn; 10 pressed a key.
    assert_eq!(count_unanswered(&received.events), (150, 10));
}

#[test]
fn a_day_of_restarts_without_a_log() {
    let server = Server::new(None);
    let received = run(server, recording("c"), |_| true);
    // Calls that a restart cut off have an unknown end, one caller more than in the log, who pressed a key at the last
    // moment.
    assert_figures("c", &received.events, |queue, name, value, got| {
        let cut_off = name == "unknown_end" && got == Some(value + 1.0);
        let by_cut_off = queue.is_none_or(|queue| queue.starts_with("VIP")) && name.starts_with("service_level@");
        cut_off || by_cut_off || is_known_from_log_alone(queue, name, value, got)
    });
    let missed = received.events.iter().filter(|event| matches!(event.kind, EventKind::Missed { .. })).count();
    assert_eq!(missed, 3, "each time it was away, and never at the beginning");
    let restarted = received.events.iter().filter(|event| matches!(event.kind, EventKind::Restarted)).count();
    assert_eq!(restarted, 2, "it was only away once");
}

#[test]
fn with_a_complete_log_the_figures_are_the_log_s() {
    for scenario in ["a", "b", "c"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("queue_log");
        fs::write(&path, whole_log(scenario)).unwrap();
        let played = recording(scenario);
        let received = run(Server::new(Some(path)), played, |_| true);
        assert_figures(scenario, &received.events, |_, _, _, _| false);
        if scenario == "a" {
            assert_intents(&received.events);
        }
        assert!(
            !received.events.iter().any(|event| matches!(event.kind, EventKind::Missed { .. })),
            "nothing is missed"
        );
    }
}

/// Writes the log as time advances, each line `late` after its own time.
fn growing_log(path: &Path, scenario: &str, late: Span) -> Box<dyn FnMut(Time) + Send> {
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
fn with_a_growing_log_the_figures_are_the_log_s() {
    for (scenario, late) in [("a", Span::ZERO), ("b", Span::seconds(2))] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("queue_log");
        let mut write = growing_log(&path, scenario, late);
        let mut played = recording(scenario);
        let end = played.connections[0].reads.last().unwrap().0;
        played.before = Box::new(move |now| write(if now == end { now + Span::HOUR } else { now }));
        let answers = whole_log(scenario).windows(6).filter(|part| part == b"|CSAT|").count();
        let received = run(Server::new(Some(path)), played, |received| {
            let is_survey = |event: &&Event| matches!(&event.kind, EventKind::Contact { step: Step::Survey(_), .. });
            received.events.iter().filter(is_survey).count() == answers
        });
        assert_figures(scenario, &received.events, |_, _, _, _| false);
        if scenario == "a" {
            assert_intents(&received.events);
        }
    }
}

#[test]
fn with_a_log_that_comes_after_the_day_the_figures_are_the_log_s_in_the_end() {
    for scenario in ["a", "b"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("queue_log");
        let mut write = growing_log(&path, scenario, Span::HOUR);
        let mut played = Play { paced: true, ..recording(scenario) };
        let end = played.connections[0].reads.last().unwrap().0;
        played.before = Box::new(move |now| write(if now == end { now + Span::DAY } else { now }));
        let answers = whole_log(scenario).windows(6).filter(|part| part == b"|CSAT|").count();
        let received = run(Server::new(Some(path)), played, |received| {
            let is_survey = |event: &&Event| matches!(&event.kind, EventKind::Contact { step: Step::Survey(_), .. });
            received.events.iter().filter(is_survey).count() == answers
        });
        assert!(received.remarks.iter().any(|remark| remark.contains("is behind")), "{:?}", received.remarks);
        assert_figures(scenario, &received.events, |_, _, _, _| false);
    }
}

/// By queue of a reply to `QueueStatus`, how many agents can be reached, and how many of them can take a call.
fn staff_in(reply: &[u8]) -> BTreeMap<String, (i64, i64)> {
    let mut staff = BTreeMap::new();
    for frame in String::from_utf8_lossy(reply).split("\r\n\r\n") {
        let value = |key: &str| frame.lines().find_map(|line| line.strip_prefix(key));
        let (Some(event), Some(queue)) = (value("Event: "), value("Queue: ")) else { continue };
        let status = value("Status: ").unwrap_or_default();
        let (staffed, available) = match event {
            "QueueParams" => (false, false),
            "QueueMember" => {
                (!matches!(status, "4" | "5"), matches!(status, "0" | "1") && value("Paused: ") == Some("0"))
            }
            _ => continue,
        };
        let sums = staff.entry(queue.to_owned()).or_insert((0, 0));
        *sums = (sums.0 + i64::from(staffed), sums.1 + i64::from(available));
    }
    staff
}

#[test]
fn who_serves_a_queue_is_what_asterisk_answers_every_ten_seconds() {
    let (mut looks, mut agree) = (0, 0);
    for scenario in ["a", "b", "c"] {
        let played = Play { paced: true, ..recording(scenario) };
        let begin = played.connections[0].reads[0].0;
        let received = run(Server::new(None), played, |_| true);
        let mut events = received.events.iter().peekable();
        let mut floor = Engine::new(engine::Settings::default());
        for (at, _, reply) in statuses(scenario).into_iter().filter(|(at, ..)| *at > begin) {
            while let Some(event) = events.next_if(|event| event.at <= at) {
                floor.apply(event);
            }
            let queues = floor.queues_now(at, SourceNames::ORIGINS);
            for (queue, staff) in staff_in(&reply) {
                let shown = queues.iter().find(|row| row.id.as_str() == queue).map(|row| {
                    let number = |state| AgentState::ALL.iter().zip(row.live.agents).find(|(s, _)| **s == state);
                    let number = |state| number(state).map_or(0, |(_, n)| n);
                    (row.live.agents.iter().sum::<i64>() - number(AgentState::Offline), number(AgentState::Available))
                });
                looks += 1;
                agree += i64::from(shown == Some(staff));
            }
        }
    }
    assert!(looks > 500 && agree * 100 >= looks * 99, "{agree} of {looks} looks agree");
}
