//! The `[csv]` table of the configuration: which column of a file holds what.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::duration::DurationUnit;
use super::encoding::{self, TextEncoding};
use super::month_names::MonthNames;
use super::outcome::{RowOutcome, Words};
use super::time::TimeFormat;
use crate::kpi::Unit;
use crate::text::suggest::suggestion;

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
    /// A duration in a unit, or made of several columns.
    Duration(CsvDuration),
}

/// `{ column = "…", unit = "ms", plus = ["…"], less = ["…"] }`: a duration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CsvDuration {
    /// The column.
    pub column: CsvColumn,
    /// The unit of bare numbers; told from the column's name and values if absent, and seconds if these tell none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<DurationUnit>,
    /// Columns to add; an unknown value adds nothing, and of an unknown column they are all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plus: Vec<CsvColumn>,
    /// Columns to subtract; the difference is 0 at least.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub less: Vec<CsvColumn>,
}

impl CsvField {
    /// Whether columns are subtracted.
    pub(super) fn is_difference(&self) -> bool {
        matches!(self, Self::Duration(duration) if !duration.less.is_empty())
    }
}

/// A figure that a row of sums gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CsvFigure {
    /// A column.
    Column(CsvColumn),
    /// A column in a unit.
    Measured(CsvMeasured),
    /// One column divided by another.
    Quotient(CsvQuotient),
}

/// `{ column = "…", unit = "ms" }`: a column in a unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CsvMeasured {
    /// The column.
    pub column: CsvColumn,
    /// The unit of its numbers.
    pub unit: FigureUnit,
}

/// `{ of = ["…", "…"] }`: the first column divided by the second; for a KPI in percent, times a hundred.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CsvQuotient {
    /// The dividend and the divisor.
    pub of: [CsvColumn; 2],
    /// The unit of the dividend's numbers; told from its name and values if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<FigureUnit>,
}

/// The unit of a figure's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "s, ms, min, h, days, percent or fraction")]
pub enum FigureUnit {
    /// Of a time.
    Duration(DurationUnit),
    /// Of a share.
    Share(ShareUnit),
}

/// How a share is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ShareUnit {
    /// All is 100.
    Percent,
    /// All is 1.
    Fraction,
}

impl CsvFigure {
    /// The unit that is given.
    pub(super) const fn unit(&self) -> Option<FigureUnit> {
        match self {
            Self::Column(_) => None,
            Self::Measured(measured) => Some(measured.unit),
            Self::Quotient(quotient) => quotient.unit,
        }
    }
}

/// `{ value = "…" }`: a value that every row has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CsvConstant {
    /// The value.
    pub value: String,
}

/// One column or several: those of the time, such as a date and a time of day, are joined by a space.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CsvColumns {
    /// One column.
    One(CsvColumn),
    /// Several columns, in order.
    Many(Vec<CsvColumn>),
}

impl CsvColumns {
    /// The columns, in order.
    #[must_use]
    pub fn all(&self) -> &[CsvColumn] {
        match self {
            Self::One(column) => std::slice::from_ref(column),
            Self::Many(columns) => columns,
        }
    }
}

/// The `[csv]` table: one row of the file is one contact, or with `figures` the sums of an interval.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Columns {
    /// The delimiter; detected if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<char>,
    /// The encoding of a table that is no UTF-8, as browsers name it, or cp437 or cp850; Windows-1252 if absent, in which spreadsheets save.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// How many lines precede the header or the first row; found if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip: Option<u64>,
    /// Whether the first row names the columns; otherwise columns are given by number.
    pub header: bool,
    /// The contact's id; the row's number if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<CsvField>,
    /// When the contact joined the queue. Required.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<CsvColumns>,
    /// The format of times in [chrono's codes](chrono::format::strftime), or `unix`, `unix_ms`, `excel` or `gregorian`. If
    /// absent, RFC 3339, `2026-03-02 09:00:00`, or a number whose size tells what it counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_format: Option<String>,
    /// The language of the months' names, where these are others in Croatian; found if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub months: Option<MonthNames>,
    /// The zone of times without an offset; the floor's if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<Tz>,
    /// The queue; `all` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<CsvField>,
    /// What follows the name of the queue that answered, where a cell lists several, separated by commas. Where none has it, the
    /// first is the contact's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue_mark: Option<String>,
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
    /// Answered if it says yes, abandoned if it says no or nothing. If absent, rows with talk time, or without a column of it those
    /// with an agent, are answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered: Option<CsvField>,
    /// The words for yes, besides the common ones; case is ignored.
    pub yes: Vec<String>,
    /// The words for no, besides the common ones; `""` is an empty cell.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub no: Vec<String>,
    /// Why the contact ended as it did: the first column with one of `outcomes` decides, before `answered` does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<CsvColumns>,
    /// What the words in `outcome` mean; common words are known.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub outcomes: BTreeMap<String, RowOutcome>,
    /// Rows are read only if these columns hold one of the words.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub only: BTreeMap<String, Words>,
    /// Rows are not read if one of these columns holds one of the words.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub except: BTreeMap<String, Words>,
    /// Words for nobody in the column of the agent.
    #[serde(skip_serializing_if = "Words::is_empty")]
    pub nobody: Words,
    /// Whether rows with the same contact id are parts of one visit, or each a visit of its own. The latter too if absent, which
    /// is said of a table that has such rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legs: Option<bool>,
    /// The figures of rows that are sums over an interval and no contacts, by the ids of KPIs.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub figures: BTreeMap<String, CsvFigure>,
    /// When it was answered, from which the wait follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<CsvField>,
    /// When it ended, from which the talk time follows, or the wait of one who was not answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<CsvField>,
    /// When the after-contact work ended, from which its length follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wrapped_at: Option<CsvField>,
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
    /// Whether it was resolved, as `answered`; an empty cell means unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolved: Option<CsvField>,
    /// Whether it was transferred, as `answered`.
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
            encoding: None,
            skip: None,
            header: true,
            contact: None,
            time: None,
            time_format: None,
            months: None,
            timezone: None,
            queue: None,
            queue_mark: None,
            intent: None,
            agent: None,
            customer: None,
            channel: None,
            answered: None,
            yes: ["Y", "yes", "true", "1"].map(str::to_owned).to_vec(),
            no: Vec::new(),
            outcome: None,
            outcomes: BTreeMap::new(),
            only: BTreeMap::new(),
            except: BTreeMap::new(),
            nobody: Words::default(),
            legs: None,
            figures: BTreeMap::new(),
            answered_at: None,
            ended_at: None,
            wrapped_at: None,
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
    /// The file is of a known kind that is no table.
    #[error("it is {0}")]
    Foreign(&'static str),
    /// The table is of no known kind and no columns are configured.
    #[error("[csv] is missing: `floorwatch map` proposes one")]
    NoColumns,
    /// All that is wrong with the keys.
    #[error("[csv] {}", .0.join("; "))]
    Wrong(Vec<String>),
}

/// The keys of `[csv]`.
const KEYS: [&str; 41] = [
    "delimiter",
    "encoding",
    "skip",
    "header",
    "contact",
    "time",
    "time_format",
    "months",
    "timezone",
    "queue",
    "queue_mark",
    "intent",
    "agent",
    "customer",
    "channel",
    "answered",
    "yes",
    "no",
    "outcome",
    "outcomes",
    "only",
    "except",
    "nobody",
    "legs",
    "figures",
    "answered_at",
    "ended_at",
    "wrapped_at",
    "wait_s",
    "talk_s",
    "hold_s",
    "acw_s",
    "resolved",
    "transferred",
    "csat",
    "csat_scale",
    "ces",
    "ces_scale",
    "nps",
    "quality",
    "evaluator",
];

impl Columns {
    /// Whether rows with the same contact id are parts of one visit.
    pub(crate) fn has_legs(&self) -> bool {
        self.legs == Some(true)
    }

    /// The encoding of a table that is no UTF-8.
    pub(super) fn encoding(&self) -> TextEncoding {
        self.encoding.as_deref().and_then(TextEncoding::of_name).unwrap_or(encoding::USUAL)
    }

    /// Whether nothing says which contacts were answered.
    pub(super) const fn leaves_ends_open(&self) -> bool {
        self.outcome.is_none() && self.answered.is_none() && self.answered_at.is_none() && self.agent.is_none()
    }

    /// What is taken for granted of contacts because the mapping does not say it.
    pub(super) fn usual_fields(&self) -> Option<String> {
        let channel = self.channel.is_none().then_some("channel \"voice\"");
        let queue = self.queue.is_none().then_some("queue \"all\"");
        let all: Vec<&str> = [channel, queue].into_iter().flatten().collect();
        (!all.is_empty()).then(|| format!("not in the mapping, and taken for granted: {}", all.join(", ")))
    }

    /// Says that nothing tells how contacts ended.
    pub(super) fn open_ends(&self) -> Option<String> {
        let words = "how contacts ended is unknown: name outcome, answered, answered_at or agent";
        self.leaves_ends_open().then(|| words.to_owned())
    }

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
        let table: toml::Table = toml::from_str(text).map_err(wrong)?;
        let keys = table.get("csv").map_or(Some(&table), toml::Value::as_table);
        let unknown = keys.into_iter().flat_map(toml::Table::keys).filter(|key| !KEYS.contains(&key.as_str()));
        let near = |key: &String| format!("{key}: there is no such key{}", suggestion(key, KEYS));
        let unknown: Vec<String> = unknown.map(near).collect();
        if unknown.len() > 1 {
            return Err(ColumnsError::Wrong(unknown));
        }
        let columns = if table.contains_key("csv") {
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
    /// All keys whose values are not valid.
    pub fn check(&self) -> Result<(), ColumnsError> {
        let mut wrong = Vec::new();
        if self.time.as_ref().is_none_or(|columns| columns.all().is_empty()) {
            wrong.push("has no time: name the column that says when a contact joined, time = \"…\"".to_owned());
        }
        if self.delimiter.is_some_and(|c| !c.is_ascii() || matches!(c, '"' | '\r' | '\n')) {
            wrong.push("delimiter: one ASCII character is meant, other than a quote or a line's end".to_owned());
        }
        if self.encoding.as_deref().is_some_and(|name| TextEncoding::of_name(name).is_none()) {
            wrong.push("encoding: there is none of that name; windows-1251 and shift_jis are examples".to_owned());
        }
        for (key, [min, max]) in [("csat_scale", self.csat_scale), ("ces_scale", self.ces_scale)] {
            if !(min < max && min.is_finite() && max.is_finite()) {
                wrong.push(format!("{key}: write [lowest, highest]"));
            }
        }
        if let Err(reason) = TimeFormat::parse(self.time_format.as_deref()) {
            wrong.push(format!("time_format: {reason}"));
        }
        if let Some(CsvField::Constant(CsvConstant { value: word })) = &self.channel
            && crate::event::Channel::parse(word).is_none()
        {
            let words: Vec<_> = crate::event::Channel::ALL.iter().map(|c| c.key()).collect();
            wrong.push(format!("channel: \"{word}\" is none of {}", words.join(", ")));
        }
        if self.has_legs() && self.contact.is_none() {
            wrong.push("legs: name the column of the contact's id, contact = \"…\"".to_owned());
        }
        for key in self.figures.keys().filter(|key| crate::kpi::KpiId::parse(key).is_none()) {
            let ids = crate::kpi::CATALOGUE.iter().map(|kpi| kpi.key);
            wrong.push(format!("figures: there is no KPI \"{key}\"{}", suggestion(key, ids)));
        }
        for (key, figure) in &self.figures {
            let unit = crate::kpi::KpiId::parse(key).map(|kpi| kpi.def().unit);
            match (unit, figure.unit()) {
                (Some(Unit::Seconds), Some(FigureUnit::Share(_))) => {
                    wrong.push(format!("figures: {key} is a time: its unit is s, ms, min, h or days"));
                }
                (Some(Unit::Percent), Some(FigureUnit::Duration(_))) => {
                    wrong.push(format!("figures: {key} is a share: its unit is percent or fraction"));
                }
                (Some(Unit::Seconds | Unit::Percent), _) | (_, None) => {}
                (_, Some(_)) => wrong.push(format!("figures: {key} has no unit")),
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(ColumnsError::Wrong(wrong)) }
    }
}
