//! Reports: figures over a stretch of time, as text for people and machines.
//!
//! A [`Report`] is a plain value; a renderer is a function from it to text, one file each. Values go to machines as
//! they are, unrounded; people see what [`crate::kpi::format`] makes of them.

mod csv;
mod html;
mod json;
mod markdown;
mod notes;
mod query;
mod table;

use serde::Serialize;

use crate::clock::{Span, Time};
use crate::engine;
use crate::event::LeftReason;
use crate::kpi::{AnswerRow, CORE, Calendar, Dim, Every, FcrMethod, Figure, Formula, KpiId, Verdict};
use crate::source::Rejection;

pub use query::ReportQuery;

/// Figures over a stretch of time, with what is needed to trust them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// The first instant it is about.
    pub from: Time,
    /// Its end, exclusive.
    pub to: Time,
    /// How things were counted.
    pub settings: ReportSettings,
    /// Time zone and start of the business day.
    pub calendar: Calendar,
    /// What was read, and what was set aside.
    pub input: InputSummary,
    /// The dimensions of the rows' keys.
    pub by: Vec<Dim>,
    /// The steps the rows are cut into.
    pub every: Option<Every>,
    /// Which figures, in the order of every row.
    pub kpis: Vec<KpiId>,
    /// The figures of the whole, in the order of `kpis`.
    pub total: Vec<Figure>,
    /// The rows, sorted by key and start.
    pub rows: Vec<AnswerRow>,
}

/// How things were counted.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportSettings {
    /// The service level's threshold T.
    pub service_level: Span,
    /// Which of the six service levels.
    pub formula: Formula,
    /// Abandoned sooner than this is a short abandon.
    pub short_abandon: Span,
    /// Reasons for leaving that are in no denominator.
    pub left_excluded: Vec<LeftReason>,
    /// How first contact resolution is told.
    pub fcr_method: FcrMethod,
    /// Within which a further contact makes the first one unresolved.
    pub fcr_window: Span,
    /// Below this many samples a figure isn't judged.
    pub min_samples: u64,
    /// How far out of order an event may come.
    pub lateness: Span,
    /// A live contact without an end for this long is closed as unknown.
    pub contact_ttl: Span,
}

impl From<&engine::Settings> for ReportSettings {
    fn from(settings: &engine::Settings) -> Self {
        Self {
            service_level: settings.service_level,
            formula: settings.rules.formula,
            short_abandon: settings.short_abandon,
            left_excluded: settings.rules.left_excluded.clone(),
            fcr_method: settings.rules.fcr_method,
            fcr_window: settings.rules.fcr_window,
            min_samples: settings.rules.min_samples,
            lateness: settings.lateness,
            contact_ttl: settings.contact_ttl,
        }
    }
}

impl Default for ReportSettings {
    fn default() -> Self {
        Self::from(&engine::Settings::default())
    }
}

/// What was read, and what was set aside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InputSummary {
    /// Events taken in.
    pub events: u64,
    /// Lines that could not be.
    pub rejected: u64,
    /// Events seen before.
    pub duplicates: u64,
    /// Events later than the lateness allowed.
    pub late: u64,
    /// Events that contradict what is known of their contact (an answer after the end, say).
    pub out_of_place: u64,
    /// Events of types floorwatch doesn't know.
    pub unknown_types: u64,
    /// Fields floorwatch doesn't know.
    pub unknown_fields: u64,
    /// The first of the rejected lines: where and why.
    pub rejections: Vec<Rejection>,
    /// Files that could not be read to their end: where and why.
    pub incomplete: Vec<Rejection>,
}

/// How many rejected lines a report names.
pub const MAX_LISTED_REJECTIONS: usize = 20;

/// A report's form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Columns for a terminal.
    #[default]
    Table,
    /// One object, for programs.
    Json,
    /// One row a key, for spreadsheets.
    Csv,
    /// For chats, tickets and wikis.
    Markdown,
    /// One page that needs nothing else.
    Html,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Table, Self::Json, Self::Csv, Self::Markdown, Self::Html];

    /// Its name on the command line.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Markdown => "markdown",
            Self::Html => "html",
        }
    }

    /// From its name.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.key() == word)
    }
}

impl Report {
    /// The report as text. `width` is the terminal's, in columns; only tables mind it.
    #[must_use]
    pub fn render(&self, format: Format, width: usize) -> String {
        match format {
            Format::Table => table::render(self, width),
            Format::Json => json::render(self),
            Format::Csv => csv::render(self),
            Format::Markdown => markdown::render(self),
            Format::Html => html::render(self),
        }
    }

    /// The figure of a KPI among those of a row, or of the total.
    fn figure<'f>(&self, figures: &'f [Figure], id: KpiId) -> Option<&'f Figure> {
        let at = self.kpis.iter().position(|kpi| *kpi == id)?;
        figures.get(at)
    }

    /// The columns for people: how many, then the core KPIs; what has no value anywhere takes no room.
    fn columns(&self) -> Vec<KpiId> {
        [KpiId::Offered, KpiId::Answered].into_iter().chain(CORE).filter(|id| self.is_known(*id)).collect()
    }

    /// Whether any figure of a KPI has a value.
    fn is_known(&self, id: KpiId) -> bool {
        let known = |figures| self.figure(figures, id).is_some_and(Figure::is_known);
        known(&self.total) || self.rows.iter().any(|row| known(&row.figures))
    }

    /// The rows for people: those in which something of `columns` happened. Self-service sessions, say, have no queue
    /// and would be rows of nothing but dashes.
    fn shown_rows(&self, columns: &[KpiId]) -> Vec<&AnswerRow> {
        let says = |figure: &Figure| figure.value.is_some_and(|value| value != 0.0);
        let happened = |row: &&AnswerRow| columns.iter().any(|id| self.figure(&row.figures, *id).is_some_and(says));
        self.rows.iter().filter(happened).collect()
    }

    /// Whether the rows say more than the total does.
    fn has_rows(&self) -> bool {
        !self.by.is_empty() || self.every.is_some()
    }

    /// An instant on the centre's wall clock.
    fn wall(&self, at: Time) -> String {
        let local = at.to_chrono().with_timezone(&self.calendar.zone);
        local.format("%Y-%m-%d %H:%M").to_string()
    }

    /// The heads of the key's columns.
    fn key_heads(&self) -> Vec<&'static str> {
        self.by.iter().map(|dim| dim.key()).chain(self.every.map(|_| "start")).collect()
    }

    /// A row's key for people, in the order of [`Self::key_heads`].
    fn key_cells(&self, row: &AnswerRow) -> Vec<String> {
        let value = |dim: &Dim| match row.key.get(*dim) {
            Some(label) if !label.is_empty() => label.to_string(),
            _ => format!("no {}", dim.key()),
        };
        let start = self.every.map(|_| row.start.map_or_else(String::new, |start| self.wall(start)));
        self.by.iter().map(value).chain(start).collect()
    }
}

/// What stands after a figure for its verdict, where colour can't be relied on.
const fn mark(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::None | Verdict::Good => "",
        Verdict::FewSamples => "~",
        Verdict::Warning => "!",
        Verdict::Critical => "!!",
    }
}

#[cfg(test)]
mod tests;
