//! The `[csv]` table of the configuration: which column of a file holds what.

use std::path::{Path, PathBuf};

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::text::suggest::nearest;

/// A column of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CsvColumn {
    /// By its number, from 1.
    Number(usize),
    /// By its name in the header.
    Name(String),
}

/// Where the value of a field comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CsvField {
    /// A column.
    Column(CsvColumn),
    /// The same value for every row.
    Constant(CsvConstant),
}

/// `{ value = "…" }`: a value that every row has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CsvConstant {
    /// The value.
    pub value: String,
}

/// The columns of the time; several, such as a date and a time of day, are joined by a space.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum TimeColumns {
    /// One column.
    One(CsvColumn),
    /// Several columns, in order.
    Many(Vec<CsvColumn>),
}

/// The `[csv]` table: one row of the file is one contact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Columns {
    /// The delimiter; detected if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<char>,
    /// Whether the first row names the columns; otherwise columns are given by number.
    pub header: bool,
    /// The contact's id; the row's number if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<CsvField>,
    /// When the contact joined the queue. Required.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<TimeColumns>,
    /// The format of the time in [chrono's codes](chrono::format::strftime); RFC 3339 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_format: Option<String>,
    /// The zone of times without an offset; UTC if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<Tz>,
    /// The queue; `all` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<CsvField>,
    /// What the contact is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intent: Option<CsvField>,
    /// The agent who handled it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<CsvField>,
    /// The customer's number or id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer: Option<CsvField>,
    /// The channel; voice if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<CsvField>,
    /// Answered if it is one of `yes`, abandoned otherwise. If absent, rows with an agent are answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered: Option<CsvField>,
    /// The words for yes; case is ignored.
    pub yes: Vec<String>,
    /// The wait for an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_s: Option<CsvField>,
    /// Talk time without hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub talk_s: Option<CsvField>,
    /// Time on hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold_s: Option<CsvField>,
    /// After-contact work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acw_s: Option<CsvField>,
    /// Whether it was resolved, one of `yes`; an empty cell means unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolved: Option<CsvField>,
    /// Whether it was transferred, one of `yes`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transferred: Option<CsvField>,
    /// Satisfaction score; an empty cell means no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub csat: Option<CsvField>,
    /// Lowest and highest satisfaction score.
    pub csat_scale: [f64; 2],
    /// Effort score, lower is easier; an empty cell means no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ces: Option<CsvField>,
    /// Lowest and highest effort score.
    pub ces_scale: [f64; 2],
    /// Likelihood to recommend, 0–10; an empty cell means no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nps: Option<CsvField>,
    /// Quality score, 0–100; an empty cell means not evaluated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quality: Option<CsvField>,
    /// Who gave the quality score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evaluator: Option<CsvField>,
}

impl Default for Columns {
    fn default() -> Self {
        Self {
            delimiter: None,
            header: true,
            contact: None,
            time: None,
            time_format: None,
            timezone: None,
            queue: None,
            intent: None,
            agent: None,
            customer: None,
            channel: None,
            answered: None,
            yes: ["Y", "yes", "true", "1"].map(str::to_owned).to_vec(),
            wait_s: None,
            talk_s: None,
            hold_s: None,
            acw_s: None,
            resolved: None,
            transferred: None,
            csat: None,
            csat_scale: [1.0, 5.0],
            ces: None,
            ces_scale: [1.0, 7.0],
            nps: None,
            quality: None,
            evaluator: None,
        }
    }
}

/// Why the configured columns cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ColumnsError {
    /// The columns file cannot be read.
    #[error("cannot read the columns file {}: {error}", path.display())]
    Read {
        /// The columns file.
        path: PathBuf,
        /// The cause.
        error: std::io::Error,
    },
    /// The columns file is not valid.
    #[error("{}: {error}", path.display())]
    Toml {
        /// The columns file.
        path: PathBuf,
        /// The position and the cause.
        error: Box<toml::de::Error>,
    },
    /// No column is configured for the time.
    #[error("[csv] has no time: name the column that says when a contact joined, time = \"…\"")]
    NoTime,
    /// The value of a key is not valid.
    #[error("[csv] {key}: {reason}")]
    Value {
        /// The key of `[csv]`.
        key: &'static str,
        /// What is wrong and what to write instead.
        reason: String,
    },
    /// A configured column is not in the file.
    #[error("[csv] {key}: there is no column \"{wanted}\"{}; the columns are {available}", nearest.as_ref().map(|n| format!(" (did you mean \"{n}\"?)")).unwrap_or_default())]
    NoColumn {
        /// The key of `[csv]`.
        key: &'static str,
        /// The configured column.
        wanted: String,
        /// The column with the most similar name.
        nearest: Option<String>,
        /// The columns of the file.
        available: String,
    },
}

impl Columns {
    /// Read a TOML file that holds a `[csv]` table, or only the keys of one.
    ///
    /// # Errors
    /// If the file cannot be read, is not TOML, has an unknown key, or fails [`Columns::check`].
    pub fn load(path: &Path) -> Result<Self, ColumnsError> {
        let text =
            std::fs::read_to_string(path).map_err(|error| ColumnsError::Read { path: path.to_owned(), error })?;
        Self::from_toml(&text, path)
    }

    /// As [`Columns::load`], from the file's text; `path` is for the errors.
    ///
    /// # Errors
    /// As [`Columns::load`].
    pub fn from_toml(text: &str, path: &Path) -> Result<Self, ColumnsError> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct ColumnsFile {
            csv: Columns,
        }
        let wrong = |error| ColumnsError::Toml { path: path.to_owned(), error: Box::new(error) };
        let has_table = toml::from_str::<toml::Table>(text).map_err(wrong)?.contains_key("csv");
        let columns = if has_table {
            toml::from_str::<ColumnsFile>(text).map_err(wrong)?.csv
        } else {
            toml::from_str::<Self>(text).map_err(wrong)?
        };
        columns.check()?;
        Ok(columns)
    }

    /// Check what can be checked before a table is read.
    ///
    /// # Errors
    /// The first key whose value is not valid.
    pub fn check(&self) -> Result<(), ColumnsError> {
        let value = |key, reason: &str| Err(ColumnsError::Value { key, reason: reason.to_owned() });
        match &self.time {
            None => return Err(ColumnsError::NoTime),
            Some(TimeColumns::Many(columns)) if columns.is_empty() => return Err(ColumnsError::NoTime),
            Some(_) => {}
        }
        if self.delimiter.is_some_and(|c| !c.is_ascii() || matches!(c, '"' | '\r' | '\n')) {
            return value("delimiter", "one ASCII character is meant, other than a quote or a line's end");
        }
        for (key, [min, max]) in [("csat_scale", self.csat_scale), ("ces_scale", self.ces_scale)] {
            if !(min < max && min.is_finite() && max.is_finite()) {
                return value(key, "write [lowest, highest]");
            }
        }
        if let Some(format) = &self.time_format
            && chrono::format::StrftimeItems::new(format).any(|item| item == chrono::format::Item::Error)
        {
            return value("time_format", "not chrono's codes; \"%d/%m/%Y %H:%M:%S\" is an example");
        }
        if let Some(CsvField::Constant(CsvConstant { value: word })) = &self.channel
            && crate::event::Channel::parse(word).is_none()
        {
            let words: Vec<_> = crate::event::Channel::ALL.iter().map(|c| c.key()).collect();
            return value("channel", &format!("\"{word}\" is none of {}", words.join(", ")));
        }
        Ok(())
    }
}

/// Where the value of a field comes from, in one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ResolvedField {
    /// The cell at this index, from 0.
    Cell(usize),
    /// The same value for every row.
    Constant(String),
}

/// The configured columns, located in one file.
#[derive(Clone, Debug)]
pub(super) struct ResolvedColumns {
    pub(super) contact: Option<ResolvedField>,
    pub(super) time: Vec<usize>,
    pub(super) queue: Option<ResolvedField>,
    pub(super) intent: Option<ResolvedField>,
    pub(super) agent: Option<ResolvedField>,
    pub(super) customer: Option<ResolvedField>,
    pub(super) channel: Option<ResolvedField>,
    pub(super) answered: Option<ResolvedField>,
    pub(super) wait: Option<ResolvedField>,
    pub(super) talk: Option<ResolvedField>,
    pub(super) hold: Option<ResolvedField>,
    pub(super) acw: Option<ResolvedField>,
    pub(super) resolved: Option<ResolvedField>,
    pub(super) transferred: Option<ResolvedField>,
    pub(super) csat: Option<ResolvedField>,
    pub(super) ces: Option<ResolvedField>,
    pub(super) nps: Option<ResolvedField>,
    pub(super) quality: Option<ResolvedField>,
    pub(super) evaluator: Option<ResolvedField>,
}

impl ResolvedColumns {
    /// Locate the columns in a file whose first row is `first`.
    pub(super) fn find(columns: &Columns, first: &[String]) -> Result<Self, ColumnsError> {
        let field = |key, field: &Option<CsvField>| -> Result<Option<ResolvedField>, ColumnsError> {
            Ok(match field {
                None => None,
                Some(CsvField::Constant(CsvConstant { value })) => Some(ResolvedField::Constant(value.clone())),
                Some(CsvField::Column(column)) => {
                    Some(ResolvedField::Cell(column_index(columns.header, first, key, column)?))
                }
            })
        };
        let time = match &columns.time {
            None => return Err(ColumnsError::NoTime),
            Some(TimeColumns::One(column)) => vec![column_index(columns.header, first, "time", column)?],
            Some(TimeColumns::Many(many)) => many
                .iter()
                .map(|column| column_index(columns.header, first, "time", column))
                .collect::<Result<_, _>>()?,
        };
        Ok(Self {
            contact: field("contact", &columns.contact)?,
            time,
            queue: field("queue", &columns.queue)?,
            intent: field("intent", &columns.intent)?,
            agent: field("agent", &columns.agent)?,
            customer: field("customer", &columns.customer)?,
            channel: field("channel", &columns.channel)?,
            answered: field("answered", &columns.answered)?,
            wait: field("wait_s", &columns.wait_s)?,
            talk: field("talk_s", &columns.talk_s)?,
            hold: field("hold_s", &columns.hold_s)?,
            acw: field("acw_s", &columns.acw_s)?,
            resolved: field("resolved", &columns.resolved)?,
            transferred: field("transferred", &columns.transferred)?,
            csat: field("csat", &columns.csat)?,
            ces: field("ces", &columns.ces)?,
            nps: field("nps", &columns.nps)?,
            quality: field("quality", &columns.quality)?,
            evaluator: field("evaluator", &columns.evaluator)?,
        })
    }
}

/// The index of a column, from 0.
fn column_index(header: bool, first: &[String], key: &'static str, column: &CsvColumn) -> Result<usize, ColumnsError> {
    let no = |wanted: &str, nearest: Option<String>| {
        let available = if header {
            first.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
        } else {
            format!("1 to {}", first.len())
        };
        Err(ColumnsError::NoColumn { key, wanted: wanted.to_owned(), nearest, available })
    };
    match column {
        CsvColumn::Number(number) => match number.checked_sub(1).filter(|&index| index < first.len()) {
            Some(index) => Ok(index),
            None => no(&number.to_string(), None),
        },
        CsvColumn::Name(name) if !header => no(name, None),
        CsvColumn::Name(name) => {
            let exact = first.iter().position(|there| there.trim() == name.trim());
            let loose = || first.iter().position(|there| there.trim().eq_ignore_ascii_case(name.trim()));
            if let Some(index) = exact.or_else(loose) {
                return Ok(index);
            }
            let nearest = nearest(name, first.iter().map(String::as_str)).map(str::to_owned);
            no(name, nearest)
        }
    }
}
