//! Maps a vendor's JSON documents to figures of queues, to agents, and to contacts.

mod agents;
mod contacts;
mod figures;
mod finds;
mod names;
mod odd_cells;
mod selector;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jmespath::{Rcvar, Variable};
use serde::Deserialize;

use super::path::JmesPath;
use crate::clock::Time;
use crate::event::{Event, EventKind};
use crate::kpi::{KpiId, Unit};
use crate::source::format::limits::check_json;
use crate::source::format::{not_a_number, surrogates};
use crate::source::ids::id_label;
use crate::source::rejection::RejectionReason;
use crate::text::Label;
pub use agents::AgentMap;
pub(super) use agents::{AgentEntry, ListedState};
pub(super) use contacts::ContactEntry;
pub use contacts::ContactMap;
use figures::{MappedFigure, QueueFigures, age};
use finds::{Finds, has_any, missing_keys};
pub use names::NameMap;
pub(super) use names::Names;
use odd_cells::OddCells;
pub(super) use selector::SourceClock;
pub use selector::{FigurePath, QueueSelector, Since};

/// The number of rows of one list that are read, the first ones; no floor has more queues, agents or contacts at once.
const MAX_ROWS: usize = 10_000;

/// The table `map`: how to read a JSON document of any shape. All paths are `JMESPath` expressions.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Map {
    /// The path of the list of rows with figures. When absent, the document is the only row.
    #[serde(default)]
    pub rows: Option<JmesPath>,
    /// The outer list, where `rows` are lists within its items: paths then begin at `{ outer, row }`.
    #[serde(default)]
    pub within: Option<JmesPath>,
    /// The queue that a row is about: a path within the row, or `{ value = "…" }`.
    #[serde(default)]
    pub queue: Option<QueueSelector>,
    /// Figures, by KPI: paths within the row, or the two parts of a quotient.
    #[serde(default)]
    pub kpis: BTreeMap<KpiId, FigurePath>,
    /// Figures that are ages, by KPI: paths within the row to the time at which the age began.
    #[serde(default)]
    pub since: BTreeMap<KpiId, JmesPath>,
    /// Factors on figures, by KPI: 0.001 for a vendor that counts milliseconds. Of a quotient, it is one on the numerator.
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
    /// Names of queues, where figures have their ids.
    #[serde(default)]
    pub queue_names: Option<NameMap>,
    /// Names of agents, where lists have their ids.
    #[serde(default)]
    pub agent_names: Option<NameMap>,
    /// The agents.
    #[serde(default)]
    pub agents: Option<AgentMap>,
    /// The contacts that wait or are with an agent.
    #[serde(default)]
    pub contacts: Option<ContactMap>,
}

const fn five_minutes() -> u64 {
    300
}

/// The content of a document, or of several.
#[derive(Debug, Default)]
pub(super) struct Reading {
    queues: Vec<QueueFigures>,
    index_by_queue: HashMap<Label, usize>,
    pub(super) agents: BTreeMap<Label, AgentEntry>,
    pub(super) contacts: BTreeMap<Label, ContactEntry>,
    pub(super) names: Names,
    /// The agents and contacts whose rows can't be read: they are there, and nothing else is known.
    pub(super) unread: BTreeSet<Label>,
    /// A list was longer than is read, so who is missing need not be gone.
    pub(super) is_cut: bool,
    /// The rejected rows: the number, from 1 (0 for the document itself), and the reason.
    pub(super) rejected: Vec<(u64, RejectionReason)>,
    /// What the documents told of each list.
    finds: Finds,
    /// The time of the figures, if a document has one.
    pub(super) at: Option<Time>,
    /// The time that the figures count for.
    figures_at: Time,
    /// How many rows with figures were read.
    rows: u64,
    /// How many rows of all lists there were.
    pub(super) listed: usize,
}

impl Map {
    /// Check what can be checked without a document.
    ///
    /// # Errors
    /// What is wrong with the mapping.
    pub(super) fn check(&self) -> Result<(), String> {
        let has_figures = !self.kpis.is_empty() || !self.since.is_empty();
        let has_lists = self.agents.is_some() || self.contacts.is_some();
        let has_names = self.queue_names.is_some() || self.agent_names.is_some();
        if !has_figures && !has_lists && !has_names {
            return Err(r#"names no figure: write kpis = { waiting = "…" }, or agents or contacts"#.to_owned());
        }
        if has_figures != self.queue.is_some() {
            return Err("needs both `queue`, which says where the queue's name is, and figures (kpis)".to_owned());
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
        if matches!(&self.queue, Some(QueueSelector::Constant(queue)) if queue.is_empty()) {
            return Err("has a queue without a name".to_owned());
        }
        self.agents.as_ref().map_or(Ok(()), AgentMap::check)?;
        self.contacts.as_ref().map_or(Ok(()), ContactMap::check)
    }

    /// Whether it tells more than names.
    pub(super) fn tells(&self) -> bool {
        self.queue.is_some() || self.agents.is_some() || self.contacts.is_some()
    }

    /// Read a document that arrived now, by the source's clock, into `reading`. `names` are those that are known from other
    /// documents.
    ///
    /// # Errors
    /// If no row can be read.
    pub(super) fn read(
        &self,
        document: &Rcvar,
        clock: impl Into<SourceClock>,
        names: &Names,
        reading: &mut Reading,
    ) -> Result<(), String> {
        let clock = clock.into();
        let maps = [(&self.queue_names, "names of queues", true), (&self.agent_names, "names of agents", false)];
        for (map, what, is_queue) in maps {
            let Some(map) = map else { continue };
            let rows = reading.rows_at(&map.rows, None, document)?;
            let (count, mut is_found) = (rows.len(), false);
            let into = if is_queue { &mut reading.names.queues } else { &mut reading.names.agents };
            for (number, row) in (1..).zip(rows) {
                match map.read(&row, into) {
                    Ok(is_named) => is_found |= is_named,
                    Err(reason) => reading.rejected.push((number, reason.about("names"))),
                }
            }
            reading.finds.note(what, (count, is_found), map.paths(), document);
        }
        let mut known = names.clone();
        known.extend(&reading.names);
        if let Some(queue) = &self.queue {
            self.read_figures(document, queue, &known, clock, reading)?;
        }
        if let Some(map) = &self.agents {
            let rows = reading.rows_at(&map.rows, map.within.as_ref(), document)?;
            let (count, mut is_found) = (rows.len(), false);
            for (number, row) in (1..).zip(rows) {
                let mut odd = OddCells::default();
                match map.read(&row, &known, clock, &mut odd) {
                    Ok(Some(agent)) => {
                        is_found |= map.state.is_none() || agent.is_state_known();
                        reading.add_agent(agent);
                    }
                    Ok(None) => is_found = true,
                    Err(reason) => reading.reject(number, reason.about("agents"), &map.agent, &row),
                }
                reading.note_odd(number, "agents", odd);
            }
            reading.finds.note("agents", (count, is_found), map.paths(), document);
        }
        if let Some(map) = &self.contacts {
            let rows = reading.rows_at(&map.rows, map.within.as_ref(), document)?;
            let (count, mut is_found) = (rows.len(), false);
            for (number, row) in (1..).zip(rows) {
                let mut odd = OddCells::default();
                let read = map.read(&row, &known, clock, &mut odd);
                is_found |= read.is_ok();
                match read {
                    Ok(Some((id, contact))) => reading.add_contact(id, contact),
                    Ok(None) => {}
                    Err(reason) => reading.reject(number, reason.about("contacts"), &map.contact, &row),
                }
                reading.note_odd(number, "contacts", odd);
            }
            reading.finds.note("contacts", (count, is_found), map.paths(), document);
        }
        Ok(())
    }

    fn read_figures(
        &self,
        document: &Rcvar,
        queue: &QueueSelector,
        names: &Names,
        clock: SourceClock,
        reading: &mut Reading,
    ) -> Result<(), String> {
        let SourceClock { now, zone } = clock;
        match self.at.as_ref().map_or(Ok(None), |at| at.time_in(document, zone)) {
            Ok(at) => reading.at = at,
            Err(reason) => reading.rejected.push((0, reason.about("at"))),
        }
        // A time ahead of the source's own clock is ignored, because the age would be negative.
        reading.figures_at = reading.at.filter(|at| *at > Time::from_unix(0) && *at <= now).unwrap_or(now);
        let rows = match &self.rows {
            Some(path) => reading.rows_at(path, self.within.as_ref(), document)?,
            None if document.is_array() => return Err(r#"a list: say so in the mapping with rows = "@""#.to_owned()),
            None => vec![Rcvar::clone(document)],
        };
        let (count, mut is_found) = (rows.len(), false);
        for row in rows {
            reading.rows += 1;
            match queue.read(&row, names) {
                Ok(queue) => self.figures(&row, clock).for_each(|(id, found)| {
                    is_found = true;
                    reading.add_figure(&queue, id, found);
                }),
                Err(reason) => reading.rejected.push((reading.rows, reason)),
            }
        }
        let lists = self.rows.iter().chain(&self.within);
        let figures = self.kpis.values().flat_map(FigurePath::paths).chain(self.since.values());
        // A path that has a number for what is missing finds it in any row.
        let is_found = is_found && has_any(figures.clone(), lists.clone(), document);
        reading.finds.note("figures", (count, is_found), lists.chain(queue.path()).chain(figures), document);
        Ok(())
    }

    /// The figures of a row. A missing value gives no item; a value that cannot be used gives an error.
    fn figures(
        &self,
        row: &Rcvar,
        SourceClock { now, zone }: SourceClock,
    ) -> impl Iterator<Item = (KpiId, Result<MappedFigure, RejectionReason>)> {
        let plain = self.kpis.iter().map(move |(id, path)| {
            let factor = self.scale.get(id).copied().unwrap_or(1.0);
            let found = match path {
                FigurePath::Value(path) => {
                    path.number(row).map(|value| value.map(|value| MappedFigure::Value(value * factor)))
                }
                FigurePath::Quotient(parts) | FigurePath::Complement(parts) => {
                    let is_complement = matches!(path, FigurePath::Complement(_));
                    let quotient = |part: f64, whole: f64| {
                        MappedFigure::Quotient(if is_complement { whole - part } else { part } * factor, whole)
                    };
                    numbers(parts, row).map(|parts| parts.map(|(part, whole)| quotient(part, whole)))
                }
            };
            (*id, found)
        });
        let age = move |at: Time| MappedFigure::Value(age(now, at));
        let ages = self.since.iter().map(move |(id, path)| (*id, path.time_in(row, zone).map(|at| at.map(age))));
        plain.chain(ages).filter_map(|(id, found)| Some((id, found.transpose()?)))
    }
}

/// Two numbers of a row; `None` if one of them is missing.
fn numbers(paths: &[JmesPath; 2], row: &Rcvar) -> Result<Option<(f64, f64)>, RejectionReason> {
    let [numerator, denominator] = paths;
    Ok(numerator.number(row)?.zip(denominator.number(row)?))
}

/// The rows of a list in a document, or of the lists in the items of another list `within` it.
fn rows_at(path: &JmesPath, within: Option<&JmesPath>, document: &Rcvar) -> Result<Vec<Rcvar>, String> {
    let list_at = |path: &JmesPath, place: &Rcvar| {
        let found = path.find(place)?;
        match found.as_array() {
            Some(rows) => Ok(Some(rows.clone())),
            None if found.is_null() => Ok(None),
            None => Err(format!("without its rows: `{path}` is {}, not a list", found.get_type())),
        }
    };
    let missing = |path: &JmesPath| {
        let keys =
            missing_keys(std::iter::once(path), document, true).map_or(String::new(), |keys| format!("; {keys}"));
        format!("without its rows: there is nothing at `{path}`{keys}")
    };
    let rows = match within {
        None => list_at(path, document)?.ok_or_else(|| missing(path))?,
        Some(within) => {
            let mut rows = Vec::new();
            for outer in list_at(within, document)?.ok_or_else(|| missing(within))? {
                let pair = |row: Rcvar| {
                    let keys = [("outer".to_owned(), Rcvar::clone(&outer)), ("row".to_owned(), row)];
                    Rcvar::new(Variable::Object(keys.into()))
                };
                rows.extend(list_at(path, &outer)?.unwrap_or_default().into_iter().map(pair));
            }
            rows
        }
    };
    Ok(rows)
}

/// Parse a document, unless it is too large.
///
/// # Errors
/// What it is instead of JSON.
pub(super) fn parse(body: &[u8]) -> Result<Rcvar, String> {
    let text = std::str::from_utf8(body)
        .map_err(|_| "no UTF-8: the server has to send that, or to say its charset in Content-Type".to_owned())?;
    match text.trim_start().chars().next() {
        None => return Err("empty".to_owned()),
        Some('<') => return Err(WEB_PAGE.to_owned()),
        Some(_) => check_json(body)?,
    }
    let parse = |text: &str| Variable::from_json(text).map(Rcvar::new).map_err(|error| format!("no JSON ({error})"));
    parse(text).or_else(|wrong| mended(text).map_or(Err(wrong), |text| parse(&text)))
}

/// What an answer is that begins like a page.
pub(super) const WEB_PAGE: &str =
    "HTML or XML and no JSON, perhaps a page for signing in: check `url` and the account (`auth`)";

/// A document without the flaws for which a parser refuses it; `None` if it has none of those that are known.
fn mended(text: &str) -> Option<String> {
    let numbers = not_a_number::mended(text);
    let text = numbers.as_deref().unwrap_or(text);
    surrogates::mended(text).or(numbers)
}

/// What is said of a document that was mended.
pub(super) fn flaws(body: &[u8]) -> impl Iterator<Item = &'static str> {
    let halves = surrogates::is_broken(body).then_some(surrogates::REMARK);
    let numbers = not_a_number::is_there(body).then_some(not_a_number::REMARK);
    halves.into_iter().chain(numbers)
}

impl Reading {
    /// The rows of a list, as many as are read.
    fn rows_at(&mut self, path: &JmesPath, within: Option<&JmesPath>, document: &Rcvar) -> Result<Vec<Rcvar>, String> {
        let mut rows = rows_at(path, within, document)?;
        self.listed += rows.len();
        if let Some(left_out) = rows.len().checked_sub(MAX_ROWS).filter(|more| *more > 0) {
            rows.truncate(MAX_ROWS);
            self.is_cut = true;
            let reason = format!(
                "`{path}` is a list of {} rows: the first {MAX_ROWS} are read and {left_out} left out; ask for fewer",
                MAX_ROWS + left_out
            );
            self.rejected.push((0, reason.into()));
        }
        Ok(rows)
    }

    /// One event per queue, with the figures of all its rows.
    pub(super) fn events(&self, window: Option<&Label>, origin: &Label) -> Vec<Event> {
        let with_figures = self.queues.iter().filter(|queue| !queue.figures.is_empty());
        let event = |QueueFigures { queue, figures: mapped }: &QueueFigures| {
            let (mut figures, mut quotients) = (Vec::new(), Vec::new());
            for (id, figure) in mapped {
                let key = Label::fixed(id.def().key);
                match *figure {
                    MappedFigure::Value(value) => figures.push((key, value)),
                    MappedFigure::Quotient(numerator, denominator) => quotients.push((key, numerator, denominator)),
                }
            }
            let kind = EventKind::Observed { queue: queue.clone(), window: window.cloned(), figures, quotients };
            Event { at: self.figures_at, origin: origin.clone(), id: None, kind }
        };
        with_figures.map(event).collect()
    }

    fn add_figure(&mut self, queue: &Label, id: KpiId, found: Result<MappedFigure, RejectionReason>) {
        let index = *self.index_by_queue.entry(queue.clone()).or_insert(self.queues.len());
        if index == self.queues.len() {
            self.queues.push(QueueFigures { queue: queue.clone(), figures: Vec::new() });
        }
        let added = self.queues.get_mut(index).map_or(Ok(()), |queue| queue.add(id, found));
        if let Err(reason) = added {
            self.rejected.push((self.rows, reason.about(id.def().key)));
        }
    }

    /// Note whether anything was found at the `paths` of a list that may well be empty.
    pub(super) fn note_list<'a>(
        &mut self,
        what: &'static str,
        is_found: bool,
        paths: impl Iterator<Item = &'a JmesPath>,
        document: &Rcvar,
    ) {
        self.finds.note(what, (0, is_found), paths, document);
    }

    /// What was looked for in vain in documents that have something: their keys are others.
    pub(super) fn nothing_found(&self) -> Option<String> {
        self.finds.nothing_found()
    }

    /// Note what is odd in a row of a list.
    fn note_odd(&mut self, number: u64, list: &str, odd: OddCells) {
        self.rejected.extend(odd.take().into_iter().map(|reason| (number, reason.about(list))));
    }

    /// Set a row of a list aside, whose id is at `id`.
    fn reject(&mut self, number: u64, reason: RejectionReason, id: &JmesPath, row: &Rcvar) {
        self.unread.extend(id.text(row).ok().flatten().map(|id| id_label(id.as_bytes())));
        self.rejected.push((number, reason));
    }

    fn add_agent(&mut self, agent: AgentEntry) {
        match self.agents.get_mut(&agent.profile.agent) {
            Some(known) => known.learn(agent),
            None => _ = self.agents.insert(agent.profile.agent.clone(), agent),
        }
    }

    fn add_contact(&mut self, id: Label, contact: ContactEntry) {
        match self.contacts.get_mut(&id) {
            Some(known) => known.learn(contact),
            None => _ = self.contacts.insert(id, contact),
        }
    }

    /// Add the agents and contacts of another list.
    pub(super) fn add_lists(&mut self, other: &Self) {
        self.unread.extend(other.unread.iter().cloned());
        other.agents.values().for_each(|agent| self.add_agent(agent.clone()));
        other.contacts.iter().for_each(|(id, contact)| self.add_contact(id.clone(), contact.clone()));
    }
}

#[cfg(test)]
mod tests;
