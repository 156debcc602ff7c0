//! The Prometheus endpoint: today's and live figures of every queue, alerts, sources, and the hub itself.

use std::fmt::Write;

use super::access::Caller;
use super::problem::ApiProblem;
use super::{Hub, visible};
use crate::alert::{Severity, State};
use crate::board::Health;
use crate::kpi::{CATALOGUE, Dim, Kpi, KpiGroup, KpiId, Period, Query, Slice, Unit, Window};

/// The text of `/metrics` for a caller who may see `queues`.
pub(super) async fn text(hub: &Hub, caller: &Caller) -> Result<String, ApiProblem> {
    let kpis: Vec<KpiId> = CATALOGUE.iter().map(|kpi| kpi.id).collect();
    let query = Query {
        of: Slice::TOTAL,
        by: vec![Dim::Queue],
        over: Period::Window(Window::Today),
        every: None,
        kpis: kpis.clone(),
        formula: None,
    };
    let answer = hub.answer(query, caller).await?;
    let board = hub.handle.watch().borrow().clone();
    let board = visible::board(board, &caller.queues);
    let mut out = String::new();
    for (place, id) in kpis.iter().enumerate() {
        let kpi = id.def();
        let samples = answer.rows.iter().filter_map(|row| Some((row, row.figures.get(place)?.value?)));
        let mut samples = samples.peekable();
        if samples.peek().is_none() {
            continue;
        }
        let (name, scale) = metric(kpi);
        let window = if kpi.group == KpiGroup::Live { "now" } else { "today" };
        head(&mut out, &name, "gauge", &format!("{}: {}", kpi.name, kpi.formula));
        for (row, value) in samples {
            let queue = escape(row.key.get(Dim::Queue).map_or("", |queue| queue.as_str()));
            let _ = writeln!(out, "{name}{{queue=\"{queue}\",window=\"{window}\"}} {}", value / scale);
        }
    }
    head(&mut out, "floorwatch_alerts", "gauge", "Alerts that are not over, by state and severity");
    // A missing series looks like a missing hub, so every series is present, with zeros.
    let mut counts = std::collections::BTreeMap::new();
    for state in State::NOT_OVER {
        for severity in [Severity::Warning, Severity::Critical] {
            counts.insert((state.key(), severity.key()), 0_u64);
        }
    }
    for episode in board.alerts.iter() {
        *counts.entry((episode.state.key(), episode.severity.key())).or_insert(0_u64) += 1;
    }
    for ((state, severity), count) in counts {
        let _ = writeln!(out, "floorwatch_alerts{{state=\"{state}\",severity=\"{severity}\"}} {count}");
    }
    head(&mut out, "floorwatch_source_live", "gauge", "Whether a source is live (1) or not (0)");
    for source in &board.sources {
        let live = u8::from(matches!(source.health, Health::Live | Health::Ended));
        let _ = writeln!(out, "floorwatch_source_live{{source=\"{}\"}} {live}", escape(source.name.as_str()));
    }
    head(&mut out, "floorwatch_events_total", "counter", "Events taken in, by source");
    for source in &board.sources {
        let _ =
            writeln!(out, "floorwatch_events_total{{source=\"{}\"}} {}", escape(source.name.as_str()), source.events);
    }
    let (views, readers) = hub.streams.watched();
    head(&mut out, "floorwatch_hub_views", "gauge", "Different views that somebody watches");
    let _ = writeln!(out, "floorwatch_hub_views {views}");
    head(&mut out, "floorwatch_hub_readers", "gauge", "Readers of streams");
    let _ = writeln!(out, "floorwatch_hub_readers {readers}");
    head(&mut out, "floorwatch_hub_connections", "gauge", "Open connections");
    let _ = writeln!(out, "floorwatch_hub_connections {}", hub.network.count() + hub.local.count());
    Ok(out)
}

/// The metric's name, and the divisor that converts a figure to the base unit of the name (percent to a ratio).
fn metric(kpi: &Kpi) -> (String, f64) {
    let key = kpi.key.trim_end_matches("_s");
    match kpi.unit {
        Unit::Seconds => (format!("floorwatch_queue_{key}_seconds"), 1.0),
        Unit::Percent => (format!("floorwatch_queue_{}_ratio", key.trim_end_matches("_rate")), 100.0),
        _ => (format!("floorwatch_queue_{key}"), 1.0),
    }
}

fn head(out: &mut String, name: &str, kind: &str, help: &str) {
    let help = help.replace('\\', "\\\\").replace('\n', " ");
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

/// Escape a label's value.
fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
