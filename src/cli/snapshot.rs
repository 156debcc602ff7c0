//! `floorwatch snapshot`: one look at a running floor, for scripts, and for monitors in the manner of Nagios.

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
/// What is told of each queue.
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

/// What stands on the line.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag on the command line")]
pub struct Args {
    /// As JSON: the board, and the figures of every queue
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// As a table with commas, a row a queue
    #[arg(long)]
    pub csv: bool,
    /// In lines to read (the default)
    #[arg(long, conflicts_with_all = ["json", "csv"])]
    pub text: bool,
    /// Over which time
    #[arg(long, default_value = "today", value_parser = super::words(&WINDOWS, |word| Window::ALL.into_iter().find(|window| window.key() == word)))]
    pub window: Window,
    /// This queue alone
    #[arg(long, value_name = "NAME")]
    pub queue: Option<String>,
    /// Alerts that somebody has taken, or put off, don't count
    #[arg(long)]
    pub unacknowledged: bool,
}

impl Args {
    /// Print it; the exit code says how the floor does.
    ///
    /// # Errors
    /// [`Error::Unknown`] where no floor can be seen.
    pub fn look(&self, config: &Config) -> Result<u8, Error> {
        let seen = app::look(config, |handle| ask(handle, self.query())).map_err(Error::Unknown)?;
        let (board, answer) = seen?;
        let alerts = self.alerts(&board);
        let text = match (self.json, self.csv) {
            (true, _) => {
                let value =
                    serde_json::json!({"board": *board, "kpis": KPIS.map(|kpi| kpi.def().key), "figures": answer});
                serde_json::to_string_pretty(&value).unwrap_or_default() + "\n"
            }
            (_, true) => rows(&answer),
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

    /// The alerts that count.
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
    Ok((board, handle.ask(query).await?))
}

fn worst(alerts: &[&Episode]) -> Option<Severity> {
    alerts.iter().map(|episode| episode.severity).max()
}

/// The first line says it all; the rest is for people.
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
    // A bar would begin the measures.
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

fn rows(answer: &Answer) -> String {
    let mut out = format!("queue,{}\n", KPIS.map(|kpi| kpi.def().key).join(","));
    for row in &answer.rows {
        let queue = row.key.get(Dim::Queue).map_or("", Label::as_str);
        let values = row.figures.iter().map(|figure| figure.value.map_or_else(String::new, |value| value.to_string()));
        let _ = writeln!(out, "{},{}", csv_safe(queue), values.collect::<Vec<_>>().join(","));
    }
    out
}
