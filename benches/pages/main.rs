//! How long a board takes for its pages on a crowded floor: 5,000 queues, 48,000 agents, 5,000
//! events a second.
//!
//! `cargo bench --bench pages`; `cargo bench --bench pages -- answers` runs a part of it:
//!
//! - `first`: the answers to a page's queries when nobody has sent them before (a page is opened).
//!
//! - `answers`: the same a second later, after a second's events (a page is watched).
//!
//! - `board`: the board that every reader sees, 50 ms after the last one; the changes that a hub sends of a quarter of a
//!   second (`patch`), and that a board takes from it (`patched`); and the built-in alert rules, each second.
//!
//! - `frame`: a page drawn into a buffer with the next board, its lists sorted again.
//!
//! - `key`: a letter more at the `:` prompt, and the selection one row further down, until they are drawn.
//!
//! What is measured is the processor's time, which does not depend on what else the machine does.

mod crowd;
mod wall;

use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, SamplingMode};
use floorwatch::kpi::{Dim, Slice};
use floorwatch::ui::state::{Location, Page};

use wall::{Floor, Wall};

/// The sizes of the screens.
const SIZES: [(u16, u16); 2] = [(200, 50), (400, 120)];

/// What is typed: the first key opens the prompt, the last one closes it.
const PROMPT: &str = ":agent 123\u{1b}";

/// Measures how long a page's answers take.
type Timed = fn(&mut Floor, &mut Wall) -> Duration;

fn main() {
    let mut floor = Floor::new();
    let mut criterion = Criterion::default().configure_from_args();
    for (kind, time) in [("first", first as Timed), ("answers", again)] {
        let mut group = settings(&mut criterion, kind);
        for (name, location) in pages() {
            let mut wall = Wall::new(location, &mut floor);
            group.bench_function(name, |bench| {
                bench.iter_custom(|times| (0..times).map(|_| time(&mut floor, &mut wall)).sum());
            });
        }
        group.finish();
    }
    let mut group = settings(&mut criterion, "board");
    group.bench_function("board", |bench| {
        bench.iter_custom(|times| (0..times).map(|_| floor.second(|floor| drop(floor.board()))).sum());
    });
    for (name, sends) in [("patch", true), ("patched", false)] {
        group.bench_function(name, |bench| {
            bench.iter_custom(|times| (0..times).map(|_| floor.patch(sends)).sum());
        });
    }
    group.bench_function("alerts", |bench| {
        bench.iter_custom(|times| (0..times).map(|_| floor.second(Floor::judge)).sum());
    });
    group.finish();
    let mut group = settings(&mut criterion, "frame");
    for (name, location) in pages() {
        let mut wall = Wall::new(location, &mut floor);
        wall.answer(&mut floor);
        for (width, height) in SIZES {
            let mut screen = wall::screen(width, height);
            group.bench_function(format!("{name} {width}x{height}"), |bench| {
                bench.iter_custom(|times| (0..times).map(|_| wall.frame(&mut floor, &mut screen)).sum());
            });
        }
    }
    group.finish();
    let mut group = settings(&mut criterion, "key");
    for page in [Page::Overview, Page::Agents] {
        let mut wall = Wall::new(Location::new(page, Slice::TOTAL), &mut floor);
        wall.answer(&mut floor);
        let mut screen = wall::screen(200, 50);
        for (name, keys) in [("down", "j"), ("prompt", PROMPT)] {
            group.bench_function(format!("{name} {}", page.key()), |bench| {
                bench.iter_custom(|times| {
                    wall.close_prompt();
                    let keys = keys.chars().cycle().take(usize::try_from(times).unwrap_or(usize::MAX));
                    keys.map(|key| wall.key(key, &mut floor, &mut screen)).sum()
                });
            });
        }
    }
    group.finish();
    criterion.final_summary();
}

fn settings<'c>(criterion: &'c mut Criterion, name: &str) -> BenchmarkGroup<'c, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group.sampling_mode(SamplingMode::Flat).sample_size(10);
    group.warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(1));
    group
}

/// Every page, about the floor, one of its queues or one of its agents.
fn pages() -> [(&'static str, Location); 10] {
    let queue = || Slice::of(Dim::Queue, crowd::queue(7));
    [
        ("overview", Location::new(Page::Overview, Slice::TOTAL)),
        ("queue", Location::new(Page::Queue, queue())),
        ("intents", Location::new(Page::Intents, Slice::TOTAL)),
        ("agents", Location::new(Page::Agents, Slice::TOTAL)),
        ("alerts", Location::new(Page::Alerts, Slice::TOTAL)),
        ("contacts", Location::new(Page::Contacts, queue())),
        ("live", Location::new(Page::Live, Slice::TOTAL)),
        ("trends", Location::new(Page::Trends, Slice::TOTAL)),
        ("agent", Location::new(Page::Agent, Slice::of(Dim::Agent, crowd::agent(7)))),
        ("kiosk", Location::new(Page::Kiosk, Slice::TOTAL)),
    ]
}

/// The answers again, a second after the last time.
fn again(floor: &mut Floor, wall: &mut Wall) -> Duration {
    floor.second(|floor| wall.answer(floor))
}

/// The answers when the engine has dropped the views of the queries.
fn first(floor: &mut Floor, wall: &mut Wall) -> Duration {
    floor.distract();
    floor.second(|floor| wall.answer(floor))
}
