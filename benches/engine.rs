//! How many events per second the engine applies: a week of the simulated floor, with and without queries in between.
//!
//! `cargo bench --bench engine`. Criterion's elements are events.

use std::time::Duration;

use criterion::{Criterion, SamplingMode, Throughput};
use floorwatch::clock::{Span, Time};
use floorwatch::engine::{Engine, Settings};
use floorwatch::event::Event;
use floorwatch::kpi::{Dim, KpiId, Period, Query, Slice, Window};
use floorwatch::source::simulator::{self, Scenario, Simulator};

/// The number of events between two questions of a board.
const EVENTS_PER_QUESTION: usize = 10_000;

fn main() {
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
    let start = Time::from_unix(1_772_438_400);
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
