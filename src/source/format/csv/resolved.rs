//! The configured columns, located in one file.

use std::borrow::Cow;

use super::columns::{
    Columns, ColumnsError, CsvColumn, CsvColumns, CsvConstant, CsvDuration, CsvField, CsvFigure, FigureUnit, ShareUnit,
};
use super::duration::{DurationUnit, Notation};
use super::naming::{Naming, naming, without_threshold};
use super::numerals::{decimal_sign, thousands_of};
use super::outcome::{OutcomeWords, Words};
use super::propose::time_format;
use super::rows::CsvRow;
use super::time::{TimeFormat, beginning};
use super::totals::QueueNames;
use super::words::{normalized, vocabulary};
use crate::kpi::{KpiId, Unit};
use crate::text::suggest::nearest;

/// The fields of contacts that decide about figures.
const GUESSED: [&str; 8] = ["answered", "answered_at", "ended_at", "wrapped_at", "wait_s", "talk_s", "hold_s", "acw_s"];

/// Where the value of a field comes from, in one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ResolvedField {
    /// The cell at this index, from 0.
    Cell(usize),
    /// The same value for every row.
    Constant(String),
}

impl ResolvedField {
    /// Its text in a row.
    pub(super) fn text<'a>(&'a self, row: CsvRow<'a>) -> Cow<'a, str> {
        match self {
            Self::Cell(index) => row.text(*index),
            Self::Constant(value) => Cow::Borrowed(value),
        }
    }
}

/// A duration: a field, and columns that are added to it or subtracted from it.
#[derive(Clone, Debug)]
pub(super) struct ResolvedDuration {
    pub(super) first: ResolvedField,
    pub(super) notation: Notation,
    /// Each with its notation, and whether it is subtracted.
    pub(super) others: Vec<(usize, Notation, bool)>,
}

/// A figure of a row of sums: a column, or the quotient of two.
#[derive(Clone, Debug)]
pub(super) struct ResolvedFigure {
    pub(super) kpi: KpiId,
    pub(super) dividend: (usize, Notation),
    /// A count.
    pub(super) divisor: Option<usize>,
    /// The share of all is written as 1, and not as 100.
    pub(super) is_fraction: bool,
}

/// The configured columns, located in one file.
#[derive(Clone, Debug)]
pub(super) struct ResolvedColumns {
    pub(super) contact: Option<ResolvedField>,
    pub(super) time: Vec<usize>,
    pub(super) time_format: TimeFormat,
    pub(super) queue: Option<ResolvedField>,
    /// Those of the first rows.
    pub(super) queues: QueueNames,
    pub(super) intent: Option<ResolvedField>,
    pub(super) agent: Option<ResolvedField>,
    pub(super) customer: Option<ResolvedField>,
    pub(super) channel: Option<ResolvedField>,
    pub(super) answered: Option<ResolvedField>,
    pub(super) outcome: Vec<usize>,
    pub(super) outcomes: OutcomeWords,
    /// The columns of `only` and `except`, and whether one of the words is wanted.
    pub(super) filters: Vec<(usize, Words, bool)>,
    pub(super) figures: Vec<ResolvedFigure>,
    pub(super) answered_at: Option<ResolvedField>,
    pub(super) ended_at: Option<ResolvedField>,
    pub(super) wrapped_at: Option<ResolvedField>,
    pub(super) wait: Option<ResolvedDuration>,
    pub(super) talk: Option<ResolvedDuration>,
    pub(super) hold: Option<ResolvedDuration>,
    pub(super) acw: Option<ResolvedDuration>,
    pub(super) resolved: Option<ResolvedField>,
    pub(super) transferred: Option<ResolvedField>,
    pub(super) csat: Option<ResolvedField>,
    pub(super) ces: Option<ResolvedField>,
    pub(super) nps: Option<ResolvedField>,
    pub(super) quality: Option<ResolvedField>,
    pub(super) evaluator: Option<ResolvedField>,
    /// What was taken for granted of notations that mean two things.
    pub(super) assumptions: Vec<String>,
}

/// Locates columns in the first row of a file and collects all that are not there.
struct Locator<'a> {
    header: bool,
    first: &'a [String],
    /// The rows that follow.
    rows: &'a [&'a [String]],
    delimiter: u8,
    wrong: Vec<String>,
    assumptions: Vec<String>,
}

impl Locator<'_> {
    fn column(&mut self, key: &str, column: &CsvColumn) -> Option<usize> {
        let found = column_index(self.header, self.first, column);
        if found.is_none() {
            let wanted = match column {
                CsvColumn::Number(number) => number.to_string(),
                CsvColumn::Name(name) => name.clone(),
            };
            let near = nearest(&wanted, self.first.iter().map(String::as_str)).filter(|_| self.header);
            let near = near.map(|near| format!(" (did you mean \"{near}\"?)")).unwrap_or_default();
            self.wrong.push(format!("{key}: there is no column \"{wanted}\"{near}"));
        }
        found
    }

    fn columns(&mut self, key: &str, columns: Option<&CsvColumns>) -> Vec<usize> {
        let all = columns.map(CsvColumns::all).unwrap_or_default();
        all.iter().filter_map(|column| self.column(key, column)).collect()
    }

    fn field(&mut self, key: &str, field: Option<&CsvField>) -> Option<ResolvedField> {
        match field? {
            CsvField::Constant(CsvConstant { value }) => Some(ResolvedField::Constant(value.clone())),
            CsvField::Column(column) | CsvField::Duration(CsvDuration { column, .. }) => {
                let index = self.column(key, column)?;
                self.guess(key, index);
                Some(ResolvedField::Cell(index))
            }
        }
    }

    /// Says that a column of which figures are made is taken for something that not all words of its name say.
    fn guess(&mut self, key: &str, index: usize) {
        let Some(name) = self.first.get(index).filter(|_| self.header) else { return };
        let names = vocabulary();
        let meanings = names.figures.get(key).or_else(|| names.columns.get(key).filter(|_| GUESSED.contains(&key)));
        let naming = meanings.and_then(|meanings| naming(&without_threshold(&normalized(name)).0, meanings));
        if naming.is_some_and(|(naming, _)| naming == Naming::Guess) {
            self.assumptions.push(format!("{name} is taken for {key}, although not all words of its name are known"));
        }
    }

    /// The cells of a field in the first rows.
    fn cells(&self, field: Option<&ResolvedField>) -> impl Iterator<Item = &str> {
        let index = match field {
            Some(ResolvedField::Cell(index)) => Some(*index),
            Some(ResolvedField::Constant(_)) | None => None,
        };
        self.rows.iter().filter_map(move |row| row.get(index?)).map(|cell| cell.trim())
    }

    /// How the numbers of a column are written: in the unit `configured`, or what its name and first cells tell.
    fn notation(&mut self, key: &str, index: usize, configured: Option<DurationUnit>) -> Notation {
        let name = self.first.get(index).filter(|_| self.header).map_or("", String::as_str);
        let cells = || self.rows.iter().filter_map(|row| row.get(index)).map(String::as_str);
        let (thousands, doubt) = thousands_of(&cells(), || decimal_sign(self.rows), self.delimiter);
        self.assumptions.extend(doubt.map(|doubt| format!("{key}: {doubt}")));
        Notation { unit: configured.unwrap_or_else(|| DurationUnit::of_column(name, cells())), thousands }
    }

    fn duration(&mut self, key: &str, field: Option<&CsvField>) -> Option<ResolvedDuration> {
        let first = self.field(key, field)?;
        let (unit, plus, less) = match field? {
            CsvField::Duration(CsvDuration { unit, plus, less, .. }) => (*unit, plus.as_slice(), less.as_slice()),
            CsvField::Column(_) | CsvField::Constant(_) => (None, &[][..], &[][..]),
        };
        let mut others = Vec::new();
        for (column, subtracted) in plus.iter().map(|c| (c, false)).chain(less.iter().map(|c| (c, true))) {
            if let Some(index) = self.column(key, column) {
                others.push((index, self.notation(key, index, unit), subtracted));
            }
        }
        let notation = match first {
            ResolvedField::Cell(index) => self.notation(key, index, unit),
            ResolvedField::Constant(_) => unit.unwrap_or_default().into(),
        };
        Some(ResolvedDuration { first, notation, others })
    }

    fn figure(&mut self, key: &str, figure: &CsvFigure) -> Option<ResolvedFigure> {
        let (dividend, divisor) = match figure {
            CsvFigure::Column(column) => (column, None),
            CsvFigure::Measured(measured) => (&measured.column, None),
            CsvFigure::Quotient(quotient) => {
                let [dividend, divisor] = &quotient.of;
                (dividend, Some(divisor))
            }
        };
        let divisor = match divisor {
            None => None,
            Some(column) => Some(self.column(key, column)?),
        };
        let index = self.column(key, dividend)?;
        self.guess(key, index);
        let kpi = KpiId::parse(key)?;
        let unit = match (figure.unit(), kpi.def().unit) {
            (Some(FigureUnit::Duration(unit)), _) => Some(unit),
            (None, Unit::Seconds) => None,
            // The numbers of a share or count are as they are, whatever unit is in the name.
            (Some(FigureUnit::Share(_)) | None, _) => Some(DurationUnit::Seconds),
        };
        let notation = match kpi.def().unit {
            Unit::Count => Notation::default(),
            _ => self.notation(key, index, unit),
        };
        let is_fraction = figure.unit() == Some(FigureUnit::Share(ShareUnit::Fraction))
            || divisor.is_some() && kpi.def().unit == Unit::Percent;
        Some(ResolvedFigure { kpi, dividend: (index, notation), divisor, is_fraction })
    }
}

impl ResolvedColumns {
    /// The columns of the time and the contact's id, by which a row is told from others.
    pub(super) fn naming(&self) -> Vec<usize> {
        let contact = match self.contact {
            Some(ResolvedField::Cell(index)) => Some(index),
            Some(ResolvedField::Constant(_)) | None => None,
        };
        self.time.iter().copied().chain(contact).collect()
    }

    /// Locate the columns in a file whose first row is `first`; `rows` are some that follow.
    pub(super) fn find(
        columns: &Columns,
        first: &[String],
        rows: &[&[String]],
        delimiter: u8,
    ) -> Result<Self, ColumnsError> {
        let header = columns.header;
        let mut at = Locator { header, first, rows, delimiter, wrong: Vec::new(), assumptions: Vec::new() };
        let field = |at: &mut Locator<'_>, key, field: &Option<CsvField>| at.field(key, field.as_ref());
        let filters = columns.only.iter().map(|(name, words)| ("only", name, words, true));
        let filters = filters.chain(columns.except.iter().map(|(name, words)| ("except", name, words, false)));
        let mut resolved_filters = Vec::new();
        for (key, name, words, wanted) in filters {
            // A key of TOML is text, also where columns are given by number.
            let number = || name.parse().map(CsvColumn::Number).ok().filter(|_| !columns.header);
            if let Some(index) = at.column(key, &number().unwrap_or_else(|| CsvColumn::Name(name.clone()))) {
                resolved_filters.push((index, words.clone(), wanted));
            }
        }
        let time = at.columns("time", columns.time.as_ref());
        let time_format = match &columns.time_format {
            Some(format) => TimeFormat::parse(Some(format)).unwrap_or_default(),
            None => format_of_rows(&time, rows),
        };
        let time_format = time_format.with_months(columns.months.unwrap_or_default());
        let queue = field(&mut at, "queue", &columns.queue);
        let found = Self {
            contact: field(&mut at, "contact", &columns.contact),
            time_format,
            time,
            queues: QueueNames::of(at.cells(queue.as_ref())),
            queue,
            intent: field(&mut at, "intent", &columns.intent),
            agent: field(&mut at, "agent", &columns.agent),
            customer: field(&mut at, "customer", &columns.customer),
            channel: field(&mut at, "channel", &columns.channel),
            answered: field(&mut at, "answered", &columns.answered),
            outcome: at.columns("outcome", columns.outcome.as_ref()),
            outcomes: OutcomeWords::new(&columns.outcomes),
            filters: resolved_filters,
            figures: columns.figures.iter().filter_map(|(key, figure)| at.figure(key, figure)).collect(),
            answered_at: field(&mut at, "answered_at", &columns.answered_at),
            ended_at: field(&mut at, "ended_at", &columns.ended_at),
            wrapped_at: field(&mut at, "wrapped_at", &columns.wrapped_at),
            wait: at.duration("wait_s", columns.wait_s.as_ref()),
            talk: at.duration("talk_s", columns.talk_s.as_ref()),
            hold: at.duration("hold_s", columns.hold_s.as_ref()),
            acw: at.duration("acw_s", columns.acw_s.as_ref()),
            resolved: field(&mut at, "resolved", &columns.resolved),
            transferred: field(&mut at, "transferred", &columns.transferred),
            csat: field(&mut at, "csat", &columns.csat),
            ces: field(&mut at, "ces", &columns.ces),
            nps: field(&mut at, "nps", &columns.nps),
            quality: field(&mut at, "quality", &columns.quality),
            evaluator: field(&mut at, "evaluator", &columns.evaluator),
            assumptions: std::mem::take(&mut at.assumptions),
        };
        let mut wrong = at.wrong;
        if wrong.is_empty() {
            return Ok(found);
        }
        if let Some(last) = wrong.last_mut() {
            let available = if columns.header {
                first.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
            } else {
                format!("1 to {}", first.len())
            };
            *last += "; the columns are ";
            *last += &available;
        }
        Err(ColumnsError::Wrong(wrong))
    }
}

impl Columns {
    /// The names of all configured columns.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let fields = [
            &self.contact,
            &self.queue,
            &self.intent,
            &self.agent,
            &self.customer,
            &self.channel,
            &self.answered,
            &self.answered_at,
            &self.ended_at,
            &self.wrapped_at,
            &self.wait_s,
            &self.talk_s,
            &self.hold_s,
            &self.acw_s,
            &self.resolved,
            &self.transferred,
            &self.csat,
            &self.ces,
            &self.nps,
            &self.quality,
            &self.evaluator,
        ];
        let fields = fields.into_iter().flatten().flat_map(|field| match field {
            CsvField::Column(column) => vec![column],
            CsvField::Constant(_) => Vec::new(),
            CsvField::Duration(duration) => {
                std::iter::once(&duration.column).chain(&duration.plus).chain(&duration.less).collect()
            }
        });
        let figures = self.figures.values().flat_map(|figure| match figure {
            CsvFigure::Column(column) => std::slice::from_ref(column),
            CsvFigure::Measured(measured) => std::slice::from_ref(&measured.column),
            CsvFigure::Quotient(quotient) => &quotient.of[..],
        });
        let several = [&self.time, &self.outcome].into_iter().flatten().flat_map(CsvColumns::all);
        let columns = fields.chain(several).chain(figures).filter_map(|column| match column {
            CsvColumn::Name(name) => Some(name.as_str()),
            CsvColumn::Number(_) => None,
        });
        columns.chain(self.only.keys().chain(self.except.keys()).map(String::as_str).filter(|_| self.header))
    }

    /// How many of the configured columns a header has.
    pub(super) fn count_in(&self, header: &[String]) -> usize {
        self.names().filter(|name| named_index(header, name).is_some()).count()
    }
}

/// The format of the times in the columns `time` of some rows.
pub(super) fn format_of_rows(time: &[usize], rows: &[&[String]]) -> TimeFormat {
    let parts = |row: &[String]| {
        let parts = time.iter().filter_map(|&index| row.get(index)).map(|part| beginning(part.trim()));
        parts.collect::<Vec<_>>().join(" ")
    };
    let times: Vec<String> = rows.iter().map(|row| parts(row)).filter(|text| !text.trim().is_empty()).collect();
    let times: Vec<&str> = times.iter().map(|text| text.trim()).collect();
    let found = time_format(&times).and_then(|(format, _)| format);
    TimeFormat::parse(found).unwrap_or_default()
}

/// The index of a column, from 0.
fn column_index(header: bool, first: &[String], column: &CsvColumn) -> Option<usize> {
    match column {
        CsvColumn::Number(number) => number.checked_sub(1).filter(|&index| index < first.len()),
        CsvColumn::Name(name) if header => named_index(first, name),
        CsvColumn::Name(_) => None,
    }
}

fn named_index(header: &[String], name: &str) -> Option<usize> {
    let exact = header.iter().position(|there| there.trim() == name.trim());
    exact.or_else(|| header.iter().position(|there| there.trim().eq_ignore_ascii_case(name.trim())))
}
