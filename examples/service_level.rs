//! Prints the service level of each queue in each half hour of a recording.
//!
//! ```sh
//! cargo run --example service_level -- tests/fixtures/small/ten-callers.queue_log
//! ```
//!
//! The engine is a plain value: events go in, and a question gets an answer. It reads no clock and does no I/O.

#![expect(clippy::print_stdout, reason = "an example that prints")]

use std::error::Error;
use std::path::PathBuf;

use floorwatch::clock::{Span, Time};
use floorwatch::engine::{Engine, Settings};
use floorwatch::kpi::{Dim, Every, KpiId, Period, Query, Slice};
use floorwatch::source::file::read::{self, Options};

fn main() -> Result<(), Box<dyn Error>> {
    let files: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    // Without `keep` nothing is dropped, however old it is.
    let mut engine = Engine::new(Settings { keep: None, ..Settings::default() });
    let mut times: Option<(Time, Time)> = None;
    read::open(&files, &Options::default())?.for_each(&mut |event| {
        let (first, last) = times.unwrap_or((event.at, event.at));
        times = Some((first.min(event.at), last.max(event.at)));
        engine.apply(&event);
    });
    let (first, last) = times.ok_or("there is no event in these files")?;

    let kpis = vec![KpiId::Offered, KpiId::ServiceLevel, KpiId::Asa];
    let query = Query {
        of: Slice::TOTAL,
        by: vec![Dim::Queue],
        over: Period::Range(first, last + Span::SECOND),
        every: Some(Every::Minutes(30)),
        kpis: kpis.clone(),
        formula: None,
    };
    for row in engine.ask(&query, last).rows {
        let start = row.start.map(|start| start.to_chrono().format("%Y-%m-%d %H:%M").to_string()).unwrap_or_default();
        let queue = row.key.get(Dim::Queue).map_or("", |queue| queue.as_str());
        let figures: Vec<String> = kpis
            .iter()
            .zip(&row.figures)
            .map(|(id, figure)| format!("{} {}", id.def().key, id.def().show(figure)))
            .collect();
        println!("{start}  {queue:<12}  {}", figures.join("  "));
    }
    Ok(())
}
