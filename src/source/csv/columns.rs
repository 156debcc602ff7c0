//! The `[csv]` table: which column says what.

use std::path::{Path, PathBuf};

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// A column, by its header or by its number from 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CsvColumn {
    /// From 1.
    Number(usize),
    /// As the header has it.
    Name(String),
}

/// Where a field comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CsvField {
    /// A column.
    Column(CsvColumn),
    /// The same for every row.
    Constant(CsvConstant),
}

/// `{ value = "…" }`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CsvConstant {
    /// What every row has.
    pub value: String,
}

/// One column, or several joined by a space.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum TimeColumns {
    /// One.
    One(CsvColumn),
    /// Several.
    Many(Vec<CsvColumn>),
}

/// The `[csv]` table: one row of the file is one contact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Columns {
    /// What stands between fields; found by itself when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<char>,
    /// Whether the first row names the columns; else they are numbers from 1.
    pub header: bool,
    /// The contact's id; the row's number when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<CsvField>,
    /// When the contact joined. Must be given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<TimeColumns>,
    /// chrono's codes; RFC 3339 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_format: Option<String>,
    /// The zone of times without an offset; UTC when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<Tz>,
    /// The queue; `all` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<CsvField>,
    /// What it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intent: Option<CsvField>,
    /// Who handled it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<CsvField>,
    /// Who the customer is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer: Option<CsvField>,
    /// The channel; voice when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<CsvField>,
    /// One of `yes`: it was answered; else abandoned. When absent, a row with an agent was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered: Option<CsvField>,
    /// The words for yes, in any case.
    pub yes: Vec<String>,
    /// The wait.
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
    /// Whether it was resolved; empty says nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolved: Option<CsvField>,
    /// Whether it was transferred.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transferred: Option<CsvField>,
    /// Satisfaction; empty is no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub csat: Option<CsvField>,
    /// Its lowest and highest step.
    pub csat_scale: [f64; 2],
    /// Effort, lower is easier; empty is no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ces: Option<CsvField>,
    /// Its lowest and highest step.
    pub ces_scale: [f64; 2],
    /// Likelihood to recommend, 0–10; empty is no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nps: Option<CsvField>,
    /// A quality score, 0–100; empty is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quality: Option<CsvField>,
    /// Who gave it.
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

/// What is wrong with the columns.
#[derive(Debug, thiserror::Error)]
pub enum ColumnsError {
    /// The file of columns can't be read.
    #[error("cannot read the columns file {}: {error}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The file of columns isn't right.
    #[error("{}: {error}", path.display())]
    Toml {
        /// Which.
        path: PathBuf,
        /// Where and why.
        error: Box<toml::de::Error>,
    },
    /// The table doesn't say which column is the time.
    #[error("[csv] has no time: name the column that says when a contact joined, time = \"…\"")]
    NoTime,
    /// A key's value can't be.
    #[error("[csv] {key}: {reason}")]
    Value {
        /// Which key.
        key: &'static str,
        /// What is wrong and what to write.
        reason: String,
    },
    /// There is no such column.
    #[error("[csv] {key}: there is no column \"{wanted}\"{}; the columns are {there}", nearest.as_ref().map(|n| format!(" (did you mean \"{n}\"?)")).unwrap_or_default())]
    NoColumn {
        /// Which key.
        key: &'static str,
        /// What it asks for.
        wanted: String,
        /// The nearest that there is.
        nearest: Option<String>,
        /// All that there are.
        there: String,
    },
}

impl Columns {
    /// Read them from a file that holds a `[csv]` table, or only what would stand in it.
    ///
    /// # Errors
    /// Where it can't be read, isn't TOML, has a key that isn't one, or can't work.
    pub fn load(path: &Path) -> Result<Self, ColumnsError> {
        let text =
            std::fs::read_to_string(path).map_err(|error| ColumnsError::Read { path: path.to_owned(), error })?;
        Self::from_toml(&text, path)
    }

    /// The same from the file's text; `path` is for the errors.
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

    /// Whether it can work at all, before any file is read.
    ///
    /// # Errors
    /// The first key that is wrong.
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

/// Where a field stands in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ResolvedField {
    /// At this index, from 0.
    At(usize),
    /// The same in every row.
    Fixed(String),
}

/// The columns of one file.
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
    /// Find every column that `columns` asks for in a file whose first row is `first`.
    pub(super) fn find(columns: &Columns, first: &[String]) -> Result<Self, ColumnsError> {
        let field = |key, field: &Option<CsvField>| -> Result<Option<ResolvedField>, ColumnsError> {
            Ok(match field {
                None => None,
                Some(CsvField::Constant(CsvConstant { value })) => Some(ResolvedField::Fixed(value.clone())),
                Some(CsvField::Column(column)) => Some(ResolvedField::At(find(columns.header, first, key, column)?)),
            })
        };
        let time = match &columns.time {
            None => return Err(ColumnsError::NoTime),
            Some(TimeColumns::One(column)) => vec![find(columns.header, first, "time", column)?],
            Some(TimeColumns::Many(many)) => {
                many.iter().map(|column| find(columns.header, first, "time", column)).collect::<Result<_, _>>()?
            }
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

/// The index of a column in a row.
fn find(header: bool, first: &[String], key: &'static str, column: &CsvColumn) -> Result<usize, ColumnsError> {
    let no = |wanted: &str, nearest: Option<String>| {
        let there = if header {
            first.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
        } else {
            format!("1 to {}", first.len())
        };
        Err(ColumnsError::NoColumn { key, wanted: wanted.to_owned(), nearest, there })
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
            let wanted = name.to_lowercase();
            let nearest = first
                .iter()
                .map(|there| (strsim::jaro_winkler(&there.to_lowercase(), &wanted), there))
                .filter(|(likeness, _)| *likeness > 0.7)
                .max_by(|one, other| one.0.total_cmp(&other.0))
                .map(|(_, there)| there.clone());
            no(name, nearest)
        }
    }
}
