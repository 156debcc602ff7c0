//! Where values are in a row: paths, and the tables that may stand in their place.

use std::fmt;

use chrono_tz::Tz;
use jmespath::Rcvar;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::names::Names;
use crate::clock::{Span, Time};
use crate::source::network::http::path::JmesPath;
use crate::source::rejection::RejectionReason;
use crate::text::Label;

/// The queue that a row is about.
#[derive(Clone, Debug, PartialEq)]
pub enum QueueSelector {
    /// A path within the row.
    Path(JmesPath),
    /// The same queue for every row.
    Constant(Label),
}

/// Where a figure is in a row.
#[derive(Clone, Debug, PartialEq)]
pub enum FigurePath {
    /// A path.
    Value(JmesPath),
    /// `{ of = ["…", "…"] }`: the numerator and the denominator. A percentage is 100 times their quotient.
    Quotient(Box<[JmesPath; 2]>),
    /// `{ not = ["…", "…"] }`: the same of those that the first is not.
    Complement(Box<[JmesPath; 2]>),
}

/// By what the times in a document are understood.
#[derive(Clone, Copy, Debug)]
pub(in crate::source::network::http) struct SourceClock {
    /// When the document arrived, by the source's clock.
    pub(in crate::source::network::http) now: Time,
    /// The zone of times that have none of their own.
    pub(in crate::source::network::http) zone: Option<Tz>,
}

impl From<Time> for SourceClock {
    fn from(now: Time) -> Self {
        Self { now, zone: None }
    }
}

/// A time in a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Since {
    /// The path of the time.
    At(JmesPath),
    /// `{ ago = "…" }`: the path of a number of seconds that have passed.
    Ago(JmesPath),
}

impl QueueSelector {
    pub(super) fn read(&self, row: &Rcvar, names: &Names) -> Result<Label, RejectionReason> {
        let queue = match self {
            Self::Constant(queue) => queue.clone(),
            Self::Path(path) => {
                let text = path.text(row)?.ok_or_else(|| format!("without a queue: there is nothing at `{path}`"))?;
                names.queue(&text)
            }
        };
        if queue.is_empty() { Err("without a queue: its name is empty".into()) } else { Ok(queue) }
    }

    pub(super) fn path(&self) -> Option<&JmesPath> {
        if let Self::Path(path) = self { Some(path) } else { None }
    }
}

impl FigurePath {
    pub(super) fn paths(&self) -> &[JmesPath] {
        match self {
            Self::Value(path) => std::slice::from_ref(path),
            Self::Quotient(parts) | Self::Complement(parts) => parts.as_slice(),
        }
    }
}

impl Since {
    /// The time in a row. One in the future is now, which happens when clocks differ a little.
    pub(super) fn time(&self, row: &Rcvar, clock: SourceClock) -> Result<Option<Time>, RejectionReason> {
        let SourceClock { now, zone } = clock;
        let at = match self {
            Self::At(path) => path.time_in(row, zone)?,
            Self::Ago(path) => path.number(row)?.and_then(Span::from_secs_f64).map(|ago| now - ago),
        };
        Ok(at.map(|at| at.min(now)))
    }
}

/// Reads a text or a table with one key.
struct PathOrTable<T>(&'static str, fn(JmesPath) -> T, fn(OneKey) -> Option<T>);

/// The tables that may stand in place of a path.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OneKey {
    value: Option<Label>,
    of: Option<Box<[JmesPath; 2]>>,
    not: Option<Box<[JmesPath; 2]>>,
    ago: Option<JmesPath>,
}

impl<'de, T> Visitor<'de> for PathOrTable<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a JMESPath expression, or {}", self.0)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        JmesPath::compile(text).map(self.1).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        let expected = self.0;
        let found = self.2(OneKey::deserialize(MapAccessDeserializer::new(map))?);
        found.ok_or_else(|| serde::de::Error::custom(format!("a JMESPath expression is meant, or {expected}")))
    }
}

impl<'de> Deserialize<'de> for QueueSelector {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let constant = |table: OneKey| table.value.map(Self::Constant);
        deserializer.deserialize_any(PathOrTable(r#"{ value = "…" }"#, Self::Path, constant))
    }
}

impl<'de> Deserialize<'de> for FigurePath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let quotient = |table: OneKey| table.of.map(Self::Quotient).or(table.not.map(Self::Complement));
        deserializer.deserialize_any(PathOrTable(r#"{ of = ["…", "…"] }"#, Self::Value, quotient))
    }
}

impl<'de> Deserialize<'de> for Since {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let ago = |table: OneKey| table.ago.map(Self::Ago);
        deserializer.deserialize_any(PathOrTable(r#"{ ago = "…" }"#, Self::At, ago))
    }
}
