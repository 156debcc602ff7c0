//! Reports: figures over a period, as text for people and programs.
//!
//! A [`Report`] is a plain value, and each format is a function from it to text in a file of its own. Formats for
//! programs hold unrounded values; those for people show values as [`crate::kpi::format`] does.

pub mod audit;
mod chart;
mod csv;
pub mod digest;
mod document;
pub mod handover;
mod html;
mod json;
mod markdown;
mod notes;
mod query;
mod table;

use serde::Serialize;

use crate::annotation::Annotation;
use crate::clock::{Span, Time};
use crate::engine::{self, Contradiction};
use crate::event::LeftReason;
use crate::kpi::format::UNKNOWN;
use crate::kpi::{AnswerRow, CORE, Calendar, Dim, Every, FcrMethod, Figure, Formula, KpiId, Verdict};
use crate::language::{self, ShownFigure as _, text};
use crate::source::Rejection;

pub use query::{ReportIntake, ReportQuery};

/// Figures over a period, with what is needed to judge how far they can be trusted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// The start of the period.
    pub from: Time,
    /// The end of the period, exclusive.
    pub to: Time,
    /// What the figures were counted by.
    pub settings: ReportSettings,
    /// The time zone of the dates shown, and the start of the business day.
    pub calendar: Calendar,
    /// What was read, and what could not be used.
    pub input: InputSummary,
    /// The dimensions of the rows.
    pub by: Vec<Dim>,
    /// The steps that the rows are cut into; `None` for the whole period at once.
    pub every: Option<Every>,
    /// The KPIs, in the order of the figures of every row.
    pub kpis: Vec<KpiId>,
    /// The figures of the whole floor, in the order of `kpis`.
    pub total: Vec<Figure>,
    /// The rows, sorted by key and start; none without `by` and `every`.
    pub rows: Vec<AnswerRow>,
    /// What people say of the period; a floor knows it, and a recording does not.
    pub annotations: Vec<Annotation>,
}

/// What the figures were counted by: the part of the engine's settings that a report states.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportSettings {
    /// The service level threshold T.
    pub service_level: Span,
    /// The service level formula.
    pub formula: Formula,
    /// An abandon after a shorter wait is a short abandon.
    pub short_abandon: Span,
    /// Contacts that left for these reasons are in no denominator.
    pub left_excluded: Vec<LeftReason>,
    /// How `fcr` tells whether a contact was resolved.
    pub fcr_method: FcrMethod,
    /// A further contact within this time makes the first one unresolved.
    pub fcr_window: Span,
    /// A rate or a mean of fewer samples is not judged.
    pub min_samples: u64,
    /// How much older than the newest event of its source an event may be before it counts as late.
    pub lateness: Span,
    /// A contact on a live channel that is open for longer is closed as an unknown end.
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

/// What was read, and what of it could not be used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InputSummary {
    /// Events read, whatever became of them.
    pub events: u64,
    /// Lines that could not be read.
    pub rejected: u64,
    /// Events that had been read before, with the same id.
    pub duplicates: u64,
    /// Events that came later than `lateness` allows; they are counted.
    pub late: u64,
    /// Events that contradict what is known of their contact (an answer after the end, say); they are not counted.
    pub out_of_place: u64,
    /// The same by kind, with an example of each.
    pub contradictions: Vec<Contradiction>,
    /// Events of types that floorwatch does not know.
    pub unknown_types: u64,
    /// Fields that floorwatch does not know.
    pub unknown_fields: u64,
    /// Where and why lines were rejected, in order; perhaps not all of them.
    pub rejections: Vec<Rejection>,
    /// Where and why files could not be read to their end.
    pub incomplete: Vec<Rejection>,
    /// What is doubtful of the files although their lines could be read.
    pub remarks: Vec<String>,
}

/// How many rejected lines a report lists at most.
pub const MAX_LISTED_REJECTIONS: usize = 20;

/// The format of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Columns for a terminal.
    #[default]
    Table,
    /// One JSON object, for programs.
    Json,
    /// Comma-separated values with a record per row, for spreadsheets.
    Csv,
    /// Markdown, for chats, tickets and wikis.
    Markdown,
    /// One HTML page without references to other files.
    Html,
}

impl Format {
    /// All formats.
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

    /// The format of that name.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.key() == word)
    }
}

impl Report {
    /// The report as text. `width` is that of the terminal in columns, which only [`Format::Table`] uses.
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

    /// A figure in a column, with as many decimals as that of the whole floor: the figures of a column are compared.
    fn shown_in_column(&self, id: KpiId, figure: &Figure) -> String {
        let n = self.figure(&self.total, id).map_or(figure.n, |total| total.n);
        figure.value.map_or_else(|| UNKNOWN.to_owned(), |value| id.def().shown_value(value, n))
    }

    /// The KPIs with a column in formats for people: volumes, then the core KPIs, as far as any value is known.
    fn columns(&self) -> Vec<KpiId> {
        [KpiId::Offered, KpiId::Answered].into_iter().chain(CORE).filter(|id| self.is_known(*id)).collect()
    }

    /// Whether a KPI has a value in the total or in any row.
    fn is_known(&self, id: KpiId) -> bool {
        let known = |figures| self.figure(figures, id).is_some_and(Figure::is_known);
        known(&self.total) || self.rows.iter().any(|row| known(&row.figures))
    }

    /// The rows in formats for people: those with a value other than zero in any of `columns`. The others would show
    /// nothing but dashes, like the row "no queue" of self-service sessions.
    fn shown_rows(&self, columns: &[KpiId]) -> Vec<&AnswerRow> {
        let says = |figure: &Figure| figure.value.is_some_and(|value| value != 0.0);
        let happened = |row: &&AnswerRow| columns.iter().any(|id| self.figure(&row.figures, *id).is_some_and(says));
        self.rows.iter().filter(happened).collect()
    }

    /// Whether the report has rows besides the total.
    fn has_rows(&self) -> bool {
        !self.by.is_empty() || self.every.is_some()
    }

    /// An instant in the calendar's time zone: `2026-03-02 09:30`.
    fn local_time(&self, at: Time) -> String {
        language::time(at, self.calendar.zone, text!("time-date-minute"))
    }

    /// The heads of the columns that name a row.
    fn key_heads(&self) -> Vec<&'static str> {
        self.by.iter().map(|dim| dim.key()).chain(self.every.map(|_| "start")).collect()
    }

    /// The same in the reader's language.
    fn shown_heads(&self) -> Vec<&'static str> {
        let dims = self.by.iter().map(|dim| language::dim(*dim));
        dims.chain(self.every.map(|_| text!("dim-start"))).collect()
    }

    /// The cells of those columns for people, in the order of [`Self::key_heads`].
    fn key_cells(&self, row: &AnswerRow) -> Vec<String> {
        let value = |dim: &Dim| match row.key.get(*dim) {
            Some(label) if !label.is_empty() => label.to_string(),
            _ => language::no(*dim).to_owned(),
        };
        let start = self.every.map(|_| row.start.map_or_else(String::new, |start| self.local_time(start)));
        self.by.iter().map(value).chain(start).collect()
    }
}

/// The mark after a figure that shows its verdict without colour.
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
