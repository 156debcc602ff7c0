//! What becomes of one contact of which two sources tell, and of two contacts that have the same id.

use floorwatch::clock::{Span, Time};
use floorwatch::engine::{Engine, Settings};
use floorwatch::event::{AgentState, Channel, Event, EventKind, Offer, Step};
use floorwatch::kpi::{Figure, KpiId, Period, Query, Slice};

fn at(second: i64) -> Time {
    Time::from_unix(1_772_442_000) + Span::seconds(second)
}

fn event(origin: &str, second: i64, contact: &str, step: Step) -> Event {
    let kind = EventKind::Contact { contact: contact.into(), queue: None, step };
    Event { at: at(second), origin: origin.into(), id: None, kind }
}

/// A contact that joins `queue` at a second, is answered ten seconds later by Ann, and ends after further ninety.
fn handled(origin: &str, second: i64, queue: &str, sampled: bool) -> Vec<Event> {
    let offer = Offer { sampled, ..Offer::new(queue.into(), Channel::Voice) };
    let ended = Step::Completed { agent: Some("ann".into()), ended_by: None, talk: None, hold: None };
    vec![
        event(origin, second, "c1", Step::Offered(offer)),
        event(origin, second + 10, "c1", Step::Answered { agent: "ann".into(), wait: None }),
        event(origin, second + 100, "c1", ended),
    ]
}

/// A contact that joins `queue` at a second and hangs up after twenty.
fn abandoned(origin: &str, second: i64, queue: &str) -> Vec<Event> {
    vec![
        event(origin, second, "c1", Step::Offered(Offer::new(queue.into(), Channel::Voice))),
        event(origin, second + 20, "c1", Step::Abandoned { wait: None, position: None }),
    ]
}

/// How many were offered, answered, abandoned and handled, and how many wait and are with an agent at a second.
fn counted(events: &[Event], now: i64) -> String {
    let mut engine = Engine::new(Settings::default());
    for event in events.iter().filter(|event| event.at <= at(now)) {
        engine.apply(event);
    }
    let kpis = [KpiId::Offered, KpiId::Answered, KpiId::Abandoned, KpiId::Handled, KpiId::Waiting, KpiId::InProgress];
    let over = Period::Range(at(-60), at(now + 1));
    let query = Query { of: Slice::TOTAL, by: Vec::new(), over, every: None, kpis: kpis.to_vec(), formula: None };
    let total = engine.ask(&query, at(now)).total;
    let count = |figure: &Figure| figure.value.map_or_else(|| "-".to_owned(), |value| value.to_string());
    total.iter().map(count).collect::<Vec<_>>().join(" ")
}

/// The events of both in the order of time, and those of one source after all of the other.
fn orders(one: &[Event], other: &[Event]) -> [Vec<Event>; 3] {
    let mut by_time = [one, other].concat();
    by_time.sort_by_key(|event| event.at);
    [by_time, [one, other].concat(), [other, one].concat()]
}

#[test]
fn a_contact_that_two_sources_tell_of_counts_once() {
    for lag in [0, 1, 5] {
        for events in orders(&handled("log", 0, "sales", false), &handled("manager", lag, "sales", false)) {
            assert_eq!(counted(&events, 8), "1 0 0 0 1 0", "{lag}");
            assert_eq!(counted(&events, 50), "1 1 0 0 0 1", "{lag}");
            assert_eq!(counted(&events, 200), "1 1 0 1 0 0", "{lag}");
        }
        for events in orders(&abandoned("log", 0, "sales"), &abandoned("manager", lag, "sales")) {
            assert_eq!(counted(&events, 200), "1 0 1 0 0 0", "{lag}");
        }
    }
}

#[test]
fn a_contact_in_a_list_and_in_events_counts_once_and_is_shown_once() {
    // The list may know since when the contact waits, or that it came since the last poll.
    for lag in [-3, 0, 8] {
        for events in orders(&handled("events", 0, "sales", false), &handled("list", lag, "sales", true)) {
            assert_eq!(counted(&events, 6), "1 0 0 0 1 0", "{lag}");
            assert_eq!(counted(&events, 50), "1 1 0 0 0 1", "{lag}");
            assert_eq!(counted(&events, 200), "1 1 0 1 0 0", "{lag}");
        }
    }
}

#[test]
fn of_two_contacts_with_one_id_both_count() {
    for (queue, second) in [("support", 3), ("sales", 30)] {
        for events in orders(&abandoned("one", 0, "sales"), &abandoned("other", second, queue)) {
            assert!(counted(&events, 200).starts_with("2 0 2"), "{queue}");
        }
    }
    for events in orders(&handled("one", 0, "sales", false), &handled("other", 200, "sales", false)) {
        assert!(counted(&events, 400).starts_with("2 2 0 2"));
    }
}

#[test]
fn an_agent_whom_two_sources_name_is_in_the_state_that_was_told_last() {
    let state = |origin: &str, second: i64, state| {
        let kind = EventKind::AgentState { agent: "ann".into(), state, reason: None, lasts: None };
        Event { at: at(second), origin: origin.into(), id: None, kind }
    };
    let mut engine = Engine::new(Settings::default());
    engine.apply(&state("cloud", 20, AgentState::Paused));
    engine.apply(&state("pbx", 10, AgentState::Available));
    let agents = engine.agents_now(at(30));
    assert_eq!(agents.iter().map(|agent| agent.state).collect::<Vec<_>>(), [AgentState::Paused]);
}
