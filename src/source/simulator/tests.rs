//! A simulated day is repeatable, well-formed and has realistic figures.

use std::collections::BTreeSet;

use chrono::{Datelike, TimeZone};

use super::*;
use crate::event::AgentState;

mod lifecycles;
mod statistics;

use statistics::count;

fn settings(seed: u64, scenario: Scenario) -> Settings {
    Settings { seed, scenario, zone: Tz::UTC }
}

fn time(text: &str) -> Time {
    Time::parse_rfc3339(text).unwrap()
}

/// All events from the start of the history to `hours` after `live`.
fn simulate(settings: Settings, live: Time, hours: i64) -> Vec<Event> {
    let start = history_start(live);
    let mut events = Vec::new();
    Simulator::new(settings, start, live).advance(live + Span(hours * Span::HOUR.0), &mut events);
    events
}

/// The end of Wednesday, 11 March 2026.
fn wednesday() -> Time {
    time("2026-03-12T00:00:00Z")
}

/// The end of Monday, 9 March 2026.
fn monday() -> Time {
    time("2026-03-10T00:00:00Z")
}

fn hours(hours: i64) -> Span {
    Span(hours * Span::HOUR.0)
}

#[test]
fn the_same_seed_gives_the_same_events_whatever_the_steps() {
    let live = wednesday();
    let start = history_start(live);
    let at_once = simulate(settings(7, Scenario::Outage), live, 0);
    let mut simulator = Simulator::new(settings(7, Scenario::Outage), start, live);
    let (mut in_steps, mut at) = (Vec::new(), start);
    while at < live {
        at = (at + Span::seconds(97)).min(live);
        simulator.advance(at, &mut in_steps);
        assert!(in_steps.last().is_none_or(|event| event.at <= at));
    }
    assert!(at_once == in_steps);
    assert!(at_once != simulate(settings(8, Scenario::Outage), live, 0));
    assert!(at_once != simulate(settings(7, Scenario::Calm), live, 0));
}

fn within(name: &str, value: f64, low: f64, high: f64) {
    assert!((low..=high).contains(&value), "{name} is {value:.1}, not {low} to {high}");
}

#[test]
fn a_calm_day_has_realistic_figures() {
    for (end, seed) in [(wednesday(), 1), (wednesday(), 2), (monday(), 1), (monday(), 2)] {
        let from = end - Span::DAY;
        let events = simulate(settings(seed, Scenario::Calm), end, 0);
        let day = count(&events, from, end, None);
        within("offered", day.offered, 5_500.0, 8_000.0);
        within("service level", day.service_level(), 80.0, 97.0);
        within("abandonment", day.abandonment(), 0.3, 4.0);
        within("speed of answer", day.waited.0 / day.waited.1, 5.0, 20.0);
        within("first contact resolution", 100.0 * day.resolved_at_first / day.firsts, 74.0, 86.0);
        within("repeats", 100.0 * day.repeats / day.offered, 8.0, 22.0);
        within("satisfaction", 100.0 * day.satisfied / day.surveys, 80.0, 92.0);
        within("effort", day.effort.0 / day.effort.1, 1.8, 3.0);
        within("promoters", 100.0 * day.promoters / day.recommended, 15.0, 60.0);
        within("survey response", 100.0 * day.surveys / day.completed, 13.0, 22.0);
        within("transfers", 100.0 * day.transferred / (day.completed + day.transferred), 3.0, 10.0);
        within("evaluations", day.evaluations, 100.0, 500.0);
        within("reopened", day.reopened, 40.0, 400.0);
        within("ring no answer", day.no_answer, 20.0, 150.0);
        let work = count(&events, from + hours(9), from + hours(17), None);
        within("occupancy", 100.0 * work.busy_s / (work.busy_s + work.free_s), 62.0, 85.0);
        within("contacts at night", count(&events, from + hours(1), from + hours(5), None).offered / 4.0, 80.0, 220.0);
        for level in &statistics::hourly_levels(&events, from)[9..17] {
            within("an hour's service level", *level, 60.0, 100.0);
        }
    }
}

#[test]
fn written_contacts_wait_as_long_as_is_usual_for_their_channel() {
    let (from, to) = (wednesday() - Span::DAY, wednesday());
    let events = simulate(settings(1, Scenario::Calm), to, 0);
    for (queue, low, high) in [("email", 600.0, 5_400.0), ("social", 120.0, 1_200.0), ("sms", 60.0, 300.0)] {
        let day = count(&events, from, to, Some(queue));
        within(queue, day.written_wait.0 / day.written_wait.1, low, high);
        within("service level", day.service_level(), 70.0, 100.0);
        within("abandonment", day.abandonment(), 0.0, 0.0);
    }
}

#[test]
fn some_customers_wait_at_most_times_but_never_many() {
    for (end, seed) in [(wednesday(), 3), (monday(), 4)] {
        let events = simulate(settings(seed, Scenario::Calm), end, 0);
        let (open, close) = (end - hours(15), end - hours(7));
        let (mut waiting, mut counts, mut at) = (BTreeSet::new(), Vec::new(), open);
        for event in events.iter().filter(|event| event.at < close) {
            while event.at >= at {
                counts.push(waiting.len());
                at = at + Span(5 * Span::MINUTE.0);
            }
            let EventKind::Contact { contact, queue, step } = &event.kind else { continue };
            let visit = (contact.clone(), queue.clone());
            match step {
                Step::Offered(_) => drop(waiting.insert(visit)),
                Step::Answered { .. } | Step::Abandoned { .. } | Step::Left { .. } => drop(waiting.remove(&visit)),
                _ => {}
            }
        }
        counts.sort_unstable();
        let at = |share: usize| counts[(counts.len() - 1) * share / 100];
        assert!(at(10) >= 3 && at(50) <= 20 && at(100) <= 45, "{counts:?}");
    }
}

#[test]
fn a_day_of_history_has_a_bounded_number_of_events() {
    for scenario in Scenario::ALL {
        let events = simulate(settings(2, scenario), time("2026-03-09T20:00:00Z"), 0);
        let day = count(&events, Time(i64::MIN), Time(i64::MAX), None);
        assert!(events.len() <= 66_000, "{}", events.len());
        let each = f64::from(u32::try_from(events.len()).unwrap()) / day.offered;
        assert!((4.0..9.0).contains(&each), "{each} events a contact");
    }
}

#[test]
fn an_outage_raises_abandonment_and_volume_in_its_queues_only() {
    let live = time("2026-03-11T15:00:00Z");
    let (from, to) = (live - Span(15 * Span::MINUTE.0), live + Span(45 * Span::MINUTE.0));
    let [calm, outage] = [Scenario::Calm, Scenario::Outage].map(|scenario| simulate(settings(3, scenario), live, 2));
    let of = |events: &[Event]| count(events, from, to, Some("support"));
    assert!(of(&outage).abandonment() > of(&calm).abandonment() + 8.0);
    assert!(of(&outage).offered > 2.0 * of(&calm).offered);
    assert!(of(&outage).service_level() < 60.0);
    // Other queues change little: only some of their agents help out.
    let elsewhere = ["sales", "billing", "chat-sales"];
    let level = |events: &[Event]| -> f64 {
        elsewhere.iter().map(|queue| count(events, from, to, Some(queue)).service_level() / 3.0).sum()
    };
    assert!(level(&outage) > level(&calm) - 35.0, "{} after {}", level(&outage), level(&calm));
    let resolved = |c: &statistics::DayStatistics| c.resolved_at_first / c.firsts;
    assert!(resolved(&of(&outage)) < resolved(&of(&calm)));
    let before = (live - Span(40 * Span::MINUTE.0)).minute();
    let quiet = |event: &&Event| event.at < before;
    assert!(outage.iter().filter(quiet).count() > 20_000, "the day before is there to compare with");
}

#[test]
fn a_monday_morning_overloads_its_queues() {
    let live = time("2026-03-09T13:00:00Z");
    let (from, to) = (time("2026-03-09T10:00:00Z"), time("2026-03-09T11:30:00Z"));
    let level = |scenario| count(&simulate(settings(4, scenario), live, 0), from, to, None).service_level();
    assert!(level(Scenario::Monday) < 70.0, "{}", level(Scenario::Monday));
    assert!(level(Scenario::Calm) > level(Scenario::Monday) + 10.0);
    let events = simulate(settings(4, Scenario::Monday), live, 0);
    let of = |queue: &QueueId| count(&events, from, to, Some(queue.spec().id)).service_level();
    let mean =
        |queues: Vec<QueueId>| queues.iter().map(of).sum::<f64>() / f64::from(u32::try_from(queues.len()).unwrap());
    let (hit, spared) = QueueId::all().partition(|queue| world::MONDAY_QUEUES.contains(queue));
    let (hit, spared) = (mean(hit), mean(spared));
    assert!(spared > hit + 10.0, "{spared:.0} % is no better than {hit:.0} %");
}

#[test]
fn agents_are_on_shift_at_every_hour_in_every_time_zone() {
    for zone in [Tz::UTC, Tz::Asia__Kolkata, Tz::America__Los_Angeles] {
        // The weekend on which clocks go forward in Los Angeles.
        let (start, end) = (time("2026-03-06T00:00:00Z"), time("2026-03-10T00:00:00Z"));
        let mut events = Vec::new();
        Simulator::new(Settings { seed: 5, scenario: Scenario::Calm, zone }, start, end).advance(end, &mut events);
        let (mut there, mut hour, mut came) = (BTreeSet::new(), start + Span::HOUR, 0);
        for event in events {
            while event.at >= hour {
                assert!(there.len() >= 8, "{} on shift at {hour} in {zone}", there.len());
                assert!(came >= 45, "{came} contacts in the hour to {hour} in {zone}");
                hour = hour + Span::HOUR;
                came = 0;
            }
            match event.kind {
                EventKind::AgentState { agent, state: AgentState::Offline, .. } => drop(there.remove(&agent)),
                EventKind::AgentState { agent, .. } => drop(there.insert(agent)),
                EventKind::Contact { step: Step::Offered(_), .. } => came += 1,
                _ => {}
            }
        }
    }
}

#[test]
fn the_roster_has_an_agent_with_a_unique_login_for_every_shift() {
    let roster = Roster::new(wednesday(), &mut SimRng::new(1));
    let posts = |group| shifts::shifts(group, false).len().max(shifts::shifts(group, true).len());
    let planned: usize = world::GROUPS.iter().map(posts).sum();
    assert!(planned <= world::NAMES.len(), "{planned} posts and {} names", world::NAMES.len());
    let logins: BTreeSet<_> = roster.ids().map(|id| roster[id].label.clone()).collect();
    assert_eq!(logins.len(), planned);
    assert!(logins.iter().all(|login| login.as_str().contains('.') && login.as_str().is_ascii()));
    for queue in QueueId::all() {
        assert!(roster.ids().filter(|id| roster[*id].own.contains(&queue)).count() >= 20, "{}", queue.spec().id);
    }
}

#[test]
fn the_tables_are_consistent_and_rates_stay_below_their_bounds() {
    let ids: BTreeSet<_> = world::QUEUES.iter().map(|queue| queue.id).collect();
    assert_eq!(ids.len(), world::QUEUES.len());
    for queue in &world::QUEUES {
        for other in queue.transfers.iter().chain([&queue.other_channel]) {
            assert!(other.0 < world::QUEUES.len());
        }
    }
    for scenario in Scenario::ALL {
        let live = Tz::UTC.with_ymd_and_hms(2026, 3, 11, 12, 0, 0).unwrap();
        assert_eq!(live.weekday().num_days_from_monday(), 2);
        let live: Time = live.into();
        let arrivals = Arrivals { zone: Tz::UTC, scenario, live };
        let streams = QueueId::all().map(ArrivalStream::Queue).chain([ArrivalStream::Contained, ArrivalStream::Outage]);
        for stream in streams {
            for step in -700..700 {
                let at = live + Span(step * 10 * Span::MINUTE.0);
                let (rate, bound) = (arrivals.rate(stream, at), arrivals.bound(stream));
                assert!(rate <= bound * (1.0 + 1e-9), "{stream:?} at {at}");
            }
        }
        assert_eq!(Scenario::parse(scenario.key()), Some(scenario));
    }
}
