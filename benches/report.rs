//! How fast a report on a queue_log is, on one thread: reading alone, and a report with every KPI by queue.
//!
//! `cargo bench --bench report` uses 300,000 lines; `FLOORWATCH_BENCH_LINES=3000000` sets another number. The results
//! are in elements per second, which are lines. `benches/report_compare.py` compares with `DuckDB`, and
//! `benches/report_instructions.sh` counts instructions.

use std::error::Error;
use std::hint::black_box;
use std::io::BufWriter;
use std::path::PathBuf;
use std::time::Duration;

use criterion::{Criterion, SamplingMode, Throughput};
use floorwatch::engine::{Engine, Settings};
use floorwatch::kpi::{CATALOGUE, Dim};
use floorwatch::report::{Report, ReportIntake, ReportQuery};
use floorwatch::source::file::read::{self, Options};

mod generate;

/// The default number of lines.
const DEFAULT_LINES: u64 = 300_000;

fn main() -> Result<(), Box<dyn Error>> {
    let lines = match std::env::var("FLOORWATCH_BENCH_LINES") {
        Ok(lines) => lines.parse()?,
        Err(_) => DEFAULT_LINES,
    };
    let file = tempfile::NamedTempFile::new()?;
    generate::write(&mut BufWriter::new(&file), lines)?;
    let files = [file.path().to_owned()];
    let report = report(&files)?;
    assert!(report.input.events >= lines && report.input.rejected == 0, "every line is an event: {:?}", report.input);

    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("report");
    group.throughput(Throughput::Elements(lines)).sampling_mode(SamplingMode::Flat).sample_size(10);
    group.warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(8));
    group.bench_function("read", |bench| bench.iter(|| parse(&files)));
    group.bench_function("by queue", |bench| bench.iter(|| self::report(&files)));
    group.finish();
    criterion.final_summary();
    Ok(())
}

/// Read the files and drop the events.
fn parse(files: &[PathBuf]) -> Result<u64, read::Error> {
    let mut events = 0;
    read::open(files, &Options::default())?.for_each(&mut |event| {
        black_box(event);
        events += 1;
    });
    Ok(events)
}

/// The work of `floorwatch report --by queue`.
fn report(files: &[PathBuf]) -> Result<Report, read::Error> {
    let mut reader = read::open(files, &Options::default())?;
    let mut engine = Engine::new(Settings { keep: None, ..Settings::default() });
    engine.count_only(&[Dim::Queue], None);
    let mut intake = ReportIntake::new(&mut engine);
    reader.read_into(&mut intake);
    let ReportIntake { mut input, first, .. } = intake;
    input.rejected = reader.tally().rejected;
    let kpis = CATALOGUE.iter().map(|kpi| kpi.id).collect();
    let query = ReportQuery { by: vec![Dim::Queue], kpis, ..ReportQuery::default() };
    Ok(Report::of(&mut engine, &query, first, input))
}
