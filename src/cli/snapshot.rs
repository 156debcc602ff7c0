//! `floorwatch snapshot`: prints the current state of a running floor, for scripts and for Nagios-compatible monitors.

use std::fmt::Write;

use super::{Error, print};
use crate::alert::{Episode, Severity, State};
use crate::app;
use crate::board::Board;
use crate::config::Config;
use crate::floor::Handle;
use crate::kpi::{Answer, Dim, KpiId, Period, Query, Slice, Window};
use crate::text::{Label, csv_safe};

const WINDOWS: [&str; 7] = ["15m", "30m", "1h", "interval", "today", "7d", "30d"];
/// The figures shown for each queue.
const KPIS: [KpiId; 8] = [
    KpiId::Waiting,
    KpiId::LongestWait,
    KpiId::ServiceLevel,
    KpiId::AbandonmentRate,
    KpiId::Asa,
    KpiId::Offered,
    KpiId::Answered,
    KpiId::Abandoned,
];

/// The arguments of `floorwatch snapshot`.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag on the command line")]
pub struct Args {
    /// Print JSON: the board, and the figures of every queue
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// Print CSV, with a row per queue
    #[arg(long)]
    pub csv: bool,
    /// Print lines for people (the default)
    #[arg(long, conflicts_with_all = ["json", "csv"])]
    pub text: bool,
    /// The window of the figures
    #[arg(long, default_value = "today", value_parser = super::words(&WINDOWS, |word| Window::ALL.into_iter().find(|window| window.key() == word)))]
    pub window: Window,
    /// Only this queue
    #[arg(long, value_name = "NAME")]
    pub queue: Option<String>,
    /// Ignore alerts that are acknowledged or snoozed
    #[arg(long)]
    pub unacknowledged: bool,
}

impl Args {
    /// Print the snapshot. Returns the exit code: 0 without active alerts, 1 with warnings, 2 with critical ones.
    ///
    /// # Errors
    /// [`Error::Unknown`] if no floor can be reached, [`Error::UnknownQueue`] if the floor does not know the queue.
    pub fn run(&self, config: &Config) -> Result<u8, Error> {
        let answered = app::query(config, |handle| ask(handle, self.query())).map_err(Error::Unknown)?;
        let (board, answer) = answered?;
        if let Some(queue) =
            self.queue.as_deref().filter(|name| board.queues.iter().all(|queue| queue.id.as_str() != *name))
        {
            return Err(Error::UnknownQueue(Label::new(queue)));
        }
        let alerts = self.alerts(&board);
        let text = match (self.json, self.csv) {
            (true, _) => {
                let value =
                    serde_json::json!({"board": *board, "kpis": KPIS.map(|kpi| kpi.def().key), "figures": answer});
                serde_json::to_string_pretty(&value).unwrap_or_default() + "\n"
            }
            (_, true) => csv_table(&answer),
            _ => lines(&board, &answer, &alerts),
        };
        print(text.as_bytes())?;
        Ok(match worst(&alerts) {
            None => 0,
            Some(Severity::Warning) => 1,
            Some(Severity::Critical) => 2,
        })
    }

    fn query(&self) -> Query {
        let of = self.queue.as_ref().map_or(Slice::TOTAL, |queue| Slice::of(Dim::Queue, Label::new(queue)));
        let over = Period::Window(self.window);
        Query { of, by: vec![Dim::Queue], over, every: None, kpis: KPIS.to_vec(), formula: None }
    }

    /// The active alerts that determine the exit code.
    fn alerts<'b>(&self, board: &'b Board) -> Vec<&'b Episode> {
        let counts = |episode: &&Episode| {
            let held = matches!(episode.state, State::Acknowledged | State::Snoozed);
            let here = self
                .queue
                .as_ref()
                .is_none_or(|queue| episode.slice.get(Dim::Queue).is_some_and(|of| of.as_str() == queue));
            episode.is_active() && episode.inhibited_by.is_none() && here && !(held && self.unacknowledged)
        };
        board.alerts.iter().filter(counts).collect()
    }
}

async fn ask(handle: Handle, query: Query) -> Result<(std::sync::Arc<Board>, Answer), Error> {
    let board = handle.watch().borrow().clone();
    Ok((board, handle.ask(query).await??))
}

fn worst(alerts: &[&Episode]) -> Option<Severity> {
    alerts.iter().map(|episode| episode.severity).max()
}

/// The plugin output of Nagios: the first line is the status with performance data, the rest is for people.
fn lines(board: &Board, answer: &Answer, alerts: &[&Episode]) -> String {
    let word = match worst(alerts) {
        None => "OK",
        Some(Severity::Warning) => "WARNING",
        Some(Severity::Critical) => "CRITICAL",
    };
    let what = match alerts {
        [] => "no alerts".to_owned(),
        [one] => one.text.to_string(),
        [first, rest @ ..] => format!("{} (and {} more)", first.text, rest.len()),
    };
    let figure = |kpi: KpiId| {
        let place = KPIS.iter().position(|id| *id == kpi);
        place.and_then(|place| answer.total.get(place)).and_then(|figure| figure.value)
    };
    let measure = |kpi: KpiId, unit: &str| figure(kpi).map(|value| format!(" {}={value:.1}{unit}", kpi.def().key));
    let measures = [(KpiId::Waiting, ""), (KpiId::LongestWait, "s"), (KpiId::ServiceLevel, "%"), (KpiId::Asa, "s")];
    let measures: String = measures.into_iter().filter_map(|(kpi, unit)| measure(kpi, unit)).collect();
    // Monitors read what follows a `|` as performance data.
    let mut out = format!("{word} - {}: {} |{measures}\n", board.title, what.replace('|', "/"));
    for alert in alerts {
        let _ = writeln!(out, "{:<8}  {}: {}", alert.severity.key(), alert.text, alert.action);
    }
    let name = |row: &crate::kpi::AnswerRow| {
        let id = row.key.get(Dim::Queue).cloned().unwrap_or_default();
        board.queues.iter().find(|queue| queue.id == id).map_or(id, |queue| queue.name.clone())
    };
    let width = answer.rows.iter().map(|row| name(row).width()).max().unwrap_or(0).max(5);
    let padded = |text: &str| format!("{text}{}", " ".repeat(width.saturating_sub(Label::new(text).width())));
    out.push_str(&padded("queue"));
    for kpi in KPIS {
        let _ = write!(out, "  {:>9}", kpi.def().short);
    }
    out.push('\n');
    for row in &answer.rows {
        out.push_str(&padded(name(row).as_str()));
        for (kpi, figure) in KPIS.iter().zip(&row.figures) {
            let _ = write!(out, "  {:>9}", kpi.def().show(figure));
        }
        out.push('\n');
    }
    out
}

/// The answer as CSV: a row per queue, a column per KPI.
fn csv_table(answer: &Answer) -> String {
    let mut out = csv::Writer::from_writer(Vec::new());
    let head = std::iter::once("queue").chain(KPIS.iter().map(|kpi| kpi.def().key));
    let mut written = out.write_record(head);
    for row in &answer.rows {
        let queue = csv_safe(row.key.get(Dim::Queue).map_or("", Label::as_str)).into_owned();
        let values = row.figures.iter().map(|figure| figure.value.map_or_else(String::new, |value| value.to_string()));
        written = written.and(out.write_record(std::iter::once(queue).chain(values)));
    }
    // Writing to memory fails only on rows of different lengths, and every row has one figure per KPI.
    written.ok().and_then(|()| String::from_utf8(out.into_inner().ok()?).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kpi::{AnswerRow, Figure};

    #[test]
    fn a_queue_name_with_commas_and_quotes_stays_one_csv_field() {
        let key = Slice::of(Dim::Queue, "Sales, north \"A\"".into());
        let figures = KPIS.iter().map(|_| Figure { value: Some(1.5), ..Figure::default() }).collect();
        let answer = Answer { rows: vec![AnswerRow { key, start: None, figures }], ..Answer::default() };
        let text = csv_table(&answer);
        assert!(text.starts_with("queue,waiting,longest_wait,"), "{text}");
        assert!(text.ends_with("\n\"Sales, north \"\"A\"\"\",1.5,1.5,1.5,1.5,1.5,1.5,1.5,1.5\n"), "{text}");
    }
}
