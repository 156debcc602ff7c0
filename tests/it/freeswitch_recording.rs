//! Plays the recording of a real FreeSWITCH to the source, and compares the figures with those of an independent program.

use std::fs;
use std::io::Write;

use floorwatch::clock::{Clock, Span, Time};
use floorwatch::engine::{self, ApplyOutcome, Engine, QueueSettings};
use floorwatch::event::{AgentState, Event, EventKind, LeftReason, Step};
use floorwatch::kpi::{Dim, Formula, KpiId, Period, Query, Slice};
use floorwatch::secret::Secret;
use floorwatch::source::network::freeswitch;
use floorwatch::source::{Connector, Message, Settings};
use serde_json::Value;
use tempfile::NamedTempFile;
use tokio::sync::mpsc;

use crate::support::event_socket::PASSWORD;
use crate::support::recorded_event_socket::{RecordedEventSocket, SENTINEL};
use crate::support::recording::fixture;

/// All events that the source reports of a recording.
fn play(scenario: &str, speed: u32) -> Vec<Event> {
    let recording = RecordedEventSocket::load(scenario);
    let clock = Clock::manual(recording.begin());
    let mut password = NamedTempFile::new().unwrap();
    password.write_all(PASSWORD.as_bytes()).unwrap();
    let own = freeswitch::Settings {
        address: recording.play(&clock, speed),
        user: None,
        password: Secret::File(password.path().to_owned()),
        tls: None,
        intent: "intent".to_owned(),
        strip_domain: false,
    };
    let settings = Settings { name: Some("pbx".into()), ..Settings::from(Connector::FreeSwitch(Box::new(own))) };
    let (to, mut from) = mpsc::channel(64);
    let running = floorwatch::source::spawn(0, &settings, clock, None, to).unwrap();
    let mut all = Vec::new();
    let is_last = |event: &Event| matches!(&event.kind, EventKind::AgentState { agent, state: AgentState::Available, .. } if agent.as_str() == SENTINEL);
    while !all.iter().any(is_last) {
        match from.blocking_recv().unwrap() {
            Message::Events { events, .. } => all.extend(events),
            Message::Rejected { rejection, .. } => panic!("{rejection:?}"),
            _ => {}
        }
    }
    drop(from);
    running.join();
    all
}

/// The thresholds that the expected service levels are for, by queue.
fn thresholds(expected: &Value) -> engine::Settings {
    let mut settings = engine::Settings::default();
    for (queue, figures) in expected["by_queue"].as_object().unwrap() {
        let threshold =
            figures.as_object().unwrap().keys().find_map(|name| name.strip_prefix("service_level@")).unwrap();
        let service_level = Some(Span::seconds(threshold.parse().unwrap()));
        settings.queues.insert(queue.as_str().into(), QueueSettings { service_level, ..QueueSettings::default() });
    }
    settings
}

#[test]
fn the_figures_of_a_day_are_those_of_the_calls_themselves() {
    let expected: Value =
        serde_json::from_slice(&fs::read(fixture("freeswitch/scenario-a/expected.json")).unwrap()).unwrap();
    let events = play("scenario-a", 60);
    let mut floor = Engine::new(thresholds(&expected));
    let outcomes: Vec<ApplyOutcome> = events.iter().map(|event| floor.apply(event)).collect();
    for (event, outcome) in events.iter().zip(outcomes) {
        assert!(!matches!(outcome, ApplyOutcome::Duplicate), "{event:?}");
    }
    let end = events.last().unwrap().at;
    let mut differences = Vec::new();
    let mut checked = 0;
    let mut check = |slice: &str, of: Slice, figures: &Value| {
        for (name, value) in figures.as_object().unwrap() {
            let (name, _) = name.split_once('@').unwrap_or((name, ""));
            let (kpi, formula) =
                name.split_once('/').map_or((name, None), |(kpi, formula)| (kpi, Formula::parse(formula)));
            let over = Period::Range(Time::from_unix(1_795_889_000), Time::from_unix(1_795_890_000));
            let kpis = vec![KpiId::parse(kpi).unwrap()];
            let query = Query { of: of.clone(), by: Vec::new(), over, every: None, kpis, formula };
            let (got, value) = (floor.ask(&query, end).total[0].value, value.as_f64().unwrap());
            let tolerance = expected["tolerance"][name].as_f64().unwrap_or(0.0) + 0.0006;
            if got.is_none_or(|got| (got - value).abs() > tolerance) {
                differences.push(format!("{slice} {name}: expected {value}, got {got:?}"));
            }
            checked += 1;
        }
    };
    check("total", Slice::TOTAL, &expected["total"]);
    let more = &expected["more"];
    for (dim, rows) in [(Dim::Queue, &expected["by_queue"]), (Dim::Agent, &more["by_agent"])] {
        for (name, figures) in rows.as_object().unwrap() {
            check(name, Slice::of(dim, name.as_str().into()), figures);
        }
    }
    assert_eq!(differences, [""; 0], "of {checked}");
    assert!(checked > 100, "{checked} figures checked");
    assert_eq!(floor.contradictions(), []);

    let over = Period::Range(Time::from_unix(1_795_889_000), Time::from_unix(1_795_890_000));
    let kpis = vec![KpiId::RingNoAnswer];
    let query = Query { of: Slice::TOTAL, by: Vec::new(), over, every: None, kpis, formula: None };
    let rings = floor.ask(&query, end).total[0].parts.clone();
    let ends = |causes: &[&str]| causes.iter().map(|cause| more["ring_ends"][cause].as_u64().unwrap()).sum::<u64>();
    let rang = ends(&["CALL_REJECTED", "ALLOTTED_TIMEOUT", "NORMAL_CLEARING"]);
    let never_rang = ends(&["USER_BUSY", "SUBSCRIBER_ABSENT", "USER_NOT_REGISTERED", "NONE"]);
    let parts: Vec<(&str, u64)> = rings.iter().map(|part| (part.key.as_str(), part.n)).collect();
    assert_eq!(parts, [("not_taken", rang), ("never_rang", never_rang)]);

    let left = |wanted: LeftReason| {
        let is_left = |event: &&Event| matches!(&event.kind, EventKind::Contact { step: Step::Left { reason, .. }, .. } if *reason == wanted);
        events.iter().filter(is_left).count() as u64
    };
    for (reason, count) in more["left_by_reason"]["total"].as_object().unwrap() {
        let wanted = LeftReason::ALL.into_iter().find(|left| left.key() == reason).unwrap();
        assert_eq!(left(wanted), count.as_u64().unwrap(), "{reason}");
    }
}
