//! How many events per second the engine applies: a week of the simulated floor, with and without queries in between.
//!
//! `cargo bench --bench engine`. Criterion's elements are events.
//!
//! `cargo bench --bench engine -- memory` prints the memory per event of today: what a process takes more after 200,000
//! contacts of a day that is not over, of which a journal has taken those that are. The budget is 80 B: it is
//! 76 B with `MALLOC_MMAP_THRESHOLD_=131072`, as the service has it, and 90 B without.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::Duration;

use criterion::{Criterion, SamplingMode, Throughput};
use floorwatch::clock::{Span, Time};
use floorwatch::engine::{Archive, ArchivedContact, Engine, Settings};
use floorwatch::event::{Channel, Event, EventKind, Offer, Step};
use floorwatch::kpi::{Dim, KpiId, Period, Query, Slice, Window};
use floorwatch::source::simulator::{self, Scenario, Simulator};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The number of events between two questions of a board.
const EVENTS_PER_QUESTION: usize = 10_000;

/// The contacts of the day whose memory is measured.
const CONTACTS: i64 = 200_000;
/// Monday 2 March 2026, 08:00 UTC.
const START_S: i64 = 1_772_438_400;

fn main() {
    if std::env::args().any(|argument| argument == "memory") {
        return memory();
    }
    let events = week();
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("engine");
    group.throughput(Throughput::Elements(events.len() as u64)).sampling_mode(SamplingMode::Flat).sample_size(10);
    group.warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(5));
    group.bench_function("apply", |bench| bench.iter_with_large_drop(|| apply(&events)));
    group.bench_function("live", |bench| bench.iter_with_large_drop(|| live(&events)));
    group.finish();
    criterion.final_summary();
}

/// A week of a floor that has more contacts than staff.
fn week() -> Vec<Event> {
    let start = Time::from_unix(START_S);
    let end = start + Span(7 * Span::DAY.0);
    let settings = simulator::Settings { seed: 1, scenario: Scenario::Monday, ..simulator::Settings::default() };
    let mut events = Vec::new();
    Simulator::new(settings, start, end).advance(end, &mut events);
    events
}

/// Apply all events.
fn apply(events: &[Event]) -> Engine {
    let mut engine = Engine::new(Settings::default());
    for event in events {
        engine.apply(event);
    }
    engine
}

/// Apply all events while time passes and a board shows the queues.
fn live(events: &[Event]) -> Engine {
    let mut engine = Engine::new(Settings::default());
    let query = Query {
        of: Slice::TOTAL,
        by: vec![Dim::Queue],
        over: Period::Window(Window::Today),
        every: None,
        kpis: vec![KpiId::ServiceLevel, KpiId::AbandonmentRate, KpiId::Asa, KpiId::Fcr, KpiId::AnswerP90],
        formula: None,
    };
    for (count, event) in (1..).zip(events) {
        engine.apply(event);
        engine.advance(event.at);
        if count % EVENTS_PER_QUESTION == 0 {
            engine.ask(&query, event.at);
        }
    }
    engine
}

/// A journal that has stored each checkpoint by the time that it is asked.
#[derive(Debug, Default)]
struct Stored(Cell<u64>);

impl Archive for Stored {
    fn stored(&self) -> u64 {
        self.0.replace(self.0.get() + 1)
    }

    fn segment(&self, _: u64) -> Option<Vec<u8>> {
        None
    }

    fn contacts_by_id(&self, _: u64) -> Vec<ArchivedContact> {
        Vec::new()
    }

    fn contact(&self, _: u64) -> Option<ArchivedContact> {
        None
    }

    fn each_contact(&self, _: Time, _: (Time, u64), _: &mut dyn FnMut(ArchivedContact) -> bool) {}
}

/// Print how much memory a day takes.
#[expect(clippy::print_stdout, reason = "a bench")]
fn memory() {
    let before = resident_bytes();
    let mut engine = Engine::new(Settings::default());
    engine.begin_beside(Box::new(Stored::default()), Vec::new(), Time(i64::MIN));
    let (mut events, mut unstored) = (0_u64, 0);
    day(&mut |event| {
        engine.apply(event);
        engine.advance(event.at);
        (events, unstored) = (events + 1, unstored + 1);
        if unstored >= engine.events_per_checkpoint() && engine.checkpoint().is_some() {
            unstored = 0;
        }
    });
    engine.caught_up(engine.newest());
    let taken = resident_bytes() - before;
    println!("{events} events of today take {} kB, {} B each", taken / 1024, taken / events);
}

/// Hand over the events of a day in order: 40 queues, 600 agents, 300,000 customers, as benches/years.py has them.
fn day(each: &mut dyn FnMut(&Event)) {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    // By time and the number of the step.
    let mut later: BTreeMap<(i64, u64), (i64, Step)> = BTreeMap::new();
    let mut planned = 0;
    let mut say = |number: i64, at: i64, step: Step| {
        let contact = format!("{START_S}.{number}").as_str().into();
        let kind = EventKind::Contact { contact, queue: None, step };
        each(&Event { at: Time::from_unix(at), origin: "pbx".into(), id: None, kind });
    };
    for number in 0..CONTACTS {
        // The last hours of the business day are left out: it must not end.
        let now = START_S + number * 50_000 / CONTACTS;
        while let Some(due) = later.first_entry().filter(|entry| entry.key().0 <= now) {
            let ((at, _), (of, step)) = due.remove_entry();
            say(of, at, step);
        }
        let mut plan = |at: i64, step: Step| {
            planned += 1;
            later.insert((at, planned), (number, step));
        };
        let agent = || format!("agent {:03}", number % 600).as_str().into();
        let answered = now + rng.random_range(0..30) * rng.random_range(0..4);
        if rng.random_range(0..100) < 6 {
            plan(answered, Step::Abandoned { wait: None, position: None });
        } else {
            if rng.random_range(0..5) == 0 {
                plan(now, Step::RingNoAnswer { agent: agent(), ring: None });
            }
            plan(answered, Step::Answered { agent: agent(), wait: None });
            let completed = Step::Completed { agent: None, ended_by: None, talk: None, hold: None };
            plan(answered + rng.random_range(20..420), completed);
        }
        let offer = Offer {
            customer: Some((442_070_000_000_i64 + rng.random_range(0..300_000)).to_string().as_str().into()),
            position: Some(rng.random_range(1..7)),
            ..Offer::new(format!("queue-{:02}", rng.random_range(0..40)).as_str().into(), Channel::Voice)
        };
        say(number, now, Step::Offered(offer));
    }
}

/// The memory of this process that is in RAM.
fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).map_or(0, |kilobytes| kilobytes * 1024)
}
