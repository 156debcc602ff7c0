//! Maps a vendor's JSON documents to figures: which value is which KPI of which queue.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use jmespath::{Rcvar, Variable};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::path::JmesPath;
use crate::clock::{Span, Time};
use crate::event::{Event, EventKind};
use crate::kpi::{KpiId, Unit};
use crate::source::format::limits::check_json;
use crate::source::ids::id_label;
use crate::source::rejection::RejectionReason;
use crate::text::Label;

/// The number of rows that are read; no floor has more queues.
const MAX_ROWS: usize = 10_000;

/// The table `map`: how to read figures from a JSON document of any shape. All paths are `JMESPath` expressions.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Map {
    /// The path of the list of rows. When absent, the document is the only row.
    #[serde(default)]
    pub rows: Option<JmesPath>,
    /// The queue that a row is about: a path within the row, or `{ value = "…" }`.
    pub queue: QueueSelector,
    /// Figures, by KPI: paths within the row.
    #[serde(default)]
    pub kpis: BTreeMap<KpiId, JmesPath>,
    /// Figures that are ages, by KPI: paths within the row to the time at which the age began.
    #[serde(default)]
    pub since: BTreeMap<KpiId, JmesPath>,
    /// Factors on figures, by KPI: 0.001 for a vendor that counts milliseconds.
    #[serde(default)]
    pub scale: BTreeMap<KpiId, f64>,
    /// The vendor's name of the window that the figures cover; it is only shown.
    #[serde(default)]
    pub window: Option<Label>,
    /// The time of the figures: a path within the document. The present time when absent.
    #[serde(default)]
    pub at: Option<JmesPath>,
    /// The source is stale when `at` is more than this many seconds ago; 0 means never.
    #[serde(default = "five_minutes")]
    pub stale_after_s: u64,
}

const fn five_minutes() -> u64 {
    300
}

/// The queue that a row is about.
#[derive(Clone, Debug, PartialEq)]
pub enum QueueSelector {
    /// A path within the row.
    Path(JmesPath),
    /// The same queue for every row.
    Constant(Label),
}

/// The content of a document.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// One event per queue, with the figures of all its rows.
    pub(super) events: Vec<Event>,
    /// The rejected rows: the number, from 1 (0 for the document itself), and the reason.
    pub(super) rejected: Vec<(u64, RejectionReason)>,
    /// The time of the figures, if the document has one.
    pub(super) at: Option<Time>,
}

impl Map {
    /// Check what can be checked without a document.
    ///
    /// # Errors
    /// What is wrong with the mapping.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.kpis.is_empty() && self.since.is_empty() {
            return Err(r#"names no figure: write kpis = { waiting = "…" }"#.to_owned());
        }
        for (id, key) in self.since.keys().map(|id| (id, id.def().key)) {
            if id.def().unit != Unit::Seconds {
                return Err(format!("can't have {key} under `since`: it is no length of time"));
            }
            if self.kpis.contains_key(id) {
                return Err(format!("has {key} under `kpis` and under `since`: it can only be one of them"));
            }
        }
        for (id, factor) in &self.scale {
            let key = id.def().key;
            if !self.kpis.contains_key(id) {
                return Err(format!("scales {key}, which is not under `kpis`"));
            }
            if !factor.is_finite() || *factor <= 0.0 {
                return Err(format!("scales {key} by {factor}: a number over 0 is meant"));
            }
        }
        match &self.queue {
            QueueSelector::Constant(queue) if queue.is_empty() => Err("has a queue without a name".to_owned()),
            QueueSelector::Constant(_) | QueueSelector::Path(_) => Ok(()),
        }
    }

    /// Read a document that arrived at `now`, by the source's clock.
    ///
    /// # Errors
    /// If no row can be read.
    pub(super) fn read(&self, text: &str, now: Time, origin: &Label) -> Result<Reading, String> {
        check_json(text.as_bytes())?;
        let document = Variable::from_json(text).map_err(|error| format!("no JSON ({error})"))?;
        let document = Rcvar::new(document);
        let mut reading = Reading::default();
        match self.at.as_ref().map_or(Ok(None), |at| at.time(&document)) {
            Ok(at) => reading.at = at,
            Err(reason) => reading.rejected.push((0, reason.about("at"))),
        }
        // A time ahead of the source's own clock is ignored, because the age would be negative.
        let at = reading.at.filter(|at| *at > Time::from_unix(0) && *at <= now).unwrap_or(now);
        let mut queues: Vec<QueueFigures> = Vec::new();
        let mut index_by_queue: HashMap<Label, usize> = HashMap::new();
        for (number, row) in (1..).zip(self.rows_of(document)?) {
            let queue = match self.queue_of(&row) {
                Ok(queue) => queue,
                Err(reason) => {
                    reading.rejected.push((number, reason));
                    continue;
                }
            };
            let index = *index_by_queue.entry(queue.clone()).or_insert(queues.len());
            if index == queues.len() {
                queues.push(QueueFigures { queue, figures: Vec::new() });
            }
            for (id, found) in self.figures(&row, now) {
                let added = queues.get_mut(index).map_or(Ok(()), |queue| queue.add(id, found));
                if let Err(reason) = added {
                    reading.rejected.push((number, reason.about(id.def().key)));
                }
            }
        }
        let window = &self.window;
        let with_figures = queues.into_iter().filter(|queue| !queue.figures.is_empty());
        reading.events.extend(with_figures.map(|QueueFigures { queue, figures }| {
            let figures = figures.into_iter().map(|(id, value)| (Label::fixed(id.def().key), value)).collect();
            let kind = EventKind::Observed { queue, window: window.clone(), figures, quotients: Vec::new() };
            Event { at, origin: origin.clone(), id: None, kind }
        }));
        Ok(reading)
    }

    fn rows_of(&self, document: Rcvar) -> Result<Vec<Rcvar>, String> {
        let Some(path) = &self.rows else {
            if document.is_array() {
                return Err(r#"a list: say so in the mapping with rows = "@""#.to_owned());
            }
            return Ok(vec![document]);
        };
        let found = path.find(&document)?;
        if found.is_null() {
            return Err(format!("without its rows: there is nothing at `{path}`"));
        }
        let Some(rows) = found.as_array() else {
            return Err(format!("without its rows: `{path}` is {}, not a list", found.get_type()));
        };
        if rows.len() > MAX_ROWS {
            return Err(format!("more than {MAX_ROWS} rows long: ask it for less"));
        }
        Ok(rows.clone())
    }

    fn queue_of(&self, row: &Rcvar) -> Result<Label, RejectionReason> {
        let queue = match &self.queue {
            QueueSelector::Constant(queue) => queue.clone(),
            QueueSelector::Path(path) => {
                let text = path.text(row)?.ok_or_else(|| format!("without a queue: there is nothing at `{path}`"))?;
                id_label(text.as_bytes())
            }
        };
        if queue.is_empty() { Err("without a queue: its name is empty".into()) } else { Ok(queue) }
    }

    /// The figures of a row. A missing value gives no item; a value that cannot be used gives an error.
    fn figures(&self, row: &Rcvar, now: Time) -> impl Iterator<Item = (KpiId, Result<f64, RejectionReason>)> {
        let plain = self.kpis.iter().map(move |(id, path)| {
            let factor = self.scale.get(id).copied().unwrap_or(1.0);
            (*id, path.number(row).map(|value| value.map(|value| value * factor)))
        });
        let ages = self.since.iter().map(move |(id, path)| (*id, path.time(row).map(|at| at.map(|at| age(now, at)))));
        plain.chain(ages).filter_map(|(id, found)| Some((id, found.transpose()?)))
    }
}

/// The figures of a queue, from one or more rows.
struct QueueFigures {
    queue: Label,
    figures: Vec<(KpiId, f64)>,
}

impl QueueFigures {
    fn add(&mut self, id: KpiId, found: Result<f64, RejectionReason>) -> Result<(), RejectionReason> {
        let value = validate(id, found?)?;
        if self.figures.iter().any(|(known, _)| *known == id) {
            return Err(RejectionReason::new("another row has it as well, choose one with `rows`", &self.queue));
        }
        self.figures.push((id, value));
        Ok(())
    }
}

/// The age in seconds of something that began at `at`; 0 if `at` is after `now`, which happens when clocks differ a
/// little.
fn age(now: Time, at: Time) -> f64 {
    Span::as_secs_f64(now.since(at))
}

/// Check that a value is possible for this KPI.
fn validate(id: KpiId, value: f64) -> Result<f64, RejectionReason> {
    let negative = matches!(id.def().unit, Unit::Count | Unit::Seconds | Unit::Percent | Unit::PerHour);
    match id.def().unit {
        _ if negative && value < 0.0 => Err(RejectionReason::new("below 0, it is taken as unknown", value)),
        Unit::Percent if value > 100.0 => Err(RejectionReason::new("over 100, set its `scale`", value)),
        _ => Ok(value),
    }
}

impl<'de> Deserialize<'de> for QueueSelector {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct QueueVisitor;
        impl<'de> Visitor<'de> for QueueVisitor {
            type Value = QueueSelector;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(r#"a JMESPath expression, or { value = "…" }"#)
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<QueueSelector, E> {
                JmesPath::compile(text).map(QueueSelector::Path).map_err(E::custom)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<QueueSelector, A::Error> {
                #[derive(Deserialize)]
                #[serde(deny_unknown_fields)]
                struct Constant {
                    value: Label,
                }
                Constant::deserialize(MapAccessDeserializer::new(map))
                    .map(|constant| QueueSelector::Constant(constant.value))
            }
        }
        deserializer.deserialize_any(QueueVisitor)
    }
}

#[cfg(test)]
mod tests;
